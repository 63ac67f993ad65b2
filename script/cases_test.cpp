// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <filesystem>

#include "script/testing/script_case.hpp"

namespace hyperdbg::script {
namespace {

class ScriptCases : public testing::TestWithParam<const char*> {};

TEST_P(ScriptCases, EachPrintsWhatIsExpected) {
  const std::string path = std::string(HYPERDBG_SCRIPT_CASES) + "/" + GetParam() + ".txt";
  const auto cases = read_script_cases(path);
  EXPECT_FALSE(cases.empty());
  for (const ScriptCase& one : cases) EXPECT_EQ(play(one), one.expected) << "in " << path << ": " << one.name;
}

constexpr const char* files[] = {"numbers",    "expressions", "variables", "registers",   "control",
                                 "messages",   "memory",      "events",    "diagnostics", "aggregates",
                                 "run_errors", "conformance", "types"};

INSTANTIATE_TEST_SUITE_P(Files, ScriptCases, testing::ValuesIn(files),
                         [](const auto& file) { return std::string(file.param); });

TEST(ScriptCaseFiles, AreAllPlayed) {
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(HYPERDBG_SCRIPT_CASES))
    count += entry.path().extension() == ".txt";
  EXPECT_EQ(count, std::size(files));
}

}  // namespace
}  // namespace hyperdbg::script
