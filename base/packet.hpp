// SPDX-License-Identifier: MIT
#pragma once
#include "abi/wire.h"
#include "base/types.hpp"

namespace hyperdbg {

// The header that goes before `payload` on the line.
hyperdbg_packet encode_header(u16 kind, u32 sequence, const void* payload, u32 length);

/*
 * Turns a byte stream into packets, in a buffer of the caller, never blocking. Usage:
 *
 *   for each byte: for (auto outcome = reader.push(byte); outcome != nothing; outcome = reader.next()) ...
 *
 * next() has to be called until it says `nothing`: a truncated packet may have swallowed the packets behind it, and
 * they are found again in what is held already.
 */
class PacketReader {
 public:
  enum class Outcome {
    nothing,  // more bytes are needed
    packet,   // header() and payload() are valid until the next call
    damaged,  // bytes were lost; damaged_sequence() tells what to ask for again. Said once for one stretch of garbage
  };

  static constexpr u32 buffer_size = sizeof(hyperdbg_packet) + HYPERDBG_MAXIMUM_PAYLOAD;

  // `capacity` bounds the payload that is accepted: capacity - sizeof(hyperdbg_packet), at most
  // HYPERDBG_MAXIMUM_PAYLOAD.
  PacketReader(u8* buffer, u32 capacity) : buffer_(buffer), capacity_(capacity) {}

  Outcome push(u8 byte);
  // Takes bytes until an outcome or the end; `taken` tells how many. Call next() after an outcome, then push the rest.
  Outcome push(const u8* bytes, u32 count, u32& taken);
  Outcome next();

  const hyperdbg_packet& header() const { return header_; }
  // As aligned as the buffer is, up to 8 bytes.
  const u8* payload() const { return buffer_ + start_ + sizeof(hyperdbg_packet); }

  // 0 when not even the header arrived whole.
  u32 damaged_sequence() const { return damaged_sequence_; }

  // True inside a packet: the caller starts a timeout, and calls reset() when the rest does not come.
  bool in_packet() const { return used_ != start_; }

  // Forgets what is held, after a timeout or when the line was opened anew.
  void reset();

 private:
  u32 held() const { return used_ - start_; }
  void move_to_front();
  bool find_magic();
  bool header_is_good() const;
  Outcome examine();
  Outcome lose_header();
  Outcome lose_payload();

  u8* buffer_;
  u32 capacity_;
  u32 start_ = 0;     // first byte of the packet being read
  u32 used_ = 0;      // end of what is held
  u32 finished_ = 0;  // bytes of the packet handed out last; dropped at the next call
  u32 damaged_sequence_ = 0;
  bool lost_ = false;  // damage was reported, and no good header seen since
  hyperdbg_packet header_{};
};

}  // namespace hyperdbg
