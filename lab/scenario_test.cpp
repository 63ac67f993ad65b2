// SPDX-License-Identifier: MIT
#include "lab/scenario.hpp"

#include <gtest/gtest.h>

namespace hyperdbg::lab {
namespace {

Scenario parsed(std::string_view text, unsigned cpus = 1) {
  auto scenario = parse_scenario(text, "dir/file.scenario", cpus);
  EXPECT_TRUE(scenario) << scenario.error().message;
  return scenario ? *scenario : Scenario{};
}

std::string error_of(std::string_view text) {
  auto scenario = parse_scenario(text, "dir/file.scenario", 1);
  return scenario ? "" : scenario.error().message;
}

TEST(Scenario, ReadsEveryHeader) {
  const Scenario scenario = parsed(
      "mode: vmi   # inside the guest\ncpus: 2\ntimeout: 7.5\ncopy: a/b\nparam: pti=on\nparam: nosmp\n"
      "skip: intel not built yet\n\n# comment\n> g\n");
  EXPECT_EQ(scenario.needs.mode, Mode::vmi);
  EXPECT_EQ(scenario.needs.cpus, 2u);
  EXPECT_EQ(scenario.timeout, 7.5);
  EXPECT_EQ(scenario.needs.copies, std::vector<std::filesystem::path>{"dir/a/b"});
  EXPECT_EQ(scenario.needs.parameters, (std::vector<std::string>{"pti=on", "nosmp"}));
  EXPECT_EQ(scenario.skips, (std::vector<Skip>{{"intel", "not built yet"}}));
  ASSERT_EQ(scenario.steps.size(), 1u);
  EXPECT_EQ(scenario.steps[0].line, 10u);
}

TEST(Scenario, ReadsEveryKindOfLine) {
  const Scenario scenario = parsed("> g\n$ probe cpuid 1 &\n= a.c\n! b\n*12 c d\n@ hits 0 == 1\n^C\n~ 1.5\n", 2);
  EXPECT_EQ(scenario.needs.cpus, 2u);
  ASSERT_EQ(scenario.steps.size(), 8u);
  const StepKind kinds[] = {StepKind::type,  StepKind::shell,  StepKind::expect,    StepKind::reject,
                            StepKind::count, StepKind::figure, StepKind::interrupt, StepKind::pause};
  for (std::size_t i = 0; i < 8; i++) EXPECT_EQ(scenario.steps[i].kind, kinds[i]);
  EXPECT_EQ(scenario.steps[1].text, "probe cpuid 1 &");
  EXPECT_EQ(scenario.steps[2].text, "a.c");
  EXPECT_EQ(scenario.steps[4].count, 12u);
  EXPECT_EQ(scenario.steps[4].text, "c d");
  EXPECT_EQ(scenario.steps[7].seconds, 1.5);
}

TEST(Scenario, OpenBracesTakeTheFollowingLines) {
  const Scenario scenario = parsed("> !cpuid script {\n= not an expectation\nprintf(\"}\"); // }\n}\n> g\n");
  ASSERT_EQ(scenario.steps.size(), 2u);
  EXPECT_EQ(scenario.steps[0].text, "!cpuid script {\n= not an expectation\nprintf(\"}\"); // }\n}");
  EXPECT_EQ(scenario.steps[1].line, 5u);
  EXPECT_EQ(open_braces("{ '{' /* { */ {"), 2);
}

TEST(Scenario, AnEmptyTypedLineIsTheEmptyLine) {
  const Scenario scenario = parsed(">\n");
  ASSERT_EQ(scenario.steps.size(), 1u);
  EXPECT_EQ(scenario.steps[0].text, "");
}

TEST(Scenario, MistakesNameFileAndLine) {
  EXPECT_EQ(error_of("mode: windows\n"), "dir/file.scenario:1: `mode: windows` is neither debugger nor vmi nor bare");
  EXPECT_NE(error_of("\nspeed: 3\n").find("file.scenario:2: unknown header `speed`"), std::string::npos);
  EXPECT_NE(error_of("> g\ncpus: 2\n").find("file.scenario:2: a line starts with"), std::string::npos);
  EXPECT_NE(error_of("> g\n*x a\n").find("decimal number"), std::string::npos);
  EXPECT_NE(error_of("~ soon\n").find("number of seconds"), std::string::npos);
  EXPECT_NE(error_of("> a {\n").find("never closed"), std::string::npos);
  EXPECT_NE(error_of("cpus: 0\n").find("1 to 64"), std::string::npos);
  EXPECT_NE(error_of("skip: intel\n").find("reason"), std::string::npos);
  EXPECT_NE(error_of("end: later x\n").find("neither with stopped nor with gone"), std::string::npos);
  EXPECT_NE(error_of("end: gone\n").find("regular expression"), std::string::npos);
  EXPECT_NE(error_of("=\n").find("regular expression"), std::string::npos);
}

TEST(Figure, ReadsAllItsForms) {
  const Figure figure = *parse_figure("hits 0x1f <= 20");
  EXPECT_EQ(figure.name, "hits");
  EXPECT_EQ(figure.id, 0x1fu);
  EXPECT_EQ(figure.comparison, "<=");
  EXPECT_EQ(figure.value, 20u);
  EXPECT_TRUE(parse_figure("exits all == 0")->all);
}

TEST(Figure, RefusesWhatItDoesNotKnow) {
  EXPECT_FALSE(parse_figure("hits 0 == "));
  EXPECT_FALSE(parse_figure("speed 0 == 1"));
  EXPECT_FALSE(parse_figure("hits 0 < 1"));
  EXPECT_FALSE(parse_figure("hits all == 1"));
  EXPECT_FALSE(parse_figure("hits x == 1"));
  EXPECT_FALSE(parse_figure("hits 0 == a"));
  EXPECT_FALSE(parse_figure("hits 0 == 1 2"));
}

}  // namespace
}  // namespace hyperdbg::lab
