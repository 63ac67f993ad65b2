// SPDX-License-Identifier: MIT
#pragma once
#include "base/field.hpp"

namespace hyperdbg::x86 {

// Spelled as in the manuals' MSR lists.
enum class Msr : u32 {
  TSC = 0x10,
  APIC_BASE = 0x1b,
  FEATURE_CONTROL = 0x3a,
  SPEC_CTRL = 0x48,
  PRED_CMD = 0x49,
  MPERF = 0xe7,
  APERF = 0xe8,
  MTRRCAP = 0xfe,
  SYSENTER_CS = 0x174,
  SYSENTER_ESP = 0x175,
  SYSENTER_EIP = 0x176,
  DEBUGCTL = 0x1d9,
  MTRR_PHYSBASE0 = 0x200,
  MTRR_PHYSMASK0 = 0x201,
  MTRR_FIX64K_00000 = 0x250,
  MTRR_FIX16K_80000 = 0x258,
  MTRR_FIX16K_A0000 = 0x259,
  MTRR_FIX4K_C0000 = 0x268,
  MTRR_FIX4K_C8000 = 0x269,
  MTRR_FIX4K_D0000 = 0x26a,
  MTRR_FIX4K_D8000 = 0x26b,
  MTRR_FIX4K_E0000 = 0x26c,
  MTRR_FIX4K_E8000 = 0x26d,
  MTRR_FIX4K_F0000 = 0x26e,
  MTRR_FIX4K_F8000 = 0x26f,
  PAT = 0x277,
  MTRR_DEF_TYPE = 0x2ff,
  VMX_BASIC = 0x480,
  VMX_CR0_FIXED0 = 0x486,
  VMX_CR0_FIXED1 = 0x487,
  VMX_CR4_FIXED0 = 0x488,
  VMX_CR4_FIXED1 = 0x489,
  VMX_PROCBASED_CTLS2 = 0x48b,
  VMX_EPT_VPID_CAP = 0x48c,
  VMX_TRUE_PINBASED_CTLS = 0x48d,
  VMX_TRUE_PROCBASED_CTLS = 0x48e,
  VMX_TRUE_EXIT_CTLS = 0x48f,
  VMX_TRUE_ENTRY_CTLS = 0x490,
  EFER = 0xc0000080,
  STAR = 0xc0000081,
  LSTAR = 0xc0000082,
  CSTAR = 0xc0000083,
  SFMASK = 0xc0000084,
  FS_BASE = 0xc0000100,
  GS_BASE = 0xc0000101,
  KERNEL_GS_BASE = 0xc0000102,
  TSC_AUX = 0xc0000103,
  VM_CR = 0xc0010114,
  VM_HSAVE_PA = 0xc0010117,
};

struct ApicBase : Register<ApicBase> {
  static constexpr Field<51, 12, u64> base{};  // in units of 4 KiB
  static constexpr Field<11, 11, bool> enabled{};
  static constexpr Field<10, 10, bool> x2apic{};
};

// AMD APM vol. 2, 15.30.1 "VM_CR MSR".
struct VmCr : Register<VmCr> {
  static constexpr Field<4, 4, bool> svmdis{};
  static constexpr Field<3, 3, bool> lock{};
};

// Intel SDM vol. 4, table 2-2.
struct FeatureControl : Register<FeatureControl> {
  static constexpr Field<2, 2, bool> vmx_outside_smx{};
  static constexpr Field<0, 0, bool> lock{};
};

struct DebugCtl : Register<DebugCtl> {
  static constexpr Field<1, 1, bool> btf{};
};

// Whether a value may be written to PAT: each byte is a memory type, or 7 for UC-.
constexpr bool pat_valid(u64 value) {
  for (; value != 0; value >>= 8) {
    const u64 type = value & 0xff;
    if (type > 7 || type == 2 || type == 3) return false;
  }
  return true;
}

}  // namespace hyperdbg::x86
