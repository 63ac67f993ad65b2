// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "script/testing/case_index.hpp"

namespace hyperdbg::script {
namespace {

const CaseFiles& files() {
  static const CaseFiles read = read_case_files(HYPERDBG_SCRIPT_CASES);
  return read;
}

std::vector<std::string> file_names() {
  std::vector<std::string> names;
  for (const auto& [name, cases] : files()) names.push_back(name);
  return names;
}

class ScriptCases : public testing::TestWithParam<std::string> {};

TEST_P(ScriptCases, EachPrintsWhatIsExpected) {
  const std::vector<ScriptCase>& cases = files().at(GetParam());
  EXPECT_FALSE(cases.empty());
  std::set<std::string> names;
  for (const ScriptCase& one : cases) {
    EXPECT_EQ(played_text(one), one.expected) << GetParam() << ": " << one.name;
    EXPECT_TRUE(names.insert(one.name).second) << GetParam() << " has two cases: " << one.name;
  }
}

INSTANTIATE_TEST_SUITE_P(Files, ScriptCases, testing::ValuesIn(file_names()),
                         [](const auto& file) { return file.param; });

TEST(CaseIndex, NamesACaseForWhateverTheLanguageHas) {
  std::ifstream file(HYPERDBG_SCRIPT_CASES "/index");
  const auto rows = parse_index(std::string(std::istreambuf_iterator<char>(file), {}));
  EXPECT_FALSE(rows.empty());
  for (const std::string& problem : problems_of(rows, files(), known_vocabulary(), HYPERDBG_SCRIPT_CASES "/../.."))
    ADD_FAILURE() << "tests/scripts/index: " << problem;
}

std::vector<std::string> problems_of(std::string_view index) {
  const Vocabulary known = {{"function", {"dq", "not"}}, {"operator", {"|"}}};
  CaseFiles cases;
  cases["file"].push_back({.name = "a: b", .given = {}, .shown = {}, .script = "x = dq(1) | 5;", .expected = {}});
  return problems_of(parse_index(index), cases, known, HYPERDBG_SCRIPT_CASES);
}

constexpr std::string_view others = "operator | | file:a: b\n";

TEST(CaseIndex, MissesWhatIsInNoRow) {
  EXPECT_EQ(problems_of("# only one\n\nfunction dq | file:a: b\n" + std::string(others)),
            std::vector<std::string>{"the function `not` is in no row"});
}

TEST(CaseIndex, WantsCasesThatAreThere) {
  const std::string index = "rule something\nrule else | file:a: b ; file:c ; nowhere:a\n" + std::string(others);
  const auto problems = problems_of(index);
  ASSERT_EQ(problems.size(), 5u);
  EXPECT_EQ(problems[0], "line 1: no case");
  EXPECT_EQ(problems[1], "line 2: no case `file:c`");
  EXPECT_EQ(problems[2], "line 2: no case `nowhere:a`");
}

TEST(CaseIndex, WantsNamesThatAreKnownAndUsed) {
  const auto problems = problems_of("function dq not dd | file:a: b\nstory x | file:a: b\n" + std::string(others));
  ASSERT_EQ(problems.size(), 4u);
  EXPECT_EQ(problems[0], "line 1: its cases do not use `not`");
  EXPECT_EQ(problems[1], "line 1: there is no function `dd`");
  EXPECT_EQ(problems[2], "line 2: there is no kind `story`");
  EXPECT_EQ(problems[3], "the function `not` is in no row");
}

TEST(CaseIndex, WantsAFactOnce) {
  EXPECT_EQ(problems_of("rule x | file:a: b\nrule x | file:a: b\nrule | file:a: b\nfunction dq | file:a: b\n" +
                        std::string(others)),
            (std::vector<std::string>{"line 2: `x` is there twice", "line 3: it says nothing",
                                      "the function `not` is in no row"}));
}

}  // namespace
}  // namespace hyperdbg::script
