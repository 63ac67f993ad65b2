// SPDX-License-Identifier: MIT
#pragma once
#include <cstdint>
#include <functional>

namespace hyperdbg::bench {

/*
 * How many instructions `work` executes: a child runs it one by one under ptrace. Exact, and blind to nothing: code
 * that was made at run time counts like any other. What the counting itself adds is the same each time. Throws
 * std::runtime_error if the child cannot be traced or dies.
 */
std::uint64_t count_instructions(const std::function<void()>& work);

}  // namespace hyperdbg::bench
