// SPDX-License-Identifier: MIT
#include "script/testing/script_case.hpp"

#include <sys/mman.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <span>
#include <sstream>
#include <stdexcept>

#include "script/compiler.hpp"
#include "script/runtime/failure.hpp"
#include "script/runtime/format.hpp"
#include "script/runtime/user_runtime.hpp"
#include "script/syntax/number.hpp"
#include "script/syntax/registers.hpp"

namespace hyperdbg::script {
namespace {

constexpr std::uint64_t known_symbol = 0xffffffff81000000;

std::string hexadecimal(std::uint64_t value) {
  return format_message("%llx", std::array{FormatArgument{value, {}}});
}

ScriptCase::Setting parse_setting(const std::string& line) {
  std::istringstream words(line);
  ScriptCase::Setting setting;
  std::string equals;
  words >> setting.name >> equals >> setting.value;
  if (equals != "=") throw std::runtime_error("given NAME = VALUE: " + line);
  return setting;
}

void parse_head(ScriptCase& one, const std::string& line) {
  std::istringstream words(line);
  std::string verb;
  words >> verb;
  if (verb == "given") {
    one.given.push_back(parse_setting(line.substr(6)));
  } else if (verb == "show") {
    for (std::string name; words >> name;) one.shown.push_back(name);
  } else if (!verb.empty() && verb[0] != '#') {
    throw std::runtime_error("no such line in the head of a case: " + line);
  }
}

// A page at an address that is the same in every run, so that cases can show it.
struct FixedPage {
  static constexpr std::uintptr_t address = 0x10000000;
  static constexpr std::size_t size = 4096;
  FixedPage()
      : bytes(static_cast<std::uint8_t*>(mmap(reinterpret_cast<void*>(address), size, PROT_READ | PROT_WRITE,
                                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0))) {
    if (bytes != reinterpret_cast<void*>(address)) throw std::runtime_error("the page of the buffer is taken");
  }
  ~FixedPage() { munmap(bytes, size); }
  FixedPage(const FixedPage&) = delete;
  FixedPage& operator=(const FixedPage&) = delete;

  std::uint8_t* bytes;
};

// The debugger's process as the script sees it.
class Stage {
 public:
  Stage() {
    for (std::size_t i = 0; i < buffer_.size(); ++i) buffer_[i] = static_cast<std::uint8_t>(0x10 + i);
    runtime_.lend(buffer_.data(), buffer_.size());
    options_.folder = HYPERDBG_SCRIPT_CASES;
    runtime_.registers[HYPERDBG_RSP] = runtime_.scratch_address();
    runtime_.fields.buffer = reinterpret_cast<std::uint64_t>(buffer_.data());
    options_.global_slot = [this](std::string_view name) { return runtime_.global_slot(name); };
    options_.aggregation = [this](const hyperdbg_aggregation& one) { return runtime_.aggregation_number(one); };
    options_.symbol = [](std::string_view name) {
      return name == "vmlinux!known" || name == "ada!b.c.0" ? std::optional(known_symbol) : std::nullopt;
    };
  }

  void set(const ScriptCase::Setting& setting) {
    if (setting.name == "bytes") return set_bytes(setting.value);
    if (setting.name == "runs") return void(runs_ = std::stoul(setting.value));
    const std::uint64_t value = parse_number(setting.value).value();
    if (setting.name == "fuel") {
      runtime_.fields.fuel = static_cast<std::int64_t>(value);
    } else if (!runtime_.set(setting.name, value)) {
      throw std::runtime_error("nothing is named " + setting.name);
    }
  }

  std::string aggregates() const { return runtime_.aggregates().render({}); }

  Played play(const std::string& script) {
    const auto compiler = Compiler::load();
    if (!compiler) throw std::runtime_error(compiler.error());
    CompileResult compiled = (*compiler)->compile(script, options_);
    if (!compiled)
      return Played{.diagnostics = std::move(compiled.error()), .outcome = {}, .shown = {}, .aggregates = {}};
    std::string messages;
    for (std::size_t i = 0; i < runs_; ++i) {
      auto outcome = runtime_.run(*compiled);
      if (!outcome) throw std::runtime_error(outcome.error());
      outcome_ = std::move(*outcome);
      messages += outcome_.messages;
    }
    outcome_.messages = std::move(messages);
    return Played{.diagnostics = {}, .outcome = outcome_, .shown = {}, .aggregates = {}};
  }

  std::string value_of(const std::string& name) const {
    if (name == "bytes") return shown_bytes();
    if (name == "fuel") return std::to_string(outcome_.fuel_used);
    if (name == "sc") return std::to_string(outcome_.short_circuit);
    if (name[0] == '.') return hexadecimal(runtime_.global(name.substr(1)));
    return hexadecimal(runtime_.registers.at(find_register(name.substr(1)).value().number));
  }

 private:
  void set_bytes(const std::string& digits) {
    if (digits.size() > 2 * buffer_.size()) throw std::runtime_error("too many bytes: " + digits);
    for (std::size_t i = 0; i + 1 < digits.size(); i += 2)
      buffer_[i / 2] = static_cast<std::uint8_t>(std::stoul(digits.substr(i, 2), nullptr, 16));
  }

  std::string shown_bytes() const {
    std::ostringstream text;
    for (std::size_t i = 0; i < 16; ++i) text << (i ? " " : "") << hexadecimal(buffer_[i]);
    return text.str();
  }

  UserRuntime runtime_;
  CompileOptions options_;
  UserRuntime::Outcome outcome_;
  FixedPage page_;
  std::span<std::uint8_t, 64> buffer_{page_.bytes, 64};
  std::size_t runs_ = 1;
};

std::string file_of(const Diagnostic& one) {
  return one.file.empty() ? "" : " of " + std::filesystem::path(one.file).filename().string();
}

std::string text_of(const std::vector<Diagnostic>& diagnostics) {
  std::string text;
  for (const Diagnostic& one : diagnostics) {
    text += std::to_string(one.line) + ":" + std::to_string(one.column) + file_of(one) + ": " + one.message + '\n';
    if (!one.hint.empty()) text += "  hint: " + one.hint + '\n';
  }
  return text;
}

std::string text_of(const UserRuntime::Outcome& outcome) {
  std::string text = outcome.messages;
  if (!text.empty() && text.back() != '\n') text += "|\n";  // no new-line at the end
  for (const std::uint64_t result : outcome.results) text += "test " + hexadecimal(result) + '\n';
  if (outcome.error != HYPERDBG_SCRIPT_OK) text += "error: " + describe(outcome) + '\n';
  return text;
}

}  // namespace

std::vector<ScriptCase> read_script_cases(std::string_view path) {
  std::ifstream file{std::string(path)};
  if (!file) throw std::runtime_error("cannot open " + std::string(path));
  std::vector<ScriptCase> cases;
  int part = 0;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("== ")) {
      cases.emplace_back().name = line.substr(3);
      part = 0;
    } else if (cases.empty()) {
      continue;  // a remark before the first case
    } else if (line == "--") {
      ++part;
    } else if (part == 0) {
      parse_head(cases.back(), line);
    } else if (part == 1) {
      cases.back().script += line + '\n';
    } else if (!line.empty()) {
      cases.back().expected += line + '\n';
    }
  }
  return cases;
}

Played play(const ScriptCase& one) {
  Stage stage;
  for (const ScriptCase::Setting& setting : one.given) stage.set(setting);
  Played played = stage.play(one.script);
  for (const std::string& name : one.shown) played.shown.push_back(name + " = " + stage.value_of(name));
  played.aggregates = stage.aggregates();
  return played;
}

std::string played_text(const ScriptCase& one) {
  const Played played = play(one);
  std::string text = played.diagnostics.empty() ? text_of(played.outcome) : text_of(played.diagnostics);
  text += played.aggregates;
  for (const std::string& line : played.shown) text += line + '\n';
  return text;
}

std::string describe(const UserRuntime::Outcome& outcome) {
  return failure_text(outcome.error, outcome.position, outcome.detail);
}

}  // namespace hyperdbg::script
