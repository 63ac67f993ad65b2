// SPDX-License-Identifier: MIT
#include "x86/decoder_referee.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <stdexcept>

namespace hyperdbg::x86 {
namespace {

constexpr u64 truncate(u64 value, unsigned bits) {
  return bits >= 64 ? value : value & ((1ull << bits) - 1);
}

u8 number_of(ZydisRegister name) {
  return name == ZYDIS_REGISTER_NONE ? no_register : ZydisRegisterGetId(name);
}

Segment segment_of(ZydisRegister name) {
  const auto number = ZydisRegisterGetId(name);
  return number < 0 ? Segment::none : static_cast<Segment>(number);
}

// Whether Zydis' operand width is the size of an operand that prefixes can change.
bool says_operand_size(const ZydisDecodedInstruction& instruction) {
  if (instruction.encoding != ZYDIS_INSTRUCTION_ENCODING_LEGACY) return false;
  if (instruction.opcode_map > ZYDIS_OPCODE_MAP_0F) return false;
  if (instruction.meta.isa_ext != ZYDIS_ISA_EXT_BASE && instruction.meta.isa_ext != ZYDIS_ISA_EXT_LONGMODE)
    return false;
  switch (instruction.mnemonic) {
    case ZYDIS_MNEMONIC_ARPL:  // its operands have 16 bits, Zydis says 32
    case ZYDIS_MNEMONIC_INSD:  // 32 bits even with REX.W, Zydis says 64
    case ZYDIS_MNEMONIC_OUTSD:
    case ZYDIS_MNEMONIC_INVLPG:  // no operand of that size
    case ZYDIS_MNEMONIC_NOP:
    case ZYDIS_MNEMONIC_SYSCALL:
      return false;
    default:
      return true;
  }
}

// MPX has 64-bit addresses whatever the prefixes say; of SGX only EAX counts.
bool has_fixed_address_size(const ZydisDecodedInstruction& instruction) {
  return instruction.meta.isa_ext == ZYDIS_ISA_EXT_MPX || instruction.meta.isa_ext == ZYDIS_ISA_EXT_SGX ||
         instruction.meta.isa_ext == ZYDIS_ISA_EXT_SGX_ENCLV;
}

// Instructions ignore the bits of a register number that their kind of register has no use for.
u8 counting_bits(ZydisRegisterClass kind) {
  switch (kind) {
    case ZYDIS_REGCLASS_MMX:
    case ZYDIS_REGCLASS_X87:
    case ZYDIS_REGCLASS_MASK:
      return 7;
    case ZYDIS_REGCLASS_GPR16:
    case ZYDIS_REGCLASS_GPR32:
    case ZYDIS_REGCLASS_GPR64:
      return 15;
    default:
      return 0xff;
  }
}

// False also for byte registers: their numbers mean two things.
bool register_differs(const Instruction& ours, const ZydisDecodedOperand& operand) {
  if (ZydisRegisterGetClass(operand.reg.value) == ZYDIS_REGCLASS_GPR8) return false;
  const u8 number = number_of(operand.reg.value);
  const u8 mask = counting_bits(ZydisRegisterGetClass(operand.reg.value));
  switch (operand.encoding) {
    case ZYDIS_OPERAND_ENCODING_MODRM_REG:
      return number != (ours.reg & mask);
    case ZYDIS_OPERAND_ENCODING_MODRM_RM:
      return number != (ours.rm & mask);
    case ZYDIS_OPERAND_ENCODING_OPCODE:
      return number != (ours.opcode_register & mask);
    case ZYDIS_OPERAND_ENCODING_NDSNDD:
      return number != (ours.vector_register & mask);
    default:
      return false;
  }
}

void initialize(ZydisDecoder& decoder, CodeSize code_size) {
  switch (code_size) {
    case CodeSize::bits16:
      ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LEGACY_16, ZYDIS_STACK_WIDTH_16);
      break;
    case CodeSize::bits32:
      ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LEGACY_32, ZYDIS_STACK_WIDTH_32);
      break;
    case CodeSize::bits64:
      ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
      break;
  }
}

}  // namespace

Referee::Referee(CodeSize code_size, Branches branches) : code_size_(code_size), branches_(branches) {
  initialize(decoder_, code_size);
  if (branches == Branches::amd) ZydisDecoderEnableMode(&decoder_, ZYDIS_DECODER_MODE_AMD_BRANCHES, ZYAN_TRUE);
}

Decoded Referee::decode(std::span<const u8> bytes) const {
  return x86::decode(bytes.data(), bytes.size(), code_size_, branches_);
}

bool Referee::decode_with_zydis(std::span<const u8> bytes) {
  const auto status = ZydisDecoderDecodeInstruction(&decoder_, &context_, bytes.data(), bytes.size(), &theirs_);
  length_ = ZYAN_SUCCESS(status) ? theirs_.length : 0;
  return length_ != 0;
}

std::string Referee::compare(std::span<const u8> bytes) {
  const Decoded ours = decode(bytes);
  if (ours.ok() && (ours.instruction.length > bytes.size() || ours.instruction.length > maximum_instruction_length))
    return describe(bytes, fmt::format("length {} of {} bytes", ours.instruction.length, bytes.size()));
  if (!decode_with_zydis(bytes)) return {};
  if (!ours.ok()) return describe(bytes, fmt::format("refused with status {}", static_cast<int>(ours.status)));
  const std::string what = difference(ours.instruction);
  return what.empty() ? what : describe(bytes, what);
}

std::string Referee::compare_all(std::span<const u8> bytes) {
  std::string what = compare(bytes);
  if (!what.empty() || length_ == 0) return what;
  what = operand_difference(decode(bytes).instruction);
  return what.empty() ? what : describe(bytes, what);
}

std::string Referee::compare_truncations(std::span<const u8> bytes) {
  if (!decode_with_zydis(bytes)) return {};
  for (std::size_t size = 0; size < length_; ++size) {
    const Decoded ours = decode(bytes.first(size));
    if (ours.status != DecodeStatus::too_short)
      return describe(bytes.first(size), fmt::format("status {}, not too_short", static_cast<int>(ours.status)));
  }
  return {};
}

std::string Referee::difference(const Instruction& ours) const {
  const auto& raw = theirs_.raw;
  if (ours.length != theirs_.length) return fmt::format("length {}", ours.length);
  if (ours.opcode != theirs_.opcode) return fmt::format("opcode {:02x}", ours.opcode);
  if (ours.has_modrm != ((theirs_.attributes & ZYDIS_ATTRIB_HAS_MODRM) != 0)) return "presence of ModRM";
  if (ours.has_modrm && ours.modrm_reg() != raw.modrm.reg) return "ModRM.reg";
  if (ours.has_modrm && ours.modrm_rm() != raw.modrm.rm) return "ModRM.rm";
  if (ours.has_sib != ((theirs_.attributes & ZYDIS_ATTRIB_HAS_SIB) != 0)) return "presence of SIB";
  if (ours.displacement_size * 8 != raw.disp.size)
    return fmt::format("{} bytes of displacement", ours.displacement_size);
  if (truncate(ours.memory.displacement, raw.disp.size) != truncate(raw.disp.value, raw.disp.size))
    return "displacement";
  if (ours.immediate_size * 8 != raw.imm[0].size) return fmt::format("{} bytes of immediate", ours.immediate_size);
  if (truncate(ours.immediate, raw.imm[0].size) != truncate(raw.imm[0].value.u, raw.imm[0].size)) return "immediate";
  if (ours.second_immediate_size * 8 != raw.imm[1].size) return "size of the second immediate";
  if (ours.second_immediate != truncate(raw.imm[1].value.u, raw.imm[1].size)) return "second immediate";
  if (ours.address_size * 8 != theirs_.address_width && !has_fixed_address_size(theirs_))
    return fmt::format("address size {}", ours.address_size);
  return {};
}

std::string Referee::operand_difference(const Instruction& ours) {
  std::array<ZydisDecodedOperand, ZYDIS_MAX_OPERAND_COUNT> operands;
  if (!ZYAN_SUCCESS(ZydisDecoderDecodeOperands(&decoder_, &context_, &theirs_, operands.data(), operands.size())))
    throw std::logic_error("Zydis decodes an instruction, but not its operands");
  // With AMD's branches Zydis changes the near ones with 32 bits only, by the manual it is all of them.
  const bool other_branch = branches_ == Branches::amd && theirs_.meta.branch_type != ZYDIS_BRANCH_TYPE_NONE;
  if (says_operand_size(theirs_) && !other_branch && ours.operand_size * 8 != theirs_.operand_width)
    return fmt::format("operand size {} not {}", ours.operand_size, theirs_.operand_width / 8);
  for (unsigned i = 0; i < theirs_.operand_count; ++i) {
    const auto& operand = operands[i];
    if (operand.type == ZYDIS_OPERAND_TYPE_MEMORY && (operand.encoding == ZYDIS_OPERAND_ENCODING_MODRM_RM ||
                                                      operand.encoding == ZYDIS_OPERAND_ENCODING_DISP16_32_64)) {
      if (memory_differs(ours, operand)) return "memory operand";
    }
    if (operand.type == ZYDIS_OPERAND_TYPE_REGISTER && register_differs(ours, operand))
      return fmt::format("register {}", ZydisRegisterGetString(operand.reg.value));
  }
  return {};
}

bool Referee::memory_differs(const Instruction& ours, const ZydisDecodedOperand& operand) const {
  const auto& memory = operand.mem;
  if (!ours.has_memory) return true;
  // Zydis 4.0 takes R13D as the base where ModRM.mod = 0 means a displacement and no base, as it does with 64 bits.
  if (ours.address_size == 4 && ours.has_sib && ours.modrm_mod() == 0 && memory.base == ZYDIS_REGISTER_R13D)
    return ours.memory.base != no_register;
  const bool relative = memory.base == ZYDIS_REGISTER_RIP || memory.base == ZYDIS_REGISTER_EIP;
  if (relative != ours.memory.rip_relative) return true;
  if (!relative && number_of(memory.base) != ours.memory.base) return true;
  if (number_of(memory.index) != ours.memory.index) return true;
  if (memory.index != ZYDIS_REGISTER_NONE && memory.type != ZYDIS_MEMOP_TYPE_MIB && memory.scale != ours.memory.scale)
    return true;
  if ((memory.type == ZYDIS_MEMOP_TYPE_VSIB) != ours.memory.vector_index) return true;
  if (!ours.memory.scaled_displacement && memory.disp.has_displacement && memory.disp.value != ours.memory.displacement)
    return true;
  // Zydis takes the 3E of an indirect branch for NOTRACK alone; it is still an override where segments have bases.
  if ((theirs_.attributes & ZYDIS_ATTRIB_HAS_NOTRACK) != 0) return false;
  if (memory.type == ZYDIS_MEMOP_TYPE_AGEN) return false;  // LEA and the like have no segment
  return segment_of(memory.segment) != ours.memory.segment;
}

std::string Referee::describe(std::span<const u8> bytes, const std::string& what) const {
  return fmt::format("{:02x} in {}-bit code: {}; Zydis: {} bytes, {}", fmt::join(bytes, " "),
                     16 << static_cast<int>(code_size_), what, length_,
                     length_ == 0 ? "rejected" : ZydisMnemonicGetString(theirs_.mnemonic));
}

}  // namespace hyperdbg::x86
