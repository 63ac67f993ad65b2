// SPDX-License-Identifier: MIT
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include "script/compiler.hpp"
#include "script/runtime/user_runtime.hpp"
#include "script/testing/disassembly.hpp"
#include "script/testing/script_case.hpp"

namespace {

using namespace hyperdbg::script;

[[noreturn]] void report(const std::string& text, const char* what) {
  std::fprintf(stderr, "%s\n--\n%s\n", what, text.c_str());
  std::abort();
}

// The process's own memory must stay whole: writes go nowhere.
bool may_run(const std::string& text) {
  for (const char* word : {"eb", "ed", "eq", "*", "$buffer"})
    if (text.find(word) != text.npos) return false;
  return true;
}

void try_script(const std::string& text) {
  UserRuntime runtime;
  runtime.fields.fuel = 2000;
  CompileOptions options;
  options.global_slot = [&](std::string_view name) { return runtime.global_slot(name); };
  options.symbol = [](std::string_view) { return std::optional<std::uint64_t>(0x1000); };
  const auto script = Compiler::load().value()->compile(text, options);
  if (!script) {
    if (script.error().empty()) report(text, "refused without a diagnostic");
    for (const Diagnostic& one : script.error())
      if (one.message.starts_with("Internal Error: ") && one.hint == "please report this script")
        report(text, one.message.c_str());
    return;
  }
  if (!script->uses_vectors && uses_vector_state(script->blob)) report(text, "vector registers");
  if (may_run(text) && !runtime.run(*script)) report(text, "cannot be run");
}

std::vector<std::string> seeds() {
  std::vector<std::string> texts;
  for (const auto& entry : std::filesystem::directory_iterator(HYPERDBG_SCRIPT_CASES)) {
    if (entry.path().extension() != ".txt") continue;
    for (ScriptCase& one : read_script_cases(entry.path().string())) texts.push_back(std::move(one.script));
  }
  return texts;
}

// A piece of another seed put in, a piece cut out, or a character changed.
std::string mutate(std::string text, const std::vector<std::string>& all, std::mt19937& random) {
  for (unsigned rounds = 1 + random() % 4; rounds > 0; --rounds) {
    const std::size_t at = random() % (text.size() + 1);
    const std::string& other = all[random() % all.size()];
    const std::size_t from = random() % (other.size() + 1);
    switch (random() % 3) {
      case 0:
        text.insert(at, other.substr(from, random() % 40));
        break;
      case 1:
        text.erase(at, random() % 20);
        break;
      default:
        if (at < text.size()) text[at] = static_cast<char>(random() % 8 ? 0x20 + random() % 95 : random());
    }
  }
  return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try_script(std::string(reinterpret_cast<const char*>(data), size));
  return 0;
}

int main(int count, char** arguments) {
  const int seconds = count > 1 ? std::atoi(arguments[1]) : 10;
  std::mt19937 random(count > 2 ? static_cast<unsigned>(std::atoi(arguments[2])) : 1u);
  const std::vector<std::string> all = seeds();
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
  unsigned long rounds = 0;
  for (; std::chrono::steady_clock::now() < end; ++rounds) {
    const std::string text = mutate(all[random() % all.size()], all, random);
    LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
  }
  std::printf("%lu scripts\n", rounds);
}
