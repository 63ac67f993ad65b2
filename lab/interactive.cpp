// SPDX-License-Identifier: MIT
#include <signal.h>
#include <unistd.h>

#include <fstream>

#include "lab/guest.hpp"
#include "lab/runner.hpp"
#include "lab/symbols.hpp"
#include "lab/terminal.hpp"

namespace hyperdbg::lab {
namespace {

namespace fs = std::filesystem;

constexpr Milliseconds patience{90000};

// Where a second terminal finds the shell of the running lab.
fs::path shell_pointer(const Files& files) {
  return files.root / ".lab/shell";
}

Expected<std::unique_ptr<Guest>> boot(const Files& files, const RunOptions& options, Mode mode) {
  MachineNeeds needs;
  needs.mode = mode;
  needs.cpus = options.cpus;
  needs.parameters = options.parameters;
  say(fmt::format("booting Debian's {} in {} with {} CPU{}", files.release, name_of(options.emulator.kind), needs.cpus,
                  needs.cpus > 1 ? "s" : ""));
  return boot_with_symbols(files, needs, options.emulator, options.boot_patience());
}

int report(const Error& error) {
  fmt::print(stderr, "error: {}\n", error.message);
  return 2;
}

Expected<int> debugger_session(const Files& files, const RunOptions& options) {
  auto guest = TRY_EXPECTED(boot(files, options, Mode::debugger));
  say("loading the hypervisor beneath it; the debugger attaches over the serial line");
  say("a shell of the guest: ./run --shell in a second terminal (it answers while the guest runs: g)");
  TRY_EXPECTED(guest->ask_guest("insmod /lib/modules/hyperdbg.ko", patience));
  TRY_EXPECTED(guest->ask_guest("hyperdbg --script /etc/hyperdbg/prepare.ds 2>&1 </dev/null", patience));
  TRY_EXPECTED(guest->give_shell_away());
  guest->release_shell();
  std::ofstream(shell_pointer(files)) << guest->emulator().shell_socket();
  // Ctrl+C is the debugger's: it halts the debuggee. The lab itself and the emulator must not die of it.
  signal(SIGINT, SIG_IGN);
  ProcessOptions debugger;
  debugger.arguments = {files.program("hyperdbg"), "--command",
                        ".debug remote unix " + guest->emulator().debugger_socket() + " pause"};
  debugger.environment = {"HYPERDBG_SYMBOLS=" + files.symbols().string()};
  Process process = TRY_EXPECTED(Process::start(debugger));
  return process.wait();
}

Expected<int> shell_session(const Files& files, const RunOptions& options) {
  auto guest = TRY_EXPECTED(boot(files, options, Mode::vmi));
  TRY_EXPECTED(guest->ask_guest("insmod /lib/modules/hyperdbg.ko", patience));
  say("the guest's shell; `hyperdbg` is the debugger (.connect local, load vmm). Ctrl+] leaves and ends the machine");
  TRY_EXPECTED(guest->give_shell_away());
  (void)write_all(guest->shell_descriptor(), "\n");  // its first prompt came before anybody looked
  bridge_terminal(guest->shell_descriptor());
  return 0;
}

}  // namespace

int run_debugger(const Files& files, const RunOptions& options) {
  auto status = debugger_session(files, options);
  fs::remove(shell_pointer(files));
  return status ? *status : report(status.error());
}

int run_guest_shell(const Files& files, const RunOptions& options) {
  auto status = shell_session(files, options);
  return status ? *status : report(status.error());
}

int join_shell(const Files& files) {
  std::ifstream pointer(shell_pointer(files));
  std::string path;
  if (!std::getline(pointer, path))
    return report({ErrorKind::failed, "no lab is running: start ./run in another terminal"});
  auto socket = connect_socket(path);
  if (!socket) return report(socket.error());
  say("the guest's shell; Ctrl+] leaves. It answers only while the guest runs");
  (void)write_all(socket->get(), "\n");
  bridge_terminal(socket->get());
  return 0;
}

}  // namespace hyperdbg::lab
