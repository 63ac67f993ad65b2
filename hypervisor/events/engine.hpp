// SPDX-License-Identifier: MIT
#pragma once
#include <array>
#include <span>

#include "abi/record.h"
#include "abi/request.h"
#include "hypervisor/events/code_store.hpp"
#include "hypervisor/events/event_table.hpp"
#include "hypervisor/events/globals.hpp"
#include "hypervisor/events/host.hpp"

namespace hyperdbg {

struct EngineConfiguration {
  u32 cpus;        // cores that may be named by events
  bool can_break;  // false in VMI Mode: break actions are refused
  PageSource pages;
  void* table_memory;       // EventTable::bytes_for(table_slots) zeroed bytes
  u32 table_slots;          // a power of two, see EventTable::default_slots
  u32 not_intercepted = 0;  // bit i: this processor does not let events of kind i be intercepted
};

// The payload of an answer, and how it ended.
struct AnswerPayload {
  Status status;
  u32 size;
};

// Whether an action's flags and fuel are such as a script may have.
bool valid_script(const hyperdbg_action& action);

/*
 * All events of the machine. Evaluation (run_pre, run_post, account, short_circuit) runs on all cores at once. What
 * changes the engine (handle, reap, reserve) is called by one core while the others are held, or wait inside a callback
 * of their host.
 */
class Engine {
 public:
  void init(const EngineConfiguration& configuration);
  void set_not_intercepted(u32 kinds) { configuration_.not_intercepted = kinds; }

  // --- evaluation of one trigger, on the core where it happens ---

  // A quick no for exits of a kind that nobody watches.
  bool watches(u32 kind) const { return table_.watches(kind); }
  bool may_match(u32 kind, u64 key) const { return table_.may_match(kind, key); }

  template <EventHost Host>
  [[gnu::always_inline]] inline Outcome run_pre(Host& host, const Trigger& trigger) {
    return table_.may_match(trigger.kind, trigger.key) ? run_watched(host, trigger) : Outcome{};
  }
  // Only after an Outcome with `post`, and only when the effect really took place (not when it faulted).
  template <EventHost Host>
  void run_post(Host& host, const Trigger& trigger);
  // At the end of an exit in which run_pre() was called: its price goes to the events that it reached.
  void account(u32 core, u64 ticks) {
    CoreState& state = cores_[core];
    if (!state.inside) return;
    if (state.touched_count > touched_capacity) return finish_many(core, ticks);
    for (u32 i = 0; i < state.touched_count; ++i) state.touched[i]->ticks.add(ticks);
    state.inside = false;
  }
  // Whether this exit has reached an event, so that account() has something to do.
  bool inside(u32 core) const { return cores_[core].inside; }
  // event_sc() of a script that runs on this core; in post, and outside of events, it only warns.
  template <EventHost Host>
  void short_circuit(Host& host, bool on);
  // event_enable(), event_disable() and event_clear() of a script, while the other cores run; false: no such event.
  // What was cleared stops at once, and is removed by the next reap().
  bool set_enabled_from_script(u32 id, bool enabled);
  bool clear_from_script(u32 id);
  // What this core is inside of: the event whose actions run, or null.
  const Event* running(u32 core) const { return cores_[core].running; }
  Stage running_stage(u32 core) const { return cores_[core].stage; }

  u64* globals() { return globals_.values(); }

  // --- intercepts, for backends ---

  // Changes whenever intercepts may have to be computed again.
  u64 generation() const { return generation_.load(std::memory_order_acquire); }
  // What CPUs intercept is made anew on all of them, although no event has changed.
  void reapply();
  // Calls fn(Addition) for each event added since `generation`, for backends that only add to what they intercept.
  // False, and nothing called: events went away as well, or too many came; then everything has to be computed again.
  struct Addition {
    u32 kind;
    u32 core;
    u64 key;
  };
  template <class F>
  bool for_each_addition_since(u64 generation, F&& fn) const {
    const u64 now = this->generation();
    if (generation < last_removal_ || now - generation > kept_additions) return false;
    for (u64 i = generation; i < now; ++i) fn(additions_[i % kept_additions]);
    return true;
  }
  // Calls fn(key) for each key to intercept on this core, and fn(HYPERDBG_ANY_KEY) for all but any_key_exceptions();
  // a key may come more than once. Disabled events stay armed, cleared ones do not. Costs one walk over the
  // kind's events.
  template <class F>
  void for_each_watched_key(u32 kind, u32 core, F&& fn) const {
    table_.for_each_key(kind, core, fn);
  }
  // Whether an event wants SYSCALL and SYSRET to fault (HYPERDBG_EVENT_BY_FAULT). Costs one walk over all events.
  bool wants_faulting_calls() const;
  bool watches(u32 kind, u64 key, u32 core) const { return table_.watches(kind, key, core); }
  static std::span<const u32> any_key_exceptions(u32 kind) {
    const KindRow* row = find_kind(kind);
    return row ? row->exceptions : std::span<const u32>{};
  }

  // --- requests and upkeep ---

  // True for the kinds of request that handle() answers.
  static bool handles(u32 request_kind);
  // `core` is the operating core. The payload may hold anything; the answer's payload is written to `answer`.
  AnswerPayload handle(u32 request_kind, std::span<const u8> payload, std::span<u8> answer, u32 core);
  // Makes free slots until there are this many of each; what could not be made is missing, nothing else.
  void reserve(u32 events, u32 actions);
  // Frees what was cleared, unless a core is inside a trigger; then false, and to be tried again later. With hundreds
  // of events it waits until a fair part of them was cleared.
  bool reap();

  u32 event_count() const { return event_count_; }
  // Regular slots that are ready; more are made from the page source when these are gone.
  u32 free_events() const { return free_events_.free(); }
  u32 free_actions() const { return free_actions_.free(); }
  Event* find(u32 id);  // not cleared ones
  // What evaluation and listings write in this object; the rest changes by requests only.
  std::array<std::span<const u8>, 3> changing_parts() const;
  void set_enabled(Event& event, bool enabled);
  void clear(Event& event);

 private:
  static constexpr u32 touched_capacity = 32;
  static constexpr u64 kept_additions = 64;
  // What a core remembers from the start of a trigger to account().
  struct alignas(64) CoreState {
    Event* running;
    Stage stage;
    bool vote;    // of the running event
    bool inside;  // events may be referred to by this core
    u32 bound;    // events with this id or a higher one did not exist when the trigger began
    u32 touched_count;
    u32 process;
    Trigger trigger;
    Event* touched[touched_capacity];
  };

  struct Piece;
  struct AddLayout;

  template <EventHost Host>
  Outcome run_watched(Host& host, const Trigger& trigger);
  template <EventHost Host>
  [[gnu::always_inline]] inline void run_actions(Host& host, const Trigger& trigger, CoreState& state, Event& event,
                                                 Stage stage);
  template <EventHost Host>
  bool meets_condition(Host& host, const Trigger& trigger, Event& event, Stage stage);
  // Its own machine code did something that it must not do again.
  void fail(Event& event) {
    event.failed.add();
    event.disable_from_inside();
  }
  void touch(CoreState& state, Event& event) {
    event.exits.add();
    if (state.touched_count < touched_capacity) state.touched[state.touched_count] = &event;
    ++state.touched_count;
  }
  void finish_many(u32 core, u64 ticks);
  bool anyone_inside() const;
  void bury_all();

  AnswerPayload add(std::span<const u8> payload, std::span<u8> answer);
  Status check(const hyperdbg_event& wanted) const;
  Status check(const hyperdbg_action& wanted) const;
  Status check_buffer(u32 size) const;
  Status check_code(const hyperdbg_action& wanted) const;
  Result<Event*> create(u32 id, const AddLayout& layout);
  Result<void> add_condition(Event& event, std::span<const u8> code);
  Result<void> add_buffer(Event& event, u32 size);
  Result<void> add_action(Event& event, const Piece& wanted);
  Result<Block*> place_code(const Piece& wanted);
  AnswerPayload add_action(std::span<const u8> payload, std::span<u8> answer);
  AnswerPayload take_code_piece(std::span<const u8> payload);
  void define(Event& event);
  AnswerPayload modify(std::span<const u8> payload);
  AnswerPayload list(std::span<const u8> payload, std::span<u8> answer);
  AnswerPayload text(std::span<const u8> payload, std::span<u8> answer);
  AnswerPayload metadata(std::span<const u8> payload, std::span<u8> answer);
  AnswerPayload change_vote(std::span<const u8> payload, u32 core);
  AnswerPayload reset();
  Status apply(Event& event, u32 modification);

  Event* at_or_after(u32 id);  // cleared ones too
  Event* in_bucket(u32 id) const;
  void fill_buckets();
  void count_cleared(u32 count);
  Result<Event*> take_event();
  Result<Action*> take_blank_action();
  Result<Action*> take_action(u32 kind);
  void release(Event* event);
  void rebuild_table();

  EngineConfiguration configuration_{};
  EventTable table_;
  Globals globals_;
  std::atomic<u64> generation_{0};
  u64 last_removal_ = 0;                  // the generation that it made
  Addition additions_[kept_additions]{};  // [g % kept_additions] led from generation g to g + 1
  std::atomic<u32> next_id_{0};
  u32 event_count_ = 0;  // defined and not cleared
  u32 cleared_count_ = 0;
  Event* first_ = nullptr;  // ascending ids, cleared ones included
  Event* last_ = nullptr;
  Event* finger_ = nullptr;  // where at_or_after() ended: requests usually go through the ids in order
  static constexpr u32 bucket_count = 4096;
  Event* buckets_[bucket_count]{};          // by id, so that a script finds one without a walk over all
  std::atomic<u32> cleared_by_scripts_{0};  // and not counted yet
  Event* dead_ = nullptr;                   // out of the list since RESET, not yet free
  SlotPool<Event> free_events_;
  SlotPool<Action> free_actions_;
  SlotPool<Action> blank_actions_;  // structures without code pages
  CodeStore store_;
  Block* staged_ = nullptr;  // code that comes in pieces, for the next action
  u32 staged_size_ = 0;      // bytes that it shall have
  u32 staged_used_ = 0;      // bytes that have come
  CoreState cores_[HYPERDBG_MAXIMUM_CPUS]{};
};

template <EventHost Host>
Outcome Engine::run_watched(Host& host, const Trigger& trigger) {
  const u32 core = host.core();
  CoreState& state = cores_[core];
  const u32 bound = next_id_.load(std::memory_order_acquire);
  u32 asked_process = HYPERDBG_ANY_PROCESS;
  const auto process = [&] { return asked_process = host.process(); };
  Candidates candidates(table_, trigger.kind, trigger.key, core, process, bound);
  Event* event = candidates.next();
  if (!event) return {};

  state.inside = true;
  state.bound = bound;
  state.process = asked_process;
  state.touched_count = 0;
  state.trigger = trigger;
  Outcome outcome;
  bool ran = false, suppressed = false;
  for (; event && state.bound != 0; event = candidates.next()) {
    if (!event->enabled() || (event->mask & ~trigger.unchanged) == 0) continue;
    touch(state, *event);
    if (event->stages & HYPERDBG_POST) outcome.post = true;
    if (!(event->stages & HYPERDBG_PRE)) continue;
    run_actions(host, trigger, state, *event, Stage::pre);
    suppressed |= state.vote;
    ran = true;
  }
  if (!ran) return outcome;
  if (host.instruction_pointer_changed()) return {Next::redirected, false};
  if (suppressed) return {Next::skip, false};
  return outcome;
}

template <EventHost Host>
void Engine::run_post(Host& host, const Trigger& trigger) {
  const u32 core = host.core();
  CoreState& state = cores_[core];
  const auto process = [&] { return host.process(); };
  Candidates candidates(table_, trigger.kind, trigger.key, core, process, state.bound);
  for (Event* event = candidates.next(); event && state.bound != 0; event = candidates.next())
    if ((event->stages & HYPERDBG_POST) && event->enabled() && (event->mask & ~trigger.unchanged) != 0)
      run_actions(host, trigger, state, *event, Stage::post);
}

template <EventHost Host>
void Engine::run_actions(Host& host, const Trigger& trigger, CoreState& state, Event& event, Stage stage) {
  state.vote = false;
  if (event.condition && !meets_condition(host, trigger, event, stage)) return;
  state.vote = stage == Stage::pre && (event.flags & HYPERDBG_EVENT_SHORT_CIRCUIT) != 0;
  state.stage = stage;
  state.running = &event;
  event.hits.add();
  for (const Action* action = event.actions; action; action = action->next) {
    if (action->kind == HYPERDBG_ACTION_BREAK) {
      host.break_to_debugger(event.id, stage);
    } else if (action->kind == HYPERDBG_ACTION_CODE) {
      if (!host.run_code(ScriptCall{event, *action, stage, trigger.context})) fail(event);
    } else if (!host.run_script(ScriptCall{event, *action, stage, trigger.context})) {
      event.failed.add();
    }
    if (!event.enabled()) break;
  }
  state.running = nullptr;
}

template <EventHost Host>
bool Engine::meets_condition(Host& host, const Trigger& trigger, Event& event, Stage stage) {
  const Verdict verdict = host.run_condition(event, stage, trigger.context);
  if (verdict == Verdict::failed) fail(event);
  return verdict == Verdict::met;
}

template <EventHost Host>
void Engine::short_circuit(Host& host, bool on) {
  CoreState& state = cores_[host.core()];
  if (state.running && state.stage == Stage::pre) {
    state.vote = on;
    return;
  }
  host.warn(state.running ? state.running->id : HYPERDBG_NO_EVENT,
            "event_sc has no effect here: it belongs in the 'pre' stage, before the emulation is performed");
}

}  // namespace hyperdbg
