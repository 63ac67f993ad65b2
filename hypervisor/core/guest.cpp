// SPDX-License-Identifier: MIT
#include "hypervisor/core/guest.hpp"

#include "hypervisor/core/machine.hpp"
#include "x86/decoder.hpp"
#include "x86/registers.hpp"

namespace hyperdbg {

namespace {

constexpr u64 isolation_bit = 1 << 12;  // user and kernel tables are two adjacent pages
constexpr u64 kernel_half = 1ull << 63;

AddressSpace space_of(const Vcpu& vcpu, u64 address) {
  return {.cr3 = page_table_root_for(vcpu, address), .levels = machine.boot->levels};
}

template <class T>
T task_member(const Vcpu& vcpu, u32 offset) {
  T value = 0;
  const u64 task = current_task(vcpu);
  if (task == 0) return 0;
  // Tasks come from memory that Linux maps linearly, all but the first one.
  const u64 physical = task - machine.boot->page_offset;
  if (physical < machine.boot->memory_end) {
    __builtin_memcpy(&value, machine.memory.at<u8>(PhysicalAddress{physical + offset}), sizeof value);
  } else if (!read_virtual(vcpu, task + offset, &value, sizeof value)) {
    return 0;
  }
  return value;
}

// One level of a walk past the nested tables: quicker than GuestMemory, and only good for what does not leave this
// file.
template <u32 Shift>
[[gnu::always_inline]] inline bool descend(u64& entry, u64 address, u64 end) {
  const u64 table = entry & x86::cr3_address_mask;
  if (table >= end) [[unlikely]]
    return false;
  entry = machine.memory.at<u64>(PhysicalAddress{table})[address >> Shift & 511];
  return (entry & 1) != 0;
}

template <u32 Shift>
[[gnu::always_inline]] inline bool read_leaf(u64 entry, u64 address, u64 end, u16& code) {
  constexpr u64 offset_mask = (1ull << Shift) - 1;
  const u64 physical = (entry & x86::cr3_address_mask & ~offset_mask) | (address & offset_mask);
  if (physical >= end - 1 || page_offset(address) == page_size - 1) return false;
  __builtin_memcpy(&code, machine.memory.at<u8>(PhysicalAddress{physical}), sizeof(code));
  return true;
}

bool peek_code(const AddressSpace& space, u64 address, u16& code) {
  constexpr u64 large = 1 << 7;
  const u64 end = machine.boot->memory_end;
  u64 entry = space.cr3;
  if (space.levels == 5 && !descend<48>(entry, address, end)) return false;
  if (!descend<39>(entry, address, end) || !descend<30>(entry, address, end)) return false;
  if ((entry & large) != 0) return read_leaf<30>(entry, address, end, code);
  if (!descend<21>(entry, address, end)) return false;
  if ((entry & large) != 0) return read_leaf<21>(entry, address, end, code);
  return descend<12>(entry, address, end) && read_leaf<12>(entry, address, end, code);
}

}  // namespace

u64 kernel_root(const Vcpu& vcpu) {
  return page_table_root_for(vcpu, kernel_half);
}

bool readable_virtual(const Vcpu& vcpu, u64 address, u64 size) {
  u64 physical = 0;
  for (u64 at = address; at < address + size; at = page_of(at) + page_size)
    if (!translate_virtual(vcpu, at, physical)) return false;
  return true;
}

u64 page_table_root_for(const Vcpu& vcpu, u64 address) {
  const u64 root = vcpu.backend->page_table_root(vcpu);
  // Under page-table isolation the tables of user mode lack the kernel; its own stand in the page before.
  return machine.boot->isolation != 0 && (address & kernel_half) != 0 ? root & ~isolation_bit : root;
}

bool read_virtual(const Vcpu& vcpu, u64 address, void* to, u64 size) {
  return machine.guest->read(space_of(vcpu, address), VirtualAddress{address}, to, size) == size;
}

u64 read_virtual_some(const Vcpu& vcpu, u64 address, void* to, u64 size) {
  return machine.guest->read(space_of(vcpu, address), VirtualAddress{address}, to, size);
}

const u8* readable_place(const Vcpu& vcpu, u64 address) {
  const auto place = machine.guest->locate(space_of(vcpu, address), VirtualAddress{address});
  return place.ok() ? machine.memory.at<u8>(place.value()) : nullptr;
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

u64* guest_cell(const Vcpu& vcpu, u64 address) {
  return machine.guest->cell(space_of(vcpu, address), VirtualAddress{address});
}

bool translate_virtual(const Vcpu& vcpu, u64 address, u64& physical) {
  const auto found = machine.guest->translate(space_of(vcpu, address), VirtualAddress{address});
  if (found.ok()) physical = raw(found.value());
  return found.ok();
}

u32 read_code(const Vcpu& vcpu, u8* to, u32 size) {
  return static_cast<u32>(read_virtual_some(vcpu, vcpu.backend->instruction_pointer(vcpu), to, size));
}

u8 instruction_length(const Vcpu& vcpu, u64 rip, u64 root, u8 usual, x86::Branches branches) {
  const AddressSpace space{.cr3 = root, .levels = machine.boot->levels};
  u16 opcode = 0;
  // Of CPUID, RDMSR, WRMSR and hypercalls; prefixes do nothing to them, and are rare.
  constexpr u8 two_byte_escape = 0x0f;
  if (peek_code(space, rip, opcode) && (opcode & 0xff) == two_byte_escape) [[likely]]
    return usual;
  u8 bytes[x86::maximum_instruction_length];
  const u64 count = machine.guest->read(space, VirtualAddress{rip}, bytes, sizeof(bytes));
  const u32 bits = vcpu.backend->code_bits(vcpu);
  const x86::CodeSize size = bits == 64   ? x86::CodeSize::bits64
                             : bits == 32 ? x86::CodeSize::bits32
                                          : x86::CodeSize::bits16;
  const x86::Decoded decoded = x86::decode(bytes, count, size, branches);
  return decoded.ok() ? decoded.instruction.length : usual;
}

u64 current_task(const Vcpu& vcpu) {
  return *machine.memory.at<u64>(PhysicalAddress{vcpu.boot->current_task});
}

u32 current_process(const Vcpu& vcpu) {
  return task_member<u32>(vcpu, machine.boot->task_tgid);
}
u32 current_thread(const Vcpu& vcpu) {
  return task_member<u32>(vcpu, machine.boot->task_pid);
}
u64 current_group_leader(const Vcpu& vcpu) {
  return task_member<u64>(vcpu, machine.boot->task_group_leader);
}

}  // namespace hyperdbg
