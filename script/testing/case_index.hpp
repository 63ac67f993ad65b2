// SPDX-License-Identifier: MIT
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "script/testing/script_case.hpp"
#include "script/testing/vocabulary.hpp"

namespace hyperdbg::script {

/*
 * A line of tests/scripts/index: a fact of the language and the cases that show it, see the README there.
 *
 *   rule back-ticks inside of a number are ignored | numbers:back-ticks are ignored
 *   function dq poi | memory:reading
 */
struct IndexRow {
  unsigned line = 0;
  std::string kind;                // "rule", or a kind of names as in Vocabulary
  std::string fact;                // of a rule
  std::vector<std::string> names;  // of any other kind
  std::vector<std::string> cases;  // "file:name of the case"; with a folder: "cli/batch_test.cpp:words that are in it"
};

std::vector<IndexRow> parse_index(std::string_view text);

// Files by their name without folder and ending.
using CaseFiles = std::map<std::string, std::vector<ScriptCase>, std::less<>>;

CaseFiles read_case_files(std::string_view folder);

// What is wrong with the index, a sentence each: rows without a case, cases that are not there or do not use what the
// row names, names that are known and in no row, and the other way round. `root`: of the source tree.
std::vector<std::string> problems_of(const std::vector<IndexRow>& rows, const CaseFiles& files, const Vocabulary& known,
                                     const std::string& root);

}  // namespace hyperdbg::script
