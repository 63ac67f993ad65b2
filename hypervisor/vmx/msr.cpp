// SPDX-License-Identifier: MIT
#include "x86/msr.hpp"
#include "hypervisor/core/machine.hpp"
#include "hypervisor/core/msr_intercepts.hpp"
#include "hypervisor/cpu/instructions.hpp"
#include "hypervisor/vmx/backend.hpp"
#include "x86/registers.hpp"

// MSR accesses that exit. Those that an exit replaces are in the VMCS; the others are executed as they are.
namespace hyperdbg::vmx {

using cpu::vmread;
using cpu::vmwrite;
using x86::Efer;
using x86::Msr;
using x86::vmx::Field32;
using x86::vmx::Field64;
using x86::vmx::FieldNatural;

namespace {

struct MsrBitmap {
  static constexpr u64 size = x86::vmx::msr_bitmap_size;
  static s64 bit(u32 msr, MsrAccess access) {
    const s64 read = x86::vmx::msr_bitmap_bit(msr);
    return read < 0 || access == MsrAccess::read ? read : read + x86::vmx::msr_bitmap_writes;
  }
  static void set_all(u8* map, MsrAccess access) {
    __builtin_memset(access == MsrAccess::read ? map : map + size / 2, 0xff, size / 2);
  }
};
using Intercepts = MsrIntercepts<MsrBitmap>;

constexpr Msr always_intercepted[] = {Msr::FEATURE_CONTROL};

constexpr FieldNatural nowhere{~0u};
// Addresses: a write must be canonical.
constexpr FieldNatural field_of(u32 msr) {
  switch (static_cast<Msr>(msr)) {
    case Msr::FS_BASE:
      return FieldNatural::GUEST_FS_BASE;
    case Msr::GS_BASE:
      return FieldNatural::GUEST_GS_BASE;
    case Msr::SYSENTER_ESP:
      return FieldNatural::GUEST_SYSENTER_ESP;
    case Msr::SYSENTER_EIP:
      return FieldNatural::GUEST_SYSENTER_EIP;
    default:
      return nowhere;
  }
}

// Intel SDM vol. 3, 2.2.1: SCE, LME and NXE; LMA is the processor's.
constexpr u64 efer_writable = Efer::sce.mask | Efer::lme.mask | Efer::lma.mask | Efer::nxe.mask;

MsrResult write_efer(VmxCpu& cpu, u64 value) {
  const Efer current{vmread(Field64::GUEST_EFER)}, wanted{value};
  if ((value & ~efer_writable) != 0) return MsrResult::general_protection;
  const bool paging = x86::Cr0{vmread(FieldNatural::GUEST_CR0)}.get(x86::Cr0::pg);
  if (paging && wanted.get(Efer::lme) != current.get(Efer::lme)) return MsrResult::general_protection;
  vmwrite(Field64::GUEST_EFER, cpu.system_calls.hidden(wanted.with(Efer::lma, current.get(Efer::lma)).value));
  return MsrResult::done;
}

// The processor says whether the value is one; root mode's own is 0 after each exit.
MsrResult write_debugctl(u64 value) {
  if (!cpu::try_wrmsr(static_cast<u32>(Msr::DEBUGCTL), value)) return MsrResult::general_protection;
  cpu::wrmsr(Msr::DEBUGCTL, 0);
  vmwrite(Field64::GUEST_DEBUGCTL, value);
  return MsrResult::done;
}

}  // namespace

MsrResult Vmx::read_msr(const Cpu& cpu, u32 msr, u64& value) {
  if (const FieldNatural field = field_of(msr); field != nowhere) {
    value = vmread(field);
    return MsrResult::done;
  }
  switch (static_cast<Msr>(msr)) {
    case Msr::FEATURE_CONTROL:
      value = x86::FeatureControl{}.with(x86::FeatureControl::lock, true).value;
      return MsrResult::done;
    case Msr::SYSENTER_CS:
      value = cpu.watches_32_bit_calls ? cpu.sysenter_cs : vmread(Field32::GUEST_SYSENTER_CS);
      return MsrResult::done;
    case Msr::DEBUGCTL:
      value = vmread(Field64::GUEST_DEBUGCTL);
      return MsrResult::done;
    case Msr::PAT:
      value = vmread(Field64::GUEST_PAT);
      return MsrResult::done;
    case Msr::EFER:
      value = read_register(cpu, HYPERDBG_EFER);
      return MsrResult::done;
    case Msr::TSC:
      value = cpu::rdtsc() + vmread(Field64::TSC_OFFSET);
      return MsrResult::done;
    default:
      return cpu::try_rdmsr(msr, value) ? MsrResult::done : MsrResult::general_protection;
  }
}

MsrResult Vmx::write_msr(Cpu& cpu, u32 msr, u64 value) {
  if (const FieldNatural field = field_of(msr); field != nowhere) {
    if (!x86::canonical(value, x86::Cr4{vmread(FieldNatural::GUEST_CR4)})) return MsrResult::general_protection;
    vmwrite(field, value);
    return MsrResult::done;
  }
  switch (static_cast<Msr>(msr)) {
    case Msr::FEATURE_CONTROL:
      return MsrResult::general_protection;  // it reads as locked
    case Msr::SYSENTER_CS:
      cpu.sysenter_cs = static_cast<u32>(value);
      if (!cpu.watches_32_bit_calls) vmwrite(Field32::GUEST_SYSENTER_CS, cpu.sysenter_cs);
      return MsrResult::done;
    case Msr::DEBUGCTL:
      return write_debugctl(value);
    case Msr::PAT:
      if (!x86::pat_valid(value)) return MsrResult::general_protection;
      vmwrite(Field64::GUEST_PAT, value);
      return MsrResult::done;
    case Msr::EFER:
      return write_efer(cpu, value);
    case Msr::TSC:
      value -= vmread(Field64::TSC_OFFSET);
      break;
    default:
      break;
  }
  return cpu::try_wrmsr(msr, value) ? MsrResult::done : MsrResult::general_protection;
}

void clear_msr_intercepts(VmxCpu& cpu) {
  Intercepts(cpu.msr_bitmap).clear(always_intercepted);
}

void add_msr_intercept(VmxCpu& cpu, u32 kind, u64 msr) {
  Intercepts(cpu.msr_bitmap).arm(cpu.core, kind, msr);
}

}  // namespace hyperdbg::vmx
