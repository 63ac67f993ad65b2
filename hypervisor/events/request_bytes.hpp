// SPDX-License-Identifier: MIT
#pragma once
#include <span>

#include "hypervisor/events/engine.hpp"

// What a debugger asks of the engine. Payloads are bytes of strangers: every size is checked before it is used, and
// structures are copied out because nobody promises alignment.
namespace hyperdbg {

using Payload = std::span<const u8>;

template <class T>
bool take(Payload payload, T& value) {
  if (payload.size() != sizeof(T)) return false;
  __builtin_memcpy(&value, payload.data(), sizeof(T));
  return true;
}

// Empty spans have no address, and not even nothing may be copied from there.
inline void copy(void* to, const void* from, u64 size) {
  if (size != 0) __builtin_memcpy(to, from, size);
}

inline AnswerPayload answer_bytes(std::span<u8> answer, const void* bytes, u64 size) {
  if (size > answer.size()) return {HYPERDBG_MALFORMED, 0};
  copy(answer.data(), bytes, size);
  return {HYPERDBG_OK, static_cast<u32>(size)};
}

inline constexpr AnswerPayload malformed{HYPERDBG_MALFORMED, 0};

constexpr u64 aligned(u64 offset) {
  return (offset + 7) & ~7ull;
}

// Cuts pieces off the front of a payload, each at a multiple of 8.
class Cutter {
 public:
  explicit Cutter(Payload payload) : payload_(payload) {}

  bool cut(u64 size, Payload& piece) {
    const u64 start = aligned(offset_);
    if (start > payload_.size() || size > payload_.size() - start) return size == 0;
    piece = payload_.subspan(start, size);
    offset_ = start + size;
    return true;
  }
  bool at_end() const { return payload_.size() <= aligned(offset_); }

 private:
  Payload payload_;
  u64 offset_ = 0;
};

}  // namespace hyperdbg
