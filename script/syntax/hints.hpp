// SPDX-License-Identifier: MIT
#pragma once
#include <string>

#include "script/syntax/token.hpp"

namespace hyperdbg::script {

// What a person probably meant; empty if there is no telling.

// Somebody who got a word of the language wrong.
std::string keyword_hint(const Token& token);

// Somebody who took a number for a name.
std::string number_hint(const Token& token);

// A statement that begins with a value and is neither assignment nor call; `behind` is the token behind the value.
std::string hint_for_value(const Token& start, const Token& behind);

}  // namespace hyperdbg::script
