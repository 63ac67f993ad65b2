// SPDX-License-Identifier: MIT
#include "lab/player.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <map>

namespace hyperdbg::lab {
namespace {

// Time passes only in wait(); what a command causes is said by the test.
class FakeMachine final : public Machine {
 public:
  using Reaction = std::function<void(FakeMachine&)>;

  std::map<std::string, Reaction> reactions;  // by command
  std::vector<std::string> typed;
  bool end_expected = false;

  void power_off() { gone_ = true; }
  void print(Source source, const std::string& text) { output_.append(source, text); }
  void prompt(bool halted) {
    prompts_++;
    halted_ = halted;
  }
  void later(int milliseconds, Reaction reaction) { events_.emplace(now_ + Milliseconds(milliseconds), reaction); }
  void end_command() { busy_ = false; }
  void break_down(const std::string& why) { broken_ = why; }

  Expected<void> type(std::string_view command) override {
    typed.emplace_back(command);
    react(command, [](FakeMachine& machine) { machine.prompt(machine.halted_); });
    return {};
  }
  Expected<void> interrupt() override {
    react("^C", [](FakeMachine& machine) { machine.prompt(true); });
    return {};
  }
  Expected<void> run_in_guest(std::string_view command) override {
    busy_ = true;
    react(command, [](FakeMachine& machine) { machine.end_command(); });
    return {};
  }
  void wait(Milliseconds time) override {
    now_ += time;
    while (!events_.empty() && events_.begin()->first <= now_) {
      const Reaction reaction = events_.begin()->second;
      events_.erase(events_.begin());
      reaction(*this);
    }
  }
  Time now() const override { return now_; }
  Output& output() override { return output_; }
  unsigned prompts() const override { return prompts_; }
  bool halted() const override { return halted_; }
  bool shell_busy() const override { return busy_; }
  std::optional<std::string> broken() const override { return broken_; }
  void expect_end() override { end_expected = true; }
  bool gone() const override { return gone_; }

 private:
  void react(std::string_view command, const Reaction& otherwise) {
    const auto found = reactions.find(std::string(command));
    later(10, found == reactions.end() ? otherwise : found->second);
  }

  Time now_{};
  std::multimap<Time, Reaction> events_;
  Output output_;
  unsigned prompts_ = 0;
  bool halted_ = true;
  bool busy_ = false;
  std::optional<std::string> broken_;
  bool gone_ = false;
};

class PlayerTest : public testing::Test {
 protected:
  PlayerTest() {
    machine.reactions["g"] = [](FakeMachine& m) { m.prompt(false); };
    machine.reactions["say"] = [](FakeMachine& m) {
      m.print(Source::guest, "one 1\ntwo 2\n");
      m.end_command();
    };
    machine.reactions["break"] = [](FakeMachine& m) {
      m.print(Source::debugger, "event 0x0 triggered (pre)\n");
      m.prompt(true);
    };
    machine.reactions["events stat"] = [](FakeMachine& m) {
      m.print(Source::debugger,
              "id hits exits instructions failed dropped\n0 5 6 700 0 1\n1f 1 1 1 1 1\nexits all 42\n");
      m.prompt(m.halted());
    };
  }

  // "" if the file held, otherwise "LINE: why".
  std::string play(const std::string& text) {
    const auto scenario = parse_scenario(text, "test", 1);
    EXPECT_TRUE(scenario) << scenario.error().message;
    const auto played = Player(machine, *scenario, 1, [](const std::string&) {}).play();
    return played ? "" : fmt::format("{}: {}", played.error().line, played.error().why);
  }

  FakeMachine machine;
};

TEST_F(PlayerTest, ExpectationsHoldInAnyOrder) {
  EXPECT_EQ(play("> g\n$ say\n= two\n= one\n= one\n"), "");
}

TEST_F(PlayerTest, AnExpectationWaitsUntilTheTimeout) {
  machine.reactions["late"] = [](FakeMachine& m) {
    m.end_command();
    m.later(3000, [](FakeMachine& later) { later.print(Source::debugger, "came\n"); });
  };
  EXPECT_EQ(play("> g\n$ late\n= came\n"), "");
  EXPECT_EQ(play("timeout: 2\n$ late\n= came\n"), "3: nothing matches");
}

TEST_F(PlayerTest, ANewLineStartsANewWindow) {
  EXPECT_EQ(play("> g\n$ say\n~ 0.1\n! one\n= one\n"), "5: nothing matches");
}

TEST_F(PlayerTest, RejectLooksAfterQuiet) {
  machine.reactions["drip"] = [](FakeMachine& m) {
    m.end_command();
    for (int i = 0; i < 10; i++) m.later(400 * i, [](FakeMachine& later) { later.print(Source::guest, "drop\n"); });
    m.later(3900, [](FakeMachine& later) { later.print(Source::guest, "bad\n"); });
  };
  EXPECT_EQ(play("> g\n$ drip\n! bad\n"), "3: `bad` matches");
  EXPECT_EQ(play("> g\n$ say\n! bad\n"), "");
}

TEST_F(PlayerTest, RejectEndsAtTheTimeoutWhenItNeverGetsQuiet) {
  std::function<void(FakeMachine&)> again = [&](FakeMachine& m) {
    m.print(Source::guest, "tick\n");
    m.later(100, again);
  };
  machine.reactions["noise"] = [&](FakeMachine& m) {
    m.end_command();
    again(m);
  };
  EXPECT_EQ(play("timeout: 2\n> g\n$ noise\n! bad\n"), "");
}

TEST_F(PlayerTest, CountsLines) {
  EXPECT_EQ(play("> g\n$ say\n*2 [0-9]\n*1 one\n*0 three\n"), "");
  EXPECT_EQ(play("$ say\n*1 [0-9]\n"), "2: 2 lines match, not 1");
}

TEST_F(PlayerTest, CountedLinesMayBeSlow) {
  machine.reactions["slow"] = [](FakeMachine& m) {
    m.print(Source::debugger, "message\n");
    m.later(900, [](FakeMachine& late) { late.print(Source::debugger, "message\n"); });
    m.later(1200, [](FakeMachine& late) { late.print(Source::debugger, "message\n"); });
    m.end_command();
  };
  EXPECT_EQ(play("$ slow\n*3 message\n"), "");
  EXPECT_EQ(play("$ slow\n*2 message\n"), "2: 3 lines match, not 2") << "one more is still looked for";
  EXPECT_EQ(play("$ slow\n*4 message\n"), "2: 3 lines match, not 4");
}
TEST_F(PlayerTest, CapturesAreUsedLater) {
  EXPECT_EQ(play("> g\n$ say\n= one (?<n>\\d)\n> x ${n}\n"), "");
  EXPECT_EQ(machine.typed.back(), "x 1");
  EXPECT_EQ(play("= ${unknown}\n"), "1: nothing was captured under the name `unknown`");
}

TEST_F(PlayerTest, FiguresAreCompared) {
  EXPECT_EQ(play("@ hits 0 == 5\n@ exits 0 != 5\n@ instructions 0 <= 700\n@ dropped 1f >= 1\n"), "");
  EXPECT_EQ(play("@ hits 1 == 1\n"), "") << "position, when no event has the number";
  EXPECT_EQ(play("@ hits 0 == 6\n"), "1: it is 5");
  EXPECT_EQ(play("@ hits 7 == 6\n"), "1: there is no event 7");
}

TEST_F(PlayerTest, AllExitsCountFromTheLastShellLine) {
  EXPECT_EQ(play("> g\n$ say\n@ exits all == 0\n"), "");
  EXPECT_EQ(play("$ say\n@ exits all == 42\n"), "2: it is 0");
}

TEST_F(PlayerTest, AskingForFiguresIsNotOutput) {
  EXPECT_EQ(play("> g\n$ say\n@ hits 0 == 5\n! hits\n= one\n"), "");
}

TEST_F(PlayerTest, AShellLineEndsAtAHalt) {
  EXPECT_EQ(play("> g\n$ break\n= triggered\n> g\n~ 1\n"), "");
  EXPECT_EQ(play("timeout: 1\n$ say\n"), "2: the guest's shell is still busy with the command before");
}

TEST_F(PlayerTest, ABackgroundCommandIsNotWaitedFor) {
  machine.reactions["sleep &"] = [](FakeMachine& m) { m.later(30000, [](FakeMachine& l) { l.end_command(); }); };
  EXPECT_EQ(play("> g\n$ sleep &\n! x\n"), "");
}

TEST_F(PlayerTest, ACommandThatDoesNotEndFails) {
  machine.reactions["hang"] = [](FakeMachine&) {};
  EXPECT_EQ(play("timeout: 1\n> g\n$ hang\n"), "3: the command does not end");
  EXPECT_EQ(play("timeout: 1\n> hang\n"), "2: the debugger did not ask for the next line");
}

TEST_F(PlayerTest, InterruptWaitsForTheHalt) {
  EXPECT_EQ(play("> g\n^C\n"), "");
  machine.reactions["^C"] = [](FakeMachine&) {};
  EXPECT_EQ(play("timeout: 1\n> g\n^C\n"), "3: the debuggee does not halt");
}

TEST_F(PlayerTest, AnUnexpectedHaltAtTheEndFails) {
  machine.reactions["trap &"] = [](FakeMachine& m) {
    m.end_command();
    m.later(200, [](FakeMachine& later) {
      later.print(Source::debugger, "event 0x3 triggered (post)\n");
      later.prompt(true);
    });
  };
  EXPECT_EQ(play("> g\n$ trap &\n"), "2: unexpected halt at the end: event 0x3 triggered (post)");
  EXPECT_EQ(play("> g\n$ trap &\n= triggered\n"), "");
}

TEST_F(PlayerTest, ABrokenMachineFailsAtItsLine) {
  machine.reactions["die"] = [](FakeMachine& m) { m.break_down("the guest's kernel says: Oops"); };
  EXPECT_EQ(play("> g\n$ die\n= x\n"), "2: the guest's kernel says: Oops");
}

TEST_F(PlayerTest, AnEndThatTheFileWantsHolds) {
  machine.reactions["die &"] = [](FakeMachine& m) {
    m.end_command();
    m.later(200, [](FakeMachine& later) { later.print(Source::console, "Kernel panic - not syncing\n"); });
  };
  EXPECT_EQ(play("end: stopped Kernel panic\n> g\n$ die &\n"), "");
  EXPECT_TRUE(machine.end_expected);
  EXPECT_EQ(play("timeout: 1\nend: stopped never said\n> g\n$ die &\n"),
            "4: the machine does not end with `never said`");
  EXPECT_EQ(play("timeout: 1\nend: gone Kernel panic\n> g\n"), "3: the machine is still there");
}

TEST_F(PlayerTest, AResetIsNoStop) {
  machine.reactions["off &"] = [](FakeMachine& m) {
    m.print(Source::console, "reboot: Power down\n");
    m.later(300, [](FakeMachine& later) { later.power_off(); });
  };
  EXPECT_EQ(play("end: gone Power down\n$ off &\n"), "");
  EXPECT_EQ(play("end: stopped Power down\n"), "1: the machine was reset or powered off");
}

TEST_F(PlayerTest, KernelMessagesAreNoOutput) {
  machine.reactions["log"] = [](FakeMachine& m) {
    m.print(Source::console, "one\n");
    m.end_command();
  };
  EXPECT_EQ(play("> g\n$ log\n! one\n"), "");
}

TEST_F(PlayerTest, AnUnfinishedLineCounts) {
  machine.reactions["half"] = [](FakeMachine& m) {
    m.print(Source::guest, "value=1");
    m.end_command();
    m.later(100, [](FakeMachine& later) { later.print(Source::guest, "2"); });
  };
  EXPECT_EQ(play("> g\n$ half\n= value=(?<v>.*)\n> x${v}\n"), "");
  EXPECT_EQ(machine.typed.back(), "x12");
}

TEST_F(PlayerTest, SeveralLinesAreTypedAsOneCommand) {
  EXPECT_EQ(play("> !cpuid script {\nx = 1;\n}\n"), "");
  EXPECT_EQ(machine.typed.back(), "!cpuid script {\nx = 1;\n}");
}

TEST(Statistics, NeedTheLastLine) {
  EXPECT_FALSE(parse_statistics({"id hits exits instructions failed dropped", "0 1 1 1 1 1"}));
  EXPECT_EQ(parse_statistics({"exits all 7"})->exits, 7u);
}

}  // namespace
}  // namespace hyperdbg::lab
