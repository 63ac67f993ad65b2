// SPDX-License-Identifier: MIT
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "symbols/symbol_table.hpp"

namespace hyperdbg {

// What may continue the last word of `line` (the text left of the cursor): commands first, then keywords of events and
// symbols. Whole words, sorted.
std::vector<std::string> complete(std::string_view line, const SymbolTable& symbols);

// The last word itself, and what all candidates have in common.
std::string_view last_word(std::string_view line);
std::string common_prefix(const std::vector<std::string>& words);

}  // namespace hyperdbg
