// SPDX-License-Identifier: MIT
#pragma once
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "session/error.hpp"

namespace hyperdbg::lab {

// bare: a guest without debugger and hypervisor, for controls and for files that load it themselves.
enum class Mode { debugger, vmi, bare };

struct Skip {
  std::string where;  // a backend or a kernel
  std::string reason;
  bool operator==(const Skip&) const = default;
};

// What a machine must be like for a file. Files with equal machines share a boot.
struct MachineNeeds {
  Mode mode = Mode::debugger;
  unsigned cpus = 1;
  std::vector<std::filesystem::path> copies;  // absolute, or relative to the current directory
  std::vector<std::string> parameters;
  bool operator==(const MachineNeeds&) const = default;
};

enum class StepKind { type, shell, expect, reject, count, figure, interrupt, pause };

struct Step {
  StepKind kind;
  unsigned line = 0;   // where it starts in the file
  std::string text;    // command or regular expression
  unsigned count = 0;  // of StepKind::count
  double seconds = 0;  // of StepKind::pause
};

// `@ NAME ID OP VALUE`, taken apart when it is played, because captures may stand in it.
struct Figure {
  std::string name;
  bool all = false;  // of the machine, not of one event
  unsigned long id = 0;
  std::string comparison;
  unsigned long long value = 0;
};

// How a machine is left by a file that ruins it on purpose. Such a file has the machine to itself.
enum class Ending {
  none,
  stopped,  // the emulator still runs: halted in the debugger, panicked, or stopped by the hypervisor
  gone,     // powered off or reset
};

struct Scenario {
  std::filesystem::path file;
  MachineNeeds needs;
  double timeout = 20;
  Ending ending = Ending::none;
  std::string last_words;  // regular expression, for a line of any source
  std::vector<Skip> skips;
  std::vector<Step> steps;
};

// cpus: for files that do not say how many they need.
Expected<Scenario> parse_scenario(std::string_view text, const std::filesystem::path& file, unsigned cpus);
Expected<Scenario> read_scenario(const std::filesystem::path& file, unsigned cpus);
Expected<Figure> parse_figure(std::string_view text);
// Braces that are still open, not counting those in strings and comments.
int open_braces(std::string_view text);

}  // namespace hyperdbg::lab
