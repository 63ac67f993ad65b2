// SPDX-License-Identifier: MIT
#include "hypervisor/core/records.hpp"

#include "hypervisor/core/guest.hpp"
#include "hypervisor/core/machine.hpp"
#include "hypervisor/cpu/instructions.hpp"

namespace hyperdbg {

namespace {

constexpr u32 room_for_payload = HYPERDBG_MAXIMUM_MESSAGE_SIZE - sizeof(hyperdbg_record);
enum ArgumentKind : u64 { value = 0, byte_string = 1, wide_string = 2 };

[[gnu::always_inline]] inline hyperdbg_record* begin(Vcpu& vcpu, Event* event, u32 action, hyperdbg_record_kind kind,
                                                     u32 capacity) {
  vcpu.spoke = true;
  hyperdbg_record* record = vcpu.ring.reserve(kind, capacity);
  if (record == nullptr) {
    if (event != nullptr) event->dropped.add();
    return nullptr;
  }
  record->core = static_cast<u16>(vcpu.core);
  record->time = cpu::rdtsc() + machine.tsc_offset;
  record->event = event != nullptr ? event->id : HYPERDBG_NO_EVENT;
  record->action = action;
  record->flags = event != nullptr ? event->flags : 0;
  return record;
}

// Captures the string at `address` behind `to`: { u16 bytes; text }. Up to its end, a hole, or what is left of `room`.
u32 capture(const Vcpu& vcpu, u64 address, u64 kind, u8* to, u32 room) {
  constexpr u32 length_size = sizeof(u16);
  if (room < length_size) return 0;
  const u32 unit = kind == wide_string ? 2 : 1;
  const u32 most = room - length_size < HYPERDBG_MAXIMUM_STRING ? room - length_size : HYPERDBG_MAXIMUM_STRING;
  const u32 readable = static_cast<u32>(read_virtual_some(vcpu, address, to + length_size, most));
  u32 used = 0;
  while (used + unit <= readable && (to[length_size + used] != 0 || (unit == 2 && to[length_size + used + 1] != 0))) {
    used += unit;
  }
  const u16 bytes = readable < unit ? HYPERDBG_STRING_INVALID : static_cast<u16>(used);
  __builtin_memcpy(to, &bytes, length_size);
  return length_size + (bytes == HYPERDBG_STRING_INVALID ? 0 : used);
}

// The strings among the values, behind the `used` bytes of the payload; how many bytes there are then.
[[gnu::noinline]] u32 capture_strings(const Vcpu& vcpu, const u64* values, u64 kinds, u8* payload, u32 used) {
  for (u32 i = 0; i < 32 && kinds >> (2 * i) != 0; ++i) {
    const u64 kind = kinds >> (2 * i) & 3;
    if (kind != value) used += capture(vcpu, values[i], kind, payload + used, room_for_payload - used);
  }
  return used;
}

}  // namespace

void record_message(Vcpu& vcpu, Event* event, u32 action, u32 format, u32 count, const u64* values, u64 kinds,
                    u32 stage) {
  const u32 fixed = static_cast<u32>(sizeof(hyperdbg_message)) + count * 8;
  const u32 capacity = kinds != 0 ? room_for_payload : fixed;
  if (fixed > room_for_payload) return vcpu.ring.drop();
  hyperdbg_record* record = begin(vcpu, event, action, HYPERDBG_RECORD_MESSAGE, capacity);
  if (record == nullptr) return;
  auto* message = reinterpret_cast<hyperdbg_message*>(RingWriter::payload(record));
  message->format = format;
  message->count = static_cast<u16>(count);
  message->stage = static_cast<u16>(stage);
  message->kinds = kinds;
  u64* stored = reinterpret_cast<u64*>(message + 1);
  for (u32 i = 0; i < count; ++i) stored[i] = values[i];
  vcpu.ring.commit(kinds == 0 ? fixed : capture_strings(vcpu, values, kinds, RingWriter::payload(record), fixed));
}

void record_script_failure(Vcpu& vcpu, hyperdbg_record_kind kind, Event* event, u32 action, u32 error, u32 position,
                           u64 detail) {
  const hyperdbg_script_failure failure{.error = error, .position = position, .detail = detail};
  hyperdbg_record* record = begin(vcpu, event, action, kind, sizeof(failure));
  if (record == nullptr) return;
  __builtin_memcpy(RingWriter::payload(record), &failure, sizeof(failure));
  vcpu.ring.commit(sizeof(failure));
}

void record_code_fault(Vcpu& vcpu, const Event& event, u32 action, const hyperdbg_code_fault& fault) {
  hyperdbg_record* record = begin(vcpu, const_cast<Event*>(&event), action, HYPERDBG_RECORD_CODE_FAULT, sizeof(fault));
  if (record == nullptr) return;
  __builtin_memcpy(RingWriter::payload(record), &fault, sizeof(fault));
  vcpu.ring.commit(sizeof(fault));
}

void record_buffer(Vcpu& vcpu, const ScriptCall& call, u64 address, const u8* own) {
  constexpr u32 header_size = sizeof(hyperdbg_buffer_piece);
  constexpr u32 most = (room_for_payload - header_size) & ~15u;
  const u32 size = call.event.buffer_size;
  for (u32 offset = 0; offset < size; offset += most) {
    const u32 bytes = size - offset < most ? size - offset : most;
    hyperdbg_record* record = begin(vcpu, &call.event, call.action.index, HYPERDBG_RECORD_BUFFER, header_size + bytes);
    if (record == nullptr) return;
    const hyperdbg_buffer_piece piece{.address = address,
                                      .size = size,
                                      .offset = offset,
                                      .stage = static_cast<u32>(script_number(call.stage)),
                                      .reserved = 0};
    if (call.action.accumulates) record->flags |= HYPERDBG_EVENT_ACCUMULATE;
    u8* to = RingWriter::payload(record);
    __builtin_memcpy(to, &piece, header_size);
    if (own != nullptr) {
      __builtin_memcpy(to + header_size, own + offset, bytes);
    } else {
      read_virtual_some(vcpu, address + offset, to + header_size, bytes);
    }
    vcpu.ring.commit(header_size + bytes);
  }
}

void record_bytes(Vcpu& vcpu, Event* event, hyperdbg_record_kind kind, const char* bytes, u32 size) {
  hyperdbg_record* record = begin(vcpu, event, 0, kind, size);
  if (record == nullptr) return;
  if (size != 0) __builtin_memcpy(RingWriter::payload(record), bytes, size);
  vcpu.ring.commit(size);
}

}  // namespace hyperdbg
