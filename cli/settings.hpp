// SPDX-License-Identifier: MIT
#pragma once
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include "abi/limits.h"
#include "cli/render/disassembly.hpp"
#include "session/error.hpp"

namespace hyperdbg {

struct Settings {
  Syntax syntax = Syntax::intel;
  bool address_conversion = true;
  bool auto_flush = false;                    // VMI Mode: `flush` after each change of events
  bool auto_unpause = true;                   // VMI Mode: a new event ends a `pause`
  std::uint64_t fuel = HYPERDBG_SCRIPT_FUEL;  // of scripts and events made from now on
};

// One option, as the `settings` command and the file of settings know it.
struct Setting {
  std::string_view name;
  std::string_view subject;  // in "set SUBJECT to VALUE"
  std::string_view is;       // before the value when it is shown
  std::string_view values;
  std::string (*get)(const Settings&);
  bool (*set)(Settings&, std::string_view value);  // false: no such value
};
std::span<const Setting> all_settings();

// $XDG_CONFIG_HOME/hyperdbg/settings.json. What is not there, or makes no sense, keeps its default.
std::filesystem::path settings_path();
void load_settings(Settings& settings, const std::filesystem::path& path);
Expected<void> save_settings(const Settings& settings, const std::filesystem::path& path);

}  // namespace hyperdbg
