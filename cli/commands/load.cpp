// SPDX-License-Identifier: MIT
#include "cli/commands/local.hpp"

#include "cli/commands/commands.hpp"
#include "cli/console.hpp"

namespace hyperdbg {

void print_processor(Console& console) {
  const std::string_view vendor = local_vendor();
  const bool amd = vendor == "AuthenticAMD";
  console.print("current processor vendor is : {}\n", vendor);
  console.print("virtualization technology is {}\n", amd ? "amd-v" : "vt-x");
}

Expected<Device> open_device_and_start(Console& console, const hyperdbg_start& start) {
  console.print("loading the vmm driver\n");
  TRY_EXPECTED(ensure_kernel_module());
  auto device = TRY_EXPECTED(Device::open());
  const hyperdbg_device_info info = TRY_EXPECTED(device.info());
  if (info.started != 0) {
    if (info.mode != start.mode)
      return fail("err, the vmm module is already running in the {}; use 'unload vmm' first",
                  info.mode == HYPERDBG_MODE_VMI ? "VMI Mode" : "Debugger Mode");
    console.print("the vmm module is already running; its events are kept. use 'unload vmm' to start anew\n");
    return device;
  }
  print_processor(console);
  TRY_EXPECTED(device.start(start));
  console.print("{} operation is supported by your processor\n", info.vendor == HYPERDBG_VENDOR_AMD ? "svm" : "vmx");
  console.print("vmm module is running...\n");
  return device;
}

Expected<void> stop_vmm(Console& console, bool remove) {
  console.print("start terminating vmm...\n");
  console.session().detach();
  {
    const auto device = TRY_EXPECTED(Device::open());
    TRY_EXPECTED(device.stop());
  }
  console.debuggee = false;
  console.print("you're not on HyperDbg's hypervisor anymore!\n");
  if (!remove) return {};
  TRY_EXPECTED(remove_kernel_module());
  console.print("all drivers are removed\n");
  return {};
}

namespace {

Expected<void> check_module(const Token& word) {
  for (const char* name : {"vmm", "vm", "all", "kd"})
    if (word.is(name)) return {};
  if (word.is("trace")) return fail("err, 'trace' is not available in this version");
  return fail("err, module not found");
}

Expected<void> load(Console& console, const CommandLine& line) {
  if (line.arguments() != 1) return incorrect_use(line);
  TRY_EXPECTED(check_module(line.argument(0)));
  if (console.session().is_debugger_mode()) return fail("err, the debuggee has its vmm module loaded already");
  if (!console.local) return fail("you're not connected to any instance of HyperDbg, did you use '.connect'?");
  if (console.session().state() == SessionState::vmi)
    return fail("err, the vmm module is already running; use 'unload vmm' first");
  const hyperdbg_start start = TRY_EXPECTED(make_start(HYPERDBG_MODE_VMI));
  auto device = TRY_EXPECTED(open_device_and_start(console, start));
  auto target = TRY_EXPECTED(make_local_target(std::move(device)));
  return console.session().attach(std::move(target));
}

Expected<void> unload(Console& console, const CommandLine& line) {
  const bool remove = line.arguments() == 2 && line.argument(0).is("remove");
  if (line.arguments() != 1 && !remove) return incorrect_use(line);
  TRY_EXPECTED(check_module(line.argument(line.arguments() - 1)));
  if (console.session().is_debugger_mode())
    return fail("err, the hypervisor is unloaded on the debuggee: '.debug close' there, or 'unload vmm'");
  if (!console.local && !console.debuggee)
    return fail("you're not connected to any instance of HyperDbg, did you use '.connect'?");
  return stop_vmm(console, remove);
}

}  // namespace

const Command load_command{
    .name = "load",
    .aliases = ".load",
    .summary = "loads the kernel module and slides the hypervisor beneath this machine",
    .syntax = "load vmm|all",
    .examples = ".connect local\nload vmm",
    .run = load,
};

const Command unload_command{
    .name = "unload",
    .summary = "takes the hypervisor away again; with 'remove' the kernel module too",
    .syntax = "unload [remove] vmm|all",
    .examples = "unload vmm\nunload remove vmm",
    .run = unload,
};

}  // namespace hyperdbg
