// SPDX-License-Identifier: MIT
#include "hypervisor/events/message_ring.hpp"

namespace hyperdbg {

using ring::aligned;
using ring::load;
using ring::store;

namespace {

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

bool RingWriter::empty() const {
  return load(ring_->tail) == head_;
}

// What stands before the end of the ring is too short: it is skipped.
void RingWriter::skip_to_start(u64 pad) {
  const RecordStart start{static_cast<u32>(pad), HYPERDBG_RECORD_PAD, 0};
  __builtin_memcpy(bytes_ + (head_ & (size_ - 1)), &start, sizeof(start));
  head_ += pad;
}

void RingWriter::drop() {
  ++dropped_;
  ++sequence_;
  store(ring_->sequence, sequence_);
  store(ring_->dropped, dropped_);
}

void RingReader::init(hyperdbg_ring* ring, const u8* bytes, u64 size) {
  *this = RingReader{};
  ring_ = ring;
  bytes_ = bytes;
  size_ = size;
  tail_ = load(ring->tail);
}

const hyperdbg_record* RingReader::peek() {
  for (;;) {
    const u64 head = load(ring_->head);
    if (head == tail_) return nullptr;
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
  if (start.size < sizeof(record_)) return false;
  // The bytes may change while they are read: what was checked is what is kept.
  __builtin_memcpy(&record_, place, sizeof(record_));
  record_.size = start.size;
  record_.kind = start.kind;
  payload_ = place + sizeof(record_);
  return record_.length <= start.size - sizeof(record_);
}

void RingReader::advance() {
  tail_ += record_.size;
  store(ring_->tail, tail_);
}

u64 RingReader::discard() {
  u64 count = 0;
  for (; peek(); advance()) ++count;
  return count;
}

}  // namespace hyperdbg
