// SPDX-License-Identifier: MIT
#pragma once
#include <span>

#include "tests/payload/root.hpp"

namespace hyperdbg::payload {

using Area = std::span<const Test>;

extern const Area entry_tests, state_tests, tsc_tests, cpuid_tests, msr_tests, instruction_tests, io_tests,
    nested_tests, injection_tests, nmi_tests, step_tests;

inline constexpr const Area* areas[] = {&entry_tests,     &state_tests,       &tsc_tests, &cpuid_tests,
                                        &msr_tests,       &instruction_tests, &io_tests,  &nested_tests,
                                        &injection_tests, &nmi_tests,         &step_tests};

}  // namespace hyperdbg::payload
