// SPDX-License-Identifier: MIT
#include "hypervisor/events/event_table.hpp"

#include <bit>

namespace hyperdbg {

void EventTable::init(void* memory, u32 slots) {
  slots_ = static_cast<WatchNode**>(memory);
  mask_ = slots - 1;
  shift_ = 64 - std::countr_zero(slots);
  clear();
}

Result<WatchNode*> EventTable::obtain(const WatchIdentity& identity) {
  if (const WatchNode* known = find(identity)) return const_cast<WatchNode*>(known);
  WatchNode* node = free_nodes_.take();
  if (!node) return HYPERDBG_EVENT_NOT_CREATED;
  Row& row = rows_[row_of(identity.kind)];
  *node = WatchNode{.hash = hash(identity),
                    .identity = identity,
                    .first = nullptr,
                    .last = nullptr,
                    .core_bits = 0,
                    .process_bits = 0,
                    .next_of_kind = row.nodes,
                    .free_next = nullptr};
  u64 slot = node->hash >> shift_;
  while (slots_[slot]) slot = (slot + 1) & mask_;
  std::atomic_ref(slots_[slot]).store(node, std::memory_order_release);
  row.nodes = node;
  ++used_;
  return node;
}

static void append(WatchNode& node, Event& event) {
  event.next = nullptr;
  Event*& link = node.last ? node.last->next : node.first;
  std::atomic_ref(link).store(&event, std::memory_order_release);
  node.last = &event;
}

Result<void> EventTable::insert(Event& event) {
  // Lookups of what is absent end at an empty slot: keep a quarter of them empty.
  if (used_ + nodes_per_event > (mask_ + 1) / 4 * 3) return HYPERDBG_EVENT_NOT_CREATED;
  Row& row = rows_[row_of(event.kind)];
  WatchNode* all_cores = TRY(obtain({event.kind, event.key, event.process, HYPERDBG_ANY_CORE}));
  WatchNode* node = all_cores;
  if (event.core != HYPERDBG_ANY_CORE) {
    node = TRY(obtain({event.kind, event.key, event.process, event.core}));
    std::atomic_ref(all_cores->core_bits).fetch_or(1ull << event.core);
  }
  append(*node, event);
  if (event.key == HYPERDBG_ANY_KEY) {
    ++row.any_key_events;
  } else {
    std::atomic_ref(row.keys[event.key % key_bits / 64]).fetch_or(1ull << (event.key % 64));
  }
  WatchNode* all = TRY(obtain({event.kind, event.key, HYPERDBG_ANY_PROCESS, HYPERDBG_ANY_CORE}));
  if (event.key == HYPERDBG_ANY_KEY) row.any = all;
  if (event.process != HYPERDBG_ANY_PROCESS) {
    std::atomic_ref(all->process_bits).fetch_or(1ull << (event.process % 64));
    std::atomic_ref(row.processes[event.process % pid_bits / 64]).fetch_or(1ull << (event.process % 64));
  }
  ++row.events;
  return {};
}

void EventTable::clear() {
  for (u64 slot = 0; slot <= mask_; ++slot) {
    if (slots_[slot]) free_nodes_.put(slots_[slot]);
    slots_[slot] = nullptr;
  }
  used_ = 0;
  u64 seed = 0;
  for (Row& row : rows_) {
    new (&row) Row{};  // in place: it is too large for a temporary on an image stack
    row.seed = seed += 0x9e3779b97f4a7c15;
  }
}

bool EventTable::has_live_event(const WatchNode& node) {
  for (const Event* event = node.first; event; event = event->next)
    if (event->state != EventState::cleared) return true;
  return false;
}

bool EventTable::watches(u32 kind, u64 key, u32 core) const {
  bool found = false;
  for_each_key(kind, core, [&](u64 watched) {
    found |= watched == key || (watched == HYPERDBG_ANY_KEY && any_key_covers(kind, key));
  });
  return found;
}

u32 Candidates::lowest() const {
  u32 best = 0;
  for (u32 list = 1; list < count_; ++list)
    if (heads_[list]->id < heads_[best]->id) best = list;
  return best;
}

}  // namespace hyperdbg
