// SPDX-License-Identifier: MIT
#pragma once
#include "base/types.hpp"
#include "x86/registers.hpp"

// How system calls come to exit on a CPU: SYSCALL and SYSRET. INT 80 and SYSENTER are the backend's.
namespace hyperdbg {

struct Vcpu;

enum class SystemCallWay : u8 {
  none,
  // LSTAR leads to the module's stub, which traps for watched numbers alone and goes on to the kernel for all others.
  stub,
  // LSTAR leads to a byte CC (INT3) beside the kernel's own entry: where user mode's page tables (KPTI) have nothing
  // but that page, every system call exits once.
  breakpoint,
  // EFER.SCE is off: SYSCALL and SYSRET raise #UD, in 32-bit programs as well.
  fault,
};

struct SystemCalls {
  SystemCallWay way;
  bool hides_enable;  // EFER.SCE is 1 for the guest, and 0 in the processor
  u64 entry;          // LSTAR as the guest has it, with `stub` and `breakpoint`
  u64 trap;           // where they exit: at CPL 0, nothing but RCX, R11, CS, SS, RIP and RFLAGS has changed

  bool moves_entry() const { return way == SystemCallWay::stub || way == SystemCallWay::breakpoint; }
  // EFER between the guest and the processor.
  u64 shown(u64 efer) const { return efer | (hides_enable ? x86::Efer::sce.mask : 0); }
  u64 hidden(u64 efer) {
    hides_enable = way == SystemCallWay::fault && x86::Efer{efer}.get(x86::Efer::sce);
    return hides_enable ? efer & ~x86::Efer::sce.mask : efer;
  }
};

// What the events need, after they have changed and intercepts have been cleared; with nothing watched, as it was.
void arm_system_calls(Vcpu& vcpu);
void disarm_system_calls(Vcpu& vcpu);

// LSTAR for the guest. Writing it while it leads elsewhere moves where the guest's system calls arrive.
bool read_system_call_entry(const Vcpu& vcpu, u64& value);
bool write_system_call_entry(Vcpu& vcpu, u64 value);

}  // namespace hyperdbg
