// SPDX-License-Identifier: MIT
#include "base/message_ring.hpp"

#include <atomic>

namespace hyperdbg {

namespace {

constexpr u64 aligned(u64 size) {
  return (size + 7) & ~7ull;
}

u64 load(const u64& shared) {
  return std::atomic_ref(const_cast<u64&>(shared)).load(std::memory_order_acquire);
}
void store(u64& shared, u64 value) {
  std::atomic_ref(shared).store(value, std::memory_order_release);
}

// A RECORD_FLUSH, and the PAD that may have to stand before it.
constexpr u64 kept_for_flush = 2 * aligned(sizeof(hyperdbg_record));

// What every record starts with; all that there is of a PAD.
struct RecordStart {
  u32 size;
  u16 kind;
  u16 core;
};

}  // namespace

void RingWriter::init(hyperdbg_ring* ring, u8* bytes, u64 size) {
  *this = RingWriter{};
  ring_ = ring;
  bytes_ = bytes;
  size_ = size;
}

// A tail that cannot be right counts as "nothing was read yet".
u64 RingWriter::room() const {
  const u64 used = head_ - load(ring_->tail);
  return used > size_ ? 0 : size_ - used;
}

bool RingWriter::empty() const {
  return load(ring_->tail) == head_;
}

bool RingWriter::crowded() const {
  return room() < size_ / 2;
}

hyperdbg_record* RingWriter::reserve(hyperdbg_record_kind kind, u32 capacity) {
  const u64 size = aligned(sizeof(hyperdbg_record) + u64{capacity});
  const u64 to_end = size_ - head_ % size_;
  const u64 pad = size > to_end ? to_end : 0;
  const u64 kept = kind == HYPERDBG_RECORD_FLUSH ? 0 : kept_for_flush;
  if (size > HYPERDBG_MAXIMUM_MESSAGE_SIZE || room() < pad + size + kept) {
    drop();
    return nullptr;
  }
  if (pad != 0) {
    const RecordStart start{static_cast<u32>(pad), HYPERDBG_RECORD_PAD, 0};
    __builtin_memcpy(bytes_ + head_ % size_, &start, sizeof(start));
    head_ += pad;
  }
  reserved_ = reinterpret_cast<hyperdbg_record*>(bytes_ + head_ % size_);
  *reserved_ = hyperdbg_record{};
  reserved_->kind = kind;
  reserved_->sequence = sequence_;
  return reserved_;
}

void RingWriter::commit(u32 length) {
  const u64 size = aligned(sizeof(hyperdbg_record) + u64{length});
  reserved_->length = length;
  reserved_->size = static_cast<u32>(size);
  reserved_ = nullptr;
  head_ += size;
  ++sequence_;
  store(ring_->head, head_);
  store(ring_->sequence, sequence_);  // last: a reader that sees it sees the record as well
}

void RingWriter::drop() {
  ++dropped_;
  ++sequence_;
  store(ring_->sequence, sequence_);
  store(ring_->dropped, dropped_);
}

void RingReader::init(hyperdbg_ring* ring, const u8* bytes, u64 size, u32 core) {
  *this = RingReader{};
  core_ = static_cast<u16>(core);
  ring_ = ring;
  bytes_ = bytes;
  size_ = size;
  tail_ = load(ring->tail);
  store(next_, load(ring->sequence) - (tail_ != load(ring->head) ? 1 : 0));
}

bool RingReader::waiting() const {
  return load(ring_->sequence) > load(next_);
}

const hyperdbg_record* RingReader::peek() {
  for (;;) {
    const u64 written = load(ring_->sequence);
    const u64 head = load(ring_->head);
    if (head == tail_) return losses(written);
    if (!load_record(head - tail_)) {
      ++damaged_;
      tail_ = head;
      store(ring_->tail, tail_);
      return nullptr;
    }
    if (record_.kind != HYPERDBG_RECORD_PAD) return &record_;
    advance();
  }
}

const hyperdbg_record* RingReader::losses(u64 written) {
  if (written <= next_) return nullptr;
  record_ = {};
  record_.size = sizeof(record_);
  record_.kind = HYPERDBG_RECORD_LOST;
  record_.core = core_;
  record_.sequence = written;
  record_.event = HYPERDBG_NO_EVENT;
  return &record_;
}

bool RingReader::load_record(u64 available) {
  if (available > size_ || tail_ % 8 != 0) return false;
  const u64 to_end = size_ - tail_ % size_;
  const u64 limit = available < to_end ? available : to_end;
  const u8* place = bytes_ + tail_ % size_;
  RecordStart start;
  if (limit < sizeof(start)) return false;
  __builtin_memcpy(&start, place, sizeof(start));
  record_.size = start.size;
  record_.kind = start.kind;
  if (start.size % 8 != 0 || start.size < sizeof(start) || start.size > limit) return false;
  if (start.kind == HYPERDBG_RECORD_PAD) return true;
  if (start.size < sizeof(record_) || start.kind == HYPERDBG_RECORD_LOST) return false;  // only made by the reader
  // The bytes may change while they are read: what was checked is what is kept.
  __builtin_memcpy(&record_, place, sizeof(record_));
  record_.size = start.size;
  record_.kind = start.kind;
  payload_ = place + sizeof(record_);
  return record_.length <= start.size - sizeof(record_);
}

void RingReader::advance() {
  const bool lost = record_.kind == HYPERDBG_RECORD_LOST;
  if (!lost) {
    tail_ += record_.size;
    store(ring_->tail, tail_);
  }
  if (record_.kind != HYPERDBG_RECORD_PAD) store(next_, record_.sequence + (lost ? 0 : 1));
}

u32 RingReader::take(u8* to, u32 room) {
  u32 used = 0;
  for (const hyperdbg_record* record = peek(); record && record->size <= room - used; record = peek()) {
    const u32 tail = record->size - sizeof(*record);
    __builtin_memcpy(to + used, record, sizeof(*record));
    if (tail != 0) __builtin_memcpy(to + used + sizeof(*record), payload_, tail);
    used += record->size;
    advance();
  }
  return used;
}

}  // namespace hyperdbg
