// SPDX-License-Identifier: MIT
#pragma once
#include <memory>
#include <optional>
#include <string>

#include "lab/emulator.hpp"
#include "lab/files.hpp"
#include "lab/machine.hpp"
#include "lab/process.hpp"
#include "lab/scenario.hpp"

namespace hyperdbg::lab {

// Takes the prompt off a debugger's open line. Answers how much of the line is not prompt.
std::size_t before_prompt(std::string_view line);

// The real machine: an emulator, its console and shell lines, and a debugger on the host or in the guest.
class Guest final : public Machine {
 public:
  // Starts the emulator and waits until the guest's shell answers.
  static Expected<std::unique_ptr<Guest>> boot(const Files& files, const MachineNeeds& needs,
                                               const EmulatorOptions& options, Milliseconds patience);

  // Module loaded, hypervisor beneath, debugger at its prompt: halted in Debugger Mode.
  Expected<void> attach_debugger();
  // The way back: events gone, guest running, module out, debugger ended. An error means that only a new boot helps.
  Expected<void> detach_debugger();
  // Runs a command of the lab's own in the guest and answers what it printed; the transcript does not see it.
  Expected<std::string> ask_guest(std::string_view command, Milliseconds patience);

  Expected<void> type(std::string_view command) override;
  Expected<void> interrupt() override;
  Expected<void> run_in_guest(std::string_view command) override;
  void wait(Milliseconds time) override;
  Time now() const override { return std::chrono::steady_clock::now(); }
  Output& output() override { return output_; }
  unsigned prompts() const override { return prompts_; }
  bool halted() const override { return halted_; }
  bool shell_busy() const override { return shell_pending_ > 0; }
  std::optional<std::string> broken() const override { return broken_; }
  void expect_end() override { end_expected_ = true; }
  bool gone() const override { return !emulator_->running(); }

  // For a person's terminal: the socket itself, or let go of it so that another program may connect.
  int shell_descriptor() const { return shell_.get(); }
  // The channel becomes a login shell for a person; the lab's own commands end with that.
  Expected<void> give_shell_away();
  void release_shell() { shell_ = Descriptor(); }
  Emulator& emulator() { return *emulator_; }
  const std::string& debugger_traffic() const { return traffic_; }
  const std::string& console_text() const { return console_text_; }

 private:
  Guest(const Files& files, const MachineNeeds& needs) : files_(files), needs_(needs) {}

  Expected<void> connect(Milliseconds patience);
  Expected<void> start_host_debugger();
  Expected<void> start_guest_debugger();
  Expected<void> command(std::string_view text, Milliseconds patience);
  bool wait_until(Milliseconds patience, const std::function<bool()>& done);
  bool read_from(int descriptor, const std::function<void(std::string_view)>& take);
  void take_console(std::string_view bytes);
  void take_shell(std::string_view bytes);
  void take_debugger(std::string_view bytes);
  void take_prompt();
  void collect(Milliseconds time);
  void look_for_trouble();
  void break_down(std::string why);
  int debugger_input() const;
  int debugger_output() const;

  Files files_;
  MachineNeeds needs_;
  std::unique_ptr<Emulator> emulator_;
  Descriptor console_, shell_, line_;
  std::optional<Process> debugger_;
  Output output_;
  std::string traffic_, console_text_;
  std::size_t console_checked_ = 0;
  unsigned prompts_ = 0;
  bool halted_ = false;
  bool debugger_may_end_ = false;
  bool end_expected_ = false;
  int shell_pending_ = 1;  // end markers that have not come: one is for the start
  bool in_marker_ = false;
  std::string marker_;
  int last_status_ = 0;
  std::optional<std::string> broken_;
};

}  // namespace hyperdbg::lab
