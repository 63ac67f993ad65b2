// SPDX-License-Identifier: MIT
#pragma once
#include "abi/aggregate.h"
#include "base/types.hpp"

// What an aggregation does with a value, and the table in which one CPU does it. Freestanding: for the image and for
// the debugger's own process.
namespace hyperdbg::script {

constexpr u32 key_size(const hyperdbg_aggregation& aggregation, u32 key) {
  switch (aggregation.keys[key]) {
    case HYPERDBG_KEY_NUMBER:
      return 8;
    case HYPERDBG_KEY_TEXT:
      return HYPERDBG_AGGREGATE_TEXT_SIZE;
    default:
      return aggregation.depths[key] * 8u;
  }
}

constexpr u32 key_size(const hyperdbg_aggregation& aggregation) {
  u32 size = 0;
  for (u32 i = 0; i < aggregation.key_count; ++i) size += key_size(aggregation, i);
  return size;
}

// Whether an aggregation is one at all: it may come from a stranger.
constexpr bool is_valid(const hyperdbg_aggregation& aggregation) {
  if (aggregation.name[0] == 0 || aggregation.name[sizeof(aggregation.name) - 1] != 0) return false;
  if (aggregation.kind < HYPERDBG_AGGREGATE_COUNT || aggregation.kind > HYPERDBG_AGGREGATE_LINEAR) return false;
  if (aggregation.key_count > HYPERDBG_AGGREGATE_KEYS) return false;
  for (u32 i = 0; i < aggregation.key_count; ++i) {
    if (aggregation.keys[i] < HYPERDBG_KEY_NUMBER || aggregation.keys[i] > HYPERDBG_KEY_USER_STACK) return false;
    if (aggregation.keys[i] >= HYPERDBG_KEY_KERNEL_STACK && aggregation.depths[i] == 0) return false;
  }
  if (key_size(aggregation) > HYPERDBG_AGGREGATE_KEY_SIZE) return false;
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

struct AggregateKey {
  u64 words[HYPERDBG_AGGREGATE_KEY_SIZE / 8];
};

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

  void update(u32 number, const hyperdbg_aggregation& aggregation, const AggregateKey& key, s64 value) {
    const hyperdbg_aggregate_entry one{.number = number,
                                       .key_size = key_size(aggregation),
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
      if (there == hash && same(slot(place), one, key)) return merge(slot(place).entry, one);
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
