// SPDX-License-Identifier: MIT
#pragma once
#include "base/types.hpp"

namespace hyperdbg {

// Through the local APIC of the calling CPU, in the mode in which the guest has it; the guest's ICR_HIGH survives.
void send_nmi(u32 apic_id);

// Tells the local APIC of the calling CPU that a vector has been handled, if it has that one in service.
void end_of_interrupt(u8 vector);
// Makes the local APIC of the calling CPU raise it.
void send_to_self(u8 vector);

// The I/O APIC's pin of the debugger's UART, redirected to one CPU as NMI: so Ctrl+C reaches a guest that has
// interrupts off.
class UartInterrupt {
 public:
  void route(u64 io_apic, u32 pin, u32 apic_id);
  void restore();

 private:
  u64 io_apic_ = 0;
  u32 pin_ = 0;
  u32 low_ = 0, high_ = 0;  // of the redirection entry, as Linux had it
};

}  // namespace hyperdbg
