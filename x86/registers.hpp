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
  static constexpr Field<0, 0, bool> pe{};
};

struct Cr4 : Register<Cr4> {
  static constexpr Field<22, 22, bool> pke{};
  static constexpr Field<18, 18, bool> osxsave{};
  static constexpr Field<12, 12, bool> la57{};
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
};

inline constexpr u64 cr3_address_mask = 0x000ffffffffff000;

enum class Vector : u8 {
  divide_error = 0,
  debug = 1,
  nmi = 2,
  breakpoint = 3,
  overflow = 4,
  invalid_opcode = 6,
  double_fault = 8,
  general_protection = 13,
  page_fault = 14,
};

}  // namespace hyperdbg::x86
