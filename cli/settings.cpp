// SPDX-License-Identifier: MIT
#include "cli/settings.hpp"

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>

#include "session/number.hpp"
#include "session/tokens.hpp"

namespace hyperdbg {
namespace {

std::string state_word(bool on) {
  return on ? "enabled" : "disabled";
}

template <bool Settings::*Member>
bool set_switch(Settings& settings, std::string_view value) {
  const bool on = value == "on" || value == "enabled";
  if (!on && value != "off" && value != "disabled") return false;
  settings.*Member = on;
  return true;
}

template <bool Settings::*Member>
constexpr Setting make_switch(std::string_view name, std::string_view subject, std::string_view is) {
  return {name,
          subject,
          is,
          "on|off",
          [](const Settings& settings) { return state_word(settings.*Member); },
          set_switch<Member>};
}

std::string get_syntax(const Settings& settings) {
  return settings.syntax == Syntax::intel ? "intel" : settings.syntax == Syntax::att ? "at&t" : "masm";
}

bool set_syntax(Settings& settings, std::string_view value) {
  if (value == "intel") {
    settings.syntax = Syntax::intel;
  } else if (value == "att" || value == "at&t") {
    settings.syntax = Syntax::att;
  } else if (value == "masm") {
    settings.syntax = Syntax::masm;
  } else {
    return false;
  }
  return true;
}

std::string get_fuel(const Settings& settings) {
  return fmt::format("{0:x} (0n{0})", settings.fuel);
}

bool set_fuel(Settings& settings, std::string_view value) {
  const auto operations = parse_number(value.substr(0, value.find(' ')));
  if (!operations || *operations == 0 || *operations >> 63 != 0) return false;
  settings.fuel = *operations;
  return true;
}

constexpr Setting rows[] = {
    make_switch<&Settings::auto_flush>("autoflush", "auto-flush", "auto-flush is "),
    make_switch<&Settings::auto_unpause>("autounpause", "auto-unpause", "auto-unpause is "),
    {"syntax", "syntax", "disassembler syntax is : ", "intel|att|masm", get_syntax, set_syntax},
    make_switch<&Settings::address_conversion>("addressconversion", "address conversion", "address conversion is "),
    {"fuel", "fuel", "fuel of a script is ", "a number from 1 to 7fffffffffffffff, hexadecimal", get_fuel, set_fuel},
};

}  // namespace

std::span<const Setting> all_settings() {
  return rows;
}

std::filesystem::path settings_path() {
  if (const char* config = std::getenv("XDG_CONFIG_HOME"); config != nullptr && *config != '\0')
    return std::filesystem::path(config) / "hyperdbg/settings.json";
  const char* home = std::getenv("HOME");
  return std::filesystem::path(home == nullptr ? "/root" : home) / ".config/hyperdbg/settings.json";
}

void load_settings(Settings& settings, const std::filesystem::path& path) {
  std::ifstream file(path);
  const auto json = nlohmann::json::parse(file, nullptr, false);
  if (!json.is_object()) return;
  for (const Setting& row : rows)
    if (const auto value = json.find(row.name); value != json.end() && value->is_string())
      row.set(settings, to_lower(value->get<std::string>()));
}

Expected<void> save_settings(const Settings& settings, const std::filesystem::path& path) {
  std::error_code error;
  std::filesystem::create_directories(path.parent_path(), error);
  nlohmann::ordered_json json;
  for (const Setting& row : rows) json[std::string(row.name)] = row.get(settings);
  std::ofstream file(path);
  if (!(file << json.dump(2) << "\n")) return fail("err, the settings cannot be saved in '{}'", path.string());
  return {};
}

}  // namespace hyperdbg
