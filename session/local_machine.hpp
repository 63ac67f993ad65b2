// SPDX-License-Identifier: MIT
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "abi/device.h"
#include "session/error.hpp"
#include "session/target.hpp"

namespace hyperdbg {

// The opened /dev/hyperdbg. Closing it ends this debugger's hold, not the hypervisor.
class Device {
 public:
  // "not root", "used by another debugger", "module not loaded" each have their sentence.
  static Expected<Device> open();
  Device(Device&& other) noexcept;
  Device& operator=(Device&& other) noexcept;
  ~Device();

  Expected<hyperdbg_device_info> info() const;
  Expected<void> start(hyperdbg_start start) const;
  Expected<void> stop() const;
  int descriptor() const { return descriptor_; }

 private:
  explicit Device(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

// VMI Mode: requests by ioctl, records from the mapped rings. Takes the device over.
Expected<std::unique_ptr<Target>> make_local_target(Device device);

// Inserts hyperdbg.ko if /dev/hyperdbg is missing: $HYPERDBG_MODULE, beside the program, in the kernel's module tree.
Expected<void> ensure_kernel_module();
Expected<void> remove_kernel_module();

struct SerialPort {
  std::uint32_t io_port;
  std::uint32_t irq;
};
// com1 to com4, or ttyS0 to ttyS3.
std::optional<SerialPort> find_serial_port(std::string_view name);

// What HYPERDBG_IOCTL_START needs, with this machine's build-id filled in.
Expected<hyperdbg_start> make_start(hyperdbg_mode mode);

bool local_process_exists(std::uint32_t pid);
std::string_view local_vendor();  // as CPUID names it

}  // namespace hyperdbg
