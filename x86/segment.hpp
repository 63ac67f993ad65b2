// SPDX-License-Identifier: MIT
#pragma once
#include "base/types.hpp"

// Segment registers with their hidden part, and what loading one does. AMD APM vol. 2, 4.7; Intel SDM vol. 3, 3.4.
namespace hyperdbg::x86 {

struct SegmentRegister {
  u16 selector = 0;
  u16 attributes = 0;  // bits 55:52 and 47:40 of the descriptor, concatenated; without `present` it cannot be used
  u32 limit = 0;       // the last byte
  u64 base = 0;

  static constexpr u16 accessed = 1 << 0, readable = 1 << 1, conforming = 1 << 2, code = 1 << 3;
  static constexpr u16 code_or_data = 1 << 4, present = 1 << 7, pages = 1 << 11;
};

constexpr bool is_null(u16 selector) {
  return (selector & ~3) == 0;
}
constexpr bool in_local_table(u16 selector) {
  return (selector & 4) != 0;
}
constexpr u16 table_offset(u16 selector) {
  return selector & 0xfff8;
}

enum class SegmentLoad : u8 { done, general_protection, not_present };

// What privilege level 0 gets when it loads DS, ES, FS or GS with this selector of this descriptor.
constexpr SegmentLoad load_data_segment(u16 selector, u64 descriptor, SegmentRegister& loaded) {
  using R = SegmentRegister;
  const u16 attributes = static_cast<u16>((descriptor >> 40 & 0xff) | (descriptor >> 52 & 0xf) << 8);
  const bool conforming = (attributes & (R::code | R::conforming)) == (R::code | R::conforming);
  const bool readable = (attributes & R::code) == 0 || (attributes & R::readable) != 0;
  const u32 requested = selector & 3, owned = attributes >> 5 & 3;
  if ((attributes & R::code_or_data) == 0 || !readable) return SegmentLoad::general_protection;
  if (!conforming && requested > owned) return SegmentLoad::general_protection;
  if ((attributes & R::present) == 0) return SegmentLoad::not_present;
  const u32 limit = static_cast<u32>((descriptor & 0xffff) | (descriptor >> 32 & 0xf0000));
  loaded = {.selector = selector,
            .attributes = static_cast<u16>(attributes | R::accessed),
            .limit = (attributes & R::pages) != 0 ? limit << 12 | 0xfff : limit,
            .base = (descriptor >> 16 & 0xffffff) | (descriptor >> 32 & 0xff000000)};
  return SegmentLoad::done;
}

}  // namespace hyperdbg::x86
