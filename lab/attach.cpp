// SPDX-License-Identifier: MIT
// How a debugger gets onto the guest before a file and off it afterwards.
#include "lab/guest.hpp"

namespace hyperdbg::lab {
namespace {

constexpr Milliseconds patience{60000};

}  // namespace

// A line of the lab's own at the prompt, which the transcript does not show.
Expected<void> Guest::command(std::string_view text, Milliseconds time) {
  const unsigned before = prompts_;
  TRY_EXPECTED(type(text));
  if (!wait_until(time, [&] { return prompts_ > before; })) {
    return fail("the debugger does not come back after `{}`{}", text, broken_ ? ": " + *broken_ : "");
  }
  return {};
}

Expected<void> Guest::attach_debugger() {
  if (needs_.mode == Mode::bare) return {};
  TRY_EXPECTED(ask_guest("[ -d /sys/module/hyperdbg ] || insmod /lib/modules/hyperdbg.ko", patience));
  prompts_ = 0;
  halted_ = false;
  output_.hide(Source::debugger, true);
  auto started = needs_.mode == Mode::vmi ? start_guest_debugger() : start_host_debugger();
  output_.close(Source::debugger);
  output_.hide(Source::debugger, false);
  if (started) return {};
  return fail("{}\n{}", started.error().message, traffic_);
}

Expected<void> Guest::start_host_debugger() {
  ProcessOptions options;
  options.arguments = {files_.program("hyperdbg"), "--machine"};
  options.environment = {"HYPERDBG_SYMBOLS=" + files_.symbols().string()};
  options.pipes = true;
  debugger_may_end_ = false;
  debugger_ = TRY_EXPECTED(Process::start(options));
  if (!wait_until(patience, [this] { return prompts_ > 0; })) return fail("the debugger shows no prompt");
  TRY_EXPECTED(ask_guest("hyperdbg --script /etc/hyperdbg/prepare.ds 2>&1 </dev/null", patience));
  TRY_EXPECTED(command(".debug remote unix " + emulator_->debugger_socket() + " pause", patience));
  if (!wait_until(patience, [this] { return halted_; })) return fail("the debuggee does not halt at its start");
  return {};
}

Expected<void> Guest::start_guest_debugger() {
  // In a subshell, so that it is none of the shell's jobs: those are ended after each file.
  TRY_EXPECTED(
      ask_guest("stty -F /dev/ttyS1 raw -echo; (setsid hyperdbg --machine </dev/ttyS1 >/dev/ttyS1 2>&1 &)", patience));
  if (!wait_until(patience, [this] { return prompts_ > 0; })) return fail("the debugger in the guest shows no prompt");
  TRY_EXPECTED(command(".connect local", patience));
  TRY_EXPECTED(command("load vmm", patience));
  return {};
}

Expected<void> Guest::detach_debugger() {
  if (broken_) return fail("{}", *broken_);
  if (needs_.mode == Mode::bare) {
    TRY_EXPECTED(ask_guest("kill $(jobs -p) 2>/dev/null; wait; cd /root; rm -f /go /tmp/go go", patience));
    return {};
  }
  output_.hide(Source::debugger, true);
  if (needs_.mode == Mode::vmi) {
    TRY_EXPECTED(command("unload vmm", patience));
  } else {
    if (!halted_) {
      TRY_EXPECTED(interrupt());
      if (!wait_until(patience, [this] { return halted_; })) return fail("the debuggee does not halt");
    }
    TRY_EXPECTED(command("events c all", patience));
    TRY_EXPECTED(command("g", patience));
  }
  debugger_may_end_ = true;
  TRY_EXPECTED(
      ask_guest("kill $(jobs -p) 2>/dev/null; wait; cd /root; rm -f /go /tmp/go go; rmmod hyperdbg", patience));
  TRY_EXPECTED(type("exit"));
  if (debugger_) {
    wait_until(Milliseconds(2000), [this] { return debugger_->status().has_value(); });
    debugger_.reset();
  }
  wait(Milliseconds(100));
  output_.close(Source::debugger);
  output_.hide(Source::debugger, false);
  halted_ = false;
  return {};
}

}  // namespace hyperdbg::lab
