// SPDX-License-Identifier: MIT
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>

namespace hyperdbg {

enum class Syntax { intel, att, masm };

// "vmlinux!name+0x5"; empty function: addresses stay numbers.
using NameOf = std::function<std::optional<std::string>(std::uint64_t)>;

struct DisassemblyOptions {
  unsigned bits = 64;
  Syntax syntax = Syntax::intel;
  NameOf name_of;
  // Of the current instruction: a conditional jump then says whether it will be taken.
  std::optional<std::uint64_t> rflags;
  std::optional<std::uint64_t> rcx;
};

struct Instruction {
  std::string line;    // address, bytes, text
  std::size_t length;  // bytes; at least 1
};

// One line; bytes that are no instruction show as "??" with one byte.
Instruction render_instruction(std::uint64_t address, std::span<const std::uint8_t> bytes,
                               const DisassemblyOptions& options);

// Lines for all instructions that begin in the first `length` of `bytes`, with labels.
std::string render_instructions(std::uint64_t address, std::span<const std::uint8_t> bytes, std::size_t length,
                                const DisassemblyOptions& options);

}  // namespace hyperdbg
