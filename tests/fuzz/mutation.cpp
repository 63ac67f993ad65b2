// SPDX-License-Identifier: MIT
#include "tests/fuzz/mutation.hpp"

#include <cctype>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>

#include "script/compiler.hpp"
#include "script/runtime/user_runtime.hpp"
#include "script/testing/disassembly.hpp"
#include "script/testing/script_case.hpp"

namespace hyperdbg::fuzz {

using namespace script;

namespace {

std::string contents(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

// From `at` on, to the end of the word or operator.
std::size_t word_length(const std::string& text, std::size_t at) {
  std::size_t length = 0;
  const auto is_word = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '.'; };
  while (at + length < text.size() && is_word(text[at + length])) ++length;
  return length == 0 ? 1 : length;
}

}  // namespace

std::vector<std::string> read_seeds() {
  std::vector<std::string> texts;
  for (const auto& entry : std::filesystem::directory_iterator(HYPERDBG_SCRIPT_CASES)) {
    if (entry.path().extension() != ".txt") continue;
    for (ScriptCase& one : read_script_cases(entry.path().string())) texts.push_back(std::move(one.script));
  }
  for (const auto& entry : std::filesystem::directory_iterator(HYPERDBG_FUZZ_FOLDER "/seeds"))
    texts.push_back(contents(entry.path()));
  return texts;
}

std::string mutate(std::string text, const std::string& other, std::mt19937_64& random) {
  for (std::uint64_t rounds = 1 + random() % 4; rounds > 0; --rounds) {
    const std::size_t at = random() % (text.size() + 1);
    const std::size_t from = random() % (other.size() + 1);
    switch (random() % 6) {
      case 0:
        text.insert(at, other.substr(from, random() % 40));
        break;
      case 1:
        text.erase(at, random() % 20);
        break;
      case 2:
        text.erase(at, word_length(text, at));
        break;
      case 3:
        text.insert(at, text.substr(at, word_length(text, at)));
        break;
      case 4:
        text.replace(at, word_length(text, at), other.substr(from, word_length(other, from)));
        break;
      default:
        if (at < text.size()) text[at] = static_cast<char>(random() % 8 ? 0x20 + random() % 95 : random());
    }
  }
  return text;
}

std::string try_script(const std::string& text) {
  UserRuntime runtime;
  runtime.fields.fuel = 2000;
  CompileOptions options;
  options.global_slot = [&](std::string_view name) { return runtime.global_slot(name); };
  options.aggregation = [&](const hyperdbg_aggregation& one) { return runtime.aggregation_number(one); };
  options.symbol = [](std::string_view) { return std::optional<std::uint64_t>(0x1000); };
  const auto script = Compiler::load().value()->compile(text, options);
  if (!script) {
    if (script.error().empty()) return "refused without a diagnostic";
    for (const Diagnostic& one : script.error())
      if (one.message.starts_with("Internal Error: ") && !one.message.contains("split the expression"))
        return one.message;
    if (check(text, options).empty() && !script.error()[0].message.contains("of stack"))
      return "check() finds nothing wrong";
    return {};
  }
  if (!check(text, options).empty()) return "compiled, but check() finds something wrong";
  if (!script->uses_vectors && uses_vector_state(script->code())) return "vector registers without floating point";
  if (!runtime.run(*script)) return "cannot be run";
  return {};
}

}  // namespace hyperdbg::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (!hyperdbg::fuzz::try_script(std::string(reinterpret_cast<const char*>(data), size)).empty()) __builtin_trap();
  return 0;
}
