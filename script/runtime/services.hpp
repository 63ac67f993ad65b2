// SPDX-License-Identifier: MIT
#pragma once
#include "abi/limits.h"
#include "abi/script.h"
#include "base/types.hpp"
#include "script/runtime/aggregation.hpp"
#include "x86/decoder.hpp"

/*
 * What compiled scripts call, as far as it is the same in root mode and in the debugger's own process: memory of the
 * script and of the guest behind one kind of address, strings, atomic operations, locks. Freestanding.
 *
 * Host is what differs, as static functions that get the context:
 *   [[noreturn]] void end(context, error, position, detail)
 *   u64 read_some(context, address, void* to, u64 size)          bytes that could be read, guest memory
 *   bool write(context, address, const void* from, u64 size)     all or nothing
 *   bool read_physical(context, address, void* to, u64 size), write_physical(...)
 *   u64* place(context, address)                                 where 8 bytes of the guest lie, nullptr if nowhere
 *   u64 physical(context, address)                               0 if it is not mapped
 *   void cache(context, address)                                 may set the context's cache to this address's page
 *   void relax(context)                                          between two tries for a lock
 *   u64 service(context, number, a, b, c, position)              every other service
 *   const hyperdbg_aggregation* aggregation(context, number)      nullptr if there is none
 *   AggregateTable& table_of(context)                            of this CPU
 *   u32 stack(context, hyperdbg_aggregate_key, u64* frames, u32 most)  innermost first
 */
namespace hyperdbg::script {

using Context = hyperdbg_script_context;

constexpr u64 area_address(hyperdbg_script_area area, u64 offset) {
  return u64{area} << HYPERDBG_SCRIPT_AREA_SHIFT | offset;
}

// The bytes of one of the script's own areas.
struct Area {
  u8* bytes = nullptr;
  u64 size = 0;
  bool writable = true;
};

inline Area area_of(const Context& context, u64 address) {
  switch (address >> HYPERDBG_SCRIPT_AREA_SHIFT) {
    case HYPERDBG_SCRIPT_AREA_ARENA:
      return {context.arena, HYPERDBG_SCRIPT_ARENA_SIZE};
    case HYPERDBG_SCRIPT_AREA_GLOBALS:
      return {reinterpret_cast<u8*>(context.globals), u64{HYPERDBG_MAXIMUM_GLOBALS} * 8};
    case HYPERDBG_SCRIPT_AREA_CODE:
      return {const_cast<u8*>(context.code), context.code_size, false};
    case HYPERDBG_SCRIPT_AREA_BUFFER:
      return {context.buffer_bytes, context.buffer_size};
    case HYPERDBG_SCRIPT_AREA_TEXT:
      return {reinterpret_cast<u8*>(context.text), HYPERDBG_SCRIPT_TEXT_SIZE, false};
    default:
      return {};
  }
}

// Where `size` bytes at an address of the script's own lie; `available` of them are there.
inline u8* own_bytes(const Context& context, u64 address, u64 size, bool to_write, u64& available) {
  const Area area = area_of(context, address);
  const u64 offset = address & ((1ull << HYPERDBG_SCRIPT_AREA_SHIFT) - 1);
  if (area.bytes == nullptr || offset >= area.size || (to_write && !area.writable)) return nullptr;
  available = area.size - offset < size ? area.size - offset : size;
  return area.bytes + offset;
}

template <class Host>
class Services {
 public:
  static u64 read_some(Context& context, u64 address, void* to, u64 size) {
    u64 available = 0;
    if (const u8* own = own_bytes(context, address, size, false, available)) {
      __builtin_memcpy(to, own, available);
      return available;
    }
    return Host::read_some(context, address, to, size);
  }

  static bool write(Context& context, u64 address, const void* from, u64 size) {
    u64 available = 0;
    if (u8* own = own_bytes(context, address, size, true, available)) {
      if (available == size) __builtin_memcpy(own, from, size);
      return available == size;
    }
    return Host::write(context, address, from, size);
  }

  static void abort(Context* context, u64 error, u64 position, u64 detail) {
    Host::end(*context, error, position, detail);
  }
  static u64 read_memory(Context* context, u64 address, u64 size, u64 position) {
    u64 value = 0;
    if (area_of(*context, address).bytes == nullptr) {
      Host::cache(*context, address);
      if (address - context->cache_base < context->cache_limit) {
        __builtin_memcpy(&value, reinterpret_cast<const void*>(address + context->cache_delta), size);
        return value;
      }
    }
    if (read_some(*context, address, &value, size) != size)
      Host::end(*context, HYPERDBG_SCRIPT_INVALID_ADDRESS, position, address);
    return value;
  }
  static u64 write_memory(Context* context, u64 address, u64 value, u64 size) {
    return write(*context, address, &value, size) ? 1 : 0;
  }
  static u64 read_physical(Context* context, u64 address, u64 size, u64 position) {
    u64 value = 0;
    if (!Host::read_physical(*context, address, &value, size))
      Host::end(*context, HYPERDBG_SCRIPT_INVALID_ADDRESS, position, address);
    return value;
  }
  static u64 write_physical(Context* context, u64 address, u64 value, u64 size) {
    return Host::write_physical(*context, address, &value, size) ? 1 : 0;
  }

  static u64 service(Context* pointer, u64 number, u64 a, u64 b, u64 c, u64 position) {
    Context& context = *pointer;
    switch (number) {
      case HYPERDBG_SERVICE_COPY:
      case HYPERDBG_SERVICE_COPY_PHYSICAL:
        return copy(context, a, b, c, number == HYPERDBG_SERVICE_COPY_PHYSICAL, position);
      case HYPERDBG_SERVICE_COMPARE_MEMORY:
        return compare(context, a, b, c, {1, false}, position);
      case HYPERDBG_SERVICE_COMPARE_STRINGS:
        return compare(context, a, b, c, {1, true}, position);
      case HYPERDBG_SERVICE_COMPARE_WIDE:
        return compare(context, a, b, c, {2, true}, position);
      case HYPERDBG_SERVICE_STRING_LENGTH:
        return length(context, a, 1, position);
      case HYPERDBG_SERVICE_WIDE_LENGTH:
        return length(context, a, 2, position);
      case HYPERDBG_SERVICE_CHECK_ADDRESS: {
        u8 byte = 0;
        return read_some(context, a, &byte, 1);
      }
      case HYPERDBG_SERVICE_VIRTUAL_TO_PHYSICAL:
        return area_of(context, a).bytes != nullptr ? 0 : Host::physical(context, a);
      case HYPERDBG_SERVICE_DISASSEMBLE_LENGTH:
        return instruction_length(context, a, b);
      case HYPERDBG_SERVICE_ADD:
        return __atomic_add_fetch(atomic_place(context, a, position), b, __ATOMIC_SEQ_CST);
      case HYPERDBG_SERVICE_SUBTRACT:
        return __atomic_sub_fetch(atomic_place(context, a, position), b, __ATOMIC_SEQ_CST);
      case HYPERDBG_SERVICE_EXCHANGE:
        return __atomic_exchange_n(atomic_place(context, a, position), b, __ATOMIC_SEQ_CST);
      case HYPERDBG_SERVICE_EXCHANGE_ADD:
        return __atomic_fetch_add(atomic_place(context, a, position), b, __ATOMIC_SEQ_CST);
      case HYPERDBG_SERVICE_COMPARE_EXCHANGE: {
        u64 old = c;
        __atomic_compare_exchange_n(atomic_place(context, a, position), &old, b, false, __ATOMIC_SEQ_CST,
                                    __ATOMIC_SEQ_CST);
        return old;
      }
      case HYPERDBG_SERVICE_LOCK:
        return lock(context, a, b, position);
      case HYPERDBG_SERVICE_UNLOCK:
        __atomic_store_n(atomic_place(context, a, position), 0, __ATOMIC_RELEASE);
        return 0;
      default:
        return Host::service(context, number, a, b, c, position);
    }
  }

  static void aggregate(Context* context, u64 number, u64 value, const u64* words, u64 position) {
    const hyperdbg_aggregation* aggregation = Host::aggregation(*context, number);
    if (aggregation == nullptr) Host::end(*context, HYPERDBG_SCRIPT_BAD_ARGUMENT, position, number);
    AggregateKey key{};
    u32 used = 0;
    for (u32 i = 0; i < aggregation->key_count; ++i) {
      add_key(*context, aggregation->keys[i], aggregation->depths[i], words[i], key.words + used);
      used += key_size(*aggregation, i) / 8;
    }
    if (aggregation->kind == HYPERDBG_AGGREGATE_SET) {
      add_key(*context, aggregation->value, aggregation->value_depth, value, key.words + used);
      value = __builtin_ia32_rdtsc();
    }
    Host::table_of(*context).update(static_cast<u32>(number), *aggregation, key, static_cast<s64>(value));
  }

  // What takes time by its arguments spends fuel by them.
  static void charge(Context& context, u64 amount, u64 position) {
    if (context.fuel < 0 || amount > static_cast<u64>(context.fuel))
      Host::end(context, HYPERDBG_SCRIPT_OUT_OF_FUEL, position, 0);
    context.fuel -= static_cast<s64>(amount);
  }

 private:
  static void add_key(Context& context, u8 kind, u8 depth, u64 word, u64* to) {
    switch (kind) {
      case HYPERDBG_KEY_NUMBER:
        *to = word;
        return;
      case HYPERDBG_KEY_TEXT:
        return add_text(context, word, reinterpret_cast<char*>(to));
      default:
        Host::stack(context, static_cast<hyperdbg_aggregate_key>(kind), to, depth);
    }
  }

  static void add_text(Context& context, u64 address, char* to) {
    constexpr char invalid[] = "<invalid address>";
    constexpr u64 most = HYPERDBG_AGGREGATE_TEXT_SIZE - 1;
    const u64 readable = read_some(context, address, to, most);
    if (readable == 0) __builtin_memcpy(to, invalid, sizeof(invalid));
    u64 length = readable == 0 ? sizeof(invalid) - 1 : 0;
    while (length < readable && to[length] != 0) ++length;
    __builtin_memset(to + length, 0, HYPERDBG_AGGREGATE_TEXT_SIZE - length);
  }

  struct Units {
    u64 size;         // bytes of one
    bool terminated;  // a zero ends both sides
  };
  static constexpr u64 chunk = 64;

  // Reads ahead by chunks, so that a string does not cost a page walk for each character.
  class Reader {
   public:
    Reader(Context& context, u64 address) : context_(context), address_(address) {}
    // False: it cannot be read.
    bool next(u64 size, u64& unit) {
      if (at_ + size > filled_ && !fill(size)) return false;
      unit = size == 1 ? bytes_[at_] : static_cast<u64>(bytes_[at_] | bytes_[at_ + 1] << 8);
      at_ += size;
      return true;
    }
    u64 address() const { return address_ + at_; }

   private:
    bool fill(u64 size) {
      address_ += at_;
      at_ = 0;
      // Up to the end of the page only: what lies behind it may not be there, and may not be needed.
      const u64 to_end = page - (address_ & (page - 1));
      filled_ = read_some(context_, address_, bytes_, to_end < size ? size : to_end < chunk ? to_end : chunk);
      return filled_ >= size;
    }
    static constexpr u64 page = 4096;

    Context& context_;
    u64 address_;
    u64 at_ = 0;
    u64 filled_ = 0;
    u8 bytes_[chunk];
  };

  static u64* atomic_place(Context& context, u64 address, u64 position) {
    u64 available = 0;
    u8* own = own_bytes(context, address, 8, true, available);
    u64* place = own != nullptr ? reinterpret_cast<u64*>(own) : Host::place(context, address);
    // Only what is aligned is in one piece for the other CPUs.
    if (place == nullptr || (own != nullptr && available != 8) || (address & 7) != 0)
      Host::end(context, HYPERDBG_SCRIPT_INVALID_ADDRESS, position, address);
    return place;
  }

  static u64 lock(Context& context, u64 address, u64 longest, u64 position) {
    u64* place = atomic_place(context, address, position);
    u64 wait = 1;
    while (__atomic_exchange_n(place, 1, __ATOMIC_ACQUIRE) != 0) {
      while (__atomic_load_n(place, __ATOMIC_RELAXED) != 0) {
        for (u64 i = 0; i < wait; ++i) {
          charge(context, 1, position);
          Host::relax(context);
        }
        if (wait * 2 <= longest) wait *= 2;
      }
    }
    return 0;
  }

  static u64 copy(Context& context, u64 to, u64 from, u64 size, bool physical, u64 position) {
    constexpr u64 too_many = 1ull << 32;
    if (size == 0 || size >= too_many) Host::end(context, HYPERDBG_SCRIPT_BAD_ARGUMENT, position, size);
    charge(context, size / 8, position);
    const bool backwards = to - from < size;  // the end of what is read would be overwritten before it is read
    for (u64 done = 0; done < size;) {
      const u64 part = size - done < chunk ? size - done : chunk;
      const u64 offset = backwards ? size - done - part : done;
      copy_chunk(context, to + offset, from + offset, part, physical, position);
      done += part;
    }
    return 0;
  }

  static void copy_chunk(Context& context, u64 to, u64 from, u64 size, bool physical, u64 position) {
    u8 bytes[chunk];
    const bool readable =
        physical ? Host::read_physical(context, from, bytes, size) : read_some(context, from, bytes, size) == size;
    if (!readable) Host::end(context, HYPERDBG_SCRIPT_INVALID_ADDRESS, position, from);
    const bool written = physical ? Host::write_physical(context, to, bytes, size) : write(context, to, bytes, size);
    if (!written) Host::end(context, HYPERDBG_SCRIPT_INVALID_ADDRESS, position, to);
  }

  static u64 compare(Context& context, u64 left, u64 right, u64 count, Units units, u64 position) {
    Reader left_reader(context, left);
    Reader right_reader(context, right);
    for (u64 i = 0; i < count; ++i) {
      if (i % 8 == 7) charge(context, 1, position);
      u64 a = 0;
      u64 b = 0;
      if (!left_reader.next(units.size, a))
        Host::end(context, HYPERDBG_SCRIPT_INVALID_ADDRESS, position, left_reader.address());
      if (!right_reader.next(units.size, b))
        Host::end(context, HYPERDBG_SCRIPT_INVALID_ADDRESS, position, right_reader.address());
      if (a != b) return a < b ? ~0ull : 1;
      if (units.terminated && a == 0) return 0;
    }
    return 0;
  }

  // 0 for what cannot be read.
  static u64 length(Context& context, u64 address, u64 unit_size, u64 position) {
    Reader reader(context, address);
    for (u64 count = 0;; ++count) {
      if (count % 8 == 7) charge(context, 1, position);
      u64 unit = 0;
      if (!reader.next(unit_size, unit)) return 0;
      if (unit == 0) return count;
    }
  }

  static u64 instruction_length(Context& context, u64 address, u64 bits) {
    u8 bytes[x86::maximum_instruction_length];
    const u64 count = read_some(context, address, bytes, sizeof bytes);
    const auto size = bits == 32 ? x86::CodeSize::bits32 : x86::CodeSize::bits64;
    const x86::Decoded decoded = x86::decode(bytes, count, size, x86::Branches::amd);
    return decoded.ok() ? decoded.instruction.length : 0;
  }
};

}  // namespace hyperdbg::script
