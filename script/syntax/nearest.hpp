// SPDX-License-Identifier: MIT
#pragma once
#include <span>
#include <string_view>

namespace hyperdbg::script {

// The candidate that differs least from a word that somebody got wrong, two letters in the wrong order counted once;
// empty if none is near. Of equals the first.
std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates);

}  // namespace hyperdbg::script
