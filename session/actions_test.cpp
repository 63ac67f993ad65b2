// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "script/metadata.hpp"
#include "session/code_fault.hpp"
#include "session/fake_target.hpp"
#include "session/hex_dump.hpp"
#include "session/log_list.hpp"

// Conditions, custom code, buffers, logs: from what is typed to what the debuggee gets, and back.
namespace hyperdbg {
namespace {

TEST(MachineCode, ReadsHexadecimalAsItIsWritten) {
  const Bytes expected{0x48, 0x8b, 0x5a};
  for (const char* text : {"488b5a", "48 8B 5A", "0x48 0x8b 0x5a", "\\x48\\x8b\\x5a", "x488b5a", " 48,8b, 5a\n"})
    EXPECT_EQ(parse_hexadecimal(text).value_or(Bytes()), expected) << text;
  EXPECT_EQ(parse_hexadecimal("9").value_or(Bytes()), Bytes{9});
  EXPECT_EQ(parse_hexadecimal("1 90").value_or(Bytes()), (Bytes{1, 0x90}));
}

TEST(LogList, BecomesAScript) {
  EXPECT_EQ(log_script("@rax, $pid ,$pname").value_or(""),
            "printf(\"rax=%llx pid=%llx pname=%s\\n\", @rax, $pid, $pname); ");
  EXPECT_EQ(log_script("dd vmlinux!jiffies+4 l 2").value_or(""),
            "if (check_address((vmlinux!jiffies+4 + 0)) && check_address((vmlinux!jiffies+4 + 7))) { "
            "printf(\"dd %llx: %llx %llx\\n\", (vmlinux!jiffies+4 + 0), dd(vmlinux!jiffies+4 + 0), "
            "dd(vmlinux!jiffies+4 + 4)); } else { printf(\"dd %llx: not readable\\n\", (vmlinux!jiffies+4 + 0)); } ");
}

// What the list becomes is right for the script compiler.
TEST(LogList, CompilesWhateverItTakes) {
  script::CompileOptions options;
  options.symbol = [](std::string_view) { return std::optional<std::uint64_t>(0xffffffff82000000); };
  for (const char* list : {"@rax",
                           "@rax, @rbx, @rip, @cr3, $pid, $tid, $core, $pname, $context, @r8, @r9, @r10, @r11, "
                           "@r12, @r13, @r14, @r15, @rflags",
                           "db @rsp l 21, dd vmlinux!jiffies, dq @rdi + 8 l 100", "$date, $time"}) {
    const auto script = log_script(list);
    ASSERT_TRUE(script) << script.error().message;
    const auto mistakes = script::check(*script, options);
    EXPECT_TRUE(mistakes.empty()) << *script << '\n' << script::render(mistakes);
  }
}

TEST(HexDump, ShowsAddressesBytesAndCharacters) {
  Bytes bytes(18, 0);
  bytes[0] = 'H';
  bytes[17] = 0xff;
  EXPECT_EQ(hex_dump(0xffff888000001000, bytes),
            "ffff8880`00001000  48 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00  H...............\n"
            "ffff8880`00001010  00 FF                                            ..\n");
}

TEST(CodeFault, NamesEventAddressAndFault) {
  hyperdbg_code_fault fault{14, 0, 0x600020000004, 4, 0xdead, 2};
  EXPECT_EQ(
      code_fault_text(3, 1, fault),
      "err, the custom code (action 1) of event 0x3 was ended at its byte 0x4 (rip 600020000004): #PF, page fault "
      "at address dead, error code 2. the event is disabled");
  fault.fault = HYPERDBG_CODE_ENDLESS;
  fault.condition = 1;
  fault.offset = ~0ull;
  EXPECT_EQ(code_fault_text(3, 1, fault),
            "err, the condition of event 0x3 was ended outside of itself (rip 600020000004): it did not end within "
            "1000000 instructions. the event is disabled");
  fault.fault = 0x77;
  EXPECT_NE(code_fault_text(3, 1, fault).find("INT 0x77, a software interrupt"), std::string::npos);
  fault.fault = HYPERDBG_CODE_STACK_SEGMENT;
  EXPECT_NE(code_fault_text(3, 1, fault).find("it would load SS"), std::string::npos);
}

struct Heard final : SessionListener {
  std::string text;
  std::vector<std::string> notices;
  void on_text(std::string_view more) override { text += more; }
  void on_notice(std::string_view line) override { notices.emplace_back(line); }
  void on_halt(const hyperdbg_halted&) override {}
  void on_end(std::string_view) override {}
};

struct ActionsTest : testing::Test {
  std::shared_ptr<FakeTarget::State> debuggee = std::make_shared<FakeTarget::State>();
  Heard heard;
  Session session{heard};
  std::string compiled;

  ActionsTest() {
    session.set_symbols_directory("/nonexistent");
    session.set_compiler([this](std::string_view text, const script::CompileOptions&) -> script::CompileResult {
      compiled = text;
      return script::CompiledScript{{0xc3}, script::encode_metadata({"leaf %llx\n"}), 8};
    });
    EXPECT_TRUE(session.attach(std::make_unique<FakeTarget>(debuggee)));
  }
  std::string add(std::string_view line) {
    const auto definition = parse_event_command(split_tokens(line), session.event_rules());
    if (!definition) return definition.error().message;
    const auto added = session.add_event(*definition);
    return added ? "" : added.error().message;
  }
  std::string add_action(std::string_view line) {
    const auto command = parse_action_command(split_tokens(line), 0);
    if (!command) return command.error().message;
    const auto added = session.add_action(0, *command);
    return added ? "" : added.error().message;
  }
  void tell(std::uint16_t kind, ByteView body, std::uint32_t flags = 0) {
    hyperdbg_record record{};
    record.kind = kind;
    record.sequence = sequence++;
    record.flags = flags;
    record.length = static_cast<std::uint32_t>(body.size());
    record.size = static_cast<std::uint32_t>((sizeof record + body.size() + 7) & ~std::size_t{7});
    Bytes bytes;
    append(bytes, object_bytes(record));
    append(bytes, body);
    pad_to_8(bytes);
    debuggee->unasked.push_back([bytes](TargetListener& listener) { listener.on_records(bytes); });
    session.pump();
  }
  void tell_piece(std::uint32_t size, std::uint32_t offset, const Bytes& bytes, std::uint32_t flags = 0) {
    Bytes body;
    append(body, object_bytes(hyperdbg_buffer_piece{0x1000, size, offset, 0, 0}));
    append(body, bytes);
    tell(HYPERDBG_RECORD_BUFFER, body, flags);
  }
  std::uint64_t sequence = 0;
};

TEST_F(ActionsTest, CodeGetsItsReturn) {
  EXPECT_EQ(add("!cpuid code {90 90}"), "");
  EXPECT_EQ(debuggee->events[0].actions[0].kind, std::uint32_t{HYPERDBG_ACTION_CODE});
  EXPECT_EQ(debuggee->events[0].actions[0].code, (Bytes{0x90, 0x90, 0xc3}));
}

// `asm` binds to the word behind it.
TEST_F(ActionsTest, HexAndAssemblyMayStandOnOneLine) {
  EXPECT_EQ(add("!cpuid asm code {nop; xor rax, rax} condition {90} buffer 10"), "");
  EXPECT_EQ(debuggee->events[0].condition, (Bytes{0x90, 0xc3}));
  EXPECT_EQ(debuggee->events[0].actions[0].code, (Bytes{0x90, 0x48, 0x31, 0xc0, 0xc3}));
  EXPECT_EQ(debuggee->events[0].definition.buffer_size, 0x10u);
  EXPECT_EQ(add("!cpuid code {90} asm condition {mov eax, 1}"), "");
  EXPECT_EQ(debuggee->events[1].condition, (Bytes{0xb8, 1, 0, 0, 0, 0xc3}));
  EXPECT_EQ(debuggee->events[1].actions[0].code, (Bytes{0x90, 0xc3}));
}

TEST_F(ActionsTest, WhatCannotBeAssembledLeavesNoEvent) {
  EXPECT_NE(add("!cpuid asm code { nop\n je Nowhere }").find(" je Nowhere \n    ^"), std::string::npos);
  EXPECT_NE(add("!cpuid asm condition {mov rax, <nobody>}").find("couldn't resolve"), std::string::npos);
  EXPECT_TRUE(debuggee->events.empty());
}

TEST_F(ActionsTest, AddressesInAnglesAreExpressions) {
  EXPECT_EQ(add("!cpuid asm code { movabs rax, <ffffffff81000000 + 10> }"), "");
  EXPECT_EQ(debuggee->events[0].actions[0].code, (Bytes{0x48, 0xb8, 0x10, 0, 0, 0x81, 0xff, 0xff, 0xff, 0xff, 0xc3}));
}

TEST_F(ActionsTest, AllKindsAreRegisteredInTheDocumentedOrder) {
  EXPECT_EQ(add("!cpuid log {@rax} script {x = 1;} code {90}"), "");
  ASSERT_EQ(debuggee->events[0].actions.size(), 3u);
  EXPECT_EQ(debuggee->events[0].actions[0].kind, std::uint32_t{HYPERDBG_ACTION_CODE});
  EXPECT_EQ(debuggee->events[0].actions[1].kind, std::uint32_t{HYPERDBG_ACTION_SCRIPT});
  EXPECT_EQ(debuggee->events[0].actions[2].kind, std::uint32_t{HYPERDBG_ACTION_LOG});
  EXPECT_EQ(compiled, "printf(\"rax=%llx\\n\", @rax); ");
}

TEST_F(ActionsTest, AConditionAloneGuardsABreak) {
  EXPECT_EQ(add("!cpuid condition {90}"), "");
  EXPECT_EQ(debuggee->events[0].actions[0].kind, std::uint32_t{HYPERDBG_ACTION_BREAK});
}

TEST_F(ActionsTest, ActionsAreAddedOneByOne) {
  EXPECT_EQ(add("!cpuid script {x = 1;}"), "");
  EXPECT_EQ(add_action("asm code {ret}"), "");
  EXPECT_EQ(add_action("BREAK"), "");
  EXPECT_EQ(add_action("code {90} buffer 20"), "");
  EXPECT_EQ(add_action("log {$pid}"), "");
  ASSERT_EQ(debuggee->events[0].actions.size(), 5u);
  EXPECT_EQ(debuggee->events[0].actions[1].code, (Bytes{0xc3, 0xc3}));
  EXPECT_EQ(debuggee->events[0].actions[2].kind, std::uint32_t{HYPERDBG_ACTION_BREAK});
  EXPECT_EQ(debuggee->events[0].definition.buffer_size, 0x20u);
  EXPECT_EQ(add_action("code {90} script {x = 1;}"), "err, one action at a time: script, code, asm code, log or break");
  EXPECT_EQ(add_action("condition {90}"), "err, 'condition' belongs to the event, not to an action");
  EXPECT_EQ(add_action("code {90} stage post"), "err, 'stage' belongs to the event, not to an action");
  EXPECT_EQ(add_action("nonsense"), "unknown parameter 'nonsense'");
  EXPECT_EQ(debuggee->events[0].actions.size(), 5u);
}

TEST_F(ActionsTest, LongCodeTravelsInPieces) {
  std::string line = "!cpuid code {";
  for (int i = 0; i < 300000; ++i) line += "90";
  EXPECT_EQ(add(line + "}"), "");
  EXPECT_EQ(debuggee->staged.size(), 300001u);
  EXPECT_EQ(debuggee->staged.back(), 0xc3);
  EXPECT_NE(debuggee->events[0].actions[0].flags & HYPERDBG_ACTION_STAGED, 0u);
}

TEST_F(ActionsTest, AReturnedBufferIsShownWhenItIsComplete) {
  tell_piece(20, 0, Bytes(16, 'a'));
  EXPECT_EQ(heard.text, "");
  tell_piece(20, 16, Bytes(4, 'b'));
  EXPECT_EQ(heard.text,
            "event 0x0 (pre) returned 0x14 bytes at 1000:\n"
            "00000000`00001000  61 61 61 61 61 61 61 61 61 61 61 61 61 61 61 61  aaaaaaaaaaaaaaaa\n"
            "00000000`00001010  62 62 62 62                                      bbbb\n");
  heard.text.clear();
  tell_piece(20, 16, Bytes(4, 'b'));  // its beginning was lost
  tell_piece(~0u, 0, Bytes(4, 'b'));
  EXPECT_EQ(heard.text, "");
}

TEST_F(ActionsTest, AnAccumulatedBufferWaits) {
  tell_piece(1, 0, Bytes(1, 'a'), HYPERDBG_EVENT_ACCUMULATE);
  EXPECT_EQ(heard.text, "");
  session.detach();
  EXPECT_NE(heard.text.find("returned 0x1 bytes"), std::string::npos);
}

TEST_F(ActionsTest, AFaultIsTold) {
  tell(HYPERDBG_RECORD_CODE_FAULT, object_bytes(hyperdbg_code_fault{6, 0, 0x600020000000, 0, 0, 0}));
  ASSERT_FALSE(heard.notices.empty());
  EXPECT_NE(heard.notices.back().find("#UD"), std::string::npos);
}

}  // namespace
}  // namespace hyperdbg
