// SPDX-License-Identifier: MIT
#pragma once
#include <atomic>

#include "base/result.hpp"
#include "base/types.hpp"
#include "hypervisor/events/event.hpp"
#include "hypervisor/events/kinds.hpp"
#include "hypervisor/events/slot_pool.hpp"

namespace hyperdbg {

struct WatchIdentity {
  u32 kind;
  u64 key;      // or HYPERDBG_ANY_KEY
  u32 process;  // or HYPERDBG_ANY_PROCESS
  u32 core;     // or HYPERDBG_ANY_CORE

  bool operator==(const WatchIdentity&) const = default;
};

struct WatchNode {
  u64 hash;
  WatchIdentity identity;
  Event* first;
  Event* last;
  u64 core_bits;     // cores for which a node with the same identity and that core exists; 0 in nodes of one core
  u64 process_bits;  // low bits of processes for which a node with the same key exists; 0 in nodes of one process or
                     // core
  WatchNode* next_of_kind;
  WatchNode* free_next;
};

// Tells tests how much work a lookup was; nothing at all elsewhere.
struct NoProbes {
  void operator()() const {}
};

/*
 * Who watches (kind, key) in this process on this core? Every combination of filters in use is a node of one hash
 * table, so the answer takes at most eight lookups, usually one, whatever the number of events:
 *
 *   any key / this key  x  any process / this process  x  any core / this core
 *
 * The process is only asked for when an event names this key together with a process, and looked up when its bit in the
 * key's node is set; a core only when its bit in the node above it is. Lookups may run while one core adds; only
 * rebuild() needs that no core is inside a lookup.
 */
class EventTable {
 public:
  static constexpr u32 default_slots = 65536;  // good for 16,384 events and more
  static constexpr u64 bytes_for(u32 slots) { return slots * sizeof(void*); }
  static constexpr u32 nodes_per_event =
      3;  // at most: the one it is in, and those that have the bits of its core and process

  // `memory`: bytes_for(slots) zeroed bytes; slots is a power of two.
  void init(void* memory, u32 slots);
  void add_node(WatchNode* node) { free_nodes_.put(node); }

  bool watches(u32 kind) const { return rows_[row_of(kind)].events != 0; }
  // The quick no for most exits: false means that no event of this kind can match `key`.
  bool may_match(u32 kind, u64 key) const {
    const Row& row = rows_[row_of(kind)];
    return row.any_key_events != 0 || (row.keys[key % key_bits / 64] >> (key % 64) & 1) != 0;
  }

  Result<void> insert(Event& event);
  // Forgets everything; the caller inserts the live events again, ascending ids.
  void clear();

  // Calls fn(key) for each key that an event of this kind names, and HYPERDBG_ANY_KEY, on this core; keys may repeat.
  template <class F>
  void for_each_key(u32 kind, u32 core, F&& fn) const;

  // Whether an access by any process would have to be intercepted. Walks the table: for tests and rare questions.
  bool watches(u32 kind, u64 key, u32 core) const;

  template <class Probe = NoProbes>
  [[gnu::always_inline]] inline const WatchNode* find(const WatchIdentity& identity, Probe probe = {}) const;

 private:
  friend class Candidates;

  static constexpr u32 key_bits = 65536;  // low bits of keys that events name
  static constexpr u32 pid_bits = 32768;  // and of processes: exact with Linux's default pid_max
  struct Row {
    u32 events;
    u32 any_key_events;
    u64 seed;          // of the hash
    WatchNode* nodes;  // all of this kind
    WatchNode* any;    // any key, any process, any core
    u64 keys[key_bits / 64];
    u64 processes[pid_bits / 64];
  };

  static bool has_live_event(const WatchNode& node);
  u64 hash(const WatchIdentity& identity) const;
  Result<WatchNode*> obtain(const WatchIdentity& identity);

  WatchNode** slots_ = nullptr;
  u64 mask_ = 0;  // number of slots - 1
  u32 shift_ = 0;
  u32 used_ = 0;
  SlotPool<WatchNode> free_nodes_;
  Row rows_[kind_rows + 1]{};  // the last one stands for all unknown kinds and stays empty
};

inline u64 EventTable::hash(const WatchIdentity& identity) const {
  const u64 filters = u64{identity.process} << 32 | identity.core;
  const u64 mixed = (identity.key + rows_[row_of(identity.kind)].seed) ^ filters * 0xd6e8feb86659fd93;
  return mixed * 0xa0761d6478bd642f;
}

template <class Probe>
const WatchNode* EventTable::find(const WatchIdentity& identity, Probe probe) const {
  const u64 wanted = hash(identity);
  for (u64 slot = wanted >> shift_;; slot = (slot + 1) & mask_) {
    probe();
    const WatchNode* node = std::atomic_ref(slots_[slot]).load(std::memory_order_acquire);
    if (!node || (node->hash == wanted && node->identity == identity)) return node;
  }
}

template <class F>
void EventTable::for_each_key(u32 kind, u32 core, F&& fn) const {
  for (const WatchNode* node = rows_[row_of(kind)].nodes; node; node = node->next_of_kind) {
    if (node->identity.core != HYPERDBG_ANY_CORE && node->identity.core != core) continue;
    if (has_live_event(*node)) fn(node->identity.key);
  }
}

/*
 * The events of one trigger, in the order in which they were created: a merge by id over the lists of the nodes that
 * match. Events that are added while it is in use have higher ids than `bound` and do not appear.
 */
class Candidates {
 public:
  template <class Process, class Probe = NoProbes>
  [[gnu::always_inline]] inline Candidates(const EventTable& table, u32 kind, u64 key, u32 core, Process&& process,
                                           u32 bound, Probe probe = {});

  [[gnu::always_inline]] inline Event* next() {
    if (count_ == 0) return nullptr;
    const u32 list = count_ == 1 ? 0 : lowest();
    Event* event = heads_[list];
    if (event->id >= bound_) return nullptr;  // the lowest of all: the others are new as well
    Event* following = std::atomic_ref(event->next).load(std::memory_order_acquire);
    heads_[list] = following;
    if (!following) heads_[list] = heads_[--count_];
    return event;
  }

 private:
  template <class Probe>
  [[gnu::always_inline]] inline void add(const EventTable& table, const WatchNode* node, u32 core, Probe probe) {
    if (!node) return;
    if (node->first) heads_[count_++] = node->first;
    if (node->core_bits >> (core & 63) & 1) [[unlikely]]
      add_core(table, *node, core, probe);
  }
  template <class Probe>
  [[gnu::noinline]] void add_core(const EventTable& table, const WatchNode& all_cores, u32 core, Probe probe) {
    WatchIdentity identity = all_cores.identity;
    identity.core = core;
    const WatchNode* node = table.find(identity, probe);
    if (node && node->first) heads_[count_++] = node->first;
  }
  template <class Probe>
  [[gnu::noinline]] void add_process(const EventTable& table, u32 kind, u64 key, u32 core, u32 process, Probe probe) {
    if (any_key_covers(kind, key))
      add(table, table.find({kind, HYPERDBG_ANY_KEY, process, HYPERDBG_ANY_CORE}, probe), core, probe);
    add(table, table.find({kind, key, process, HYPERDBG_ANY_CORE}, probe), core, probe);
  }
  u32 lowest() const;

  Event* heads_[8];
  u32 count_ = 0;
  u32 bound_;
};

template <class Process, class Probe>
Candidates::Candidates(const EventTable& table, u32 kind, u64 key, u32 core, Process&& process, u32 bound, Probe probe)
    : bound_(bound) {
  const EventTable::Row& row = table.rows_[row_of(kind)];
  u64 named = 0;
  if (row.any && any_key_covers(kind, key)) [[unlikely]] {
    add(table, row.any, core, probe);
    named = row.any->process_bits;
  }
  if (const WatchNode* own = table.find({kind, key, HYPERDBG_ANY_PROCESS, HYPERDBG_ANY_CORE}, probe)) {
    add(table, own, core, probe);
    named |= own->process_bits;
  }
  if (named == 0) [[likely]]
    return;
  const u32 id = process();
  const bool known = row.processes[id % EventTable::pid_bits / 64] >> (id & 63) & 1;
  if (known && (named >> (id & 63) & 1)) add_process(table, kind, key, core, id, probe);
}

}  // namespace hyperdbg
