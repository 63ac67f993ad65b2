// SPDX-License-Identifier: MIT
#pragma once
#include <initializer_list>

#include "base/types.hpp"

// The opcode maps of AMD APM vol. 3, appendix A, and Intel SDM vol. 2, appendix A: what follows each opcode.
namespace hyperdbg::x86::tables {

enum class Immediate : u8 {
  none,
  byte,
  word,
  by_size,      // 2 bytes with 16-bit operands, else 4
  full,         // as long as the operand: MOV to register
  moffs,        // an address as long as addresses are
  far_pointer,  // by_size, and a selector
  enter,        // word, and a byte
  two_bytes,    // EXTRQ and INSERTQ
  double_word,  // XOP map A
};

enum class Size : u8 {
  prefixes,  // 2, 4 or 8 by mode, 66 and REX.W
  byte,
  double_word,  // as prefixes, but REX.W does nothing
  stack,        // as prefixes, but 8 instead of 4 in 64-bit mode
  branch,       // as stack, but Intel ignores 66 in 64-bit mode (AMD: read as stack)
  native,       // 8 in 64-bit mode, else 4
};

// In 64-bit mode: without prefix, with 66, with REX.W, with both. The order of Size.
inline constexpr u8 operand_sizes_64[6][4] = {
    {4, 2, 8, 8}, {1, 1, 1, 1}, {4, 2, 4, 4}, {8, 2, 8, 8}, {8, 8, 8, 8}, {8, 8, 8, 8},
};

enum Flag : u8 {
  has_modrm = 1 << 0,
  invalid = 1 << 1,
  invalid_in_64 = 1 << 2,
  prefix = 1 << 3,
  registers_only = 1 << 4,  // ModRM.mod is not looked at: MOV of control, debug and test registers
  by_modrm = 1 << 5,        // ModRM.reg or a prefix changes this entry: Decoder::refine()
};

struct Entry {
  u8 flags = 0;
  Immediate immediate = Immediate::none;
  Size size = Size::prefixes;
};

struct Map {
  Entry entries[256];

  constexpr const Entry& operator[](u8 opcode) const { return entries[opcode]; }
  constexpr void set(unsigned first, unsigned last, Entry entry) {
    for (unsigned opcode = first; opcode <= last; ++opcode) entries[opcode] = entry;
  }
  constexpr void set(unsigned opcode, Entry entry) { entries[opcode] = entry; }
  // The usual pair: bytes, then whole operands.
  constexpr void set_pair(unsigned opcode, u8 flags, Immediate first = Immediate::none,
                          Immediate second = Immediate::none) {
    entries[opcode] = {flags, first, Size::byte};
    entries[opcode + 1] = {flags, second, Size::prefixes};
  }
};

constexpr void set_arithmetic(Map& map) {
  for (unsigned opcode = 0; opcode < 0x40; opcode += 8) {
    map.set_pair(opcode, has_modrm);
    map.set_pair(opcode + 2, has_modrm);
    map.set_pair(opcode + 4, 0, Immediate::byte, Immediate::by_size);
    map.set(opcode + 6, opcode + 7, {.flags = invalid_in_64, .size = Size::stack});
  }
  map.set(0x0f, {.flags = prefix});
  for (unsigned opcode : {0x26, 0x2e, 0x36, 0x3e}) map.set(opcode, {.flags = prefix});
  for (unsigned opcode : {0x27, 0x2f, 0x37, 0x3f}) map.set(opcode, {.flags = invalid_in_64});
}

constexpr void set_40_to_7f(Map& map) {
  map.set(0x40, 0x4f, {.flags = prefix});  // INC and DEC outside 64-bit mode
  map.set(0x50, 0x5f, {.size = Size::stack});
  map.set(0x60, 0x61, {.flags = invalid_in_64});
  map.set(0x62, {.flags = has_modrm | prefix});  // EVEX, or BOUND
  map.set(0x63, {.flags = has_modrm | by_modrm});
  map.set(0x64, 0x67, {.flags = prefix});
  map.set(0x68, {.immediate = Immediate::by_size, .size = Size::stack});
  map.set(0x69, {.flags = has_modrm, .immediate = Immediate::by_size});
  map.set(0x6a, {.immediate = Immediate::byte, .size = Size::stack});
  map.set(0x6b, {.flags = has_modrm, .immediate = Immediate::byte});
  for (unsigned opcode : {0x6c, 0x6e}) {
    map.set(opcode, {.size = Size::byte});
    map.set(opcode + 1, {.size = Size::double_word});
  }
  map.set(0x70, 0x7f, {.immediate = Immediate::byte, .size = Size::branch});
}

constexpr void set_80_to_bf(Map& map) {
  map.set_pair(0x80, has_modrm, Immediate::byte, Immediate::by_size);
  map.set(0x82, {has_modrm | invalid_in_64, Immediate::byte, Size::byte});
  map.set(0x83, {.flags = has_modrm, .immediate = Immediate::byte});
  for (unsigned opcode : {0x84, 0x86, 0x88, 0x8a}) map.set_pair(opcode, has_modrm);
  map.set(0x8c, {.flags = has_modrm | by_modrm});
  map.set(0x8d, {.flags = has_modrm});
  map.set(0x8e, {.flags = has_modrm | by_modrm});
  map.set(0x8f, {.flags = has_modrm | prefix, .size = Size::stack});  // XOP, or POP
  map.set(0x9a, {.flags = invalid_in_64, .immediate = Immediate::far_pointer});
  map.set(0x9c, 0x9d, {.size = Size::stack});
  for (unsigned opcode : {0xa0, 0xa2}) map.set_pair(opcode, 0, Immediate::moffs, Immediate::moffs);
  for (unsigned opcode : {0xa4, 0xa6, 0xaa, 0xac, 0xae}) map.set_pair(opcode, 0);
  map.set_pair(0xa8, 0, Immediate::byte, Immediate::by_size);
  map.set(0xb0, 0xb7, {.immediate = Immediate::byte, .size = Size::byte});
  map.set(0xb8, 0xbf, {.immediate = Immediate::full});
}

constexpr void set_c0_to_df(Map& map) {
  map.set_pair(0xc0, has_modrm, Immediate::byte, Immediate::byte);
  map.set(0xc2, {.immediate = Immediate::word, .size = Size::branch});
  map.set(0xc3, {.size = Size::branch});
  map.set(0xc4, 0xc5, {.flags = has_modrm | prefix});  // VEX, or LES and LDS
  map.set_pair(0xc6, has_modrm, Immediate::byte, Immediate::by_size);
  map.set(0xc8, {.immediate = Immediate::enter, .size = Size::stack});
  map.set(0xc9, {.size = Size::stack});
  map.set(0xca, {.immediate = Immediate::word});
  map.set(0xcd, {.immediate = Immediate::byte});
  map.set(0xce, {.flags = invalid_in_64});
  for (unsigned opcode : {0xd0, 0xd2}) map.set_pair(opcode, has_modrm);
  map.set(0xd4, 0xd5, {.flags = invalid_in_64, .immediate = Immediate::byte});
  map.set(0xd6, {.flags = invalid_in_64});
  map.set(0xd8, 0xdf, {.flags = has_modrm});
}

constexpr void set_e0_to_ff(Map& map) {
  map.set(0xe0, 0xe3, {.immediate = Immediate::byte, .size = Size::branch});
  for (unsigned opcode : {0xe4, 0xe6}) {
    map.set(opcode, {.immediate = Immediate::byte, .size = Size::byte});
    map.set(opcode + 1, {.immediate = Immediate::byte, .size = Size::double_word});
  }
  map.set(0xe8, 0xe9, {.immediate = Immediate::by_size, .size = Size::branch});
  map.set(0xea, {.flags = invalid_in_64, .immediate = Immediate::far_pointer});
  map.set(0xeb, {.immediate = Immediate::byte, .size = Size::branch});
  for (unsigned opcode : {0xec, 0xee}) {
    map.set(opcode, {.size = Size::byte});
    map.set(opcode + 1, {.size = Size::double_word});
  }
  for (unsigned opcode : {0xf0, 0xf2, 0xf3}) map.set(opcode, {.flags = prefix});
  map.set(0xf6, {.flags = has_modrm | by_modrm, .size = Size::byte});
  map.set(0xf7, {.flags = has_modrm | by_modrm});
  map.set(0xfe, {.flags = has_modrm, .size = Size::byte});
  map.set(0xff, {.flags = has_modrm | by_modrm});
}

constexpr Map make_one_byte() {
  Map map{};
  set_arithmetic(map);
  set_40_to_7f(map);
  set_80_to_bf(map);
  set_c0_to_df(map);
  set_e0_to_ff(map);
  return map;
}

constexpr Map make_0f() {
  Map map{};
  map.set(0x00, 0xff, {.flags = has_modrm});
  for (unsigned opcode : {0x04, 0x0a, 0x0c, 0x36, 0x39, 0x3b, 0x3c, 0x3d, 0x3e, 0x3f, 0x7a, 0x7b})
    map.set(opcode, {.flags = invalid});
  map.set(0x01, {.flags = has_modrm | by_modrm});
  map.set(0x05, 0x09, {});
  map.set(0x0b, {});
  map.set(0x0e, {});
  map.set(0x0f, {.flags = has_modrm, .immediate = Immediate::byte});  // 3DNow!: the byte is the opcode
  map.set(0x20, 0x23, {.flags = has_modrm | registers_only, .size = Size::native});
  map.set(0x24, 0x27, {.flags = has_modrm | registers_only | invalid_in_64, .size = Size::native});
  map.set(0x30, 0x35, {});
  map.set(0x37, {});
  map.set(0x38, {.flags = prefix});
  map.set(0x3a, {.flags = prefix});
  map.set(0x70, 0x73, {.flags = has_modrm, .immediate = Immediate::byte});
  map.set(0x77, {});
  map.set(0x78, {.flags = has_modrm | by_modrm, .size = Size::native});
  map.set(0x79, {.flags = has_modrm, .size = Size::native});
  map.set(0x80, 0x8f, {.immediate = Immediate::by_size, .size = Size::branch});
  map.set(0x90, 0x9f, {.flags = has_modrm, .size = Size::byte});
  for (unsigned opcode : {0xa0, 0xa8}) map.set(opcode, opcode + 1, {.size = Size::stack});
  map.set(0xa2, {});
  map.set(0xaa, {});
  for (unsigned opcode : {0xa4, 0xac, 0xba, 0xc2, 0xc4, 0xc5, 0xc6})
    map.set(opcode, {.flags = has_modrm, .immediate = Immediate::byte});
  for (unsigned opcode : {0xb0, 0xc0}) map.set_pair(opcode, has_modrm);
  map.set(0xc7, {.flags = has_modrm | by_modrm});
  map.set(0xc8, 0xcf, {});
  return map;
}

// What EVEX puts into map 0F. The other maps are regular: none has an immediate in 0F38, all have in 0F3A.
constexpr Map make_evex_0f() {
  Map map{};
  map.set(0x00, 0xff, {.flags = has_modrm});
  for (unsigned opcode : {0x70, 0x71, 0x72, 0x73, 0xc2, 0xc4, 0xc5, 0xc6})
    map.set(opcode, {.flags = has_modrm, .immediate = Immediate::byte});
  return map;
}

constexpr Map make_vex_0f() {
  Map map = make_evex_0f();
  map.set(0x77, {});                                           // VZEROUPPER, VZEROALL
  map.set(0x84, 0x85, {.immediate = Immediate::double_word});  // JKZD, JKNZD of Knights Corner; nothing else is there
  return map;
}

inline constexpr Map one_byte = make_one_byte();
inline constexpr Map map_0f = make_0f();
inline constexpr Map vex_0f = make_vex_0f();
inline constexpr Map evex_0f = make_evex_0f();
inline constexpr Entry modrm_alone{.flags = has_modrm};
inline constexpr Entry modrm_and_byte{.flags = has_modrm, .immediate = Immediate::byte};
inline constexpr Entry modrm_and_double_word{.flags = has_modrm, .immediate = Immediate::double_word};
inline constexpr Entry byte_alone{.immediate = Immediate::byte};
inline constexpr Entry nothing{};

}  // namespace hyperdbg::x86::tables
