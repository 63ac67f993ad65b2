// SPDX-License-Identifier: MIT
#include "x86/msr.hpp"
#include "hypervisor/core/machine.hpp"
#include "hypervisor/cpu/instructions.hpp"
#include "hypervisor/svm/backend.hpp"
#include "x86/registers.hpp"

// MSR accesses that exit. Most are executed as they are, because the guest's values live in the processor.
namespace hyperdbg::svm {

using x86::Efer;
using x86::Msr;

namespace {

// APM vol. 2, 3.1.7: bits of EFER that a guest may set. SVME is not among them: VM_CR says that SVM is locked off.
constexpr u64 efer_writable = 0x0036ed01;

MsrResult write_efer(SvmCpu& cpu, u64 value) {
  const Efer current{cpu.vmcb->efer}, wanted{value};
  if ((value & ~efer_writable) != 0) return MsrResult::general_protection;
  const bool paging = x86::Cr0{cpu.vmcb->cr0}.get(x86::Cr0::pg);
  if (paging && wanted.get(Efer::lme) != current.get(Efer::lme)) return MsrResult::general_protection;
  cpu.vmcb->efer = wanted.with(Efer::lma, current.get(Efer::lma)).with(Efer::svme, true).value;
  return MsrResult::done;
}

void set_bit(u8* map, s64 bit, bool on) {
  if (bit < 0) return;
  const u8 mask = static_cast<u8>(1u << (bit & 7));
  map[bit >> 3] = on ? map[bit >> 3] | mask : map[bit >> 3] & ~mask;
}

enum class Access : u8 { read = 0, write = 1 };

void arm_one(SvmCpu& cpu, Access access, u64 msr, bool on) {
  const s64 bit = x86::svm::msr_permission_bit(static_cast<u32>(msr));
  if (bit >= 0) set_bit(cpu.msr_permissions, bit + static_cast<s64>(access), on);
}

void arm_all(SvmCpu& cpu, Access access, u32 kind) {
  const u8 pattern = access == Access::read ? 0x55 : 0xaa;
  for (u64 i = 0; i < x86::svm::msr_permission_map_size; ++i) cpu.msr_permissions[i] |= pattern;
  for (const u32 msr : Engine::any_key_exceptions(kind)) {
    if (!machine.engine.watches(kind, msr, cpu.core)) arm_one(cpu, access, msr, false);
  }
}

void arm(SvmCpu& cpu, u32 kind, u64 key) {
  const Access access = kind == HYPERDBG_EVENT_RDMSR ? Access::read : Access::write;
  if (key == HYPERDBG_ANY_KEY) {
    arm_all(cpu, access, kind);
  } else {
    arm_one(cpu, access, key, true);
  }
}

constexpr Msr always_intercepted[] = {Msr::EFER, Msr::VM_CR, Msr::VM_HSAVE_PA};

}  // namespace

MsrResult Svm::read_msr(Cpu& cpu, u32 msr, u64& value) {
  switch (static_cast<Msr>(msr)) {
    case Msr::EFER:
      value = read_register(cpu, HYPERDBG_EFER);
      return MsrResult::done;
    case Msr::VM_CR:
      value = x86::VmCr{}.with(x86::VmCr::svmdis, true).with(x86::VmCr::lock, true).value;
      return MsrResult::done;
    case Msr::VM_HSAVE_PA:
      value = cpu.guest_host_save;
      return MsrResult::done;
    case Msr::PAT:
      value = cpu.vmcb->g_pat;
      return MsrResult::done;
    case Msr::TSC:
      value = cpu::rdtsc() + cpu.vmcb->tsc_offset;
      return MsrResult::done;
    case Msr::SPEC_CTRL:
      if (!cpu.virtual_spec_ctrl) break;
      value = cpu.vmcb->spec_ctrl;
      return MsrResult::done;
    default:
      break;
  }
  return cpu::try_rdmsr(msr, value) ? MsrResult::done : MsrResult::general_protection;
}

MsrResult Svm::write_msr(Cpu& cpu, u32 msr, u64 value) {
  switch (static_cast<Msr>(msr)) {
    case Msr::EFER:
      return write_efer(cpu, value);
    case Msr::VM_CR:
      return MsrResult::done;  // locked: SVMDIS stays, as firmware would have it
    case Msr::VM_HSAVE_PA:
      cpu.guest_host_save = value;  // Linux writes 0 on its way to a reboot; the real one holds root mode's state
      return MsrResult::done;
    case Msr::PAT:
      if (!cpu::try_wrmsr(msr, value)) return MsrResult::general_protection;
      cpu.vmcb->g_pat = value;
      return MsrResult::done;
    case Msr::TSC:
      value -= cpu.vmcb->tsc_offset;
      break;
    case Msr::SPEC_CTRL:
      if (!cpu.virtual_spec_ctrl) break;
      cpu.vmcb->spec_ctrl = value;
      return MsrResult::done;
    default:
      break;
  }
  return cpu::try_wrmsr(msr, value) ? MsrResult::done : MsrResult::general_protection;
}

void Svm::apply_intercepts(Cpu& cpu) {
  cpu.vmcb->intercept3 &= ~x86::svm::intercept3::CPUID;
  __builtin_memset(cpu.msr_permissions, 0, x86::svm::msr_permission_map_size);
  for (const u32 kind : {HYPERDBG_EVENT_CPUID, HYPERDBG_EVENT_RDMSR, HYPERDBG_EVENT_WRMSR}) {
    machine.engine.for_each_watched_key(kind, cpu.core, [&](u64 key) { add_intercept(cpu, kind, key); });
  }
  for (const Msr msr : always_intercepted) {
    arm_one(cpu, Access::read, static_cast<u32>(msr), true);
    arm_one(cpu, Access::write, static_cast<u32>(msr), true);
  }
}

void Svm::add_intercept(Cpu& cpu, u32 kind, u64 key) {
  if (kind == HYPERDBG_EVENT_CPUID) {
    cpu.vmcb->intercept3 |= x86::svm::intercept3::CPUID;
  } else {
    arm(cpu, kind, key);
  }
}

}  // namespace hyperdbg::svm
