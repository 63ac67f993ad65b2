// SPDX-License-Identifier: MIT
#include "assembler/assembler.hpp"

#include <algorithm>
#include <cctype>

#include "abi/version.h"
#include "assembler/mc/module.hpp"
#include "assembler/placeholders.hpp"
#include "script/library.hpp"

namespace hyperdbg::assembler {
namespace {

std::expected<const AssemblerModule*, std::string> load() {
  static const AssemblerModule* loaded = nullptr;
  if (loaded) return loaded;
  const auto library = script::open_library("hyperdbg-assembler.so", "the assembler");
  if (!library) return std::unexpected(library.error());
  const auto entry = reinterpret_cast<AssemblerModuleFunction*>(library->symbol(assembler_module_symbol));
  const AssemblerModule* module = entry ? entry() : nullptr;
  if (!module || std::string_view(module->version) != HYPERDBG_VERSION)
    return std::unexpected("the assembler " + library->path +
                           " belongs to another version of HyperDbg; install both "
                           "from one release");
  return loaded = module;
}

std::string line_of(std::string_view text, std::uint32_t line) {
  for (; line > 1 && !text.empty(); --line) text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
  return std::string(text.substr(0, text.find('\n')));
}

script::Diagnostic diagnostic(std::string_view text, script::Place place, std::string message, std::string hint = {}) {
  return {place.line, place.column, std::move(message), std::move(hint), line_of(text, place.line)};
}

// LLVM names no place for what is found out at the end: where the name stands first.
script::Place place_of_name(std::string_view text, std::string_view message) {
  const auto start = message.find('`'), end = message.rfind('`');
  if (start == std::string_view::npos || end <= start + 1) return {};
  const auto at = text.find(message.substr(start + 1, end - start - 1));
  if (at == std::string_view::npos) return {};
  const auto line_start = text.rfind('\n', at);
  return {static_cast<std::uint32_t>(std::ranges::count(text.substr(0, at), '\n')) + 1,
          static_cast<std::uint32_t>(at - (line_start == std::string_view::npos ? 0 : line_start + 1)) + 1};
}

std::string_view hint_for(std::string_view message, std::string_view statement) {
  if (message.starts_with("invalid operand") && (statement.starts_with('j') || statement.starts_with("call")))
    return "to an address only through a register: mov rax, ADDRESS; call rax";
  if (message.starts_with("there is no label"))
    return "a symbol of the kernel is written in angle brackets: mov rax, <vmlinux!name>";
  if (message.find("invalid instruction mnemonic") != std::string_view::npos)
    return "statements are in Intel syntax and separated by `;`";
  return {};
}

}  // namespace

AssembleResult assemble(std::string_view text, const AddressOf& address_of) {
  const Filled filled = fill_placeholders(text, address_of);
  std::vector<script::Diagnostic> mistakes;
  for (const auto& [place, name] : filled.unknown)
    mistakes.push_back(diagnostic(text, place, "couldn't resolve the address of `" + name + "`",
                                  "`x " + name + "*` searches the symbols"));
  if (!mistakes.empty()) return std::unexpected(std::move(mistakes));
  const auto module = load();
  if (!module) return std::unexpected(std::vector{diagnostic(text, {}, module.error())});
  Assembled assembled = (*module)->assemble(filled.text);
  for (const Message& error : assembled.errors) {
    const script::Place place =
        error.line == 0 ? place_of_name(text, error.text) : filled.original({error.line, std::max(error.column, 1u)});
    script::Diagnostic mistake = diagnostic(text, place, error.text);
    mistake.hint =
        hint_for(error.text, std::string_view(mistake.source_line)
                                 .substr(std::min<std::size_t>(place.column - 1, mistake.source_line.size())));
    mistakes.push_back(std::move(mistake));
  }
  if (mistakes.empty() && assembled.bytes.empty())
    mistakes.push_back(diagnostic(text, {}, "there is no instruction here", "for example: nop"));
  if (!mistakes.empty()) return std::unexpected(std::move(mistakes));
  return std::move(assembled.bytes);
}

}  // namespace hyperdbg::assembler
