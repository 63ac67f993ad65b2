// SPDX-License-Identifier: MIT
#include "hypervisor/core/apic.hpp"

#include "hypervisor/core/machine.hpp"
#include "hypervisor/cpu/instructions.hpp"
#include "x86/msr.hpp"

namespace hyperdbg {

namespace {

constexpr u32 icr_low = 0x300, icr_high = 0x310;  // AMD APM vol. 2, 16.5; Intel SDM vol. 3, 11.6
constexpr u32 delivery_nmi = 4u << 8, level_assert = 1u << 14, delivery_pending = 1u << 12;
constexpr u32 eoi = 0xb0, isr = 0x100, destination_self = 1u << 18;
constexpr x86::Msr x2apic_icr{0x830};

volatile u32& device_register(u64 base, u32 offset) {
  return *machine.memory.at<volatile u32>(PhysicalAddress{base + offset});
}

void send_nmi_xapic(u64 base, u32 apic_id) {
  volatile u32& low = device_register(base, icr_low);
  volatile u32& high = device_register(base, icr_high);
  while ((low & delivery_pending) != 0) cpu::pause();
  const u32 guests = high;
  high = apic_id << 24;
  low = delivery_nmi | level_assert;
  while ((low & delivery_pending) != 0) cpu::pause();
  high = guests;
}

// The registers lie 16 bytes apart; x2APIC's MSRs are numbered by them (Intel SDM vol. 3, 11.12.1.2).
constexpr x86::Msr x2apic_register(u32 offset) {
  return x86::Msr{0x800 + offset / 16};
}

u32 read_apic(x86::ApicBase base, u32 offset) {
  if (base.get(x86::ApicBase::x2apic)) return static_cast<u32>(cpu::rdmsr(x2apic_register(offset)));
  return device_register(base.get(x86::ApicBase::base) * page_size, offset);
}
void write_apic(x86::ApicBase base, u32 offset, u32 value) {
  if (base.get(x86::ApicBase::x2apic)) return cpu::wrmsr(x2apic_register(offset), value);
  device_register(base.get(x86::ApicBase::base) * page_size, offset) = value;
}

// Intel 82093AA: an index register and a data window.
constexpr u32 io_select = 0x00, io_window = 0x10, redirection_table = 0x10;
constexpr u32 io_delivery_nmi = 4u << 8;

u32 read_io_apic(u64 base, u32 index) {
  device_register(base, io_select) = index;
  return device_register(base, io_window);
}
void write_io_apic(u64 base, u32 index, u32 value) {
  device_register(base, io_select) = index;
  device_register(base, io_window) = value;
}

}  // namespace

void send_nmi(u32 apic_id) {
  const x86::ApicBase base{cpu::rdmsr(x86::Msr::APIC_BASE)};
  if (base.get(x86::ApicBase::x2apic)) {
    cpu::wrmsr(x2apic_icr, u64{apic_id} << 32 | delivery_nmi | level_assert);
  } else {
    send_nmi_xapic(base.get(x86::ApicBase::base) * page_size, apic_id);
  }
}

void end_of_interrupt(u8 vector) {
  const x86::ApicBase base{cpu::rdmsr(x86::Msr::APIC_BASE)};
  const u32 in_service = read_apic(base, isr + vector / 32 * 16);
  if ((in_service >> vector % 32 & 1) != 0) write_apic(base, eoi, 0);
}

void send_to_self(u8 vector) {
  const x86::ApicBase base{cpu::rdmsr(x86::Msr::APIC_BASE)};
  write_apic(base, icr_low, destination_self | level_assert | vector);
}

void UartInterrupt::route(u64 io_apic, u32 pin, u32 apic_id) {
  if (io_apic == 0) return;
  io_apic_ = io_apic;
  pin_ = pin;
  const u32 index = redirection_table + pin * 2;
  const u32 guest_select = device_register(io_apic, io_select);
  low_ = read_io_apic(io_apic, index);
  high_ = read_io_apic(io_apic, index + 1);
  write_io_apic(io_apic, index + 1, apic_id << 24);
  write_io_apic(io_apic, index, io_delivery_nmi);  // edge, active high, physical destination, not masked
  device_register(io_apic, io_select) = guest_select;
}

void UartInterrupt::restore() {
  if (io_apic_ == 0) return;
  const u32 index = redirection_table + pin_ * 2;
  const u32 guest_select = device_register(io_apic_, io_select);
  write_io_apic(io_apic_, index + 1, high_);
  write_io_apic(io_apic_, index, low_);
  device_register(io_apic_, io_select) = guest_select;
  io_apic_ = 0;
}

}  // namespace hyperdbg
