// SPDX-License-Identifier: MIT
#pragma once
#include "base/field.hpp"

// AMD64 Architecture Programmer's Manual vol. 2, chapter 3; Intel SDM vol. 3, chapter 2. Names as printed there.
namespace hyperdbg::x86 {

struct Rflags : Register<Rflags> {
  static constexpr Field<16, 16, bool> rf{};
  static constexpr Field<9, 9, bool> if_{};
  static constexpr Field<8, 8, bool> tf{};
  static constexpr u64 always_one = 2;
};

struct Cr0 : Register<Cr0> {
  static constexpr Field<31, 31, bool> pg{};
  static constexpr Field<30, 30, bool> cd{};
  static constexpr Field<29, 29, bool> nw{};
  static constexpr Field<16, 16, bool> wp{};
  static constexpr Field<5, 5, bool> ne{};
  static constexpr Field<3, 3, bool> ts{};
  static constexpr Field<2, 2, bool> em{};
  static constexpr Field<0, 0, bool> pe{};
};

struct Cr4 : Register<Cr4> {
  static constexpr Field<23, 23, bool> cet{};
  static constexpr Field<22, 22, bool> pke{};
  static constexpr Field<18, 18, bool> osxsave{};
  static constexpr Field<17, 17, bool> pcide{};
  static constexpr Field<13, 13, bool> vmxe{};
  static constexpr Field<12, 12, bool> la57{};
  static constexpr Field<9, 9, bool> osfxsr{};
  static constexpr Field<7, 7, bool> pge{};
  static constexpr Field<5, 5, bool> pae{};
  static constexpr Field<3, 3, bool> de{};
};

struct Efer : Register<Efer> {
  static constexpr Field<12, 12, bool> svme{};
  static constexpr Field<11, 11, bool> nxe{};
  static constexpr Field<10, 10, bool> lma{};
  static constexpr Field<8, 8, bool> lme{};
  static constexpr Field<0, 0, bool> sce{};
};

struct Dr6 : Register<Dr6> {
  static constexpr Field<14, 14, bool> bs{};
  static constexpr Field<13, 13, bool> bd{};
};

struct Dr7 : Register<Dr7> {
  static constexpr Field<13, 13, bool> gd{};
};

// What a write leaves of reserved bits. AMD APM vol. 2, 13.1.1.3 and 13.1.1.4; Intel SDM vol. 3, 18.2.3 and 18.2.4.
// Bus-lock and transaction bits of DR6 (11 and 16) read as 1 where nothing of the kind happened.
constexpr u64 dr6_of(u64 value) {
  constexpr u64 writable = 0xe00f, always_one = 0xffff0ff0;
  return (value & writable) | always_one;
}
constexpr u64 dr7_of(u64 value) {
  constexpr u64 writable = 0xffff23ff, always_one = 0x400;
  return (value & writable) | always_one;
}

inline constexpr u64 cr3_address_mask = 0x000ffffffffff000;

// Whether MOV to CR4 raises #GP for other reasons than bits that the processor does not have. Intel SDM vol. 2, "MOV -
// Move to/from Control Registers".
constexpr bool mov_to_cr4_faults(Cr4 now, Cr4 wanted, Efer efer, u64 cr3) {
  const bool long_mode = efer.get(Efer::lma);
  if (long_mode && (!wanted.get(Cr4::pae) || wanted.get(Cr4::la57) != now.get(Cr4::la57))) return true;
  return wanted.get(Cr4::pcide) && !now.get(Cr4::pcide) && (!long_mode || (cr3 & 0xfff) != 0);
}

// Whether MOV to CR0 raises #GP for other reasons than bits that virtualization needs. Intel SDM vol. 2, the same
// section; AMD APM vol. 2, 3.1.1.
constexpr bool mov_to_cr0_faults(Cr0 wanted, Efer efer, Cr4 cr4, bool code_is_64_bits) {
  if (wanted.value >> 32 != 0) return true;
  if (wanted.get(Cr0::pg) && !wanted.get(Cr0::pe)) return true;
  if (wanted.get(Cr0::nw) && !wanted.get(Cr0::cd)) return true;
  if (!wanted.get(Cr0::wp) && cr4.get(Cr4::cet)) return true;
  if (wanted.get(Cr0::pg)) return efer.get(Efer::lme) && !cr4.get(Cr4::pae);
  return efer.get(Efer::lma) && (code_is_64_bits || cr4.get(Cr4::pcide));
}

// Bits of a virtual address above the width that paging translates must all be equal.
constexpr bool canonical(u64 address, Cr4 cr4) {
  const unsigned unused = 64 - (cr4.get(Cr4::la57) ? 57 : 48);
  return static_cast<u64>(static_cast<s64>(address << unused) >> unused) == address;
}

enum class Vector : u8 {
  divide_error = 0,
  debug = 1,
  nmi = 2,
  breakpoint = 3,
  overflow = 4,
  invalid_opcode = 6,
  double_fault = 8,
  not_present = 11,
  general_protection = 13,
  page_fault = 14,
};

}  // namespace hyperdbg::x86
