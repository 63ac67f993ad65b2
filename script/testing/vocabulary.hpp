// SPDX-License-Identifier: MIT
#pragma once
#include <map>
#include <set>
#include <string>
#include <string_view>

namespace hyperdbg::script {

// Names by kind: "function", "register", "pseudo" (without sigils), "word", "operator", "conversion" (as "%llx").
using Vocabulary = std::map<std::string, std::set<std::string>, std::less<>>;

// All that the compiler knows, by its own tables; of the pseudo-registers those that are there.
Vocabulary known_vocabulary();

// What a script uses of it; the text may be wrong.
Vocabulary vocabulary_of(std::string_view script);

}  // namespace hyperdbg::script
