// SPDX-License-Identifier: MIT
#include "hypervisor/core/ports.hpp"

#include "hypervisor/core/machine.hpp"
#include "hypervisor/cpu/instructions.hpp"

namespace hyperdbg {

namespace {

constexpr u32 uart_registers = 8;
constexpr u32 ports = 65536;

bool hidden(u32 port, u32 size) {
  const u32 uart = machine.boot->uart;
  return uart != 0 && port < uart + uart_registers && port + size > uart;
}

void set(u8* map, u32 port) {
  map[port / 8] |= static_cast<u8>(1u << port % 8);
}

}  // namespace

u32 read_port(u16 port, u8 size) {
  if (hidden(port, size)) return ~0u;
  return size == 1 ? cpu::in8(port) : size == 2 ? cpu::in16(port) : cpu::in32(port);
}

void write_port(u16 port, u8 size, u32 value) {
  if (hidden(port, size)) return;
  if (size == 1) return cpu::out8(port, static_cast<u8>(value));
  if (size == 2) return cpu::out16(port, static_cast<u16>(value));
  cpu::out32(port, value);
}

void clear_port_intercepts(u8* map) {
  __builtin_memset(map, 0, ports / 8);
  if (machine.boot->uart == 0) return;
  for (u32 port = machine.boot->uart; port < machine.boot->uart + uart_registers; ++port) set(map, port);
}

void add_port_intercept(u8* map, u64 port) {
  if (port != HYPERDBG_ANY_KEY) return set(map, static_cast<u32>(port));
  __builtin_memset(map, 0xff, ports / 8);
}

}  // namespace hyperdbg
