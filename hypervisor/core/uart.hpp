// SPDX-License-Identifier: MIT
#pragma once
#include "base/types.hpp"

namespace hyperdbg {

// A 16550 that is polled. Nothing here waits longer than a bounded number of polls, because nobody may be at the other
// end.
class Uart {
 public:
  explicit constexpr Uart(u16 port) : port_(port) {}

  void initialize(u32 divisor);
  bool has_byte() const;
  u8 read() const;
  bool takes_byte() const;
  // False: the line did not take the byte in time; what follows is not worth trying.
  bool write(u8 byte) const;
  // Text for a console: newlines become CR LF.
  void write_raw(const char* text, u32 size) const;
  // Whether a received byte raises the interrupt line.
  void set_receive_interrupt(bool on) const;

 private:
  u16 port_;
};

}  // namespace hyperdbg
