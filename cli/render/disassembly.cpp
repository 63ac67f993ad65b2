// SPDX-License-Identifier: MIT
#include "cli/render/disassembly.hpp"

#include <Zydis/Zydis.h>
#include <fmt/format.h>

#include "cli/render/address.hpp"

namespace hyperdbg {
namespace {

struct Context {
  const NameOf* name_of;
  ZydisFormatterFunc number;  // what prints an address without a name
};

ZyanStatus print_address(const ZydisFormatter* formatter, ZydisFormatterBuffer* buffer,
                         ZydisFormatterContext* context) {
  const auto& ours = *static_cast<const Context*>(context->user_data);
  ZyanU64 address = 0;
  const bool known = *ours.name_of && ZYAN_SUCCESS(ZydisCalcAbsoluteAddress(context->instruction, context->operand,
                                                                            context->runtime_address, &address));
  const auto name = known ? (*ours.name_of)(address) : std::nullopt;
  if (!name) return ours.number(formatter, buffer, context);
  ZYAN_CHECK(ZydisFormatterBufferAppend(buffer, ZYDIS_TOKEN_SYMBOL));
  ZyanString* text = nullptr;
  ZYAN_CHECK(ZydisFormatterBufferGetString(buffer, &text));
  const std::string shown = fmt::format("<{} ({})>", *name, render_address(address));
  ZyanStringView view;
  ZYAN_CHECK(ZyanStringViewInsideBufferEx(&view, shown.data(), shown.size()));
  return ZyanStringAppend(text, &view);
}

ZydisDecoder make_decoder(unsigned bits) {
  ZydisDecoder decoder;
  if (bits == 64) {
    ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
  } else if (bits == 32) {
    ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LEGACY_32, ZYDIS_STACK_WIDTH_32);
  } else {
    ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LEGACY_16, ZYDIS_STACK_WIDTH_16);
  }
  return decoder;
}

ZydisFormatterStyle style_of(Syntax syntax) {
  switch (syntax) {
    case Syntax::att:
      return ZYDIS_FORMATTER_STYLE_ATT;
    case Syntax::masm:
      return ZYDIS_FORMATTER_STYLE_INTEL_MASM;
    default:
      return ZYDIS_FORMATTER_STYLE_INTEL;
  }
}

std::string format(const ZydisDecodedInstruction& instruction, const ZydisDecodedOperand* operands,
                   std::uint64_t address, const DisassemblyOptions& options) {
  ZydisFormatter formatter;
  ZydisFormatterInit(&formatter, style_of(options.syntax));
  ZydisFormatterSetProperty(&formatter, ZYDIS_FORMATTER_PROP_FORCE_SEGMENT, ZYAN_TRUE);
  ZydisFormatterSetProperty(&formatter, ZYDIS_FORMATTER_PROP_FORCE_SIZE, ZYAN_TRUE);
  Context context{&options.name_of, nullptr};
  const void* hook = reinterpret_cast<const void*>(&print_address);
  ZydisFormatterSetHook(&formatter, ZYDIS_FORMATTER_FUNC_PRINT_ADDRESS_ABS, &hook);
  context.number = reinterpret_cast<ZydisFormatterFunc>(const_cast<void*>(hook));
  char text[512] = {};
  ZydisFormatterFormatInstruction(&formatter, &instruction, operands, instruction.operand_count_visible, text,
                                  sizeof text, address, &context);
  return text;
}

// Whether a conditional jump goes; nothing for any other instruction.
std::optional<bool> is_taken(const ZydisDecodedInstruction& instruction, std::uint64_t flags,
                             std::optional<std::uint64_t> rcx) {
  const auto flag = [&](unsigned bit) { return ((flags >> bit) & 1) != 0; };
  const bool cf = flag(0), pf = flag(2), zf = flag(6), sf = flag(7), of = flag(11);
  switch (instruction.mnemonic) {
    case ZYDIS_MNEMONIC_JB:
      return cf;
    case ZYDIS_MNEMONIC_JNB:
      return !cf;
    case ZYDIS_MNEMONIC_JBE:
      return cf || zf;
    case ZYDIS_MNEMONIC_JNBE:
      return !(cf || zf);
    case ZYDIS_MNEMONIC_JL:
      return sf != of;
    case ZYDIS_MNEMONIC_JNL:
      return sf == of;
    case ZYDIS_MNEMONIC_JLE:
      return zf || sf != of;
    case ZYDIS_MNEMONIC_JNLE:
      return !zf && sf == of;
    case ZYDIS_MNEMONIC_JO:
      return of;
    case ZYDIS_MNEMONIC_JNO:
      return !of;
    case ZYDIS_MNEMONIC_JP:
      return pf;
    case ZYDIS_MNEMONIC_JNP:
      return !pf;
    case ZYDIS_MNEMONIC_JS:
      return sf;
    case ZYDIS_MNEMONIC_JNS:
      return !sf;
    case ZYDIS_MNEMONIC_JZ:
      return zf;
    case ZYDIS_MNEMONIC_JNZ:
      return !zf;
    case ZYDIS_MNEMONIC_JRCXZ:
      return rcx ? std::optional(*rcx == 0) : std::nullopt;
    case ZYDIS_MNEMONIC_JECXZ:
      return rcx ? std::optional(static_cast<std::uint32_t>(*rcx) == 0) : std::nullopt;
    default:
      return std::nullopt;
  }
}

std::string hex_bytes(std::span<const std::uint8_t> bytes) {
  std::string text;
  for (const std::uint8_t byte : bytes) text += fmt::format(" {:02X}", byte);
  constexpr std::size_t columns = 12 * 3;
  text.resize(std::max(text.size(), columns), ' ');
  return text;
}

}  // namespace

Instruction render_instruction(std::uint64_t address, std::span<const std::uint8_t> bytes,
                               const DisassemblyOptions& options) {
  const ZydisDecoder decoder = make_decoder(options.bits);
  ZydisDecodedInstruction instruction;
  ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
  const bool decoded =
      ZYAN_SUCCESS(ZydisDecoderDecodeFull(&decoder, bytes.data(), bytes.size(), &instruction, operands));
  const std::size_t length = decoded ? instruction.length : 1;
  std::string text = decoded ? format(instruction, operands, address, options) : "??";
  if (decoded && options.rflags)
    if (const auto taken = is_taken(instruction, *options.rflags, options.rcx))
      text += *taken ? " [taken]" : " [not taken]";
  const auto shown = bytes.first(std::min(length, bytes.size()));
  return {fmt::format("{}   {} {}\n", render_address(address), hex_bytes(shown), text), length};
}

std::string render_instructions(std::uint64_t address, std::span<const std::uint8_t> bytes, std::size_t length,
                                const DisassemblyOptions& options) {
  std::string text;
  for (std::size_t at = 0; at < length && at < bytes.size();) {
    if (const auto name = options.name_of ? options.name_of(address + at) : std::nullopt)
      if (at == 0 || name->find('+') == std::string::npos) text += *name + ":\n";
    DisassemblyOptions here = options;
    if (at != 0) here.rflags.reset();  // only the first one is the current instruction
    const Instruction one = render_instruction(address + at, bytes.subspan(at), here);
    text += one.line;
    at += one.length;
  }
  return text;
}

}  // namespace hyperdbg
