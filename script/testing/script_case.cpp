// SPDX-License-Identifier: MIT
#include "script/testing/script_case.hpp"

#include <array>
#include <cstring>
#include <fstream>
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

// The debugger's process as the script sees it.
class Stage {
 public:
  Stage() {
    for (std::size_t i = 0; i < buffer_.size(); ++i) buffer_[i] = static_cast<std::uint8_t>(0x10 + i);
    runtime_.lend(buffer_.data(), buffer_.size());
    runtime_.fields.buffer = reinterpret_cast<std::uint64_t>(buffer_.data());
    options_.global_slot = [this](std::string_view name) { return runtime_.global_slot(name); };
    options_.aggregation = [this](const hyperdbg_aggregation& one) { return runtime_.aggregation_number(one); };
    options_.symbol = [](std::string_view name) {
      return name == "vmlinux!known" || name == "ada!b.c.0" ? std::optional(known_symbol) : std::nullopt;
    };
  }

  void set(const ScriptCase::Setting& setting) {
    if (setting.name == "bytes") return set_bytes(setting.value);
    const std::uint64_t value = parse_number(setting.value).value();
    if (setting.name == "fuel") {
      runtime_.fields.fuel = static_cast<std::int64_t>(value);
    } else if (setting.name == "$proc") {
      runtime_.process_object = value;
    } else if (setting.name == "$thread") {
      runtime_.thread_object = value;
    } else if (setting.name[0] == '@') {
      runtime_.registers.at(find_register(setting.name.substr(1)).value().number) = value;
    } else {
      const PseudoName name = find_pseudo_register(setting.name.substr(1)).value();
      std::memcpy(reinterpret_cast<char*>(&runtime_.fields) + name.number, &value, sizeof value);
    }
  }

  std::string aggregates() const { return runtime_.aggregates().render({}); }

  std::string play(const std::string& script) {
    const auto compiler = Compiler::load();
    if (!compiler) return compiler.error();
    const CompileResult compiled = (*compiler)->compile(script, options_);
    if (!compiled) return shown(compiled.error());
    const auto outcome = runtime_.run(*compiled);
    if (!outcome) return outcome.error();
    outcome_ = *outcome;
    return shown(*outcome);
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
    for (std::size_t i = 0; i + 1 < digits.size(); i += 2)
      buffer_.at(i / 2) = static_cast<std::uint8_t>(std::stoul(digits.substr(i, 2), nullptr, 16));
  }

  std::string shown_bytes() const {
    std::ostringstream text;
    for (std::size_t i = 0; i < 16; ++i) text << (i ? " " : "") << hexadecimal(buffer_[i]);
    return text.str();
  }

  static std::string shown(const std::vector<Diagnostic>& diagnostics) {
    std::string text;
    for (const Diagnostic& one : diagnostics) {
      text += std::to_string(one.line) + ":" + std::to_string(one.column) + ": " + one.message + '\n';
      if (!one.hint.empty()) text += "  hint: " + one.hint + '\n';
    }
    return text;
  }

  static std::string shown(const UserRuntime::Outcome& outcome) {
    std::string text = outcome.messages;
    if (!text.empty() && text.back() != '\n') text += "|\n";  // no new-line at the end
    for (const std::uint64_t result : outcome.results) text += "test " + hexadecimal(result) + '\n';
    if (outcome.error != HYPERDBG_SCRIPT_OK) text += "error: " + describe(outcome) + '\n';
    return text;
  }

  UserRuntime runtime_;
  CompileOptions options_;
  UserRuntime::Outcome outcome_;
  std::array<std::uint8_t, 64> buffer_{};
};

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

std::string play(const ScriptCase& one) {
  Stage stage;
  for (const ScriptCase::Setting& setting : one.given) stage.set(setting);
  std::string text = stage.play(one.script);
  text += stage.aggregates();
  for (const std::string& name : one.shown) text += name + " = " + stage.value_of(name) + '\n';
  return text;
}

std::string describe(const UserRuntime::Outcome& outcome) {
  return failure_text(outcome.error, outcome.position, outcome.detail);
}

}  // namespace hyperdbg::script
