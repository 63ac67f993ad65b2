// SPDX-License-Identifier: MIT
#include "session/local_machine.hpp"

#include <cpuid.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <thread>
#include <utility>
#include <vector>

#include "abi/version.h"
#include "session/status_text.hpp"
#include "session/tokens.hpp"
#include "symbols/symbol_file.hpp"

namespace hyperdbg {
namespace {

namespace fs = std::filesystem;

std::string kernel_release() {
  utsname names{};
  uname(&names);
  return names.release;
}

std::vector<fs::path> module_candidates() {
  std::vector<fs::path> paths;
  if (const char* chosen = std::getenv("HYPERDBG_MODULE")) paths.emplace_back(chosen);
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  if (!error) paths.push_back(program.parent_path() / "hyperdbg.ko");
  const fs::path tree = fs::path("/lib/modules") / kernel_release();
  for (const char* folder : {"updates/dkms", "updates", "extra"}) paths.push_back(tree / folder / "hyperdbg.ko");
  paths.emplace_back("/lib/hyperdbg/hyperdbg.ko");
  return paths;
}

Expected<void> insert(const fs::path& path) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return fail("err, cannot open '{}': {}", path.string(), std::strerror(errno));
  const long result = syscall(SYS_finit_module, file, "", 0);
  const int error = errno;
  close(file);
  if (result == 0 || error == EEXIST) return {};
  if (error == EPERM) return fail("err, only root may load the kernel module; use sudo");
  if (error == ENOEXEC || error == EINVAL)
    return fail("err, '{}' was built for another kernel than the running one ({}); build it again for this one",
                path.string(), kernel_release());
  return fail("err, failed to install or load the driver '{}': {}", path.string(), std::strerror(error));
}

Expected<void> wait_for_device() {
  for (int attempt = 0; attempt < 100; ++attempt) {
    if (fs::exists(HYPERDBG_DEVICE)) return {};
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return fail("err, the kernel module is loaded, but {} did not appear; the kernel log says more ('dmesg')",
              HYPERDBG_DEVICE);
}

}  // namespace

Expected<Device> Device::open() {
  const int descriptor = ::open(HYPERDBG_DEVICE, O_RDWR | O_CLOEXEC);
  if (descriptor >= 0) return Device(descriptor);
  switch (errno) {
    case EBUSY:
      return fail("err, another debugger uses {}; close it first", HYPERDBG_DEVICE);
    case EACCES:
    case EPERM:
      return fail("err, only root may open {}; use sudo", HYPERDBG_DEVICE);
    case ENOENT:
    case ENODEV:
    case ENXIO:
      return fail("err, the kernel module is not loaded; use 'load vmm'");
    default:
      return fail("err, cannot open {}: {}", HYPERDBG_DEVICE, std::strerror(errno));
  }
}

Device::Device(Device&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

Device& Device::operator=(Device&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

Device::~Device() {
  if (descriptor_ >= 0) close(descriptor_);
}

Expected<hyperdbg_device_info> Device::info() const {
  hyperdbg_device_info info{};
  if (ioctl(descriptor_, HYPERDBG_IOCTL_INFO, &info) != 0) return fail("ioctl failed with code 0x{:x}", errno);
  const std::string version(info.version, strnlen(info.version, sizeof info.version));
  if (info.abi != HYPERDBG_ABI || version != HYPERDBG_VERSION)
    return fail(
        "err, the kernel module is version {} (abi {:x}), this debugger {} (abi {:x}); install both from one build",
        version, info.abi, HYPERDBG_VERSION, HYPERDBG_ABI);
  return info;
}

Expected<void> Device::start(hyperdbg_start start) const {
  if (ioctl(descriptor_, HYPERDBG_IOCTL_START, &start) == 0) return {};
  return std::unexpected(start_error(start, errno));
}

Expected<void> Device::stop() const {
  if (ioctl(descriptor_, HYPERDBG_IOCTL_STOP) == 0) return {};
  return fail("err, the hypervisor could not be stopped: {}", std::strerror(errno));
}

Expected<void> ensure_kernel_module() {
  if (fs::exists(HYPERDBG_DEVICE)) return {};
  for (const fs::path& path : module_candidates()) {
    std::error_code error;
    if (!fs::exists(path, error)) continue;
    TRY_EXPECTED(insert(path));
    return wait_for_device();
  }
  return fail("err, the kernel module hyperdbg.ko was not found for kernel {}; build it, or name it in HYPERDBG_MODULE",
              kernel_release());
}

Expected<void> remove_kernel_module() {
  if (syscall(SYS_delete_module, "hyperdbg", O_NONBLOCK) == 0 || errno == ENOENT) return {};
  return fail("err, the kernel module could not be removed: {}", std::strerror(errno));
}

std::optional<SerialPort> find_serial_port(std::string_view name) {
  constexpr std::array ports{SerialPort{0x3f8, 4}, SerialPort{0x2f8, 3}, SerialPort{0x3e8, 4}, SerialPort{0x2e8, 3}};
  std::string lower = to_lower(name);
  if (lower.starts_with("/dev/")) lower.erase(0, 5);
  for (std::size_t i = 0; i < ports.size(); ++i)
    if (lower == fmt::format("com{}", i + 1) || lower == fmt::format("ttys{}", i)) return ports[i];
  return std::nullopt;
}

Expected<hyperdbg_start> make_start(hyperdbg_mode mode) {
  hyperdbg_start start{};
  start.abi = HYPERDBG_ABI;
  std::strncpy(start.version, HYPERDBG_VERSION, sizeof start.version - 1);
  start.mode = mode;
  const auto id = running_kernel_build_id();
  if (!id) return fail("err, the running kernel tells no build-id: {}", id.error());
  std::ranges::copy(*id, start.build_id);
  return start;
}

bool local_process_exists(std::uint32_t pid) {
  return pid == 0 || kill(static_cast<pid_t>(pid), 0) == 0 || errno == EPERM;
}

std::string_view local_vendor() {
  static const std::string vendor = [] {
    unsigned eax = 0, words[3] = {};
    __get_cpuid(0, &eax, &words[0], &words[2], &words[1]);
    return std::string(reinterpret_cast<const char*>(words), sizeof words);
  }();
  return vendor;
}

}  // namespace hyperdbg
