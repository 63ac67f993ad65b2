// SPDX-License-Identifier: MIT
#include "session/session.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "script/metadata.hpp"
#include "session/fake_target.hpp"

namespace hyperdbg {
namespace {

struct Heard final : SessionListener {
  std::string text;
  std::vector<std::string> notices;
  std::vector<std::uint32_t> halts;  // reasons
  std::string end;
  void on_text(std::string_view more) override { text += more; }
  void on_notice(std::string_view line) override { notices.emplace_back(line); }
  void on_halt(const hyperdbg_halted& halted) override { halts.push_back(halted.reason); }
  void on_end(std::string_view why) override { end = why; }
};

struct SessionTest : testing::Test {
  std::shared_ptr<FakeTarget::State> debuggee = std::make_shared<FakeTarget::State>();
  Heard heard;
  Session session{heard};

  SessionTest() {
    session.set_symbols_directory("/nonexistent");
    session.set_compiler([](std::string_view text, const script::CompileOptions&) -> script::CompileResult {
      if (text.find("bad") != text.npos)
        return std::unexpected(std::vector{script::Diagnostic{1, 1, "Invalid Syntax", "", "bad"}});
      return script::CompiledScript{{0xc3}, script::encode_metadata({"leaf %llx\n"}), 8, false, 1};
    });
  }
  Expected<void> attach(OnAttach how = OnAttach::leave_as_it_is) {
    return session.attach(std::make_unique<FakeTarget>(debuggee), how);
  }
  Expected<std::uint32_t> add(std::string_view line) {
    const auto definition = TRY_EXPECTED(parse_event_command(split_tokens(line), session.event_rules()));
    return session.add_event(definition);
  }
};

TEST_F(SessionTest, attaches_to_a_halted_debuggee) {
  ASSERT_TRUE(attach());
  EXPECT_EQ(session.state(), SessionState::halted);
  EXPECT_EQ(session.halted().rip, 0xffffffff81000000);
  EXPECT_EQ(session.halted().code_size, 16u);
  EXPECT_EQ(heard.halts.size(), 1u);
  ASSERT_EQ(heard.notices.size(), 1u) << "no symbol file";
}

TEST_F(SessionTest, leaves_a_running_debuggee_running_or_halts_it) {
  debuggee->halted = false;
  ASSERT_TRUE(attach());
  EXPECT_EQ(session.state(), SessionState::running);
  ASSERT_TRUE(attach(OnAttach::halt));
  EXPECT_EQ(session.state(), SessionState::halted);
  EXPECT_EQ(heard.halts.size(), 1u);
}

TEST_F(SessionTest, refuses_another_version_naming_both) {
  debuggee->hello.abi = 0x99;
  const auto attached = attach();
  ASSERT_FALSE(attached);
  EXPECT_NE(attached.error().message.find("(abi 99)"), std::string::npos);
  EXPECT_EQ(session.state(), SessionState::none);
  EXPECT_FALSE(session.has_target());
}

TEST_F(SessionTest, continues_the_debuggee_when_it_lets_go) {
  ASSERT_TRUE(attach());
  session.detach();
  EXPECT_FALSE(debuggee->halted);
  EXPECT_EQ(session.state(), SessionState::none);
}

TEST_F(SessionTest, knows_a_halt_that_comes_with_the_answer_to_go) {
  ASSERT_TRUE(attach());
  debuggee->unasked.push_back([&](TargetListener& listener) {
    debuggee->halted = true;
    listener.on_halted(make_halt(*debuggee, HYPERDBG_HALT_EVENT, 3, 1));
  });
  ASSERT_TRUE(session.go());
  EXPECT_EQ(session.state(), SessionState::halted);
  EXPECT_EQ(heard.halts.back(), std::uint32_t{HYPERDBG_HALT_EVENT});
}

TEST_F(SessionTest, finds_out_about_a_lost_halt) {
  debuggee->halted = false;
  ASSERT_TRUE(attach());
  debuggee->halted = true;
  ASSERT_TRUE(session.halt());
  EXPECT_EQ(session.state(), SessionState::halted);
  EXPECT_EQ(heard.halts.size(), 1u);
}

TEST_F(SessionTest, adds_events_with_scripts_and_breaks) {
  ASSERT_TRUE(attach());
  EXPECT_EQ(*add("!cpuid 1 stage post script { printf(); }"), 0u);
  EXPECT_EQ(*add("!msrwrite c0000082"), 1u);
  ASSERT_EQ(debuggee->events.size(), 2u);
  EXPECT_EQ(debuggee->events[0].actions[0].kind, std::uint32_t{HYPERDBG_ACTION_SCRIPT});
  EXPECT_EQ(debuggee->events[0].actions[0].code, Bytes{0xc3});
  EXPECT_EQ(debuggee->events[0].text, "!cpuid 1 stage post script { printf(); }");
  EXPECT_EQ(debuggee->events[1].actions[0].kind, std::uint32_t{HYPERDBG_ACTION_BREAK});
  EXPECT_EQ(debuggee->events[1].definition.key, 0xc0000082u);
  const auto listed = session.events();
  ASSERT_TRUE(listed);
  EXPECT_EQ((*listed)[1].text, "!msrwrite c0000082");
}

TEST_F(SessionTest, leaves_no_event_behind_a_wrong_script) {
  ASSERT_TRUE(attach());
  const auto added = add("!cpuid script { bad }");
  ASSERT_FALSE(added);
  EXPECT_NE(added.error().message.find("Invalid Syntax"), std::string::npos);
  EXPECT_TRUE(debuggee->events.empty());
}

TEST_F(SessionTest, formats_messages_also_of_events_made_before_it_came) {
  ASSERT_TRUE(attach());
  ASSERT_TRUE(add("!cpuid script { }"));
  ASSERT_TRUE(attach()) << "a fresh debugger";
  debuggee->unasked.push_back(
      [](TargetListener& listener) { listener.on_records(make_message_record(0, 0, {0x1f}, 0)); });
  session.pump();
  EXPECT_EQ(heard.text, "leaf 1f\n");
}

TEST_F(SessionTest, throws_messages_away_while_paused_in_vmi_mode) {
  debuggee->hello.mode = HYPERDBG_MODE_VMI;
  ASSERT_TRUE(attach());
  EXPECT_EQ(session.state(), SessionState::vmi);
  const auto speaks = [&](std::uint64_t value) {
    debuggee->unasked.push_back([value](TargetListener& listener) {
      listener.on_records(make_message_record(HYPERDBG_NO_EVENT, 0, {value}, value));
    });
  };
  session.pause_messages();
  debuggee->unasked.push_back([](TargetListener& listener) { listener.on_records(make_text_record("a warning")); });
  speaks(1);
  session.pump();
  speaks(2);
  EXPECT_EQ(session.resume_messages(), 2u);
  speaks(3);
  EXPECT_EQ(session.flush(), 1u);
  EXPECT_EQ(session.flush(), 0u);
  EXPECT_EQ(heard.text, "");
  EXPECT_EQ(heard.notices, (std::vector<std::string>{"a warning"}));
}

TEST_F(SessionTest, reads_memory_up_to_what_is_there) {
  ASSERT_TRUE(attach());
  const auto memory = session.read_memory(0xffffffff81000ff8, 16, HYPERDBG_VIRTUAL);
  ASSERT_TRUE(memory);
  EXPECT_TRUE(memory->valid[7]);
  EXPECT_FALSE(memory->valid[8]);
  EXPECT_EQ(memory->bytes[0], 0x90);
  EXPECT_TRUE(session.write_memory(0x1004, Bytes{1, 2}, HYPERDBG_PHYSICAL));
  EXPECT_EQ(debuggee->pages[0x1000][4], 1);
  EXPECT_EQ(session.write_memory(0x5000, Bytes{1}, HYPERDBG_VIRTUAL).error().status,
            std::uint32_t{HYPERDBG_EDIT_INVALID_ADDRESS});
}

TEST_F(SessionTest, uses_a_symbol_file_by_build_id) {
  const auto directory = std::filesystem::temp_directory_path() / "hyperdbg-session-test";
  std::filesystem::create_directories(directory);
  std::ofstream(directory / ("ab" + std::string(38, '0') + ".sym"))
      << "# anchor init_task ffffffff9b000000\nffffffff9a000000 T start_here\nffffffff9a000005 t second\n";
  session.set_symbols_directory(directory);
  ASSERT_TRUE(attach());
  EXPECT_TRUE(heard.notices.empty());
  EXPECT_EQ(*session.address("nt!start_here+2"), 0xffffffff81000002);
  EXPECT_EQ(session.name_of(0xffffffff81000007), "vmlinux!second+0x2");
  EXPECT_EQ(session.name_of(0xffffffffc0000010), "lab+0x10");
  EXPECT_EQ(*session.address("@rip+1"), 0xffffffff81000001);
  std::filesystem::remove_all(directory);
}

TEST_F(SessionTest, moves_a_modules_symbols_where_it_lies_now) {
  const auto directory = std::filesystem::temp_directory_path() / "hyperdbg-session-modules-test";
  std::filesystem::create_directories(directory);
  std::ofstream(directory / ("ab" + std::string(38, '0') + ".sym"))
      << "# anchor init_task ffffffff9b000000\n# module lab ffffffffc0300000\n# module gone ffffffffc0400000\n"
         "ffffffff9a000000 T start_here\nffffffff9a100000 T _end\n"
         "ffffffffc0300100 t work\t[lab]\nffffffffc0400100 t other\t[gone]\n";
  session.set_symbols_directory(directory);
  ASSERT_TRUE(attach());
  EXPECT_EQ(session.name_of(0xffffffff81000001), "vmlinux!start_here+0x1");
  const auto asked = [&] { return std::ranges::count(debuggee->requests, std::uint32_t{HYPERDBG_REQUEST_MODULES}); };
  EXPECT_EQ(asked(), 0) << "the kernel's names need no list of modules";
  EXPECT_EQ(*session.address("lab!work+5"), 0xffffffffc0000105);
  EXPECT_EQ(session.name_of(0xffffffffc0000105), "lab!work+0x5");
  EXPECT_EQ(session.name_of(0xffffffffc0000010), "lab+0x10");
  EXPECT_EQ(*session.address("lab+10"), 0xffffffffc0000010);
  EXPECT_EQ(*session.address("work"), 0xffffffffc0000100);
  EXPECT_EQ(session.symbols_for("lab!*").search("lab!*").size(), 1u);
  EXPECT_FALSE(session.address("gone!other"));
  EXPECT_EQ(asked(), 1);

  ASSERT_TRUE(session.go());
  ASSERT_TRUE(session.halt());
  ASSERT_TRUE(session.wait_for_halt(std::chrono::seconds(1)));
  EXPECT_TRUE(session.address("lab!work"));
  EXPECT_TRUE(session.address("lab!work"));
  EXPECT_EQ(asked(), 2) << "once for each halt";
  std::filesystem::remove_all(directory);
}

TEST_F(SessionTest, ends_when_the_image_faults) {
  ASSERT_TRUE(attach());
  debuggee->unasked.push_back([](TargetListener& listener) { listener.on_fault("rip 1234"); });
  session.pump();
  EXPECT_NE(heard.end.find("rip 1234"), std::string::npos);
  EXPECT_EQ(session.state(), SessionState::none);
  EXPECT_FALSE(session.status());
}

}  // namespace
}  // namespace hyperdbg
