// SPDX-License-Identifier: MIT
#include "hypervisor/core/live_state.hpp"

#include "hypervisor/core/backend.hpp"
#include "hypervisor/cpu/instructions.hpp"
#include "x86/registers.hpp"

namespace hyperdbg {

namespace {

constexpr u64 dr7_of_root_mode = 1 << 10;  // nothing armed, as after an exit
constexpr u64 single_step = x86::Dr6{}.with(x86::Dr6::bs, true).value;

u64 guests(const Vcpu& vcpu, u32 number) {
  return vcpu.backend->read_register(vcpu, number);
}

// Compared with what the guest has now, not with what it had: loading FS or GS has changed that, too.
void adopt_base(Vcpu& vcpu, u32 number, x86::Msr msr) {
  const u64 now = cpu::rdmsr(msr);
  if (now != guests(vcpu, number)) vcpu.backend->write_register(vcpu, number, now);
}

}  // namespace

void LiveState::expose(Vcpu& vcpu) {
  dr6_ = guests(vcpu, HYPERDBG_DR6);
  cpu::write_cr2(guests(vcpu, HYPERDBG_CR2));
  cpu::write_dr<6>(dr6_);
  expose_base(x86::Segment::fs, guests(vcpu, HYPERDBG_FS_BASE));
  expose_base(x86::Segment::gs, guests(vcpu, HYPERDBG_GS_BASE));
  cpu::write_dr<7>(guests(vcpu, HYPERDBG_DR7));
}

void LiveState::expose_base(x86::Segment segment, u64 base) {
  if (segment == x86::Segment::fs) cpu::wrmsr(x86::Msr::FS_BASE, base);
  if (segment == x86::Segment::gs) cpu::wrmsr(x86::Msr::GS_BASE, base);
}

void LiveState::adopt(Vcpu& vcpu) {
  const u64 dr7 = cpu::read_dr<7>();
  cpu::write_dr<7>(dr7_of_root_mode);
  vcpu.backend->write_register(vcpu, HYPERDBG_DR7, dr7);
  vcpu.backend->write_register(vcpu, HYPERDBG_CR2, cpu::read_cr2());
  // The watchdog's steps are not the guest's.
  const u64 dr6 = (cpu::read_dr<6>() & ~single_step) | (dr6_ & single_step);
  vcpu.backend->write_register(vcpu, HYPERDBG_DR6, dr6);
  adopt_base(vcpu, HYPERDBG_FS_BASE, x86::Msr::FS_BASE);
  adopt_base(vcpu, HYPERDBG_GS_BASE, x86::Msr::GS_BASE);
}

}  // namespace hyperdbg
