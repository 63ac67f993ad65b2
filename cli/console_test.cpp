// SPDX-License-Identifier: MIT
#include "cli/console.hpp"

#include "cli/console_fixture.hpp"

namespace hyperdbg {
namespace {

TEST_F(ConsoleTest, reads_lines) {
  EXPECT_EQ(read_command_line("  ? print(@rax); ").rest, "print(@rax);");
  EXPECT_EQ(read_command_line("?print(1);").tokens[0].text, "?");
  EXPECT_EQ(read_command_line("~1").rest, "1");
  EXPECT_EQ(read_command_line("eval{ x; }").tokens[0].text, "eval");
  EXPECT_EQ(read_command_line("!cpuid\tscript{a}").tokens.size(), 3u);
}

TEST_F(ConsoleTest, has_the_documented_general_errors) {
  EXPECT_EQ(type("xyz"), "err, couldn't resolve command at 'xyz'\n'help' lists the commands\n");
  EXPECT_EQ(type("FLSH"), "err, couldn't resolve command at 'FLSH'\nis 'flush' meant? 'help' lists the commands\n");
  EXPECT_EQ(first_line("events"),
            "err, you're not connected to any instance of HyperDbg, did you use '.connect' or '.debug'?");
  attach();
  EXPECT_EQ(first_line("~ 1 2"), "incorrect use of the '~'");
  EXPECT_NE(output.find("examples :"), std::string::npos) << "help follows";
  EXPECT_EQ(type("db nothing_known"), "err, couldn't resolve error at 'nothing_known'\n");
  EXPECT_EQ(first_line("!cpuid 1 what"), "unknown parameter 'what'");
  EXPECT_EQ(type("!syscall"), "err, '!syscall' is not available in this version\n");
}

TEST_F(ConsoleTest, shows_the_prompt_of_the_state) {
  EXPECT_EQ(console.prompt(), "HyperDbg> ");
  attach();
  EXPECT_EQ(console.prompt(), "0: kHyperDbg> ");
  type("~ 1");
  EXPECT_EQ(console.prompt(), "1: kHyperDbg> ");
}

TEST_F(ConsoleTest, tells_why_the_debuggee_halted) {
  attach();
  debuggee->unasked.push_back(
      [&](TargetListener& listener) { listener.on_halted(make_halt(*debuggee, HYPERDBG_HALT_EVENT, 3, 1)); });
  EXPECT_EQ(type("g"),
            "debuggee is running...\n"
            "event 0x3 triggered (post)\n"
            "vmlinux!start_here:\n"
            "ffffffff`81000000    48 89 5C 24 08                      mov qword ptr ss:[rsp+0x08], rbx\n");
  for (const auto& [reason, line] : std::vector<std::pair<std::uint32_t, std::string>>{
           {HYPERDBG_HALT_PANIC, "the kernel panicked: something went wrong\n"},
           {HYPERDBG_HALT_OOPS, "the kernel met an oops or BUG: something went wrong\n"},
           {HYPERDBG_HALT_WARN, "the kernel warned: something went wrong\n"},
           {HYPERDBG_HALT_REQUEST, "vmlinux!start_here:\n"}}) {
    output.clear();
    console.on_halt(make_halt(*debuggee, reason));
    EXPECT_TRUE(output.starts_with(line)) << output;
  }
}

TEST_F(ConsoleTest, refuses_what_needs_a_halted_debuggee_while_it_runs) {
  attach();
  type("g");
  EXPECT_EQ(type("r"), "err, the debuggee is running; press CTRL+C or use 'pause' first (c0000103)\n");
  EXPECT_EQ(type("!cpuid"), output);
  EXPECT_EQ(type("events"), "no active/disabled events\n");
  EXPECT_EQ(type(".exits"), "exits all 1234\n");
  EXPECT_NE(type("events c 0").find("(c0000103)"), std::string::npos);
  EXPECT_TRUE(type("pause").starts_with("pausing...\nvmlinux!start_here:\nffffffff`81000000 "));
  EXPECT_EQ(console.prompt(), "0: kHyperDbg> ");
}

TEST_F(ConsoleTest, halts_on_interrupt) {
  attach();
  type("g");
  output.clear();
  EXPECT_EQ(console.interrupt(), Console::Outcome::ok);
  EXPECT_TRUE(output.starts_with("pausing...\n"));
  EXPECT_EQ(console.session().state(), SessionState::halted);
}

TEST_F(ConsoleTest, keeps_script_lines_whole) {
  attach();
  output.clear();
  console.on_text("half");
  EXPECT_EQ(output, "");
  console.on_text(" and half\nrest");
  EXPECT_EQ(output, "half and half\n");
  console.on_notice("a notice");
  EXPECT_EQ(output, "half and half\nrest\na notice\n");
}

TEST_F(ConsoleTest, repeats_only_what_the_manual_lists) {
  attach();
  const std::string dump = type("db 1000 l 10");
  EXPECT_EQ(type(""), dump);
  type("status");
  EXPECT_EQ(type(""), "");
}

TEST_F(ConsoleTest, lets_the_debuggee_go_on_exit) {
  attach();
  EXPECT_EQ(console.execute("exit"), Console::Outcome::quit);
  EXPECT_FALSE(debuggee->halted);
}

TEST_F(ConsoleTest, ends_the_session_when_the_image_leaves) {
  attach();
  bool changed = false;
  console.on_state_change = [&] { changed = true; };
  debuggee->unasked.push_back([](TargetListener& listener) { listener.on_left(); });
  console.idle();
  EXPECT_TRUE(changed);
  EXPECT_EQ(console.prompt(), "HyperDbg> ");
  EXPECT_NE(output.find("has unloaded the hypervisor"), std::string::npos);
}

}  // namespace
}  // namespace hyperdbg
