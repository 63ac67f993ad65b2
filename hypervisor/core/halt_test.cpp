// SPDX-License-Identifier: MIT
#include "hypervisor/core/halt.hpp"

#include <atomic>
#include <cstring>
#include <thread>

#include "hypervisor/core/core_fixture.hpp"

namespace hyperdbg::test {
namespace {

using Trace = std::vector<std::string>;

struct Halt : CoreTest {
  void will_ask(u32 kind, const Bytes& payload = {}) {
    line.while_halted.push_back(packet(HYPERDBG_PACKET_REQUEST, ++sequence_, request(kind, payload)));
  }
  void will_continue() { will_ask(HYPERDBG_REQUEST_CONTINUE); }
  static hyperdbg_halted halted_in(const Packet& packet) {
    hyperdbg_halted halted{};
    EXPECT_EQ(packet.kind, u32{HYPERDBG_PACKET_HALTED});
    EXPECT_EQ(packet.payload.size(), sizeof(halted));
    if (packet.payload.size() == sizeof(halted)) std::memcpy(&halted, packet.payload.data(), sizeof(halted));
    return halted;
  }
  static std::vector<u32> kinds(const std::vector<Packet>& packets) {
    std::vector<u32> all;
    for (const Packet& each : packets) all.push_back(each.kind);
    return all;
  }

 private:
  u32 sequence_ = 0;
};

TEST_F(Halt, TellsWhereItIsAndGoesOn) {
  const u8 code[] = {0x0f, 0xa2, 0x90};
  std::memcpy(physical(user_physical), code, sizeof(code));
  will_continue();
  halt(cpu(), {.reason = HYPERDBG_HALT_REQUEST});
  const auto packets = heard();
  ASSERT_EQ(kinds(packets),
            (std::vector<u32>{HYPERDBG_PACKET_HALTED, HYPERDBG_PACKET_ANSWER, HYPERDBG_PACKET_RUNNING}));
  const hyperdbg_halted halted = halted_in(packets[0]);
  EXPECT_EQ(halted.reason, u32{HYPERDBG_HALT_REQUEST});
  EXPECT_EQ(halted.rip, user_start);
  EXPECT_EQ(halted.bits, 64u);
  EXPECT_EQ(halted.code_size, 16u);
  EXPECT_EQ(std::memcmp(halted.code, code, sizeof(code)), 0);
  EXPECT_FALSE(hyperdbg::halted());
  EXPECT_TRUE(line.interrupt);  // listens again
}

TEST_F(Halt, DoesNotShowInTheGuestsClock) {
  will_continue();
  const u64 before = cpu::rdtsc() + machine.tsc_offset;
  const u64 start = cpu::rdtsc();
  halt(cpu(), {.reason = HYPERDBG_HALT_REQUEST});
  const u64 passed = cpu::rdtsc() - start;
  const u64 guest_passed = cpu::rdtsc() + machine.tsc_offset - before;
  EXPECT_LE(guest_passed, passed);
  EXPECT_GT(0 - machine.tsc_offset, 0u);
  EXPECT_EQ(cpu().tsc_offset, machine.tsc_offset);
}

TEST_F(Halt, ABreakStopsBeforeTheEffectAndTheRestStillRuns) {
  const u32 event = add_break(HYPERDBG_EVENT_CPUID, 1, HYPERDBG_PRE);
  add_event(HYPERDBG_EVENT_CPUID, 1, HYPERDBG_ALL, says("script"));
  will_continue();
  cpu().registers.rax = 1;
  run(ExitKind::cpuid);
  EXPECT_EQ(trace, (Trace{"script", "cpuid", "advance", "script"}));
  const hyperdbg_halted halted = halted_in(heard().at(0));
  EXPECT_EQ(halted.reason, u32{HYPERDBG_HALT_EVENT});
  EXPECT_EQ(halted.event, event);
  EXPECT_EQ(halted.stage, 0u);
  EXPECT_EQ(halted.rip, user_start);
}

TEST_F(Halt, ABreakInPostStopsBehindTheInstruction) {
  add_break(HYPERDBG_EVENT_CPUID, 1, HYPERDBG_POST);
  will_continue();
  cpu().registers.rax = 1;
  run(ExitKind::cpuid);
  const hyperdbg_halted halted = halted_in(heard().at(0));
  EXPECT_EQ(halted.stage, 1u);
  EXPECT_EQ(halted.rip, user_start + 2);
}

TEST_F(Halt, EvaluationsSeeTheEventThatHalted) {
  const u32 event = add_break(HYPERDBG_EVENT_CPUID, 5, HYPERDBG_POST);
  u64 id = 0, stage = 0, context = 0;
  const Bytes blob = code([&](hyperdbg_script_context& run) {
    id = run.event_id;
    stage = run.event_stage;
    context = run.context;
  });
  Bytes action =
      bytes_of(hyperdbg_action{HYPERDBG_ACTION_SCRIPT, static_cast<u32>(blob.size()), 0, 0, HYPERDBG_SCRIPT_FUEL});
  action.insert(action.end(), blob.begin(), blob.end());
  will_ask(HYPERDBG_REQUEST_EVALUATE, action);
  will_continue();
  cpu().registers.rax = 5;
  run(ExitKind::cpuid);
  EXPECT_EQ(id, event);
  EXPECT_EQ(stage, 1u);
  EXPECT_EQ(context, 5u);
}

TEST_F(Halt, TheDebuggerShortCircuitsTheEventItHaltedIn) {
  add_break(HYPERDBG_EVENT_CPUID, 1, HYPERDBG_PRE);
  will_ask(HYPERDBG_REQUEST_EVENT_SC, bytes_of(u32{1}));
  will_continue();
  cpu().registers.rax = 1;
  run(ExitKind::cpuid);
  EXPECT_EQ(trace, Trace{"advance"});
}

TEST_F(Halt, ARegisterWrittenWhileHaltedRedirects) {
  add_break(HYPERDBG_EVENT_CPUID, 1, HYPERDBG_PRE);
  will_ask(HYPERDBG_REQUEST_WRITE_REGISTER, bytes_of(hyperdbg_register_value{HYPERDBG_RIP, 0x7000}));
  will_continue();
  cpu().registers.rax = 1;
  run(ExitKind::cpuid);
  EXPECT_EQ(trace, Trace{});
  EXPECT_EQ(cpu().rip, 0x7000u);
}

TEST_F(Halt, EventsDefinedWhileHaltedAreArmedAtOnce) {
  const Bytes blob = code(says("new"));
  hyperdbg_event event{};
  event.kind = HYPERDBG_EVENT_CPUID;
  event.key = 7;
  event.stage = HYPERDBG_PRE;
  event.process = HYPERDBG_ANY_PROCESS;
  event.core = HYPERDBG_ANY_CORE;
  event.action_count = 1;
  Bytes payload = bytes_of(
      event, hyperdbg_action{HYPERDBG_ACTION_SCRIPT, static_cast<u32>(blob.size()), 0, 0, HYPERDBG_SCRIPT_FUEL});
  payload.insert(payload.end(), blob.begin(), blob.end());
  will_ask(HYPERDBG_REQUEST_EVENT_ADD, payload);
  will_continue();
  halt(cpu(), {.reason = HYPERDBG_HALT_REQUEST});
  EXPECT_TRUE(cpu().intercepts.contains({HYPERDBG_EVENT_CPUID, 7}));
  cpu().registers.rax = 7;
  run(ExitKind::cpuid);
  EXPECT_EQ(trace.front(), "new");
}

// The debugger's byte interrupts CPU 0, which answers and goes on.
TEST_F(Halt, ARunningDebuggeeAnswersWithoutHalting) {
  machine.link.listen();
  line.hear(packet(HYPERDBG_PACKET_REQUEST, 1, request(HYPERDBG_REQUEST_STATUS)));
  cpu().nmi_pending = true;
  run(ExitKind::nmi);
  EXPECT_EQ(kinds(heard()), std::vector<u32>{HYPERDBG_PACKET_ANSWER});
  EXPECT_EQ(trace, Trace{});
  EXPECT_TRUE(line.interrupt);
}

TEST_F(Halt, BytesThatRaiseTwoNmisGiveTheGuestNone) {
  machine.link.explains_nmi();  // the one that opening the line allows for
  machine.link.listen();
  line.hear(packet(HYPERDBG_PACKET_REQUEST, 1, request(HYPERDBG_REQUEST_STATUS)));
  line.raises_again = true;
  cpu().nmi_pending = true;
  run(ExitKind::nmi);
  run(ExitKind::nmi);
  EXPECT_EQ(trace, Trace{});
}

TEST_F(Halt, ControlCHaltsARunningDebuggee) {
  machine.link.listen();
  line.hear(packet(HYPERDBG_PACKET_REQUEST, 1, request(HYPERDBG_REQUEST_HALT)));
  line.while_halted.push_back(packet(HYPERDBG_PACKET_REQUEST, 2, request(HYPERDBG_REQUEST_CONTINUE)));
  cpu().nmi_pending = true;
  run(ExitKind::nmi);
  EXPECT_EQ(kinds(heard()), (std::vector<u32>{HYPERDBG_PACKET_ANSWER, HYPERDBG_PACKET_HALTED, HYPERDBG_PACKET_ANSWER,
                                              HYPERDBG_PACKET_RUNNING}));
}

// A second CPU, whose guest runs until an NMI comes.
class SecondCpu {
 public:
  explicit SecondCpu(FakeCpu& cpu) : thread_([this, &cpu] { live(cpu); }) { machine.stop.set_online(1, true); }
  ~SecondCpu() {
    done_ = true;
    thread_.join();
    machine.stop.set_online(1, false);
  }
  u64 work() const { return work_; }

 private:
  void live(FakeCpu& cpu) {
    while (!done_) {
      ++work_;
      if (!__atomic_load_n(&cpu.nmi_pending, __ATOMIC_SEQ_CST)) continue;
      cpu.exit = {.kind = ExitKind::nmi, .length = 0, .io = {}};
      handle_exit<FakeBackend>(cpu);
    }
  }

  std::atomic<u64> work_ = 0;
  std::atomic<bool> done_ = false;
  std::thread thread_;
};

TEST_F(Halt, StopsEveryCpuAndLosesNoNmi) {
  SecondCpu second(cpu(1));
  for (u32 i = 0; i < 50; ++i) {
    machine.stop.acquire(cpu());
    const u64 before = second.work();
    for (u32 pause = 0; pause < 100; ++pause) cpu::pause();
    EXPECT_EQ(second.work(), before);
    machine.stop.release();
    while (second.work() == before) cpu::pause();  // or it would stay stopped until the next one
  }
  EXPECT_EQ(cpu(1).trace, Trace{});  // none of these NMIs was the guest's
}

TEST_F(Halt, AnotherCoreBecomesTheOperatingOne) {
  SecondCpu second(cpu(1));
  cpu(1).registers.rbx = 0xb1;
  will_ask(HYPERDBG_REQUEST_SWITCH_CORE, bytes_of(u32{1}));
  will_ask(HYPERDBG_REQUEST_READ_REGISTERS);
  will_continue();
  halt(cpu(), {.reason = HYPERDBG_HALT_REQUEST});
  const auto packets = heard();
  ASSERT_EQ(kinds(packets),
            (std::vector<u32>{HYPERDBG_PACKET_HALTED, HYPERDBG_PACKET_ANSWER, HYPERDBG_PACKET_HALTED,
                              HYPERDBG_PACKET_ANSWER, HYPERDBG_PACKET_ANSWER, HYPERDBG_PACKET_RUNNING}));
  EXPECT_EQ(halted_in(packets[2]).reason, u32{HYPERDBG_HALT_CORE});
  EXPECT_EQ(halted_in(packets[2]).core, 1u);
  u64 rbx = 0;
  std::memcpy(&rbx, packets[3].payload.data() + sizeof(hyperdbg_answer) + HYPERDBG_RBX * sizeof(u64), sizeof(rbx));
  EXPECT_EQ(rbx, 0xb1u);
}

TEST_F(Halt, EveryCpuLearnsOfNewEvents) {
  SecondCpu second(cpu(1));
  machine.stop.acquire(cpu());
  add_event(HYPERDBG_EVENT_WRMSR, 0xc0000082, HYPERDBG_PRE, says(""));
  const u64 before = second.work();
  machine.stop.release();
  while (second.work() == before) cpu::pause();  // its guest runs again
  machine.stop.acquire(cpu());
  EXPECT_TRUE(cpu(1).intercepts.contains({HYPERDBG_EVENT_WRMSR, 0xc0000082}));
  EXPECT_EQ(cpu(1).intercept_generation, machine.engine.generation());
  machine.stop.release();
}

}  // namespace
}  // namespace hyperdbg::test
