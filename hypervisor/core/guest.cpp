// SPDX-License-Identifier: MIT
#include "hypervisor/core/guest.hpp"

#include "hypervisor/core/machine.hpp"
#include "x86/decoder.hpp"

namespace hyperdbg {

namespace {

constexpr u64 isolation_bit = 1 << 12;  // user and kernel tables are two adjacent pages
constexpr u64 kernel_half = 1ull << 63;

AddressSpace space_of(const Vcpu& vcpu, u64 address) {
  u64 root = vcpu.backend->page_table_root(vcpu);
  // Under page-table isolation the tables of user mode lack the kernel; its own stand in the page before.
  if (machine.boot->isolation != 0 && (address & kernel_half) != 0) root &= ~isolation_bit;
  return {.cr3 = root, .levels = machine.boot->levels};
}

u64 task_member(const Vcpu& vcpu, u32 offset, u64 size) {
  u64 value = 0;
  const u64 task = current_task(vcpu);
  if (task == 0) return 0;
  // Tasks come from memory that Linux maps linearly, all but the first one.
  const u64 physical = task - machine.boot->page_offset;
  if (physical < machine.boot->memory_end) {
    __builtin_memcpy(&value, machine.memory.at<u8>(PhysicalAddress{physical + offset}), size);
  } else if (!read_virtual(vcpu, task + offset, &value, size)) {
    return 0;
  }
  return value;
}

}  // namespace

bool read_virtual(const Vcpu& vcpu, u64 address, void* to, u64 size) {
  return machine.guest->read(space_of(vcpu, address), VirtualAddress{address}, to, size) == size;
}

u64 read_virtual_some(const Vcpu& vcpu, u64 address, void* to, u64 size) {
  return machine.guest->read(space_of(vcpu, address), VirtualAddress{address}, to, size);
}

bool write_virtual(Vcpu& vcpu, u64 address, const void* from, u64 size) {
  return machine.guest->write(space_of(vcpu, address), VirtualAddress{address}, from, size).ok();
}

bool read_physical(u64 address, void* to, u64 size) {
  return machine.guest->read_physical(PhysicalAddress{address}, to, size) == size;
}

bool write_physical(u64 address, const void* from, u64 size) {
  return machine.guest->write_physical(PhysicalAddress{address}, from, size).ok();
}

bool translate_virtual(const Vcpu& vcpu, u64 address, u64& physical) {
  const auto found = machine.guest->translate(space_of(vcpu, address), VirtualAddress{address});
  if (found.ok()) physical = raw(found.value());
  return found.ok();
}

u32 read_code(const Vcpu& vcpu, u8* to, u32 size) {
  return static_cast<u32>(read_virtual_some(vcpu, vcpu.backend->instruction_pointer(vcpu), to, size));
}

u8 instruction_length(const Vcpu& vcpu, u8 usual) {
  const u64 rip = vcpu.backend->instruction_pointer(vcpu);
  const AddressSpace space = space_of(vcpu, rip);
  u16 opcode = 0;
  constexpr u8 two_byte_escape =
      0x0f;  // CPUID, RDMSR, WRMSR, VMMCALL: no prefix does anything to them, and few write one
  if (machine.guest->load(space, VirtualAddress{rip}, opcode) && (opcode & 0xff) == two_byte_escape) return usual;
  u8 bytes[x86::maximum_instruction_length];
  const u64 count = machine.guest->read(space, VirtualAddress{rip}, bytes, sizeof(bytes));
  const u32 bits = vcpu.backend->code_bits(vcpu);
  const x86::CodeSize size = bits == 64   ? x86::CodeSize::bits64
                             : bits == 32 ? x86::CodeSize::bits32
                                          : x86::CodeSize::bits16;
  const x86::Decoded decoded = x86::decode(bytes, count, size);
  return decoded.ok() ? decoded.instruction.length : usual;
}

u64 current_task(const Vcpu& vcpu) {
  return *machine.memory.at<u64>(PhysicalAddress{vcpu.boot->current_task});
}

u32 current_process(const Vcpu& vcpu) {
  return static_cast<u32>(task_member(vcpu, machine.boot->task_tgid, sizeof(u32)));
}
u32 current_thread(const Vcpu& vcpu) {
  return static_cast<u32>(task_member(vcpu, machine.boot->task_pid, sizeof(u32)));
}
u64 current_group_leader(const Vcpu& vcpu) {
  return task_member(vcpu, machine.boot->task_group_leader, sizeof(u64));
}

}  // namespace hyperdbg
