// SPDX-License-Identifier: MIT
#pragma once
#include "base/types.hpp"

// The readable report that a fault of the image ends in: on the debugger's line, else on the first serial port.
namespace hyperdbg {

struct Vcpu;

struct Hex {
  u64 value;
};

class ReportBuffer {
 public:
  void append(const char* text);
  void append(Hex number);
  const char* text() const { return text_; }
  u32 size() const { return used_; }

 private:
  static constexpr u32 capacity = 4000;
  char text_[capacity + 1] = {};
  u32 used_ = 0;
};

extern ReportBuffer report_buffer;

template <class... Parts>
void report(Parts... parts) {
  (report_buffer.append(parts), ...);
}

// Adds the CPU's state to what was reported, stops every other CPU, sends the report, and never returns.
[[noreturn]] void stop_machine(Vcpu& vcpu);

// The guest can go no further; `what` says why.
[[noreturn]] void end_guest(Vcpu& vcpu, const char* what);

// Called by a CPU that another one's fault has stopped.
[[noreturn]] void stopped_by_fault();
bool machine_has_faulted();

}  // namespace hyperdbg
