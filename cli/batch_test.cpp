// SPDX-License-Identifier: MIT
#include "cli/batch.hpp"

#include "cli/console_fixture.hpp"

namespace hyperdbg {
namespace {

using BatchTest = ConsoleTest;

TEST(Batch, puts_lines_together_until_braces_close) {
  EXPECT_EQ(split_commands("# comment\n\nr\n!cpuid script {\n  print(1);\n}\n// gone\nevents"),
            (std::vector<std::string>{"r", "!cpuid script {\n  print(1);\n}", "events"}));
}

TEST(Batch, replaces_arguments) {
  EXPECT_EQ(replace_arguments("$arg0 $arg1 $arg10", {"f", "a", "", "", "", "", "", "", "", "", "ten"}), "f a ten");
}

TEST_F(BatchTest, stops_at_the_first_error_or_goes_on) {
  attach();
  const std::string path = symbols / "commands.ds";
  std::ofstream(path) << "db $arg1 l 1\nnonsense\n.status\n";
  output.clear();
  EXPECT_FALSE(run_batch(console, {path, "1000"}, OnBatchError::stop));
  EXPECT_EQ(output,
            "0: kHyperDbg> db 1000 l 1\n00000000`00001000  41                                               A\n"
            "0: kHyperDbg> nonsense\nerr, couldn't resolve command at 'nonsense'\n'help' lists the commands\n");
  EXPECT_NE(type(".script " + path + " 1000").find("debugger mode"), std::string::npos);
  EXPECT_EQ(type(".script /nonexistent.ds"), "err, cannot read the command file '/nonexistent.ds'\n");
}

TEST_F(BatchTest, waits_for_a_halt_where_the_next_command_needs_one) {
  attach();
  const std::string path = symbols / "commands.ds";
  std::ofstream(path) << "g\nr rax\n";
  debuggee->unasked.push_back([&](TargetListener&) {
    debuggee->unasked.push_back(
        [&](TargetListener& listener) { listener.on_halted(make_halt(*debuggee, HYPERDBG_HALT_REQUEST)); });
  });
  EXPECT_TRUE(run_batch(console, {path}, OnBatchError::stop));
  EXPECT_TRUE(output.ends_with("rax=0000000000001000\n"));
}

}  // namespace
TEST_F(BatchTest, shows_of_very_long_commands_the_start) {
  attach();
  const std::string path = symbols / "commands.ds";
  std::ofstream(path) << "? print(1);" << std::string(100000, ' ') << "print(2);\n";
  output.clear();
  EXPECT_TRUE(run_batch(console, {path}, OnBatchError::stop));
  EXPECT_LT(output.size(), 1000u);
  EXPECT_NE(output.find("... (100020 characters)\n"), std::string::npos);
}

}  // namespace hyperdbg
