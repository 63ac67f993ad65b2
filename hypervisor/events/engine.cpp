// SPDX-License-Identifier: MIT
#include "hypervisor/events/engine.hpp"

namespace hyperdbg {

void Engine::init(const EngineConfiguration& configuration) {
  configuration_ = configuration;
  table_.init(configuration.table_memory, configuration.table_slots);
  store_.init(configuration.pages);
}

bool Engine::anyone_inside() const {
  for (const CoreState& state : cores_)
    if (state.inside) return true;
  return false;
}

// More events than a core remembers: find the others once more.
void Engine::finish_many(u32 core, u64 ticks) {
  CoreState& state = cores_[core];
  for (Event* event : state.touched) event->ticks.add(ticks);
  const Trigger& trigger = state.trigger;
  const u32 last_kept = state.touched[touched_capacity - 1]->id;
  const auto process = [&] { return state.process; };
  Candidates candidates(table_, trigger.kind, trigger.key, core, process, state.bound);
  while (Event* event = candidates.next())
    if (event->id > last_kept && event->enabled()) event->ticks.add(ticks);
  state.inside = false;
}

std::array<std::span<const u8>, 3> Engine::changing_parts() const {
  const auto bytes = [](const auto& part) {
    return std::span(reinterpret_cast<const u8*>(&part), reinterpret_cast<const u8*>(&part + 1));
  };
  return {bytes(globals_), bytes(finger_), bytes(cores_)};
}

// --- memory ---

namespace {

// What one data page becomes.
struct EventPage {
  static constexpr u32 events = 2;
  Event event[events];
  WatchNode node[events * EventTable::nodes_per_event];
};
static_assert(sizeof(EventPage) <= page_size);

struct ActionPage {
  static constexpr u32 actions = page_size / sizeof(Action);
  Action action[actions];
};

constexpr u8 breakpoint_instruction = 0xcc;

}  // namespace

Result<Event*> Engine::take_event() {
  if (Event* event = free_events_.take()) return event;
  const auto memory = configuration_.pages.data_page(configuration_.pages.context);
  if (!memory.ok()) return HYPERDBG_REGULAR_EVENT_NOT_FOUND;
  auto* page = new (memory.value()) EventPage{};
  for (WatchNode& node : page->node) table_.add_node(&node);
  for (Event& event : page->event) free_events_.put(&event);
  return free_events_.take();
}

Result<Action*> Engine::take_blank_action() {
  if (Action* action = blank_actions_.take()) return action;
  const auto memory = configuration_.pages.data_page(configuration_.pages.context);
  if (!memory.ok()) return HYPERDBG_REGULAR_ACTION_NOT_FOUND;
  auto* page = new (memory.value()) ActionPage{};
  for (Action& action : page->action) blank_actions_.put(&action);
  return blank_actions_.take();
}

// A break has no code and takes no code pages.
Result<Action*> Engine::take_action(u32 kind) {
  if (kind == HYPERDBG_ACTION_BREAK) return take_blank_action();
  if (Action* action = free_actions_.take()) return action;
  Action* action = TRY(take_blank_action());
  const auto code = configuration_.pages.code_pages(configuration_.pages.context);
  if (!code.ok()) {
    blank_actions_.put(action);
    return HYPERDBG_REGULAR_ACTION_NOT_FOUND;
  }
  action->writable = code.value().writable;
  action->executable = code.value().executable;
  return action;
}

void Engine::release(Event* event) {
  while (Action* action = event->actions) {
    event->actions = action->next;
    if (action->block) {
      store_.give_back_code(action->block);
      action->block = nullptr;
    }
    if (action->writable) {
      // Whoever still jumps there by mistake stops at once.
      __builtin_memset(action->writable, breakpoint_instruction, HYPERDBG_REGULAR_ACTION_SIZE);
      free_actions_.put(action);
    } else {
      blank_actions_.put(action);
    }
  }
  if (event->condition_block) store_.give_back_condition(event->condition_block);
  if (event->buffer) store_.give_back_buffer(event->buffer);
  event->condition_block = event->buffer = nullptr;
  free_events_.put(event);
}

// Slots are made one by one although the pools are not empty yet: hold what is there until there is enough.
void Engine::reserve(u32 events, u32 actions) {
  SlotPool<Event> held_events;
  while (free_events_.free() + held_events.free() < events) {
    const auto event = take_event();
    if (!event.ok()) break;
    held_events.put(event.value());
  }
  while (Event* event = held_events.take()) free_events_.put(event);

  SlotPool<Action> held_actions;
  while (free_actions_.free() + held_actions.free() < actions) {
    const auto action = take_action(HYPERDBG_ACTION_SCRIPT);
    if (!action.ok()) break;
    held_actions.put(action.value());
  }
  while (Action* action = held_actions.take()) free_actions_.put(action);
}

// --- the list of events ---

Event* Engine::at_or_after(u32 id) {
  Event* event = finger_ && finger_->id <= id ? finger_ : first_;
  while (event && event->id < id) event = event->next_defined;
  if (event) finger_ = event;
  return event;
}

Event* Engine::in_bucket(u32 id) const {
  Event* event = buckets_[id % bucket_count];
  while (event && event->id != id) event = event->next_in_bucket;
  return event;
}

Event* Engine::find(u32 id) {
  Event* event = in_bucket(id);
  return event && event->state != EventState::cleared ? event : nullptr;
}

void Engine::fill_buckets() {
  for (Event*& bucket : buckets_) bucket = nullptr;
  for (Event* event = first_; event; event = event->next_defined) {
    event->next_in_bucket = buckets_[event->id % bucket_count];
    buckets_[event->id % bucket_count] = event;
  }
}

bool Engine::wants_faulting_calls() const {
  for (const Event* event = first_; event; event = event->next_defined)
    if (event->flags & HYPERDBG_EVENT_BY_FAULT && event->state != EventState::cleared) return true;
  return false;
}

void Engine::define(Event& event) {
  event.next_defined = nullptr;
  (last_ ? last_->next_defined : first_) = &event;
  last_ = &event;
  event.next_in_bucket = buckets_[event.id % bucket_count];
  buckets_[event.id % bucket_count] = &event;
  ++event_count_;
  const u64 generation = generation_.load(std::memory_order_relaxed);
  additions_[generation % kept_additions] = {event.kind, event.core, event.key};
  generation_.store(generation + 1, std::memory_order_release);
}

void Engine::set_enabled(Event& event, bool enabled) {
  if (event.state == EventState::cleared || event.action_count == 0) return;
  event.set_state(enabled ? EventState::enabled : EventState::disabled);
}

void Engine::clear(Event& event) {
  if (event.state == EventState::cleared) return;
  event.set_state(EventState::cleared);
  count_cleared(1);
}

void Engine::count_cleared(u32 count) {
  event_count_ -= count;
  cleared_count_ += count;
  reapply();
}

void Engine::reapply() {
  last_removal_ = generation_.fetch_add(1, std::memory_order_release) + 1;
}

// A cleared event stays cleared, whichever core is quicker.
bool Engine::set_enabled_from_script(u32 id, bool enabled) {
  Event* event = in_bucket(id);
  if (!event) return false;
  const EventState wanted = enabled && event->action_count != 0 ? EventState::enabled : EventState::disabled;
  std::atomic_ref state(event->state);
  EventState seen = state.load(std::memory_order_relaxed);
  while (seen != EventState::cleared && !state.compare_exchange_weak(seen, wanted, std::memory_order_relaxed)) {
  }
  return seen != EventState::cleared;
}

bool Engine::clear_from_script(u32 id) {
  Event* event = in_bucket(id);
  if (!event) return false;
  const EventState before = std::atomic_ref(event->state).exchange(EventState::cleared, std::memory_order_relaxed);
  if (before == EventState::cleared) return false;
  cleared_by_scripts_.fetch_add(1, std::memory_order_relaxed);
  return true;
}

void Engine::rebuild_table() {
  table_.clear();
  // What was in the table before fits again, without growing.
  for (Event* event = first_; event; event = event->next_defined) (void)table_.insert(*event);
}

bool Engine::reap() {
  if (const u32 count = cleared_by_scripts_.exchange(0, std::memory_order_relaxed)) count_cleared(count);
  if (anyone_inside()) return false;
  // Rebuilding the table costs as much as all events together: with many of them, wait until it is worth it.
  const bool many = event_count_ > 256;
  if (cleared_count_ == 0 || (many && cleared_count_ < event_count_ / 16)) return true;
  Event** link = &first_;
  last_ = nullptr;
  while (Event* event = *link) {
    if (event->state == EventState::cleared) {
      *link = event->next_defined;
      release(event);
    } else {
      last_ = event;
      link = &event->next_defined;
    }
  }
  while (Event* event = dead_) {
    dead_ = event->next_defined;
    release(event);
  }
  finger_ = nullptr;
  cleared_count_ = 0;
  fill_buckets();
  rebuild_table();
  return true;
}

// Out of every list, but not free: a core may stand in one of them.
void Engine::bury_all() {
  while (Event* event = first_) {
    first_ = event->next_defined;
    clear(*event);
    event->next_defined = dead_;
    dead_ = event;
  }
  last_ = finger_ = nullptr;
  fill_buckets();
  // Triggers in progress must not run what is added from now on, although ids start at 0 again.
  for (CoreState& state : cores_) state.bound = 0;
}

AnswerPayload Engine::reset() {
  bury_all();
  table_.clear();
  next_id_ = 0;
  globals_.clear();
  if (staged_) store_.give_back_code(staged_);
  staged_ = nullptr;
  reap();
  return {HYPERDBG_OK, 0};
}

}  // namespace hyperdbg
