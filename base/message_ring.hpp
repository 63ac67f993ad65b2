// SPDX-License-Identifier: MIT
#pragma once
#include <atomic>

#include "abi/record.h"
#include "base/types.hpp"

namespace hyperdbg {

// What is shared with whoever maps the ring.
namespace ring {
constexpr u64 aligned(u64 size) {
  return (size + 7) & ~7ull;
}
inline u64 load(const u64& shared) {
  return std::atomic_ref(const_cast<u64&>(shared)).load(std::memory_order_acquire);
}
inline void store(u64& shared, u64 value) {
  std::atomic_ref(shared).store(value, std::memory_order_release);
}

// A RECORD_FLUSH, and the PAD that may have to stand before it.
constexpr u64 kept_for_flush = 2 * aligned(sizeof(hyperdbg_record));
}  // namespace ring

/*
 * The writing end of one CPU's ring. It keeps head, sequence and size to itself: whoever has the ring mapped may write
 * to it, and must not be able to make the image write elsewhere.
 *
 *   if (hyperdbg_record* record = writer.reserve(kind, most)) { ...fill payload(record)...; writer.commit(used); }
 */
class RingWriter {
 public:
  // `bytes` are the `size` bytes behind the header page; size is a power of two, and room
  // for three of the largest records.
  void init(hyperdbg_ring* ring, u8* bytes, u64 size);

  // Room for a header and `capacity` bytes (at most HYPERDBG_MAXIMUM_MESSAGE_SIZE in all), or null: full, counted.
  // size, kind, core (0) and sequence are filled; the caller fills the others and the payload. A RECORD_FLUSH finds
  // room where others do not: it is what a full ring may need.
  hyperdbg_record* reserve(hyperdbg_record_kind kind, u32 capacity);
  static u8* payload(hyperdbg_record* record) { return reinterpret_cast<u8*>(record + 1); }
  // Makes the reserved record visible with `length` bytes of payload, at most what was reserved.
  void commit(u32 length);
  // A record that cannot be written at all, e.g. because it would be too long.
  void drop();

  u64 dropped() const { return dropped_; }
  bool empty() const;    // the reader has taken everything
  bool crowded() const;  // more than half full

 private:
  bool fits(u64 bytes) const;
  hyperdbg_record* skip_to_start(u64 pad);

  hyperdbg_ring* ring_ = nullptr;
  u8* bytes_ = nullptr;
  u64 size_ = 0;
  u64 head_ = 0;
  u64 sequence_ = 0;
  u64 dropped_ = 0;
  hyperdbg_record* reserved_ = nullptr;
};

// `bytes` are at most size_. A tail that cannot be right counts as "nothing was read yet".
inline bool RingWriter::fits(u64 bytes) const {
  return head_ - ring::load(ring_->tail) <= size_ - bytes;
}

// Each message of a script comes through here.
[[gnu::always_inline]] inline hyperdbg_record* RingWriter::reserve(hyperdbg_record_kind kind, u32 capacity) {
  const u64 size = ring::aligned(sizeof(hyperdbg_record) + u64{capacity});
  const u64 start = head_ & (size_ - 1);
  const u64 to_end = size_ - start;
  const u64 pad = size > to_end ? to_end : 0;
  const u64 kept = kind == HYPERDBG_RECORD_FLUSH ? 0 : ring::kept_for_flush;
  if (size > HYPERDBG_MAXIMUM_MESSAGE_SIZE || !fits(pad + size + kept)) [[unlikely]] {
    drop();
    return nullptr;
  }
  hyperdbg_record* record = reinterpret_cast<hyperdbg_record*>(bytes_ + start);
  if (pad != 0) [[unlikely]]
    record = skip_to_start(pad);
  // No zeros first: the caller fills the rest.
  record->kind = static_cast<u16>(kind);
  record->core = 0;
  record->sequence = sequence_;
  reserved_ = record;
  return record;
}

[[gnu::always_inline]] inline void RingWriter::commit(u32 length) {
  const u64 size = ring::aligned(sizeof(hyperdbg_record) + u64{length});
  reserved_->length = length;
  reserved_->size = static_cast<u32>(size);
  hyperdbg_ring& ring = *ring_;
  const u64 head = head_ += size;
  const u64 sequence = ++sequence_;
  ring::store(ring.head, head);
  ring::store(ring.sequence, sequence);  // last: a reader that sees it sees the record as well
}

// The reading end; there is one for each ring. It does not trust the bytes that it reads either.
class RingReader {
 public:
  void init(hyperdbg_ring* ring, const u8* bytes, u64 size, u32 core);

  // The oldest record, or null when there is none. Behind the last one that was written a RECORD_LOST (size 40) tells
  // of those that found the ring full. Its payload stays valid until advance(). `length` bytes of payload
  // are there; only the copy of the header that is returned was checked.
  const hyperdbg_record* peek();
  const u8* payload() const { return payload_; }
  void advance();
  // Whether peek() would find something; also for who is not the one that reads, at any time.
  bool waiting() const;
  // Takes whole records, as many as fit into `room` bytes; returns the bytes used.
  u32 take(u8* to, u32 room);

  u64 damaged() const { return damaged_; }  // times the ring made no sense and its content was skipped

 private:
  bool load_record(u64 available);
  const hyperdbg_record* losses(u64 written);

  hyperdbg_ring* ring_ = nullptr;
  const u8* bytes_ = nullptr;
  u64 size_ = 0;
  u64 tail_ = 0;
  u64 damaged_ = 0;
  u64 next_ = 0;  // sequence number; others look at it
  u16 core_ = 0;
  const u8* payload_ = nullptr;
  hyperdbg_record record_{};
};

}  // namespace hyperdbg
