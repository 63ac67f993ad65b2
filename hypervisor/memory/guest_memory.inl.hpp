// SPDX-License-Identifier: MIT
#pragma once
#include "hypervisor/memory/guest_memory.hpp"

namespace hyperdbg {

template <class Nested, PhysicalMemory Memory>
u64 GuestMemory<Nested, Memory>::locate(u64 gpa, bool for_writing) const {
  if (gpa < quick_limit_ && Nested::plain(plain_, gpa)) [[likely]]
    return gpa;
  return locate_slowly(gpa, for_writing);
}

template <class Nested, PhysicalMemory Memory>
u64 GuestMemory<Nested, Memory>::locate_slowly(u64 gpa, bool for_writing) const {
  const auto found = nested_->translate(PhysicalAddress{gpa});
  if (!found.ok() || raw(found.value().address) >= limit_) return no_page;
  // A page that only traps for an event is still the guest's own; one that shows other memory is not for writing.
  if (for_writing && raw(found.value().address) != gpa && !found.value().permissions.write) return no_page;
  return raw(found.value().address);
}

template <class Nested, PhysicalMemory Memory>
bool GuestMemory<Nested, Memory>::step(u64 table, u64 address, u32 shift, u64& entry) const {
  const u64 place = locate((table & nested_address_mask) + (address >> shift & 511) * sizeof(u64), false);
  if (place == no_page) [[unlikely]]
    return false;
  entry = *memory_.template at<u64>(PhysicalAddress{place});
  return entry & 1;
}

// Guest-virtual to guest-physical, or no_page. Intel SDM vol. 3, 4.5 and AMD APM vol. 2, 5.3: only levels 3 and 2 have
// large pages.
template <class Nested, PhysicalMemory Memory>
u64 GuestMemory<Nested, Memory>::walk(AddressSpace space, u64 address) const {
  const u32 unused = space.levels == 5 ? 7 : 16;
  if (static_cast<u64>(static_cast<s64>(address << unused) >> unused) != address) return no_page;
  u64 entry = space.cr3;
  if (space.levels == 5 && !step(entry, address, 48, entry)) return no_page;
  if (!step(entry, address, 39, entry)) return no_page;
  if (!step(entry, address, 30, entry)) return no_page;
  constexpr u64 large = 1 << 7;
  if (entry & large) return (entry & 0x000fffffc0000000) | (address & 0x3fffffff);
  if (!step(entry, address, 21, entry)) return no_page;
  if (entry & large) return (entry & 0x000fffffffe00000) | (address & 0x1fffff);
  if (!step(entry, address, 12, entry)) return no_page;
  return (entry & nested_address_mask) | page_offset(address);
}

template <class Nested, PhysicalMemory Memory>
Result<PhysicalAddress> GuestMemory<Nested, Memory>::translate(AddressSpace space, VirtualAddress address) const {
  const u64 gpa = walk_slowly(space, raw(address));
  if (gpa == no_page) return HYPERDBG_INVALID_ADDRESS;
  return PhysicalAddress{gpa};
}

template <class Nested, PhysicalMemory Memory>
Result<PhysicalAddress> GuestMemory<Nested, Memory>::locate(AddressSpace space, VirtualAddress address) const {
  const u64 gpa = walk_slowly(space, raw(address));
  const u64 place = gpa == no_page ? no_page : locate(gpa, false);
  if (place == no_page) return HYPERDBG_INVALID_ADDRESS;
  return PhysicalAddress{place};
}

template <class Nested, PhysicalMemory Memory>
template <class T>
bool GuestMemory<Nested, Memory>::load(AddressSpace space, VirtualAddress address, T& value) const {
  if (page_offset(raw(address)) > page_size - sizeof(T)) [[unlikely]]
    return read(space, address, &value, sizeof(T)) == sizeof(T);
  const u64 gpa = walk(space, raw(address));
  const u64 place = gpa == no_page ? no_page : locate(gpa, false);
  if (place == no_page) return false;
  __builtin_memcpy(&value, memory_.template at<u8>(PhysicalAddress{place}), sizeof(T));
  return true;
}

template <class Nested, PhysicalMemory Memory>
template <class T>
bool GuestMemory<Nested, Memory>::store(AddressSpace space, VirtualAddress address, T value) const {
  if (page_offset(raw(address)) > page_size - sizeof(T)) [[unlikely]]
    return write(space, address, &value, sizeof(T)).ok();
  const u64 gpa = walk(space, raw(address));
  const u64 place = gpa == no_page ? no_page : locate(gpa, true);
  if (place == no_page) return false;
  __builtin_memcpy(memory_.template at<u8>(PhysicalAddress{place}), &value, sizeof(T));
  return true;
}

template <class Nested, PhysicalMemory Memory>
u64* GuestMemory<Nested, Memory>::cell(AddressSpace space, VirtualAddress address) const {
  const u64 gpa = (raw(address) & 7) == 0 ? walk_slowly(space, raw(address)) : no_page;
  const u64 place = gpa == no_page ? no_page : locate(gpa, true);
  return place == no_page ? nullptr : memory_.template at<u64>(PhysicalAddress{place});
}

// The next piece of a range that does not leave its page.
inline u64 piece_in_page(u64 address, u64 size) {
  const u64 rest = page_size - page_offset(address);
  return size < rest ? size : rest;
}

template <class Nested, PhysicalMemory Memory>
template <class Translate>
u64 GuestMemory<Nested, Memory>::copy_out(u64 address, void* to, u64 size, Translate translate) const {
  u64 done = 0;
  while (done < size) {
    const u64 gpa = translate(address + done);
    const u64 place = gpa == no_page ? no_page : locate(gpa, false);
    if (place == no_page) break;
    const u64 piece = piece_in_page(address + done, size - done);
    __builtin_memcpy(static_cast<u8*>(to) + done, memory_.template at<u8>(PhysicalAddress{place}), piece);
    done += piece;
  }
  return done;
}

template <class Nested, PhysicalMemory Memory>
template <class Translate>
Result<void> GuestMemory<Nested, Memory>::copy_in(u64 address, const void* from, u64 size, Translate translate) const {
  // The first round only asks, so that a range that ends in a hole is not written half.
  for (const bool writing : {false, true}) {
    for (u64 done = 0, piece; done < size; done += piece) {
      piece = piece_in_page(address + done, size - done);
      const u64 gpa = translate(address + done);
      const u64 place = gpa == no_page ? no_page : locate(gpa, true);
      if (place == no_page) return HYPERDBG_EDIT_INVALID_ADDRESS;
      if (writing)
        __builtin_memcpy(memory_.template at<u8>(PhysicalAddress{place}), static_cast<const u8*>(from) + done, piece);
    }
  }
  return {};
}

template <class Nested, PhysicalMemory Memory>
u64 GuestMemory<Nested, Memory>::read(AddressSpace space, VirtualAddress address, void* to, u64 size) const {
  return copy_out(raw(address), to, size, [&](u64 at) { return walk_slowly(space, at); });
}

template <class Nested, PhysicalMemory Memory>
u64 GuestMemory<Nested, Memory>::read_physical(PhysicalAddress address, void* to, u64 size) const {
  return copy_out(raw(address), to, size, [](u64 at) { return at; });
}

template <class Nested, PhysicalMemory Memory>
Result<void> GuestMemory<Nested, Memory>::write(AddressSpace space, VirtualAddress address, const void* from,
                                                u64 size) const {
  return copy_in(raw(address), from, size, [&](u64 at) { return walk_slowly(space, at); });
}

template <class Nested, PhysicalMemory Memory>
Result<void> GuestMemory<Nested, Memory>::write_physical(PhysicalAddress address, const void* from, u64 size) const {
  return copy_in(raw(address), from, size, [](u64 at) { return at; });
}

}  // namespace hyperdbg
