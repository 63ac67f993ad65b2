// SPDX-License-Identifier: MIT
#pragma once
#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "abi/request.h"
#include "abi/script.h"
#include "hypervisor/core/dispatch.hpp"
#include "hypervisor/core/machine.hpp"

// The core as it is in the image, at addresses that the test maps, beneath a guest of a few pages. Devices and the
// pages of code slots are fakes (core_devices_fixture.cpp), the processor is FakeBackend.
namespace hyperdbg::test {

using Bytes = std::vector<u8>;

// A CPU whose world is a map. `trace` tells what was done to it, scripts add their own words.
struct FakeCpu : Vcpu {
  Exit exit{};
  u64 rip = 0, rflags = 2, cr3 = 0, tsc_offset = 0;
  u32 privilege = 0;
  bool nmi_pending = false;
  std::map<u32, u64> msrs;  // any other one faults
  mutable std::vector<std::string> trace;
  std::set<std::pair<u32, u64>> intercepts;
  std::optional<Injection> injection;
  std::map<x86::Segment, x86::SegmentRegister> segments;
  u64 gdtr = 0;
  u16 cs = 0x10, ss = 0x18;
  u32 code_bits = 64;
  bool watches_32_bit_calls = false;
  u64 cr0 = 0x80010033, cr2 = 0, cr4 = 0x20, dr[8] = {};
};

struct Left {};  // thrown in place of the return to bare hardware

struct FakeBackend {
  using Cpu = FakeCpu;
  static Exit decode(Cpu& cpu) { return cpu.exit; }
  static void advance(Cpu& cpu, u8 length);
  static void cpuid(Cpu& cpu);
  static MsrResult read_msr(const Cpu& cpu, u32 msr, u64& value);
  static MsrResult write_msr(Cpu& cpu, u32 msr, u64 value);
  static bool write_control_register(Cpu& cpu, u8 number, u64 value);
  static void inject(Cpu& cpu, const Injection& injection);
  static bool injecting(const Cpu& cpu, Injection& pending);
  static void deliver(Cpu& cpu, const ExceptionInfo& exception, u8 length);
  static bool takes_interrupts(const Cpu& cpu) { return (cpu.rflags & 0x200) != 0 && !cpu.injection; }
  static void await_interrupt_window(Cpu& cpu) { cpu.trace.push_back("window"); }
  static void inject_nmi(Cpu& cpu) { cpu.trace.push_back("NMI"); }
  static bool take_nmi(Cpu& cpu) { return __atomic_exchange_n(&cpu.nmi_pending, false, __ATOMIC_SEQ_CST); }
  static bool privileged(const Cpu& cpu) { return cpu.privilege == 0; }
  static u64 instruction_pointer(const Cpu& cpu) { return cpu.rip; }
  static u64 page_table_root(const Cpu& cpu) { return cpu.cr3; }
  [[noreturn]] static void leave(Cpu&) { throw Left{}; }
  static u64 read_register(const Cpu& cpu, u32 number);
  static bool write_register(Cpu& cpu, u32 number, u64 value);
  static void write_segment(Cpu& cpu, x86::Segment segment, const x86::SegmentRegister& value) {
    cpu.segments[segment] = value;
  }
  static u32 code_bits(const Cpu& cpu) { return cpu.code_bits; }
  static void load_flat_segments(Cpu& cpu, const FlatSegments& segments);
  static constexpr bool has_32_bit_syscall = true, sysret_checks_address = true;
  static constexpr bool has_64_bit_far_pointers = true;
  static void clear_intercepts(Cpu& cpu) { cpu.intercepts.clear(); }
  static void add_intercept(Cpu& cpu, u32 kind, u64 key) { cpu.intercepts.insert({kind, key}); }
  static void watch_32_bit_calls(Cpu& cpu, bool on) { cpu.watches_32_bit_calls = on; }
  static void flush(Cpu& cpu) { cpu.trace.push_back("flush"); }
  static void set_tsc_offset(Cpu& cpu, u64 offset) { cpu.tsc_offset = offset; }
  static void describe(const Cpu&) { report("state of the fake CPU\n"); }
};
static_assert(Backend<FakeBackend>);

// The guest: what lies where. Virtual addresses of user mode are mapped page by page up to the hole.
inline constexpr u64 memory_end = 64 << 20;
inline constexpr u64 user_start = 0x400000, user_pages = 4, user_hole = user_start + user_pages * page_size;
inline constexpr u64 user_physical = 0x600000;
inline constexpr u64 module_text = 0xffffffffc0000000, module_text_size = 0x2000;
inline constexpr u64 linear_map = 0xffff888000000000;
inline constexpr u64 hidden_page = 0x300000, zero_page = 0xb000;
inline constexpr u32 guest_process = 1234, guest_thread = 1235;
inline constexpr u64 secret = 0x5ec2e7;

template <class T = u8>
T* physical(u64 address) {
  return machine.memory.at<T>(PhysicalAddress{address});
}

// What the 16550 at the debugger's port has to tell and was told.
struct FakeLine {
  std::deque<u8> in;
  std::deque<Bytes> while_halted;  // each comes when the debuggee is halted and everything before was read
  Bytes out;
  u64 takes = ~0ull;  // bytes until it takes no more
  u64 idle = 0;       // polls for nothing, in a row
  bool interrupt = false;
  bool raises_again = false;                 // one more NMI, before the interrupt is off
  u32 vectors_begun = 0, vectors_ended = 0;  // of the processor's, not the line's
  std::vector<std::string> apic;             // what the local APIC was told
  struct PortWrite {
    u16 port;
    u8 size;
    u32 value;
    bool operator==(const PortWrite&) const = default;
  };
  std::vector<PortWrite> ports;

  void hear(const Bytes& bytes) { in.insert(in.end(), bytes.begin(), bytes.end()); }
};
extern FakeLine line;

struct Packet {
  u32 kind, sequence;
  Bytes payload;
};
Bytes packet(u32 kind, u32 sequence, const Bytes& payload);
// What the line was told since the last call; fails the test when it is not made of whole packets.
std::vector<Packet> heard();

template <class... Parts>
Bytes bytes_of(const Parts&... parts) {
  Bytes all;
  const auto add = [&all](const auto& part) {
    const u8* from = reinterpret_cast<const u8*>(&part);
    all.insert(all.end(), from, from + sizeof(part));
  };
  (add(parts), ...);
  return all;
}
Bytes request(u32 kind, const Bytes& payload = {});

using Script = std::function<void(hyperdbg_script_context&)>;

class CoreTest : public testing::Test {
 protected:
  CoreTest();
  ~CoreTest() override;

  FakeCpu& cpu(u32 core = 0) { return static_cast<FakeCpu&>(machine.vcpu(core)); }
  void run(const Exit& exit, u32 core = 0);
  void run(ExitKind kind, u8 length = 2) { run({.kind = kind, .length = length, .io = {}}); }

  // A debugger says something that needs no answer. Records wait for one.
  void attach();

  // Code that calls the function; also what REQUEST_EVALUATE takes.
  Bytes code(Script script);
  u32 add_event(u32 kind, u64 key, u32 stage, Script script, u32 flags = 0);
  u32 add_masked_event(u32 kind, u64 key, u32 stage, u64 mask, Script script);
  u32 add_event_on(u32 core, u32 kind, u64 key, Script script);
  u32 add_break(u32 kind, u64 key, u32 stage);
  hyperdbg_event_info info(u32 event);
  // Puts the words into the trace.
  Script says(std::string words);

  struct Answer {
    Status status;
    Bytes payload;
  };
  Answer ask(const Bytes& request, u32 core = 0);
  Answer ask(u32 kind, const Bytes& payload = {}) { return ask(request(kind, payload)); }
  // Asked on a halted debuggee.
  Answer ask_halted(u32 kind, const Bytes& payload = {});

  std::vector<Bytes> records(u32 core = 0);  // each with its header

  std::vector<std::string>& trace = cpu().trace;

 private:
  u32 add(const hyperdbg_event& event, const Bytes& tail);
  u32 add_scripted(const hyperdbg_event& event, Script script);
  std::deque<Script> scripts_;
};

}  // namespace hyperdbg::test
