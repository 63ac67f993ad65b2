// SPDX-License-Identifier: MIT
#include "session/event_command.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "abi/status.h"

namespace hyperdbg {
namespace {

EventRules debugger() {
  return {HYPERDBG_MODE_DEBUGGER, 2, [](std::uint32_t) { return false; }};
}
EventRules vmi() {
  return {HYPERDBG_MODE_VMI, 2, [](std::uint32_t pid) { return pid == 0x1c0; }};
}

EventDefinition parse(std::string_view line, const EventRules& rules = debugger()) {
  auto event = parse_event_command(split_tokens(line), rules);
  if (event) return *event;
  ADD_FAILURE() << line << ": " << event.error().message;
  return {};
}

std::string error_of(std::string_view line, const EventRules& rules = debugger()) {
  const auto event = parse_event_command(split_tokens(line), rules);
  return event ? "no error" : event.error().message;
}

TEST(EventCommand, has_defaults) {
  const EventDefinition event = parse("!cpuid");
  EXPECT_EQ(event.kind->kind, std::uint32_t{HYPERDBG_EVENT_CPUID});
  EXPECT_EQ(event.key, HYPERDBG_ANY_KEY);
  EXPECT_EQ(event.stage, std::uint32_t{HYPERDBG_PRE});
  EXPECT_EQ(event.flags, std::uint32_t{HYPERDBG_EVENT_ENABLED});
  EXPECT_EQ(event.process, HYPERDBG_ANY_PROCESS);
  EXPECT_EQ(event.core, HYPERDBG_ANY_CORE);
  ASSERT_EQ(event.actions.size(), 1u);
  EXPECT_EQ(event.actions[0].kind, HYPERDBG_ACTION_BREAK);
  EXPECT_FALSE(event.condition);
}

TEST(EventCommand, takes_its_words_in_any_order_and_case) {
  const EventDefinition event = parse("!MSREAD stage POST Script { x = 1; } core 1 0xC0000082 imm no PID 1c0");
  EXPECT_EQ(event.kind->name, "!msrread");
  EXPECT_EQ(event.key, 0xc0000082u);
  EXPECT_EQ(event.stage, std::uint32_t{HYPERDBG_POST});
  EXPECT_EQ(event.core, 1u);
  EXPECT_EQ(event.process, 0x1c0u);
  EXPECT_EQ(event.flags, std::uint32_t{HYPERDBG_EVENT_ENABLED | HYPERDBG_EVENT_ACCUMULATE});
  EXPECT_EQ(event.actions[0].kind, HYPERDBG_ACTION_SCRIPT);
  EXPECT_EQ(event.actions[0].text.text, " x = 1; ");
  EXPECT_EQ(event.text, "!MSREAD stage POST Script { x = 1; } core 1 0xC0000082 imm no PID 1c0");
}

TEST(EventCommand, takes_what_its_kind_needs) {
  EXPECT_EQ(parse("!exception e").key, 0xeu);
  EXPECT_EQ(parse("!exception stage post").key, HYPERDBG_ANY_KEY);
  EXPECT_EQ(parse("!interrupt ec").key, 0xecu);
  EXPECT_EQ(parse("!ioin 3f8").key, 0x3f8u);
  EXPECT_EQ(parse("!iout stage all").key, HYPERDBG_ANY_KEY);
  EXPECT_EQ(parse("!crwrite stage all 4").mask, 0u);
  EXPECT_EQ(parse("!crwrite 0 pid 1c0 10000").key, 0u);
  EXPECT_EQ(parse("!syscall OpenAt").key, 257u);
  EXPECT_EQ(parse("!syscall 27").key, 0x27u);
  EXPECT_EQ(parse("!syscall").key, HYPERDBG_ANY_KEY);
  EXPECT_EQ(parse("!syscall openat").flags & HYPERDBG_EVENT_BY_FAULT, 0u);
  EXPECT_NE(parse("!syscall2 openat").flags & HYPERDBG_EVENT_BY_FAULT, 0u);
  EXPECT_EQ(parse("!sysret").flags & HYPERDBG_EVENT_BY_FAULT, 0u);
  EXPECT_NE(parse("!sysret2").flags & HYPERDBG_EVENT_BY_FAULT, 0u);
  EXPECT_EQ(parse("!crwrite 0 pid 1c0 10000").mask, 0x10000u);
}

TEST(EventCommand, tells_system_calls_of_32_bit_programs) {
  const auto is_32 = [](std::string_view line) {
    const EventDefinition event = parse(line);
    return event.trigger == HYPERDBG_EVENT_SYSCALL_32 && (event.flags & HYPERDBG_EVENT_BY_FAULT) == 0 &&
           event.remark != event.kind->remark;
  };
  EXPECT_EQ(parse("!syscall Open@32").key, 5u);
  EXPECT_EQ(parse("!syscall 27@32").key, 0x27u);
  EXPECT_EQ(parse("!syscall2 socketcall@32").key, 102u);
  EXPECT_EQ(parse("!syscall @32 pid 1c0").key, HYPERDBG_ANY_KEY);
  EXPECT_TRUE(is_32("!syscall open@32") && is_32("!syscall 5@32") && is_32("!syscall @32") && is_32("!syscall2 @32"));
  EXPECT_FALSE(is_32("!syscall open") || is_32("!syscall 5") || is_32("!syscall") || is_32("!syscall open@64"));
  EXPECT_EQ(parse("!syscall open@64").key, 2u);
  EXPECT_EQ(parse("!syscall open@64").trigger, HYPERDBG_EVENT_SYSCALL);
  EXPECT_NE(parse("!syscall2 @64").flags & HYPERDBG_EVENT_BY_FAULT, 0u);
}

TEST(EventCommand, asks_whether_its_outputs_may_be_used) {
  EventRules rules = debugger();
  rules.check_outputs = [](const std::vector<std::string>& names) -> Expected<void> {
    return names.back() == "c" ? fail("err, no c") : Expected<void>{};
  };
  const EventDefinition event = parse("!cpuid script { x = 1; } output { a, b,a }", rules);
  EXPECT_EQ(event.outputs, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(error_of("!cpuid script { x = 1; } output {c}", rules), "err, no c");
}

TEST(EventCommand, rebuilds_its_text_with_single_blanks) {
  EXPECT_EQ(parse("!msrwrite   c0000082\t/* all */ stage   all").text, "!msrwrite c0000082 stage all");
}

TEST(EventCommand, reads_a_script_from_a_file) {
  char path[] = "/tmp/hyperdbg-script-XXXXXX";
  close(mkstemp(path));
  EXPECT_EQ(error_of(fmt::format("!cpuid script {{file:{}}}", path)),
            "err, either script file is not found or it's empty");
  std::ofstream(path) << "print(1);\n";
  EXPECT_EQ(parse(fmt::format("!cpuid script {{ file:{} }}", path)).actions[0].text.text, "print(1);\n");
  EXPECT_EQ(error_of("!cpuid script {file:/tmp}"), "err, either script file is not found or it's empty");
  std::remove(path);
  EXPECT_EQ(error_of(fmt::format("!cpuid script {{file:{}}}", path)),
            "err, either script file is not found or it's empty");
}

struct Wrong {
  const char* line;
  const char* message;
};

TEST(EventCommand, has_the_documented_errors) {
  const Wrong wrong[] = {
      {"!cpuid pid", "err, please specify a value for 'pid'"},
      {"!cpuid script", "err, please specify a value for 'script'"},
      {"!cpuid pid zz", "err, pid is invalid"},
      {"!cpuid pid ffffffffff", "err, pid is invalid"},
      {"!cpuid core zz", "err, core id is invalid"},
      {"!cpuid imm maybe", "err, immediate messaging token is invalid"},
      {"!cpuid stage middle", "err, the specified execution mode is invalid; you can either choose 'pre' or 'post'"},
      {"!cpuid sc maybe", "err, the specified short-circuiting state is invalid; you can either choose 'on' or 'off'"},
      {"!cpuid buffer zz", "err, buffer size is invalid"},
      {"!cpuid buffer 0", "err, buffer size is invalid"},
      {"!cpuid condition {nop}",
       "err, please enter condition code in hex notation: 'nop' is not hexadecimal ('asm code' and 'asm condition' "
       "take "
       "instructions)"},
      {"!cpuid code {90 9g}",
       "err, please enter condition code in hex notation: '9g' is not hexadecimal ('asm code' and 'asm condition' take "
       "instructions)"},
      {"!cpuid code { }", "err, please enter condition code in hex notation: there is none"},
      {"!cpuid asm {nop}", "unknown parameter '{nop}'"},
      {"!cpuid asm script {nop}", "unknown parameter 'asm'"},
      {"!cpuid asm code", "err, please specify a value for 'code'"},
      {"!cpuid code {90} asm code {nop}", "err, 'code' is given twice"},
      {"!cpuid log { }", "err, 'log' needs what it shall show, for example: log { @rax, $pid, dq @rsp l 4 }"},
      {"!cpuid log {@rax, 5}",
       "err, 'log' cannot show '5': it takes registers (@rax), pseudo-registers ($pid), and memory as in 'dq @rsp l "
       "4'"},
      {"!cpuid log {@rax, @rcq}", "err, 'log': there is no register '@rcq'; is `@rcx` meant?"},
      {"!cpuid log {$nosuch}", "err, 'log': there is no pseudo-register '$nosuch'"},
      {"!cpuid log {dq}", "err, 'log': 'dq' names no address"},
      {"!cpuid log {dq @rsp l 0}", "err, 'log': behind 'l' of 'dq @rsp l 0' there must be a count from 1 to 100"},
      {"!cpuid output {a}",
       "err, 'output' forwards what a script or log prints and the buffers that code returns; add 'script { ... }', or "
       "'buffer' to 'code'"},
      {"!cpuid code {90} output {a}",
       "err, 'output' forwards what a script or log prints and the buffers that code returns; add 'script { ... }', or "
       "'buffer' to 'code'"},
      {"!cpuid script {x = 1;} output { , }", "err, no input found"},
      {"!cpuid 1 2", "unknown parameter '2'"},
      {"!cpuid leaf", "unknown parameter 'leaf'"},
      {"!cpuid 100000000", "unknown parameter '100000000'"},
      {"!cpuid {1}", "unknown parameter '{1}'"},
      {"!monitor rw 1 2", "err, '!monitor' is not available in this version"},
      {"!tsc 1", "incorrect use of the '!tsc'"},
      {"!pmc 1", "incorrect use of the '!pmc'"},
      {"!vmcall 1", "incorrect use of the '!vmcall'"},
      {"!dr 7", "incorrect use of the '!dr'"},
      {"!xsetbv 100000000", "unknown parameter '100000000'"},
      {"!ioin 10000", "err, '10000' is no I/O port; ports are 0x0 to 0xffff"},
      {"!iout com1", "unknown parameter 'com1'"},
      {"!exception 20", "err, the entry should be between 0x0 to 0x1f or first 32 entries"},
      {"!interrupt",
       "err, triggering an event on all interrupts is not supported, because it would make the system unresponsive; "
       "specify one vector, 0x20 to 0xff"},
      {"!interrupt 10", "err, the entry should be between 0x20 to 0xFF or the entries between 32 to 255"},
      {"!interrupt 100", "err, the entry should be between 0x20 to 0xFF or the entries between 32 to 255"},
      {"!crwrite", "incorrect use of the '!crwrite'"},
      {"!crwrite 3", "err, please choose either 0 for cr0 or 4 for cr4"},
      {"!crwrite 0 0", "err, the mask 0 selects no bit; leave it out to watch all bits"},
      {"!crwrite 0 1 2", "unknown parameter '2'"},
      {"!syscall nosuchcall",
       "err, 'nosuchcall' is no system call; give its name as in 'man 2 syscalls', or its number (hexadecimal)"},
      {"!syscall2 socketcall", "err, 'socketcall' is a system call of 32-bit programs only; write 'socketcall@32'"},
      {"!syscall arch_prctl2@32",
       "err, 'arch_prctl2' is no system call; give its name as in 'man 2 syscalls', or its number (hexadecimal)"},
      {"!syscall semget2@64",
       "err, 'semget2' is no system call; give its name as in 'man 2 syscalls', or its number (hexadecimal)"},
      {"!syscall semop@32", "err, 'semop' is a system call of 64-bit programs only; leave '@32' out"},
      {"!syscall open@16", "unknown parameter 'open@16'"},
      {"!syscall open@", "unknown parameter 'open@'"},
      {"!syscall open@32@32", "unknown parameter 'open@32@32'"},
      {"!syscall 100000000@32", "unknown parameter '100000000'"},
      {"!syscall @32 close@32", "unknown parameter 'close@32'"},
      {"!syscall openat close", "unknown parameter 'close'"},
      {"!syscall 100000000", "unknown parameter '100000000'"},
      {"!sysret 1", "incorrect use of the '!sysret'"},
      {"!nothing", "err, couldn't resolve command at '!nothing'"},
      {"!cpuid pid 1 pid 2", "err, 'pid' is given twice"},
  };
  for (const Wrong& one : wrong) EXPECT_EQ(error_of(one.line), one.message) << one.line;
}

TEST(EventCommand, carries_the_codes_of_what_the_kernel_would_refuse) {
  const auto code = [](std::string_view line, const EventRules& rules) {
    return parse_event_command(split_tokens(line), rules).error().status;
  };
  EXPECT_EQ(code("!cpuid core 2", debugger()), std::uint32_t{HYPERDBG_INVALID_CORE});
  EXPECT_EQ(code("!cpuid sc on stage post", debugger()), std::uint32_t{HYPERDBG_SHORT_CIRCUIT_AND_POST});
  EXPECT_EQ(code("!cpuid stage all sc on", debugger()), std::uint32_t{HYPERDBG_SHORT_CIRCUIT_AND_POST});
  EXPECT_EQ(code("!cpuid pid 5 script {}", vmi()), std::uint32_t{HYPERDBG_INVALID_PROCESS});
  EXPECT_NE(error_of("!cpuid sc on stage post").find("doesn't make sense"), std::string::npos);
  EXPECT_NE(error_of("!cpuid sc on stage post").find("(c000003a)"), std::string::npos);
}

TEST(EventCommand, short_circuits_in_pre) {
  EXPECT_EQ(parse("!cpuid sc on").flags, std::uint32_t{HYPERDBG_EVENT_ENABLED | HYPERDBG_EVENT_SHORT_CIRCUIT});
  EXPECT_EQ(parse("!cpuid sc off stage all").flags, std::uint32_t{HYPERDBG_EVENT_ENABLED});
}

TEST(EventCommand, does_not_break_in_vmi_mode) {
  EXPECT_NE(error_of("!cpuid", vmi()).find("not possible in the VMI Mode"), std::string::npos);
  EXPECT_EQ(parse("!cpuid pid 1c0 script { }", vmi()).process, 0x1c0u);
  EXPECT_EQ(parse("!cpuid pid all script { }", vmi()).process, HYPERDBG_ANY_PROCESS);
}

}  // namespace
}  // namespace hyperdbg
