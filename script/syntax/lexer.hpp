// SPDX-License-Identifier: MIT
#pragma once
#include <string_view>
#include <vector>

#include "script/syntax/diagnostic.hpp"
#include "script/syntax/token.hpp"

namespace hyperdbg::script {

// The tokens of `text`, ended by one of kind `end`. They point into `text`.
std::vector<Token> tokenize(std::string_view text, Diagnostics& diagnostics);

}  // namespace hyperdbg::script
