// SPDX-License-Identifier: MIT
#pragma once
#include <source_location>

#include "hypervisor/core/fault_report.hpp"

// What the payload prints.
namespace hyperdbg::payload {

class Text {
 public:
  template <class... Parts>
  void append(Parts... parts) {
    (add(parts), ...);
  }
  void clear() { used_ = text_[0] = 0; }
  const char* get() const { return text_; }

 private:
  void add(const char* part);
  void add(Hex number);
  void add(const std::source_location& where);

  static constexpr u32 capacity = 300;
  char text_[capacity + 1] = {};
  u32 used_ = 0;
};

// Why the running test ended; empty when it held.
extern Text failure;

// Back to the guest's side, from anywhere in a test.
[[noreturn]] void end_test();

// To the first serial port.
void print(const char* text);

}  // namespace hyperdbg::payload
