// SPDX-License-Identifier: MIT
#include <cstring>
#include <set>

#include "cli/console_fixture.hpp"

namespace hyperdbg {
namespace {

using CommandsTest = ConsoleTest;

TEST_F(CommandsTest, all_have_help_with_examples_and_names_of_their_own) {
  std::set<std::string> names;
  for (const Command* command : all_commands()) {
    EXPECT_TRUE(names.insert(std::string(command->name)).second) << command->name;
    EXPECT_FALSE(command->examples.empty()) << command->name;
    EXPECT_NE(type("help " + std::string(command->name)).find("examples :"), std::string::npos) << command->name;
    EXPECT_EQ(find_command(command->name), command);
  }
  EXPECT_NE(type("help").find("!msrwrite"), std::string::npos);
  EXPECT_EQ(type("help nothing"), "err, couldn't resolve command at 'nothing'\n'help' lists the commands\n");
  EXPECT_EQ(type("help !monitor"), "err, '!monitor' is not available in this version\n");
}

TEST_F(CommandsTest, events_are_made_listed_changed_and_cleared) {
  attach();
  EXPECT_EQ(type("!msread c0000082 script { print(1); }"), "");
  EXPECT_EQ(type("!cpuid 1 stage post sc off"), "");
  EXPECT_EQ(type("events d 1"), "");
  EXPECT_EQ(type("events"),
            "0\t(enabled)\t    !msread c0000082 script { print(1); }\n1\t(disabled)\t    !cpuid 1 stage post sc off\n");
  EXPECT_EQ(type("events e 1"), "");
  EXPECT_NE(type("events c 0").find("the event is successfully cleared, but please note in the Debugger Mode"),
            std::string::npos);
  EXPECT_EQ(type("events c 0"), "err, tag id is invalid (c000000e)\n");
  EXPECT_EQ(type("events c x"), "please specify a correct hex value for tag id (event number)\n");
  EXPECT_NE(type("events c all").find("the events are successfully cleared"), std::string::npos);
  EXPECT_EQ(type("events c all"), "there is no event\n");
  EXPECT_EQ(type("events"), "no active/disabled events\n");
  EXPECT_EQ(first_line("events f 0"), "incorrect use of the 'events'");
}

TEST_F(CommandsTest, output_lists_what_it_made) {
  EXPECT_EQ(type("output"), "output forwarding list is empty\n");
  EXPECT_EQ(type("output create Log file /tmp/x"), "");
  EXPECT_EQ(type("output create far tcp 127.0.0.1:1"), "");
  EXPECT_EQ(type("output"),
            "1  file        not opened       Log\n"
            "2  tcp         not opened       far\n");
  EXPECT_NE(type("output open far").find("err, unable to open the output source 'far': cannot connect"),
            std::string::npos);
  EXPECT_EQ(first_line("output create x pigeon y"), "err, unknown type of output 'pigeon'");
  EXPECT_EQ(first_line("output open"), "incorrect use of the 'output'");
}

TEST_F(CommandsTest, events_sc_is_for_this_halt) {
  attach();
  EXPECT_EQ(type("events sc on"), "the event's short-circuiting state changed to 'on'\n");
  EXPECT_TRUE(debuggee->short_circuit);
  EXPECT_EQ(type("events sc maybe"), "please specify a correct 'on' or 'off' state for the short-circuiting state\n");
  debuggee->refuse[HYPERDBG_REQUEST_EVENT_SC] = HYPERDBG_NOT_IN_EVENT;
  EXPECT_NE(type("events sc on").find("(c0000109)"), std::string::npos);
}

TEST_F(CommandsTest, events_stat_is_a_table) {
  attach();
  type("!cpuid script { }");
  debuggee->events[0].info.hits = 10;
  debuggee->events[0].info.exits = 3;
  debuggee->events[0].info.ticks = 1000;
  EXPECT_EQ(type("events stat"),
            "id             hits        exits   instructions     failed    dropped\n"
            "0                10            3            334          0          0\n"
            "exits all 1234\n");
}

TEST_F(CommandsTest, wrong_scripts_show_where) {
  attach();
  EXPECT_EQ(type("!cpuid script {bad}").substr(0, 7), "Line 1:");
  EXPECT_NE(output.find("Invalid Syntax"), std::string::npos);
  EXPECT_EQ(type("events"), "no active/disabled events\n");
}

TEST_F(CommandsTest, a_break_is_refused_in_vmi_mode) {
  debuggee->hello.mode = HYPERDBG_MODE_VMI;
  attach();
  EXPECT_NE(type("!cpuid").find("which is not possible in the VMI Mode"), std::string::npos);
  EXPECT_TRUE(debuggee->events.empty());
  EXPECT_NE(type("!cpuid pid 7ffffff0 script { }").find("(c000001e)"), std::string::npos);
  EXPECT_NE(type("r").find("needs a halted debuggee"), std::string::npos);
}

TEST_F(CommandsTest, registers_are_shown_and_changed) {
  attach();
  EXPECT_EQ(type("r rax"), "rax=0000000000001000\n");
  EXPECT_EQ(type("r rax = ff+1"), "");
  EXPECT_EQ(type("r @RAX"), "rax=0000000000000100\n");
  EXPECT_EQ(type("r al=5"), "");
  EXPECT_EQ(type("r rax"), "rax=0000000000000105\n");
  EXPECT_EQ(type("r zz"), "err, invalid register 'zz'\n");
  EXPECT_EQ(type("r cr3 = 0"), "err, the register cannot be changed (c0000108)\n");
  EXPECT_EQ(first_line("r"), "RAX=0000000000000105 RBX=0000000000001003 RCX=0000000000001001");
}

TEST_F(CommandsTest, cores_are_shown_and_switched) {
  attach();
  EXPECT_EQ(type("~"), "current processor : 0x0\n");
  EXPECT_EQ(type("~ 0"), "the current operating core is 0 (not changed)\n");
  EXPECT_EQ(type("core 1"),
            "current operating core changed to 0x1\n"
            "vmlinux!second:\n"
            "ffffffff`81000005    C3                                  ret\n");
  EXPECT_NE(type("~ 2").find("(c0000006)"), std::string::npos);
  EXPECT_EQ(type("~ x"), "please specify a correct hex value for the core\n");
}

TEST_F(CommandsTest, memory_is_shown) {
  attach();
  EXPECT_EQ(type("db ffffffff`81000000 l 20"),
            "ffffffff`81000000  48 89 5C 24 08 C3 74 05 E8 F3 FF FF FF 90 90 90  H.\\$..t.........\n"
            "ffffffff`81000010  90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90  ................\n");
  EXPECT_EQ(type("dc nt!start_here l 10"),
            "ffffffff`81000000  245C8948 0574C308 FFFFF3E8 909090FF  H.\\$..t.........\n");
  EXPECT_EQ(type("dd start_here l 10"), "ffffffff`81000000  245C8948 0574C308 FFFFF3E8 909090FF\n");
  EXPECT_EQ(type("dq @rip l 10"), "ffffffff`81000000  0574C308`245C8948 909090FF`FFFFF3E8\n");
  EXPECT_EQ(type("!db 1000 l 4"), "#\t00000000`00001000  41 41 41 41                                      AAAA\n");
  EXPECT_EQ(type("db ffffffff81000ffe l 4"),
            "ffffffff`81000ffe  90 90 ?? ??                                      ..??\n");
  EXPECT_NE(type("db 5000").find("invalid target address: 00000000`00005000"), std::string::npos);
  EXPECT_EQ(type("db 1000 l 0"), "err, you should enter a valid length\n");
  EXPECT_EQ(type("db 1000 l"), "err, please specify a value for 'l'\n");
  EXPECT_EQ(first_line("db"), "incorrect use of the 'db'");
}

TEST_F(CommandsTest, memory_is_edited) {
  attach();
  EXPECT_EQ(type("eb 1000 90 91"), "");
  EXPECT_EQ(type("ed 1004 12345678"), "");
  EXPECT_EQ(type("!eq 1008 1122334455667788"), "");
  EXPECT_EQ(type("dq 1000 l 10"), "00000000`00001000  12345678`41419190 11223344`55667788\n");
  EXPECT_EQ(type("eb 1000 100"), "please specify a correct hex value for the 1 bytes of '100'\n");
  EXPECT_NE(type("eb 9000 1").find("(c000000b)"), std::string::npos);
}

TEST_F(CommandsTest, code_is_disassembled) {
  attach();
  EXPECT_EQ(type("u nt!start_here l d"),
            "vmlinux!start_here:\n"
            "ffffffff`81000000    48 89 5C 24 08                      mov qword ptr ss:[rsp+0x08], rbx\n"
            "vmlinux!second:\n"
            "ffffffff`81000005    C3                                  ret\n"
            "ffffffff`81000006    74 05                               jz <vmlinux!second+0x8 (ffffffff`8100000d)>\n"
            "ffffffff`81000008    E8 F3 FF FF FF                      call <vmlinux!start_here (ffffffff`81000000)>\n");
  type("settings addressconversion off");
  type("r rip = ffffffff81000006");
  debuggee->unasked.push_back(
      [&](TargetListener& listener) { listener.on_halted(make_halt(*debuggee, HYPERDBG_HALT_CORE)); });
  console.idle();
  EXPECT_EQ(type("u l 2"), "ffffffff`81000006    74 05                               jz 0xFFFFFFFF8100000D [taken]\n");
  type("settings syntax att");
  EXPECT_NE(type("u start_here l 1").find("movq %rbx"), std::string::npos);
}

TEST_F(CommandsTest, fuel_is_a_setting_that_events_keep) {
  attach();
  EXPECT_EQ(type("settings fuel"), "fuel of a script is f4240 (0n1000000)\n");
  type("!cpuid script { x = 1; }");
  EXPECT_EQ(type("settings fuel 1000"), "set fuel to 1000 (0n4096)\n");
  type("!cpuid script { x = 2; }");
  type("!cpuid");
  ASSERT_EQ(debuggee->events.size(), 3u);
  EXPECT_EQ(debuggee->events[0].actions[0].fuel, 1000000u);
  EXPECT_EQ(debuggee->events[1].actions[0].fuel, 0x1000u);
  EXPECT_EQ(debuggee->events[2].actions[0].fuel, 0u);
  EXPECT_NE(type("settings").find("fuel of a script is 1000 (0n4096)\n"), std::string::npos);
  for (const char* wrong : {"0", "xyz", "8000000000000000"})
    EXPECT_EQ(type("settings fuel " + std::string(wrong)),
              "err, couldn't resolve error at '" + std::string(wrong) +
                  "'; 'fuel' takes a number from 1 to 7fffffffffffffff, hexadecimal\n");
  EXPECT_EQ(console.session().fuel(), 0x1000u);
}

TEST_F(CommandsTest, aggregations_are_shown_and_cleared) {
  attach();
  EXPECT_NE(type(".aggregate").find("nothing is aggregated"), std::string::npos);
  hyperdbg_aggregation_info calls{};
  std::strcpy(calls.aggregation.name, "calls");
  calls.aggregation.kind = HYPERDBG_AGGREGATE_COUNT;
  calls.aggregation.key_count = 2;
  calls.aggregation.keys[0] = HYPERDBG_KEY_NUMBER;
  calls.aggregation.keys[1] = HYPERDBG_KEY_KERNEL_STACK;
  calls.aggregation.depths[1] = 3;
  calls.lost = 4;
  debuggee->aggregations = {calls};
  for (std::uint64_t key : {1, 2}) {
    append(debuggee->entries, object_bytes(hyperdbg_aggregate_entry{0, 32, 0, 0, key * 10, 0, 0, 0}));
    for (const std::uint64_t word : {key, std::uint64_t{0xffffffff81000005}, std::uint64_t{5}, std::uint64_t{0}})
      append(debuggee->entries, object_bytes(word));
  }
  const std::string second =
      "calls, count:\n"
      "  2                                                  20\n"
      "      kernel stack:\n"
      "        vmlinux!second\n"
      "        5\n";
  const std::string lost = "  4 updates were lost: the table of a CPU is full. '.aggregate clear' empties it\n";
  EXPECT_EQ(type(".aggregate calls top 1"), second + "  and 1 more\n" + lost);
  EXPECT_EQ(type(".aggregate").find(second), 0u);
  EXPECT_EQ(type(".aggregate other"), "err, there is no aggregation 'other'; '.aggregate' lists all\n");
  EXPECT_EQ(type(".aggregate top 0"), "err, 'top' wants a number, hexadecimal, not '0'\n");
  EXPECT_EQ(type(".aggregate clear calls"), "calls is cleared\n");
  EXPECT_EQ(debuggee->cleared, 0u);
  EXPECT_EQ(type(".aggregate clear"), "all aggregations are cleared\n");
  EXPECT_EQ(debuggee->cleared, HYPERDBG_ALL_AGGREGATIONS);
  debuggee->entries.resize(debuggee->entries.size() - 8);
  EXPECT_EQ(type(".aggregate"), "err, the debuggee's answer is cut off\n");
}

TEST_F(CommandsTest, symbols_are_searched) {
  attach();
  EXPECT_EQ(type("x s*"), "ffffffff`81000000  vmlinux!start_here\nffffffff`81000005  vmlinux!second\n");
  EXPECT_EQ(type("x nothing*"), "err, no symbol matches 'nothing*'\n");
}

TEST_F(CommandsTest, scripts_are_evaluated_on_the_debuggee) {
  attach();
  debuggee->unasked.push_back(
      [](TargetListener& listener) { listener.on_records(make_message_record(HYPERDBG_NO_EVENT, 0, {1}, 0)); });
  EXPECT_EQ(type("? printf(\"leaf %llx\\n\", 1);"), "leaf 1\n");
  EXPECT_TRUE(debuggee->evaluated);
  debuggee->refuse[HYPERDBG_REQUEST_EVALUATE] = HYPERDBG_SCRIPT_FAILED;
  EXPECT_EQ(type("print 1/0"), "err, the evaluation was ended by an error (c000010a)\n");
}

TEST_F(CommandsTest, scripts_are_tried_here_in_vmi_mode) {
  debuggee->hello.mode = HYPERDBG_MODE_VMI;
  attach();
  console.session().set_compiler([](std::string_view text, const script::CompileOptions& options) {
    return script::Compiler::load().value()->compile(text, options);
  });
  const std::string shown = type("? printf(\"%d %d\\n\", $event_stage, 5);");
  EXPECT_TRUE(shown.starts_with("warning, in the VMI Mode there is no halted debuggee")) << shown;
  EXPECT_TRUE(shown.ends_with("\ntest expression : printf(\"%d %d\\n\", $event_stage, 5); \n0 5\n")) << shown;
  EXPECT_FALSE(debuggee->evaluated);
  EXPECT_TRUE(
      type(".formats 10")
          .ends_with(
              "Evaluate expression:\nHex :        00000000`00000010\nDecimal :    16\nOctal :      20\n"
              "Binary :     00000000 00000000 00000000 00000000 00000000 00000000 00000000 00010000\n"
              "Char :       ........\nTime :       01/01/1970 - 12:00AM\nFloat :      0.00 +8e-323 7.905050E-323\n"
              "Double :     7.90505033345994471e-323\n"));
}

TEST_F(CommandsTest, status_tells_the_mode) {
  EXPECT_EQ(type(".status"), "err, you're not connected to any instance of HyperDbg\n");
  attach();
  EXPECT_EQ(type(".status"), "remote debugging - debugger ('debugger mode')\n");
  EXPECT_NE(type("status").find("halted on core 0x0"), std::string::npos);
}

TEST_F(CommandsTest, debug_checks_its_words) {
  EXPECT_EQ(first_line(".debug"), "incorrect use of the '.debug'");
  EXPECT_EQ(first_line(".debug remote serial 115200"), "incorrect use of the '.debug'");
  EXPECT_NE(type(".debug remote serial 1234 /dev/ttyS0").find("(c0000012)"), std::string::npos);
  EXPECT_NE(type(".debug prepare serial 115200 com9").find("(c0000013)"), std::string::npos);
  EXPECT_NE(type(".debug remote unix /nonexistent").find("is the virtual machine running?"), std::string::npos);
  EXPECT_NE(type(".debug remote tcp nowhere").find("is not HOST:PORT"), std::string::npos);
  EXPECT_EQ(type(".debug close"), "err, you're not connected to any instance of HyperDbg\n");
  attach();
  EXPECT_NE(type(".debug remote unix pause /x").find("there is a session already"), std::string::npos);
  EXPECT_EQ(type(".debug close"), "the session is closed; the debuggee runs on\n");
  EXPECT_FALSE(debuggee->halted);
}

TEST_F(CommandsTest, local_commands_check_their_order) {
  EXPECT_EQ(type("load vmm"), "you're not connected to any instance of HyperDbg, did you use '.connect'?\n");
  EXPECT_EQ(type(".connect local"), "local debugging (vmi-mode)\n");
  EXPECT_EQ(type("load nothing"), "err, module not found\n");
  EXPECT_EQ(type("load trace"), "err, 'trace' is not available in this version\n");
  EXPECT_EQ(type("events"), "err, the vmm module is not loaded; use 'load vmm'\n");
  EXPECT_EQ(type(".disconnect"), "disconnected successfully\n");
}

TEST_F(CommandsTest, reset_begins_anew) {
  attach();
  type("!cpuid");
  EXPECT_EQ(type(".reset"), "");
  EXPECT_EQ(type("events"), "no active/disabled events\n");
}

}  // namespace
}  // namespace hyperdbg
