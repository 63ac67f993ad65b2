// SPDX-License-Identifier: MIT
#pragma once
#include <Zydis/Zydis.h>

#include <span>
#include <string>

#include "x86/decoder.hpp"

namespace hyperdbg::x86 {

// Decodes with Zydis and with ours and tells where they differ.
class Referee {
 public:
  explicit Referee(CodeSize code_size, Branches branches = Branches::intel);

  // Empty when ours agrees, or when Zydis rejects the bytes. The parts of the encoding are compared, not only lengths.
  std::string compare(std::span<const u8> bytes);
  // The same, and memory operands, registers and sizes too; several times slower.
  std::string compare_all(std::span<const u8> bytes);
  // What is cut off must be asked for: every shorter piece of a valid instruction is too_short.
  std::string compare_truncations(std::span<const u8> bytes);

  // Of the last comparison; 0 when Zydis rejected the bytes.
  u8 length() const { return length_; }

  Decoded decode(std::span<const u8> bytes) const;

 private:
  bool decode_with_zydis(std::span<const u8> bytes);
  std::string difference(const Instruction& ours) const;
  std::string operand_difference(const Instruction& ours);
  bool is_integer() const;
  bool memory_differs(const Instruction& ours, const ZydisDecodedOperand& operand) const;
  std::string describe(std::span<const u8> bytes, const std::string& what) const;

  CodeSize code_size_;
  Branches branches_;
  ZydisDecoder decoder_{};
  ZydisDecoderContext context_{};
  ZydisDecodedInstruction theirs_{};
  u8 length_ = 0;
};

}  // namespace hyperdbg::x86
