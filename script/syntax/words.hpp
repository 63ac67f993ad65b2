// SPDX-License-Identifier: MIT
#pragma once
#include <string_view>
#include <vector>

namespace hyperdbg::script {

// Starts a declaration: int, unsigned, struct...
bool is_type_word(std::string_view word);
bool is_tag_word(std::string_view word);  // one behind which a tag stands
// if, while, return...
bool is_statement_word(std::string_view word);
// Has a meaning of its own, so that it is no variable, and no number although `db` or `cf` look like one.
bool is_reserved(std::string_view word);

// Every word of types, statements and operators.
std::vector<std::string_view> all_words();
// The word of a statement or type that is nearest to a wrong one; empty if none is near.
std::string_view nearest_keyword(std::string_view word);

}  // namespace hyperdbg::script
