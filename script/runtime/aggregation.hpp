// SPDX-License-Identifier: MIT
#pragma once
#include "abi/aggregate.h"
#include "base/types.hpp"

// What an aggregation does with a value, and the table in which one CPU does it. Freestanding: for the image and for
// the debugger's own process.
namespace hyperdbg::script {

// Bytes of a key, or of a value that is set.
constexpr u32 size_of(u8 kind, u8 depth) {
  switch (kind) {
    case HYPERDBG_KEY_NUMBER:
      return 8;
    case HYPERDBG_KEY_TEXT:
      return HYPERDBG_AGGREGATE_TEXT_SIZE;
    default:
      return depth * 8u;
  }
}

constexpr u32 key_size(const hyperdbg_aggregation& aggregation, u32 key) {
  return size_of(aggregation.keys[key], aggregation.depths[key]);
}

constexpr u32 key_size(const hyperdbg_aggregation& aggregation) {
  u32 size = 0;
  for (u32 i = 0; i < aggregation.key_count; ++i) size += key_size(aggregation, i);
  return size;
}

// 0 unless values are set.
constexpr u32 value_size(const hyperdbg_aggregation& aggregation) {
  return size_of(aggregation.value, aggregation.value_depth);
}

constexpr bool is_key(u8 kind, u8 depth) {
  if (kind < HYPERDBG_KEY_NUMBER || kind > HYPERDBG_KEY_USER_STACK) return false;
  return kind < HYPERDBG_KEY_KERNEL_STACK || depth != 0;
}

// Whether an aggregation is one at all: it may come from a stranger.
constexpr bool is_valid(const hyperdbg_aggregation& aggregation) {
  if (aggregation.name[0] == 0 || aggregation.name[sizeof(aggregation.name) - 1] != 0) return false;
  if (aggregation.kind < HYPERDBG_AGGREGATE_COUNT || aggregation.kind > HYPERDBG_AGGREGATE_SET) return false;
  if (aggregation.key_count > HYPERDBG_AGGREGATE_KEYS) return false;
  for (u32 i = 0; i < aggregation.key_count; ++i)
    if (!is_key(aggregation.keys[i], aggregation.depths[i])) return false;
  const bool has_value = is_key(aggregation.value, aggregation.value_depth);
  if (has_value != (aggregation.kind == HYPERDBG_AGGREGATE_SET)) return false;
  if (!has_value && (aggregation.value != 0 || aggregation.value_depth != 0)) return false;
  if (key_size(aggregation) + value_size(aggregation) > HYPERDBG_AGGREGATE_KEY_SIZE) return false;
  if (aggregation.kind != HYPERDBG_AGGREGATE_LINEAR) return true;
  const u64 width = static_cast<u64>(aggregation.high) - static_cast<u64>(aggregation.low);
  return aggregation.low < aggregation.high && aggregation.step > 0 &&
         (width - 1) / static_cast<u64>(aggregation.step) < HYPERDBG_AGGREGATE_BUCKETS;
}

constexpr u64 bucket_of(const hyperdbg_aggregation& aggregation, s64 value) {
  if (aggregation.kind == HYPERDBG_AGGREGATE_LOG2) {
    if (value <= 0) return value < 0 ? 0 : 1;
    return 65 - static_cast<u64>(__builtin_clzll(static_cast<u64>(value)));
  }
  if (aggregation.kind != HYPERDBG_AGGREGATE_LINEAR || value < aggregation.low) return 0;
  const u64 width = static_cast<u64>(aggregation.high) - static_cast<u64>(aggregation.low);
  const u64 step = static_cast<u64>(aggregation.step);
  const u64 distance = static_cast<u64>(value) - static_cast<u64>(aggregation.low);
  return 1 + (value >= aggregation.high ? (width + step - 1) / step : distance / step);
}

// And, behind the key, the value that is set.
struct AggregateKey {
  u64 words[HYPERDBG_AGGREGATE_KEY_SIZE / 8];
};

// Bytes behind an entry: its key and its value.
constexpr u32 size_behind(const hyperdbg_aggregate_entry& entry) {
  return static_cast<u32>(entry.key_size) + entry.value_size;
}

// Whether the value of `other`, which has the same key, was set later.
inline bool is_later(const hyperdbg_aggregate_entry& entry, const hyperdbg_aggregate_entry& other) {
  return entry.count == 0 || other.maximum >= entry.maximum;
}

// Puts another update, or another table's entry of the same key, into an entry.
inline void merge(hyperdbg_aggregate_entry& entry, const hyperdbg_aggregate_entry& other) {
  const bool first = entry.count == 0;
  entry.minimum = first || other.minimum < entry.minimum ? other.minimum : entry.minimum;
  entry.maximum = first || other.maximum > entry.maximum ? other.maximum : entry.maximum;
  entry.count += other.count;
  entry.sum = static_cast<s64>(static_cast<u64>(entry.sum) + static_cast<u64>(other.sum));
}

/*
 * A hash table of fixed size in single pages: first the hashes, then the entries. It is written by its CPU alone and
 * read while that CPU stands still, so nothing in it is locked or atomic. A key lies within `window` places behind that
 * of its hash, or nowhere: an update costs as much in a full table as in an empty one.
 */
class AggregateTable {
 public:
  static constexpr u32 largest = 1024, smallest = 64;
  static constexpr u32 largest_pages = largest / 512 + largest / 16;

  static constexpr u32 pages_for(u32 capacity) { return (capacity + 511) / 512 + capacity / 16; }

  // `capacity` is a power of two between smallest and largest; each page is zeroed memory of 4096 bytes.
  void set_capacity(u32 capacity) { capacity_ = capacity; }
  void set_page(u32 index, u8* page) { pages_[index] = page; }
  u32 capacity() const { return capacity_; }

  // Null where the place is free.
  const hyperdbg_aggregate_entry* at(u32 place) const {
    return hash_at(place) == 0 ? nullptr : &const_cast<AggregateTable*>(this)->slot(place).entry;
  }

  // Where values are set, `value` is the time stamp counter.
  void update(u32 number, const hyperdbg_aggregation& aggregation, const AggregateKey& key, s64 value) {
    const hyperdbg_aggregate_entry one{.number = number,
                                       .key_size = static_cast<u16>(key_size(aggregation)),
                                       .value_size = static_cast<u16>(value_size(aggregation)),
                                       .bucket = bucket_of(aggregation, value),
                                       .count = 1,
                                       .sum = value,
                                       .minimum = value,
                                       .maximum = value};
    const u64 hash = hash_of(one, key);
    u32 free = capacity_;
    for (u32 i = 0; i < window && capacity_ != 0; ++i) {
      const u32 place = static_cast<u32>(hash + i) & (capacity_ - 1);
      const u64 there = hash_at(place);
      if (there == 0 && free == capacity_) free = place;
      if (there == hash && same(slot(place), one, key)) return add(slot(place), one, key);
    }
    if (free == capacity_) {
      ++lost_[number];
      return;
    }
    hash_at(free) = hash;
    slot(free) = {one, key};
  }

  u64 lost(u32 number) const { return lost_[number]; }

  void clear(u32 number) {
    for (u32 place = 0; place < capacity_; ++place)
      if (number == HYPERDBG_ALL_AGGREGATIONS || (hash_at(place) != 0 && slot(place).entry.number == number))
        hash_at(place) = 0;
    for (u32 i = 0; i < HYPERDBG_MAXIMUM_AGGREGATIONS; ++i)
      if (number == HYPERDBG_ALL_AGGREGATIONS || number == i) lost_[i] = 0;
  }

 private:
  static constexpr u32 window = 16;
  struct Slot {
    hyperdbg_aggregate_entry entry;
    AggregateKey key;
  };
  static_assert(sizeof(Slot) == 256);

  u64& hash_at(u32 place) { return reinterpret_cast<u64*>(pages_[place / 512])[place % 512]; }
  u64 hash_at(u32 place) const { return const_cast<AggregateTable*>(this)->hash_at(place); }
  Slot& slot(u32 place) { return reinterpret_cast<Slot*>(pages_[(capacity_ + 511) / 512 + place / 16])[place % 16]; }

  static void add(Slot& slot, const hyperdbg_aggregate_entry& one, const AggregateKey& key) {
    merge(slot.entry, one);
    const u32 value = one.key_size / 8;
    if (one.value_size != 0) __builtin_memcpy(slot.key.words + value, key.words + value, one.value_size);
  }

  static u64 mixed(u64 hash, u64 word) {
    hash = (hash ^ word) * 0x9e3779b97f4a7c15;
    return hash ^ hash >> 29;
  }
  // Never 0, which is a free place.
  static u64 hash_of(const hyperdbg_aggregate_entry& entry, const AggregateKey& key) {
    u64 hash = mixed(entry.number + 1, entry.bucket);
    for (u32 i = 0; i < entry.key_size / 8; ++i) hash = mixed(hash, key.words[i]);
    return hash != 0 ? hash : 1;
  }
  static bool same(const Slot& slot, const hyperdbg_aggregate_entry& entry, const AggregateKey& key) {
    return slot.entry.number == entry.number && slot.entry.bucket == entry.bucket &&
           __builtin_memcmp(slot.key.words, key.words, entry.key_size) == 0;
  }

  u32 capacity_ = 0;
  u8* pages_[largest_pages] = {};
  u64 lost_[HYPERDBG_MAXIMUM_AGGREGATIONS] = {};
};

}  // namespace hyperdbg::script
