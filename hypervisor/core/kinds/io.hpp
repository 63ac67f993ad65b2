// SPDX-License-Identifier: MIT
#pragma once
#include "hypervisor/core/guest_access.hpp"
#include "hypervisor/core/kinds/trigger.hpp"
#include "hypervisor/core/ports.hpp"

namespace hyperdbg {

// A string instruction, up to a page of elements for each exit: after more the guest comes back for the rest.
struct StringIo {
  IoInfo io;
  u16 port;
  x86::Instruction instruction;
};

constexpr u64 masked(u64 value, u8 bytes) {
  return bytes == 8 ? value : value & ((1ull << bytes * 8) - 1);
}
// What a register holds after a result of 2, 4 or 8 bytes.
constexpr u64 merged(u64 before, u64 result, u8 bytes) {
  return bytes >= 4 ? masked(result, bytes) : (before & ~masked(~0ull, bytes)) | masked(result, bytes);
}

template <Backend B>
u64 segment_base(const typename B::Cpu& cpu, const StringIo& string) {
  if (string.io.in) return 0;  // ES: cannot be replaced, and Linux's programs have flat segments
  switch (string.instruction.segment_override) {
    case x86::Segment::fs:
      return B::read_register(cpu, HYPERDBG_FS_BASE);
    case x86::Segment::gs:
      return B::read_register(cpu, HYPERDBG_GS_BASE);
    default:
      return 0;
  }
}

template <Backend B>
bool transfer_element(typename B::Cpu& cpu, const StringIo& string, u64 address, PageFault& fault) {
  const Access access{address, string.io.size, string.io.in, !B::privileged(cpu)};
  if (!check_access(cpu, access, fault)) return false;  // before the port is touched
  u32 element = 0;
  if (string.io.in) {
    element = read_port(string.port, string.io.size);
    return write_virtual(cpu, address, &element, string.io.size);
  }
  if (!read_virtual(cpu, address, &element, string.io.size)) return false;
  write_port(string.port, string.io.size, element);
  return true;
}

enum class StringEnd : u8 { finished, more, faulted };

template <Backend B>
StringEnd transfer_string(typename B::Cpu& cpu, const StringIo& string) {
  constexpr u64 direction_flag = 1 << 10;
  const u8 width = string.instruction.address_size;
  const bool repeated = string.instruction.repeat != x86::RepeatPrefix::none;
  const bool down = (B::read_register(cpu, HYPERDBG_RFLAGS) & direction_flag) != 0;
  const u64 step = down ? 0 - u64{string.io.size} : string.io.size, base = segment_base<B>(cpu, string);
  u64& index = string.io.in ? cpu.registers.rdi : cpu.registers.rsi;
  for (u64 room = page_size / string.io.size; room != 0; --room) {
    if (repeated && masked(cpu.registers.rcx, width) == 0) return StringEnd::finished;
    PageFault fault;
    if (!transfer_element<B>(cpu, string, base + masked(index, width), fault)) {
      raise<B>(cpu, fault.injection, fault.address);
      return StringEnd::faulted;
    }
    index = merged(index, index + step, width);
    if (!repeated) return StringEnd::finished;
    cpu.registers.rcx = merged(cpu.registers.rcx, cpu.registers.rcx - 1, width);
  }
  return masked(cpu.registers.rcx, width) == 0 ? StringEnd::finished : StringEnd::more;
}

template <Backend B>
void transfer_register(typename B::Cpu& cpu, const IoInfo& io, u16 port) {
  if (io.in) {
    cpu.registers.rax = merged(cpu.registers.rax, read_port(port, io.size), io.size);
  } else {
    write_port(port, io.size, static_cast<u32>(cpu.registers.rax));
  }
}

// !ioin, !ioout: key and $context are the port, the lowest one of those that are accessed. Pre may change DX, where the
// instruction uses it, and what is written. A port that is hidden stays so.
template <Backend B>
void handle_io(typename B::Cpu& cpu, const Exit& exit) {
  const IoInfo io = exit.io;
  const u64 dx = cpu.registers.rdx;
  bool unfinished = false;
  const auto effect = [&] {
    const bool changed = static_cast<u16>(cpu.registers.rdx) != static_cast<u16>(dx);
    const x86::Instruction instruction = io.string || changed ? decode_code(cpu) : x86::Instruction{};
    const bool uses_dx = io.string || (changed && instruction.immediate_size == 0);
    const u16 port = uses_dx ? static_cast<u16>(cpu.registers.rdx) : io.port;
    if (!io.string) {
      transfer_register<B>(cpu, io, port);
      return true;
    }
    const StringEnd end = transfer_string<B>(cpu, {io, port, instruction});
    unfinished = end == StringEnd::more;
    return end != StringEnd::faulted;
  };
  run_trigger<B>(
      cpu, {io.in ? u32{HYPERDBG_EVENT_IN} : u32{HYPERDBG_EVENT_OUT}, io.port, io.port},
      [&] {
        if (!effect()) return false;
        if (!unfinished) B::advance(cpu, exit.length);
        return true;
      },
      [&] { B::advance(cpu, exit.length); });
}

}  // namespace hyperdbg
