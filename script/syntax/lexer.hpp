// SPDX-License-Identifier: MIT
#pragma once
#include <string_view>
#include <vector>

#include "script/syntax/diagnostic.hpp"
#include "script/syntax/token.hpp"

namespace hyperdbg::script {

// `folder`: where #include looks first. The tokens refer to `text` and to files that `diagnostics` keeps.
std::vector<Token> tokenize(std::string_view text, std::string_view folder, Diagnostics& diagnostics);

// `+`, `<<=` and the like, punctuation included.
std::vector<std::string_view> all_operators();

}  // namespace hyperdbg::script
