// SPDX-License-Identifier: MIT
#include "hypervisor/core/uart.hpp"

#include "hypervisor/cpu/instructions.hpp"

namespace hyperdbg {

namespace {
// Register offsets and bits of the 16550 data sheet.
constexpr u16 data = 0, interrupt_enable = 1, fifo_control = 2, line_control = 3, modem_control = 4, line_status = 5;
constexpr u8 divisor_latch = 0x80, eight_bits = 0x03, fifos_on_and_empty = 0x07, dtr_rts_out2 = 0x0b;
constexpr u8 data_ready = 0x01, transmitter_empty = 0x20;
constexpr u32 polls_per_byte = 1000000;  // about a second
}  // namespace

void Uart::initialize(u32 divisor) {
  cpu::out8(port_ + interrupt_enable, 0);
  cpu::out8(port_ + line_control, divisor_latch);
  cpu::out8(port_ + data, static_cast<u8>(divisor));
  cpu::out8(port_ + interrupt_enable, static_cast<u8>(divisor >> 8));
  cpu::out8(port_ + line_control, eight_bits);
  cpu::out8(port_ + fifo_control, fifos_on_and_empty);
  cpu::out8(port_ + modem_control, dtr_rts_out2);  // OUT2 opens the interrupt line on a PC
}

bool Uart::has_byte() const {
  return (cpu::in8(port_ + line_status) & data_ready) != 0;
}

u8 Uart::read() const {
  return cpu::in8(port_ + data);
}

bool Uart::takes_byte() const {
  return (cpu::in8(port_ + line_status) & transmitter_empty) != 0;
}

bool Uart::write(u8 byte) const {
  for (u32 poll = 0; poll < polls_per_byte; ++poll) {
    if (takes_byte()) {
      cpu::out8(port_ + data, byte);
      return true;
    }
    cpu::pause();
  }
  return false;
}

void Uart::write_raw(const char* text, u32 size) const {
  for (u32 i = 0; i < size; ++i) {
    if (text[i] == '\n' && !write('\r')) return;
    if (!write(static_cast<u8>(text[i]))) return;
  }
}

void Uart::set_receive_interrupt(bool on) const {
  cpu::out8(port_ + interrupt_enable, on ? 1 : 0);
}

}  // namespace hyperdbg
