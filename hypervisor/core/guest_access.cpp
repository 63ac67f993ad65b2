// SPDX-License-Identifier: MIT
#include "hypervisor/core/guest_access.hpp"

#include "hypervisor/core/guest.hpp"
#include "hypervisor/core/machine.hpp"
#include "x86/registers.hpp"

namespace hyperdbg {

namespace {

// AMD APM vol. 2, 5.4 "Page-Translation-Table Entry Fields" and 8.4.2 "Page-Fault Error Code".
constexpr u64 present = 1, writable = 2, user_page = 4, accessed = 0x20, dirty = 0x40, large = 0x80;
constexpr u32 error_present = 1, error_write = 2, error_user = 4;

// Through the direct map: tables lie in the guest's own memory, which no hidden page is.
u64* entry_at(u64 table, u64 index) {
  const u64 physical = (table & x86::cr3_address_mask) + index * sizeof(u64);
  return physical < machine.boot->memory_end ? machine.memory.at<u64>(PhysicalAddress{physical}) : nullptr;
}

bool refuse(PageFault& fault, const Access& access, u64 address, u32 error) {
  if (access.write) error |= error_write;
  if (access.user) error |= error_user;
  fault = {fault_of(static_cast<u8>(x86::Vector::page_fault), error), address};
  return false;
}

// One page of the access. Writes obey read-only pages in the kernel too, as with the CR0.WP that Linux sets.
bool check_page(Vcpu& vcpu, const Access& access, u64 address, PageFault& fault) {
  u64 entry = page_table_root_for(vcpu, address);
  for (u32 level = machine.boot->levels; level > 0; --level) {
    u64* const place = entry_at(entry, address >> (12 + 9 * (level - 1)) & 511);
    if (place == nullptr || (*place & present) == 0) return refuse(fault, access, address, 0);
    entry = *place;
    const bool last = level == 1 || (level <= 3 && (entry & large) != 0);
    const bool allowed = (!access.write || (entry & writable) != 0) && (!access.user || (entry & user_page) != 0);
    if (!allowed) return refuse(fault, access, address, error_present);
    const u64 marks = accessed | (last && access.write ? dirty : 0);
    if ((entry & marks) != marks) __atomic_fetch_or(place, marks, __ATOMIC_RELAXED);
    if (last) break;
  }
  return true;
}

}  // namespace

x86::Instruction decode_code(const Vcpu& vcpu) {
  u8 bytes[x86::maximum_instruction_length];
  const u32 count = read_code(vcpu, bytes, sizeof(bytes));
  const u32 bits = vcpu.backend->code_bits(vcpu);
  const x86::CodeSize size = bits == 64   ? x86::CodeSize::bits64
                             : bits == 32 ? x86::CodeSize::bits32
                                          : x86::CodeSize::bits16;
  const x86::Decoded decoded = x86::decode(bytes, count, size);
  return decoded.ok() ? decoded.instruction : x86::Instruction{};
}

bool check_access(Vcpu& vcpu, const Access& access, PageFault& fault) {
  const u64 last = access.address + access.size - 1;
  if (!check_page(vcpu, access, access.address, fault)) return false;
  return page_of(last) == page_of(access.address) || check_page(vcpu, access, page_of(last), fault);
}

}  // namespace hyperdbg
