// SPDX-License-Identifier: MIT
#include "cli/completion.hpp"

#include <algorithm>

#include "cli/command.hpp"
#include "session/event_kinds.hpp"
#include "session/registers.hpp"

namespace hyperdbg {
namespace {

constexpr std::size_t most_symbols = 200;

void add(std::vector<std::string>& words, std::string_view word, std::string_view prefix) {
  if (word.starts_with(prefix)) words.emplace_back(word);
}

void add_commands(std::vector<std::string>& words, std::string_view prefix) {
  for (const Command* command : all_commands()) add(words, command->name, prefix);
}

void add_registers(std::vector<std::string>& words, std::string_view prefix) {
  for (const RegisterName& name : all_register_names()) add(words, "@" + std::string(name.name), prefix);
}

}  // namespace

std::string_view last_word(std::string_view line) {
  const auto end = line.find_last_of(" \t{(+-=");
  return end == std::string_view::npos ? line : line.substr(end + 1);
}

std::string common_prefix(const std::vector<std::string>& words) {
  if (words.empty()) return {};
  std::string common = words[0];
  for (const std::string& word : words) {
    const auto difference = std::ranges::mismatch(common, word);
    common.erase(difference.in1, common.end());
  }
  return common;
}

std::vector<std::string> complete(std::string_view line, const SymbolTable& symbols) {
  const std::string_view word = last_word(line);
  std::vector<std::string> words;
  const Tokens tokens = split_tokens(line);
  const bool first = tokens.empty() || (tokens.size() == 1 && !word.empty());
  if (first ||
      (!tokens.empty() && find_command(tokens[0].text) != nullptr && find_command(tokens[0].text)->name == "help"))
    add_commands(words, word);
  if (!first && find_event_kind(tokens[0].text) != nullptr)
    for (const char* keyword :
         {"pid", "core", "imm", "sc", "stage", "buffer", "condition", "code", "asm", "script", "output"})
      add(words, keyword, word);
  if (!first && word.starts_with('@')) add_registers(words, word);
  if (!first && !word.empty() && words.empty()) words = symbols.complete(word, most_symbols);
  std::ranges::sort(words);
  return words;
}

}  // namespace hyperdbg
