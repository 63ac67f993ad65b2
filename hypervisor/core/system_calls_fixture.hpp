// SPDX-License-Identifier: MIT
#pragma once
#include "hypervisor/core/system_calls.hpp"

#include <cstring>

#include "hypervisor/core/core_fixture.hpp"
#include "hypervisor/core/halt.hpp"

// A guest with Linux's entries for system calls, in user mode at a SYSCALL.
namespace hyperdbg::test {

using Trace = std::vector<std::string>;

inline constexpr u32 efer = 0xc0000080, star = 0xc0000081, lstar = 0xc0000082, cstar = 0xc0000083, sfmask = 0xc0000084;
inline constexpr u64 guest_efer = 0xd01, without_enable = 0xd00;
inline constexpr u64 stub = module_text + 0x40, jump = stub + 0x13, trap = stub + 0x20, filter = module_text + 0x400;
inline constexpr u64 entry = module_text + 0x1040;  // the kernel's, in a page of its own
inline constexpr u64 entry_page = 0x801000, filter_physical = 0x800400, displacement_physical = 0x800054;
inline constexpr u16 user_cs = 0x33, user_ss = 0x2b, kernel_cs = 0x10, kernel_ss = 0x18;
inline constexpr u64 user_flags = 0x346, number = 39;

struct SystemCallEvents : CoreTest {
  SystemCallEvents() {
    cpu().msrs = {{efer, guest_efer}, {star, 0x0023001000000000}, {lstar, entry}, {cstar, entry + 8}, {sfmask, 0x700}};
    hyperdbg_boot& boot = *machine.boot;
    boot.isolation = 0;
    boot.system_call_stub = stub;
    boot.system_call_jump = jump;
    boot.system_call_trap = trap;
    boot.system_call_filter = filter;
    std::memset(physical(0x800000), 0x90, 2 * page_size);
    std::memset(physical(filter_physical), 0, sizeof(hyperdbg_system_call_filter));
    user({0x0f, 0x05});
  }
  ~SystemCallEvents() override {
    machine.boot->isolation = 0;
    machine.boot->system_call_stub = machine.boot->system_call_trap = 0;
  }

  // Kernel and user mode have roots of their own, which bit 12 tells apart.
  void isolate() {
    constexpr u64 kernel_root = 0x20000;
    for (const u64 root : {kernel_root, kernel_root + page_size})
      std::memcpy(physical(root), physical(cpu().cr3), page_size);
    cpu().cr3 = kernel_root + page_size;
    machine.boot->isolation = 1;
  }
  // In user mode, at these bytes.
  void user(std::initializer_list<u8> code) {
    std::memcpy(physical(user_physical), std::data(code), code.size());
    cpu().privilege = 3;
    cpu().cs = user_cs;
    cpu().ss = user_ss;
    cpu().rip = user_start;
    cpu().rflags = user_flags;
    cpu().code_bits = 64;
    cpu().registers.rax = number;
    cpu().registers.rcx = 0xc;
    cpu().registers.r11 = 0xb;
  }
  // As the processor leaves SYSCALL, but at `rip`.
  void called(u64 rip) {
    cpu().privilege = 0;
    cpu().cs = kernel_cs;
    cpu().ss = kernel_ss;
    cpu().rip = rip;
    cpu().registers.rcx = user_start + 2;
    cpu().registers.r11 = user_flags;
    cpu().rflags = user_flags & ~0x700;
  }
  void arm() {
    resume_cpu(cpu());
    trace.clear();
  }
  void raise(u8 vector) {
    Exit exit{.kind = ExitKind::exception, .length = u8(vector == 3), .io = {}};
    exit.exception = {fault_of(vector), 0};
    run(exit);
  }
  void interrupt_call(u64 call = number) {
    user({0xcd, 0x80});
    cpu().registers.rax = call;
    Exit exit{.kind = ExitKind::interrupt_call, .length = 2, .io = {}};
    exit.call = {.type = InjectionType::external_interrupt, .vector = 0x80};
    run(exit);
  }
  // What is seen of the CPU in an event.
  Script notes(std::string name) {
    return [this, name](hyperdbg_script_context&) {
      trace.push_back(name + (cpu().privilege == 3 ? " user" : " kernel"));
      seen_rcx = cpu().registers.rcx;
    };
  }
  void expect_in_kernel() {
    EXPECT_EQ(cpu().rip, entry);
    EXPECT_EQ(cpu().registers.rcx, user_start + 2);
    EXPECT_EQ(cpu().registers.r11, user_flags);
    EXPECT_EQ(cpu().rflags, user_flags & ~0x700u);
    EXPECT_EQ(cpu().privilege, 0u);
    EXPECT_EQ(cpu().cs, kernel_cs);
    EXPECT_EQ(cpu().ss, kernel_ss);
  }
  const hyperdbg_system_call_filter& bits() { return *physical<hyperdbg_system_call_filter>(filter_physical); }
  bool intercepts(u32 kind, u64 key) { return cpu().intercepts.contains({kind, key}); }
  u64 guest_lstar() {
    u64 value = 0;
    EXPECT_TRUE(read_system_call_entry(cpu(), value));
    return value;
  }
  void clear_all() {
    for (u32 id = 0; id < 8; ++id)
      if (Event* event = machine.engine.find(id)) machine.engine.clear(*event);
    machine.engine.reap();
  }

  u64 seen_rcx = 0;
};

}  // namespace hyperdbg::test
