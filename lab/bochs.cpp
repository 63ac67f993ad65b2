// SPDX-License-Identifier: MIT
#include "lab/bochs.hpp"

#include <fstream>
#include <sstream>

#include "lab/boot_disk.hpp"

namespace hyperdbg::lab {
namespace {

constexpr unsigned memory = 1024;  // MiB
// Instructions in a second of the guest's. About what the emulator does in a second of ours, so that both clocks go
// alike while the guest works; while it is idle, its own time jumps from timer to timer.
constexpr unsigned instructions_per_second = 50'000'000;

constexpr const char* configuration = R"(config_interface: textconfig
display_library: term, options="hideIPS"
plugin_ctrl: unmapped=1, biosdev=1, speaker=0, extfpuirq=1, parallel=0, serial=1
cpu: model={cpu}, count={cpus}, ips={ips}, reset_on_triple_fault=0, ignore_bad_msrs=1
memory: guest={memory}, host={memory}
romimage: file=/usr/share/bochs/BIOS-bochs-latest, options=fastboot
vgaromimage: file=/usr/share/bochs/VGABIOS-lgpl-latest
pci: enabled=1, chipset=i440fx
ata0: enabled=1, ioaddr1=0x1f0, ioaddr2=0x3f0, irq=14
ata0-master: type=disk, path={directory}/disk, mode=flat
boot: disk
clock: sync=none, time0=1700000000
log: {directory}/bochs.log
panic: action=fatal
error: action=report
info: action=ignore
debug: action=ignore
mouse: enabled=0
sound: driver=dummy
)";

}  // namespace

std::string bochs_configuration(const MachineNeeds& needs, const EmulatorOptions& options,
                                const std::vector<unsigned>& ports, const std::filesystem::path& directory) {
  std::string text = fmt::format(fmt::runtime(configuration), fmt::arg("cpu", options.cpu),
                                 fmt::arg("cpus", needs.cpus), fmt::arg("ips", instructions_per_second),
                                 fmt::arg("memory", memory), fmt::arg("directory", directory.string()));
  for (std::size_t i = 0; i < ports.size(); i++) {
    text += fmt::format("com{}: enabled=1, mode=socket-client, dev=127.0.0.1:{}\n", i + 1, ports[i]);
  }
  return text;
}

Expected<std::unique_ptr<Emulator>> Bochs::start(const Files& files, const MachineNeeds& needs,
                                                 const EmulatorOptions& options,
                                                 const std::filesystem::path& directory) {
  SerialLines lines = TRY_EXPECTED(SerialLines::start(directory, {"console", "debugger", "shell"}));
  std::unique_ptr<Bochs> bochs(new Bochs(directory, std::move(lines)));
  // nokaslr: the kernel lies where it is linked for. tsc_early_khz: the model's CPUID tells the TSC's frequency of the
  // real processor, while the TSC counts instructions. The others halve the time to the guest's shell.
  const std::string line =
      command_line(needs, fmt::format("nokaslr tsc_early_khz={} mitigations=off cryptomgr.notests {}",
                                      instructions_per_second / 1000, options.parameters));
  const BootFiles boot{files.boot_sector(), files.vmlinuz(), files.unpacked_kernel(), directory / "initramfs"};
  TRY_EXPECTED(write_boot_disk(boot, line, std::uint64_t{memory} << 20, directory / "disk"));
  std::ofstream(directory / "bochsrc") << bochs_configuration(needs, options, bochs->lines_.ports(), directory);
  // Debian's Bochs is built with its debugger, which asks before it starts the machine.
  std::ofstream(directory / "commands") << "continue\nquit\n";
  // TERM: its screen is a terminal's; what would be seen there goes to the emulator's log.
  TRY_EXPECTED(bochs->run({"bochs", "-f", directory / "bochsrc", "-rc", directory / "commands"}, {"TERM=vt100"}));
  return bochs;
}

std::string Bochs::complaints() const {
  std::ifstream stream(directory() / "bochs.log");
  std::string text;
  // Each line is: ticks, i d e or p for its weight, device, what happened.
  for (std::string line; std::getline(stream, line);) {
    if (const auto weight = line.find_first_not_of("0123456789"); weight != line.npos && line[weight] == 'p') {
      text += line + "\n";
    }
  }
  return text;
}

}  // namespace hyperdbg::lab
