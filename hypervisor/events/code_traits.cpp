// SPDX-License-Identifier: MIT
#include "hypervisor/events/code_traits.hpp"

#include "x86/decoder.hpp"

/*
 * Code that is executed from its first byte, of which each instruction can be decoded, in which every jump goes forward
 * to the start of an instruction and nothing can set the instruction pointer otherwise, executes each instruction at
 * most once: it ends, by its RET or by a fault. RET is such a case as long as nothing else touches the stack.
 */
namespace hyperdbg {

namespace {

using x86::Instruction;
using x86::OpcodeMap;

constexpr u8 stack_pointer = 4;

bool in_map(const Instruction& instruction, OpcodeMap map) {
  return instruction.encoding == x86::Encoding::legacy && instruction.map == map;
}

bool between(u8 opcode, u8 first, u8 last) {
  return opcode >= first && opcode <= last;
}

bool is_return(const Instruction& instruction) {
  return in_map(instruction, OpcodeMap::one_byte) && (instruction.opcode == 0xc3 || instruction.opcode == 0xc2);
}

// Near and relative: Jcc, JMP, LOOP, JRCXZ.
bool is_direct_jump(const Instruction& instruction) {
  const u8 opcode = instruction.opcode;
  if (in_map(instruction, OpcodeMap::map_0f)) return between(opcode, 0x80, 0x8f);
  return in_map(instruction, OpcodeMap::one_byte) &&
         (between(opcode, 0x70, 0x7f) || between(opcode, 0xe0, 0xe3) || opcode == 0xe9 || opcode == 0xeb);
}

bool is_unconditional_jump(const Instruction& instruction) {
  return in_map(instruction, OpcodeMap::one_byte) && (instruction.opcode == 0xe9 || instruction.opcode == 0xeb);
}

// Far and indirect jumps, calls, IRET, system calls, XBEGIN; HLT and MWAIT, which end nothing; and strings with a
// count.
bool may_go_anywhere(const Instruction& instruction) {
  const u8 opcode = instruction.opcode;
  if (in_map(instruction, OpcodeMap::map_0f)) {
    const bool waits = opcode == 0x01 && (instruction.modrm == 0xc9 || instruction.modrm == 0xfb);
    return waits || opcode == 0x05 || opcode == 0x07 || opcode == 0x34 || opcode == 0x35;
  }
  if (!in_map(instruction, OpcodeMap::one_byte)) return false;
  const bool string = between(opcode, 0x6c, 0x6f) || between(opcode, 0xa4, 0xa7) || between(opcode, 0xaa, 0xaf);
  if (string && instruction.repeat != x86::RepeatPrefix::none) return true;
  switch (opcode) {
    case 0xe8:
    case 0x9a:
    case 0xea:
    case 0xca:
    case 0xcb:
    case 0xcf:
    case 0xf4:
      return true;
    case 0xff:
      return instruction.modrm_reg() >= 2 && instruction.modrm_reg() <= 5;
    case 0xc7:
      return instruction.modrm == 0xf8;
    default:
      return false;
  }
}

// Opcodes in which ModRM.reg is no register.
bool is_group(u8 opcode) {
  return between(opcode, 0x80, 0x83) || opcode == 0xc0 || opcode == 0xc1 || opcode == 0xc6 || opcode == 0xc7 ||
         between(opcode, 0xd0, 0xd3) || opcode == 0xf6 || opcode == 0xf7 || opcode == 0xfe || opcode == 0xff;
}

bool uses_stack(const Instruction& instruction) {
  const u8 opcode = instruction.opcode;
  if (instruction.has_memory && instruction.memory.base == stack_pointer) return true;
  if (in_map(instruction, OpcodeMap::map_0f) && (opcode == 0xa0 || opcode == 0xa1 || opcode == 0xa8 || opcode == 0xa9))
    return true;
  if (in_map(instruction, OpcodeMap::one_byte)) {
    if (between(opcode, 0x50, 0x5f) || opcode == 0x68 || opcode == 0x6a || opcode == 0x8f || opcode == 0x9c ||
        opcode == 0x9d || opcode == 0xc8 || opcode == 0xc9)
      return true;
    if (opcode == 0xff && instruction.modrm_reg() == 6) return true;
    if ((between(opcode, 0x90, 0x97) || between(opcode, 0xb8, 0xbf)) && instruction.opcode_register == stack_pointer)
      return true;
    if (instruction.has_modrm && !is_group(opcode) && instruction.reg == stack_pointer) return true;
  } else if (instruction.has_modrm && instruction.reg == stack_pointer) {
    return true;
  }
  return instruction.has_modrm && instruction.rm == stack_pointer;
}

// Control, debug, segment and model-specific registers.
bool touches_state(const Instruction& instruction) {
  const u8 opcode = instruction.opcode;
  if (instruction.segment_override != x86::Segment::none) return true;
  if (in_map(instruction, OpcodeMap::one_byte)) return opcode == 0x8c || opcode == 0x8e;
  if (!in_map(instruction, OpcodeMap::map_0f)) return false;
  return between(opcode, 0x20, 0x23) || between(opcode, 0x00, 0x01) || opcode == 0x30 || opcode == 0x32 ||
         opcode == 0xae || opcode == 0xa0 || opcode == 0xa1 || opcode == 0xa8 || opcode == 0xa9 ||
         between(opcode, 0xb2, 0xb5);
}

// Where jumps go that have not been passed yet.
class Targets {
 public:
  bool add(u64 target) {
    if (count_ == capacity) return false;
    places_[count_++] = target;
    return true;
  }
  // An instruction starts at `offset`, the one before it did at an earlier one. False: a target lies between.
  bool pass(u64 offset) {
    u32 kept = 0;
    for (u32 i = 0; i < count_; ++i) {
      if (places_[i] < offset) return false;
      if (places_[i] > offset) places_[kept++] = places_[i];
    }
    count_ = kept;
    return true;
  }
  bool empty() const { return count_ == 0; }

 private:
  static constexpr u32 capacity = 64;
  u64 places_[capacity];
  u32 count_ = 0;
};

}  // namespace

CodeTraits examine_code(std::span<const u8> code) {
  CodeTraits traits{.watched = false, .touches_state = false};
  Targets targets;
  bool closed = false;  // behind the last instruction nothing is executed
  for (u64 at = 0; at < code.size();) {
    const auto rest = code.subspan(at);
    const x86::Decoded decoded = x86::decode(rest.data(), rest.size(), x86::CodeSize::bits64);
    if (!decoded.ok() || !targets.pass(at)) return {};
    const Instruction& instruction = decoded.instruction;
    at += instruction.length;
    if (may_go_anywhere(instruction)) return {};
    if (is_direct_jump(instruction) && (instruction.immediate < 0 || instruction.operand_size_prefix ||
                                        !targets.add(at + static_cast<u64>(instruction.immediate))))
      traits.watched = true;
    traits.watched |= uses_stack(instruction);
    traits.touches_state |= touches_state(instruction);
    closed = is_return(instruction) || is_unconditional_jump(instruction);
  }
  if (!closed || !targets.empty()) traits.watched = true;
  // Step by step, because each step keeps CR2 exact while the kernel's pages are brought in (core/custom_code.cpp).
  traits.watched |= traits.touches_state;
  return traits;
}

}  // namespace hyperdbg
