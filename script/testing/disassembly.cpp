// SPDX-License-Identifier: MIT
#include "script/testing/disassembly.hpp"

#include <Zydis/Zydis.h>

namespace hyperdbg::script {
namespace {

template <class Visitor>
void for_each_instruction(std::span<const std::uint8_t> code, const Visitor& visit) {
  ZydisDisassembledInstruction instruction;
  std::size_t offset = 0;
  while (offset < code.size() &&
         ZYAN_SUCCESS(ZydisDisassembleIntel(ZYDIS_MACHINE_MODE_LONG_64, offset, code.data() + offset,
                                            code.size() - offset, &instruction))) {
    visit(instruction);
    offset += instruction.info.length;
  }
}

bool is_vector_register(ZydisRegister number) {
  switch (ZydisRegisterGetClass(number)) {
    case ZYDIS_REGCLASS_X87:
    case ZYDIS_REGCLASS_MMX:
    case ZYDIS_REGCLASS_XMM:
    case ZYDIS_REGCLASS_YMM:
    case ZYDIS_REGCLASS_ZMM:
      return true;
    default:
      return false;
  }
}

}  // namespace

std::vector<std::string> disassemble(std::span<const std::uint8_t> code) {
  std::vector<std::string> lines;
  for_each_instruction(code, [&](const auto& instruction) { lines.emplace_back(instruction.text); });
  return lines;
}

bool uses_vector_state(std::span<const std::uint8_t> code) {
  bool found = false;
  for_each_instruction(code, [&](const auto& instruction) {
    for (ZyanU8 i = 0; i < instruction.info.operand_count_visible; ++i) {
      const auto& operand = instruction.operands[i];
      found |= operand.type == ZYDIS_OPERAND_TYPE_REGISTER && is_vector_register(operand.reg.value);
    }
  });
  return found;
}

}  // namespace hyperdbg::script
