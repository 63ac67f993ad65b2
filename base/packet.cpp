// SPDX-License-Identifier: MIT
#include "base/packet.hpp"

#include "base/crc32c.hpp"

namespace hyperdbg {
namespace {

constexpr u32 header_size = sizeof(hyperdbg_packet);
constexpr u32 magic_size = sizeof(u32);

void copy(void* to, const void* from, u32 size) {
  for (u32 i = 0; i < size; ++i) static_cast<u8*>(to)[i] = static_cast<const u8*>(from)[i];
}

// Whether the first `size` bytes (at most four) are how a packet begins.
bool begins_magic(const u8* bytes, u32 size) {
  for (u32 i = 0; i < size && i < magic_size; ++i)
    if (bytes[i] != static_cast<u8>(HYPERDBG_WIRE_MAGIC >> (8 * i))) return false;
  return true;
}

}  // namespace

hyperdbg_packet encode_header(u16 kind, u32 sequence, const void* payload, u32 length) {
  hyperdbg_packet header{};
  header.magic = HYPERDBG_WIRE_MAGIC;
  header.kind = kind;
  header.length = length;
  header.sequence = sequence;
  header.header_crc = crc32c(&header, offsetof(hyperdbg_packet, header_crc));
  header.payload_crc = crc32c(payload, length);
  return header;
}

PacketReader::Outcome PacketReader::push(u8 byte) {
  u32 taken = 0;
  return push(&byte, 1, taken);
}

PacketReader::Outcome PacketReader::push(const u8* bytes, u32 count, u32& taken) {
  for (taken = 0; taken < count;) {
    start_ += finished_;
    finished_ = 0;
    if (used_ == capacity_) move_to_front();  // there is something before start_: no packet exceeds the capacity
    buffer_[used_++] = bytes[taken++];
    const Outcome outcome = examine();
    if (outcome != Outcome::nothing) return outcome;
  }
  return Outcome::nothing;
}

PacketReader::Outcome PacketReader::next() {
  start_ += finished_;
  finished_ = 0;
  return examine();
}

void PacketReader::reset() {
  start_ = used_ = finished_ = 0;
  lost_ = false;
}

void PacketReader::move_to_front() {
  if (start_ == 0) return;
  copy(buffer_, buffer_ + start_, held());
  used_ -= start_;
  start_ = 0;
}

// Drops what cannot begin a packet; true if nothing had to be dropped.
bool PacketReader::find_magic() {
  const u32 from = start_;
  while (start_ < used_ && !begins_magic(buffer_ + start_, held())) ++start_;
  return start_ == from;
}

bool PacketReader::header_is_good() const {
  return header_.header_crc == crc32c(&header_, offsetof(hyperdbg_packet, header_crc)) && header_.reserved == 0 &&
         header_.length <= HYPERDBG_MAXIMUM_PAYLOAD && header_.length <= capacity_ - header_size;
}

PacketReader::Outcome PacketReader::lose_header() {
  if (lost_) return Outcome::nothing;
  lost_ = true;
  damaged_sequence_ = 0;
  return Outcome::damaged;
}

PacketReader::Outcome PacketReader::lose_payload() {
  lost_ = true;
  damaged_sequence_ = header_.sequence;
  ++start_;  // the bytes behind the magic may hold the next packet
  return Outcome::damaged;
}

PacketReader::Outcome PacketReader::examine() {
  for (;;) {
    if (!find_magic() && lose_header() == Outcome::damaged) return Outcome::damaged;
    if (start_ == used_) start_ = used_ = 0;
    if (held() < header_size) return Outcome::nothing;
    copy(&header_, buffer_ + start_, header_size);
    if (!header_is_good()) {
      ++start_;
      if (lose_header() == Outcome::damaged) return Outcome::damaged;
      continue;
    }
    if (held() < header_size + header_.length) return Outcome::nothing;
    if (header_.payload_crc != crc32c(payload(), header_.length)) return lose_payload();
    move_to_front();
    lost_ = false;
    finished_ = header_size + header_.length;
    return Outcome::packet;
  }
}

}  // namespace hyperdbg
