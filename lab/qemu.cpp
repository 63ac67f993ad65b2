// SPDX-License-Identifier: MIT
#include "lab/qemu.hpp"

#include <sstream>

namespace hyperdbg::lab {

std::vector<std::string> qemu_arguments(const Files& files, const MachineNeeds& needs, const EmulatorOptions& options,
                                        const std::filesystem::path& directory) {
  const auto socket = [&](const char* name) {
    return fmt::format("socket,id={0},path={1}/{0},server=on,wait=off,logfile={1}/{0}.log", name, directory.string());
  };
  const bool counted = options.clock == Clock::instructions;
  std::vector<std::string> arguments{
      "qemu-system-x86_64", "-nodefaults", "-no-user-config", "-no-reboot", "-display", "none", "-monitor", "none",
      "-machine", "q35", "-accel", counted ? "tcg,thread=single" : "tcg,thread=multi", "-cpu", options.cpu, "-smp",
      std::to_string(needs.cpus), "-m", "1024", "-kernel", files.vmlinuz(), "-initrd", directory / "initramfs",
      "-append", command_line(needs, options.parameters),
      // COM1 and COM2, in this order; the shell's card sits on the PCI bus and so shares no interrupt with them.
      "-chardev", socket("console"), "-serial", "chardev:console", "-chardev", socket("debugger"), "-serial",
      "chardev:debugger", "-chardev", socket("shell"), "-device", "pci-serial,chardev=shell", "-virtfs",
      "local,path=" + (directory / "host").string() + ",mount_tag=host,security_model=none"};
  if (counted) arguments.insert(arguments.end(), {"-icount", "shift=0,sleep=off"});
  return arguments;
}

Expected<std::unique_ptr<Emulator>> Qemu::start(const Files& files, const MachineNeeds& needs,
                                                const EmulatorOptions& options,
                                                const std::filesystem::path& directory) {
  std::unique_ptr<Qemu> qemu(new Qemu(directory));
  std::filesystem::create_directory(qemu->shared());
  TRY_EXPECTED(qemu->run(qemu_arguments(files, needs, options, directory)));
  return qemu;
}

std::string Qemu::complaints() const {
  std::istringstream stream(log());
  std::string text;
  for (std::string line; std::getline(stream, line);) {
    if (line.find("TCG doesn't support requested feature") == line.npos) text += line + "\n";
  }
  return text;
}

}  // namespace hyperdbg::lab
