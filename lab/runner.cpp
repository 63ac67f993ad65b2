// SPDX-License-Identifier: MIT
#include "lab/runner.hpp"

#include <stdio.h>
#include <time.h>

#include <fstream>
#include <optional>

#include "lab/guest.hpp"
#include "lab/player.hpp"
#include "lab/symbols.hpp"

namespace hyperdbg::lab {
namespace {

namespace fs = std::filesystem;

enum class Outcome { held, failed, skipped, no_machine };

struct Result {
  std::string file;
  Outcome outcome;
  std::string why;
};

const char* name_of(Source source) {
  switch (source) {
    case Source::debugger:
      return "debugger";
    case Source::guest:
      return "guest";
    case Source::console:
      return "console";
    case Source::lab:
      break;
  }
  return "lab";
}

// What is printed while a file is played, and kept for its log.
class Transcript {
 public:
  void typed(const std::string& line) { add(line); }
  void came_back(const OutputLine& line) { add(fmt::format("  {:<8} | {}", name_of(line.source), line.text)); }
  std::string take() { return std::exchange(text_, ""); }

 private:
  void add(const std::string& line) {
    fmt::print("{}\n", line);
    fflush(stdout);
    text_ += line + "\n";
  }
  std::string text_;
};

class Runner {
 public:
  Runner(const Files& files, const RunOptions& options) : files_(files), options_(options) {}

  int run(const std::vector<fs::path>& paths) {
    for (const fs::path& path : paths) read(path);
    // Files with equal needs share a boot, wherever they stand in the list.
    while (!scenarios_.empty()) {
      const MachineNeeds needs = scenarios_.front().needs;
      for (auto scenario = scenarios_.begin(); scenario != scenarios_.end();) {
        if (scenario->needs != needs) {
          scenario++;
          continue;
        }
        play(*scenario);
        scenario = scenarios_.erase(scenario);
      }
      guest_.reset();
    }
    return summary();
  }

 private:
  void read(const fs::path& path) {
    auto scenario = read_scenario(path, options_.cpus);
    if (!scenario) return add(path, Outcome::failed, scenario.error().message);
    for (const Skip& skip : scenario->skips) {
      if (skip.where == options_.backend || skip.where == options_.emulator_word || skip.where == options_.kernel) {
        return add(path, Outcome::skipped, skip.reason);
      }
    }
    std::vector<std::string>& parameters = scenario->needs.parameters;
    parameters.insert(parameters.begin(), options_.parameters.begin(),
                      options_.parameters.end());  // the file's own win
    scenarios_.push_back(std::move(*scenario));
  }

  void add(const fs::path& path, Outcome outcome, const std::string& why) {
    static const char* words[] = {"held", "FAILED", "skipped", "NO MACHINE"};
    results_.push_back({path.string(), outcome, why});
    fmt::print("{}: {}{}{}\n", words[static_cast<int>(outcome)], path.string(), why.empty() ? "" : ": ", why);
    fflush(stdout);
  }

  Expected<void> boot(const Scenario& scenario) {
    say(fmt::format("booting {} in {} with {} CPU{}", files_.release, name_of(options_.emulator.kind),
                    scenario.needs.cpus, scenario.needs.cpus > 1 ? "s" : ""));
    guest_ = TRY_EXPECTED(boot_with_symbols(files_, scenario.needs, options_.emulator, options_.boot_patience()));
    guest_->output().set_listener([this](const OutputLine& line) { transcript_.came_back(line); });
    return {};
  }

  // A machine that is there but does not take the debugger may be what the file before left: a new one is tried once.
  Expected<void> prepare(const Scenario& scenario) {
    if (scenario.ending != Ending::none) guest_.reset();
    const bool fresh = !guest_;
    if (fresh) TRY_EXPECTED(boot(scenario));
    auto attached = guest_->attach_debugger();
    if (!attached && !fresh) {
      guest_.reset();
      TRY_EXPECTED(boot(scenario));
      attached = guest_->attach_debugger();
    }
    return attached;
  }

  void play(const Scenario& scenario) {
    fmt::print("=== {}\n", scenario.file.string());
    if (auto prepared = prepare(scenario); !prepared) {
      add(scenario.file, Outcome::no_machine, prepared.error().message);
      write_log(scenario);
      guest_.reset();
      return;
    }
    Player player(*guest_, scenario, options_.timeout_factor,
                  [this](const std::string& line) { transcript_.typed(line); });
    const auto played = player.play();
    std::string why;
    if (!played)
      why = fmt::format("{}:{}: {}", scenario.file.string(), played.error().line, explain(scenario, played.error()));
    const bool ended = scenario.ending != Ending::none;
    auto detached = ended ? Expected<void>(fail("it has ended")) : guest_->detach_debugger();
    if (!detached && !ended && played)
      why = fmt::format("the machine cannot be used afterwards: {}", detached.error().message);
    add(scenario.file, why.empty() ? Outcome::held : Outcome::failed, why);
    write_log(scenario);
    // What a bare file did not come to undo, nobody else does.
    if (!detached || (!played && scenario.needs.mode == Mode::bare)) guest_.reset();
  }

  static std::string explain(const Scenario& scenario, const Failure& failure) {
    static const char* firsts[] = {">", "$", "=", "!", "*", "@", "", "~"};
    for (const Step& step : scenario.steps) {
      if (step.line != failure.line) continue;
      const std::string count = step.kind == StepKind::count ? std::to_string(step.count) : "";
      return fmt::format("`{}{} {}`: {}", firsts[static_cast<int>(step.kind)], count, step.text, failure.why);
    }
    return failure.why;
  }

  void write_log(const Scenario& scenario) {
    const std::string transcript = transcript_.take();
    if (options_.log.empty()) return;
    fs::create_directories(options_.log);
    const fs::path base = options_.log / fmt::format("{}-{}cpu", scenario.file.stem().string(), scenario.needs.cpus);
    std::ofstream(base.string() + ".transcript.txt") << transcript;
    if (!guest_) return;
    std::ofstream(base.string() + ".console.txt") << guest_->console_text();
    std::ofstream(base.string() + ".debugger.txt") << guest_->debugger_traffic();
  }

  int summary() const {
    int held = 0, failed = 0, skipped = 0, no_machine = 0;
    for (const Result& result : results_) {
      held += result.outcome == Outcome::held;
      failed += result.outcome == Outcome::failed;
      skipped += result.outcome == Outcome::skipped;
      no_machine += result.outcome == Outcome::no_machine;
    }
    fmt::print("--- {} held, {} failed, {} skipped, {} without a machine\n", held, failed, skipped, no_machine);
    for (const Result& result : results_) {
      if (result.outcome == Outcome::failed || result.outcome == Outcome::no_machine) {
        fmt::print("{}: {}\n", result.outcome == Outcome::failed ? "FAILED" : "NO MACHINE", result.why);
      }
    }
    return no_machine > 0 ? 2 : failed > 0 ? 1 : 0;
  }

  const Files& files_;
  const RunOptions& options_;
  std::vector<Scenario> scenarios_;
  std::vector<Result> results_;
  Transcript transcript_;
  std::unique_ptr<Guest> guest_;
};

}  // namespace

void say(const std::string& text) {
  const std::time_t now = std::time(nullptr);
  char clock[16];
  strftime(clock, sizeof(clock), "%H:%M:%S", std::localtime(&now));
  fmt::print(stderr, "[{}] {}\n", clock, text);
}

int run_scenarios(const Files& files, const RunOptions& options, const std::vector<fs::path>& scenarios) {
  return Runner(files, options).run(scenarios);
}

}  // namespace hyperdbg::lab
