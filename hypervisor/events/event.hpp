// SPDX-License-Identifier: MIT
#pragma once
#include <atomic>

#include "abi/event.h"
#include "abi/limits.h"
#include "base/types.hpp"
#include "hypervisor/events/code_traits.hpp"

namespace hyperdbg {

// At run time a stage is always one of these; `all` is only a property of an event.
enum class Stage : u32 { pre = HYPERDBG_PRE, post = HYPERDBG_POST };
constexpr u64 script_number(Stage stage) {
  return stage == Stage::post;
}  // $event_stage

// Several cores count at once; nobody orders anything by a counter.
class Counter {
 public:
  void add(u64 n = 1) { std::atomic_ref(value_).fetch_add(n, std::memory_order_relaxed); }
  u64 get() const { return std::atomic_ref(const_cast<u64&>(value_)).load(std::memory_order_relaxed); }
  void clear() { value_ = 0; }

 private:
  u64 value_ = 0;
};

struct Block;  // code_store.hpp

// One action and the pages that hold its code and, behind it, its metadata.
struct Action {
  Action* next;  // of the same event, in insertion order
  hyperdbg_action_kind kind;
  u32 index;             // in its event
  const u8* code;        // executable view, 16-byte aligned
  u32 code_size;         // bytes
  u32 metadata_size;     // bytes
  u32 flags;             // enum hyperdbg_action_flag
  u64 fuel;              // of one run of a script
  const u8* metadata;    // data view
  u8* writable;          // the slot: HYPERDBG_REGULAR_ACTION_SIZE bytes, never executed through this address
  const u8* executable;  // the same bytes, never written through this address
  Block* block;          // where the code is instead of in the slot, when it is too long for one
  bool accumulates;      // buffers that its code returns
  CodeTraits traits;     // of custom code
  Action* free_next;
};

enum class EventState : u32 {
  disabled,
  enabled,
  cleared,  // never runs again; its memory is in use until Engine::reap()
};

// Where one (kind, key, process, core) is watched. Nodes belong to the event table.
struct WatchNode;

// What evaluation touches comes first, counters have a cache line of their own.
struct Event {
  Event* next;  // watching the same node, ascending ids
  u32 id;
  EventState state;
  u32 stages;  // HYPERDBG_PRE | HYPERDBG_POST
  u32 flags;   // HYPERDBG_EVENT_SHORT_CIRCUIT, HYPERDBG_EVENT_ACCUMULATE, HYPERDBG_EVENT_BY_FAULT
  Action* actions;
  u32 action_count;
  u32 kind;
  u64 key;
  u32 process;
  u32 core;
  const u8* condition;  // executable view; null without one
  Block* buffer;        // safe buffer; null without one
  u32 buffer_size;      // bytes that were asked for
  u64 mask;             // which bits it watches, see Trigger::unchanged

  alignas(64) Counter hits;
  Counter exits;
  Counter ticks;
  Counter failed;
  Counter dropped;

  Event* next_defined;    // all events, ascending ids
  Event* next_in_bucket;  // with the same low bits of the id
  Event* free_next;
  u32 text_size;
  u32 condition_size;
  Block* condition_block;
  CodeTraits condition_traits;
  char text[HYPERDBG_REGULAR_TEXT_SIZE];

  bool enabled() const {
    return std::atomic_ref(const_cast<EventState&>(state)).load(std::memory_order_relaxed) == EventState::enabled;
  }
  void set_state(EventState value) { std::atomic_ref(state).store(value, std::memory_order_relaxed); }
  // By a core that is inside of it, while others may be too; one that was cleared stays so.
  void disable_from_inside() {
    EventState expected = EventState::enabled;
    std::atomic_ref(state).compare_exchange_strong(expected, EventState::disabled, std::memory_order_relaxed);
  }
  u64 tag() const { return HYPERDBG_TAG_START + u64{id}; }
};

}  // namespace hyperdbg
