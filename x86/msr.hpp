// SPDX-License-Identifier: MIT
#pragma once
#include "base/field.hpp"

namespace hyperdbg::x86 {

// Spelled as in the manuals' MSR lists.
enum class Msr : u32 {
  TSC = 0x10,
  APIC_BASE = 0x1b,
  SPEC_CTRL = 0x48,
  PRED_CMD = 0x49,
  MPERF = 0xe7,
  APERF = 0xe8,
  SYSENTER_CS = 0x174,
  SYSENTER_ESP = 0x175,
  SYSENTER_EIP = 0x176,
  PAT = 0x277,
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

}  // namespace hyperdbg::x86
