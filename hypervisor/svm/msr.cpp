// SPDX-License-Identifier: MIT
#include "x86/msr.hpp"
#include "hypervisor/core/machine.hpp"
#include "hypervisor/core/msr_intercepts.hpp"
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
  const Efer efer = wanted.with(Efer::lma, current.get(Efer::lma)).with(Efer::svme, true);
  cpu.vmcb->efer = cpu.system_calls.hidden(efer.value);
  return MsrResult::done;
}

struct PermissionMap {
  static constexpr u64 size = x86::svm::msr_permission_map_size;
  static s64 bit(u32 msr, MsrAccess access) {
    const s64 read = x86::svm::msr_permission_bit(msr);
    return read < 0 ? read : read + static_cast<s64>(access);
  }
  static void set_all(u8* map, MsrAccess access) {
    const u8 pattern = access == MsrAccess::read ? 0x55 : 0xaa;
    for (u64 i = 0; i < size; ++i) map[i] |= pattern;
  }
};
using Intercepts = MsrIntercepts<PermissionMap>;

constexpr Msr always_intercepted[] = {Msr::EFER, Msr::VM_CR, Msr::VM_HSAVE_PA};

}  // namespace

MsrResult Svm::read_msr(const Cpu& cpu, u32 msr, u64& value) {
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

void clear_msr_intercepts(SvmCpu& cpu) {
  Intercepts(cpu.msr_permissions).clear(always_intercepted);
}

void add_msr_intercept(SvmCpu& cpu, u32 kind, u64 msr) {
  Intercepts(cpu.msr_permissions).arm(cpu.core, kind, msr);
}

}  // namespace hyperdbg::svm
