// SPDX-License-Identifier: MIT
#pragma once
#include "base/types.hpp"

namespace hyperdbg::x86 {

// What CS.L and CS.D say; real mode is bits16.
enum class CodeSize : u8 { bits16, bits32, bits64 };

// With a 66 prefix before a near branch in 64-bit mode Intel's processors ignore the prefix (32-bit displacement),
// AMD's obey it (16-bit displacement, so another length). QEMU's TCG does as AMD whatever CPU model it shows.
enum class Branches : u8 { intel, amd };

enum class Encoding : u8 { legacy, vex, evex, xop };

// Values 0 to 7 are what VEX and EVEX write in mmm, 8 to 10 what XOP writes. In map_3dnow `opcode` is the last byte.
enum class OpcodeMap : u8 {
  one_byte,
  map_0f,
  map_0f38,
  map_0f3a,
  map_4,
  map_5,
  map_6,
  map_7,
  xop_8,
  xop_9,
  xop_a,
  map_3dnow
};

enum class RepeatPrefix : u8 { none, repne = 0xf2, rep = 0xf3 };

enum class Segment : u8 { es, cs, ss, ds, fs, gs, none = 0xff };

inline constexpr u8 no_register = 0xff;

// Also filled for the moffs forms of MOV (A0 to A3): displacement only. Memory that an instruction uses without saying
// so (strings, PUSH, XLAT...) is not here.
struct MemoryOperand {
  s64 displacement = 0;
  u8 base = no_register;  // number of a general register
  u8 index = no_register;
  u8 scale = 1;
  Segment segment = Segment::none;  // the overriding one, else the default: SS with a base of SP or BP, DS without
  bool rip_relative = false;        // to the address of the next instruction
  bool vector_index = false;        // index is a vector register: one address per element
  // EVEX with 8 bits: must be multiplied by the tuple size, which this decoder does not know.
  bool scaled_displacement = false;
};

// Register numbers are complete: the bits of REX, VEX and EVEX are in them, also where the instruction ignores some
// (MMX, x87 and mask registers: 3 bits count; general registers under EVEX: 4).
struct Instruction {
  MemoryOperand memory;
  s64 immediate = 0;         // sign-extended from immediate_size bytes: cast it where the instruction takes it unsigned
  u16 second_immediate = 0;  // selector of a far pointer, level of ENTER, second byte of EXTRQ and INSERTQ
  u8 length = 0;

  Encoding encoding = Encoding::legacy;
  OpcodeMap map = OpcodeMap::one_byte;
  u8 opcode = 0;
  u8 opcode_offset = 0;

  // VEX, EVEX and XOP give a 66, F2 or F3 in their pp bits; it is shown here in the same way.
  bool operand_size_prefix = false;
  bool address_size_prefix = false;
  bool lock = false;
  RepeatPrefix repeat = RepeatPrefix::none;  // the last one counts
  Segment segment_override = Segment::none;  // in 64-bit mode FS and GS only, the others do nothing
  // Directly before the opcode; elsewhere it does nothing. Byte registers 4 to 7 are SPL... with it, AH... without.
  bool has_rex = false;
  bool wide = false;  // REX.W, or W of the other encodings

  // In bytes. Vector instructions get an operand size by the same rules, without meaning.
  u8 operand_size = 0;
  u8 address_size = 0;

  bool has_modrm = false;
  bool has_sib = false;
  bool has_memory = false;
  u8 modrm = 0;
  u8 sib = 0;
  u8 displacement_size = 0;  // bytes, 0 = none
  u8 immediate_size = 0;     // bytes, 0 = none; also of relative branches and of the offset of far ones
  u8 second_immediate_size = 0;

  u8 reg = 0;           // from ModRM.reg: a register of the kind that the instruction has there, control registers too
  u8 rm = no_register;  // from ModRM.rm when it names a register
  u8 opcode_register = 0;  // from the low three bits of the opcode (PUSH, POP, XCHG, BSWAP, MOV to register)
  u8 vector_register = 0;  // vvvv of VEX, EVEX and XOP

  constexpr u8 modrm_mod() const { return modrm >> 6; }
  constexpr u8 modrm_reg() const { return (modrm >> 3) & 7; }  // as an opcode extension
  constexpr u8 modrm_rm() const { return modrm & 7; }
};

enum class DecodeStatus : u8 {
  ok,
  invalid,    // no instruction starts like this
  too_short,  // fewer than 15 bytes were given and more are needed
  too_long,   // more than 15 bytes
};

struct [[nodiscard]] Decoded {
  DecodeStatus status = DecodeStatus::invalid;
  Instruction instruction;  // meaningless unless ok

  constexpr bool ok() const { return status == DecodeStatus::ok; }
};

inline constexpr std::size_t maximum_instruction_length = 15;

// Reads at most `count` bytes and at most 15. Every encoding that exists gets its right length; of those that do not,
// many are given the length that their neighbours have: whoever executes the instruction finds out with a #UD.
Decoded decode(const u8* bytes, std::size_t count, CodeSize code_size, Branches branches = Branches::intel);

// The offset within the segment, wrapped to the address size. `read_register(number)` gives a general register's value;
// `address` is where the instruction itself lies.
template <class ReadRegister>
constexpr u64 effective_address(const Instruction& instruction, u64 address, ReadRegister&& read_register) {
  const MemoryOperand& memory = instruction.memory;
  u64 result = static_cast<u64>(memory.displacement);
  if (memory.rip_relative) result += address + instruction.length;
  if (memory.base != no_register) result += read_register(memory.base);
  if (memory.index != no_register) result += read_register(memory.index) * memory.scale;
  return instruction.address_size == 8 ? result : result & ((1ull << (instruction.address_size * 8)) - 1);
}

}  // namespace hyperdbg::x86
