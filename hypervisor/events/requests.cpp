// SPDX-License-Identifier: MIT
#include "hypervisor/events/engine.hpp"

// What a debugger asks of the engine. Payloads are bytes of strangers: every size is checked before it is used, and
// structures are copied out because nobody promises alignment.
namespace hyperdbg {

namespace {

using Payload = std::span<const u8>;

template <class T>
bool take(Payload payload, T& value) {
  if (payload.size() != sizeof(T)) return false;
  __builtin_memcpy(&value, payload.data(), sizeof(T));
  return true;
}

// Empty spans have no address, and not even nothing may be copied from there.
void copy(void* to, const void* from, u64 size) {
  if (size != 0) __builtin_memcpy(to, from, size);
}

AnswerPayload answer_bytes(std::span<u8> answer, const void* bytes, u64 size) {
  if (size > answer.size()) return {HYPERDBG_MALFORMED, 0};
  copy(answer.data(), bytes, size);
  return {HYPERDBG_OK, static_cast<u32>(size)};
}

constexpr AnswerPayload malformed{HYPERDBG_MALFORMED, 0};

constexpr u64 aligned(u64 offset) {
  return (offset + 7) & ~7ull;
}

struct Piece {
  hyperdbg_action header;
  Payload code;
  Payload metadata;
};

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

}  // namespace

// EVENT_ADD taken apart; spans point into the request.
struct Engine::AddLayout {
  hyperdbg_event event;
  Payload condition;
  Payload text;
  Piece actions[HYPERDBG_MAXIMUM_ACTIONS];

  bool parse(Payload payload) {
    Cutter cutter(payload);
    Payload header;
    if (!cutter.cut(sizeof(event), header) || !take(header, event)) return false;
    if (event.reserved != 0 || event.action_count > HYPERDBG_MAXIMUM_ACTIONS) return false;
    if (!cutter.cut(event.condition_size, condition) || !cutter.cut(event.text_size, text)) return false;
    for (u32 i = 0; i < event.action_count; ++i)
      if (!parse(cutter, actions[i])) return false;
    return cutter.at_end();
  }

 private:
  static bool parse(Cutter& cutter, Piece& action) {
    Payload header;
    if (!cutter.cut(sizeof(action.header), header) || !take(header, action.header)) return false;
    if (action.header.reserved != 0) return false;
    return cutter.cut(action.header.code_size, action.code) && cutter.cut(action.header.metadata_size, action.metadata);
  }
};

Status Engine::check(const hyperdbg_event& wanted) const {
  constexpr u32 known_flags =
      HYPERDBG_EVENT_SHORT_CIRCUIT | HYPERDBG_EVENT_ACCUMULATE | HYPERDBG_EVENT_ENABLED | HYPERDBG_EVENT_BY_FAULT;
  const KindRow* row = find_kind(wanted.kind);
  if (!row) return HYPERDBG_NOT_SUPPORTED;
  if (wanted.flags & ~known_flags || wanted.stage == 0 || wanted.stage & ~HYPERDBG_ALL) return HYPERDBG_MALFORMED;
  if (wanted.stage & ~row->stages) return HYPERDBG_NOT_SUPPORTED;
  if (wanted.flags & HYPERDBG_EVENT_SHORT_CIRCUIT) {
    if (wanted.stage & HYPERDBG_POST) return HYPERDBG_SHORT_CIRCUIT_AND_POST;
    if (!row->short_circuit) return HYPERDBG_NOT_SUPPORTED;
  }
  if (!row->keys.allows(wanted.key)) return static_cast<Status>(row->keys.refusal);
  if (wanted.flags & HYPERDBG_EVENT_BY_FAULT && !row->by_fault) return HYPERDBG_MALFORMED;
  if (wanted.mask != 0 && !row->mask) return HYPERDBG_MALFORMED;
  if (configuration_.not_intercepted >> wanted.kind & 1) return HYPERDBG_NOT_INTERCEPTED;
  if (wanted.core != HYPERDBG_ANY_CORE && wanted.core >= configuration_.cpus) return HYPERDBG_INVALID_CORE;
  if (wanted.condition_size > HYPERDBG_REGULAR_CONDITION_SIZE) return HYPERDBG_EVENT_TOO_BIG;
  // Conditions and safe buffers come with custom code.
  if (wanted.condition_size != 0 || wanted.buffer_size != 0) return HYPERDBG_NOT_SUPPORTED;
  return HYPERDBG_OK;
}

Status Engine::check(const hyperdbg_action& wanted) const {
  switch (wanted.kind) {
    case HYPERDBG_ACTION_BREAK:
      if (wanted.code_size != 0 || wanted.metadata_size != 0) return HYPERDBG_MALFORMED;
      return configuration_.can_break ? HYPERDBG_OK : HYPERDBG_BREAK_IN_VMI;
    case HYPERDBG_ACTION_SCRIPT:
      if (wanted.code_size == 0) return HYPERDBG_MALFORMED;
      if (aligned(wanted.code_size) + wanted.metadata_size > HYPERDBG_REGULAR_ACTION_SIZE)
        return HYPERDBG_ACTION_TOO_BIG;
      return HYPERDBG_OK;
    case HYPERDBG_ACTION_CODE:
    case HYPERDBG_ACTION_LOG:
      return HYPERDBG_NOT_SUPPORTED;
    default:
      return HYPERDBG_MALFORMED;
  }
}

AnswerPayload Engine::add(Payload payload, std::span<u8> answer) {
  AddLayout layout{};
  if (answer.size() < sizeof(hyperdbg_event_reference) || !layout.parse(payload)) return malformed;
  // Spent from here on, whatever follows: numbers may have gaps but are never used twice.
  const u32 id = next_id_.load(std::memory_order_relaxed);
  next_id_.store(id + 1, std::memory_order_release);

  Status status = check(layout.event);
  for (u32 i = 0; i < layout.event.action_count && status == HYPERDBG_OK; ++i) status = check(layout.actions[i].header);
  if (status != HYPERDBG_OK) return {status, 0};
  const auto event = create(id, layout);
  if (!event.ok()) return {event.status(), 0};
  define(*event.value());
  const hyperdbg_event_reference reference{id};
  return answer_bytes(answer, &reference, sizeof(reference));
}

static void keep_text(Event& event, Payload text) {
  constexpr char ellipsis[] = {'.', '.', '.'};
  const bool fits = text.size() <= sizeof(event.text);
  const u64 kept = fits ? text.size() : sizeof(event.text) - sizeof(ellipsis);
  copy(event.text, text.data(), kept);
  if (!fits) __builtin_memcpy(event.text + kept, ellipsis, sizeof(ellipsis));
  event.text_size = static_cast<u32>(fits ? kept : sizeof(event.text));
}

Result<Event*> Engine::create(u32 id, const AddLayout& layout) {
  Event* event = TRY(take_event());
  new (event) Event{};
  event->id = id;
  event->kind = layout.event.kind;
  event->key = layout.event.key;
  event->stages = layout.event.stage;
  event->flags =
      layout.event.flags & (HYPERDBG_EVENT_SHORT_CIRCUIT | HYPERDBG_EVENT_ACCUMULATE | HYPERDBG_EVENT_BY_FAULT);
  event->process = layout.event.process;
  event->core = layout.event.core;
  event->mask = layout.event.mask != 0 ? layout.event.mask : ~0ull;
  event->state = layout.event.action_count != 0 ? EventState::enabled : EventState::disabled;
  keep_text(*event, layout.text);
  Result<void> added = add_actions(*event, layout);
  if (added.ok()) added = table_.insert(*event);
  if (added.ok()) return event;
  release(event);
  return added.status();
}

Result<void> Engine::add_actions(Event& event, const AddLayout& layout) {
  Action** link = &event.actions;
  for (u32 i = 0; i < layout.event.action_count; ++i) {
    const Piece& wanted = layout.actions[i];
    Action* action = TRY(take_action(wanted.header.kind));
    action->next = nullptr;
    action->kind = static_cast<hyperdbg_action_kind>(wanted.header.kind);
    action->index = i;
    action->code = action->executable;
    action->code_size = wanted.header.code_size;
    action->metadata_size = wanted.header.metadata_size;
    action->metadata = action->writable + aligned(wanted.header.code_size);
    copy(action->writable, wanted.code.data(), wanted.code.size());
    copy(action->writable + aligned(wanted.code.size()), wanted.metadata.data(), wanted.metadata.size());
    *link = action;
    link = &action->next;
    ++event.action_count;
  }
  return {};
}

Status Engine::apply(Event& event, u32 modification) {
  switch (modification) {
    case HYPERDBG_EVENT_ENABLE:
    case HYPERDBG_EVENT_DISABLE:
      set_enabled(event, modification == HYPERDBG_EVENT_ENABLE);
      return HYPERDBG_OK;
    case HYPERDBG_EVENT_CLEAR:
      clear(event);
      return HYPERDBG_OK;
    default:
      return HYPERDBG_UNKNOWN_MODIFICATION;
  }
}

AnswerPayload Engine::modify(Payload payload) {
  hyperdbg_event_modification wanted;
  if (!take(payload, wanted)) return malformed;
  if (wanted.modification < HYPERDBG_EVENT_ENABLE || wanted.modification > HYPERDBG_EVENT_CLEAR)
    return {HYPERDBG_UNKNOWN_MODIFICATION, 0};
  if (wanted.id == HYPERDBG_ALL_EVENTS) {
    for (Event* event = first_; event; event = event->next_defined) apply(*event, wanted.modification);
    return {HYPERDBG_OK, 0};
  }
  Event* event = find(wanted.id);
  return {event ? apply(*event, wanted.modification) : HYPERDBG_UNKNOWN_TAG, 0};
}

static hyperdbg_event_info describe(const Event& event) {
  u32 flags = event.flags;
  if (event.state == EventState::enabled) flags |= HYPERDBG_EVENT_ENABLED;
  if (event.state == EventState::cleared) flags |= HYPERDBG_EVENT_CLEARED;
  return hyperdbg_event_info{
      .id = event.id,
      .kind = event.kind,
      .stage = event.stages,
      .flags = flags,
      .key = event.key,
      .process = event.process,
      .core = event.core,
      .action_count = event.action_count,
      .text_size = event.text_size,
      .hits = event.hits.get(),
      .exits = event.exits.get(),
      .ticks = event.ticks.get(),
      .failed = event.failed.get(),
      .dropped = event.dropped.get(),
  };
}

AnswerPayload Engine::list(Payload payload, std::span<u8> answer) {
  hyperdbg_event_range range;
  if (!take(payload, range)) return malformed;
  u32 used = 0;
  for (Event* event = at_or_after(range.first); event; event = event->next_defined) {
    if (answer.size() - used < sizeof(hyperdbg_event_info)) break;
    const hyperdbg_event_info info = describe(*event);
    __builtin_memcpy(answer.data() + used, &info, sizeof(info));
    used += sizeof(info);
    finger_ = event;
  }
  return {HYPERDBG_OK, used};
}

AnswerPayload Engine::text(Payload payload, std::span<u8> answer) {
  hyperdbg_event_reference wanted;
  if (!take(payload, wanted)) return malformed;
  const Event* event = at_or_after(wanted.id);
  if (!event || event->id != wanted.id) return {HYPERDBG_UNKNOWN_TAG, 0};
  return answer_bytes(answer, event->text, event->text_size);
}

AnswerPayload Engine::metadata(Payload payload, std::span<u8> answer) {
  hyperdbg_action_reference wanted;
  if (!take(payload, wanted)) return malformed;
  const Event* event = at_or_after(wanted.id);
  if (!event || event->id != wanted.id) return {HYPERDBG_UNKNOWN_TAG, 0};
  const Action* action = event->actions;
  while (action && action->index != wanted.action) action = action->next;
  if (!action) return malformed;
  return answer_bytes(answer, action->metadata, action->metadata_size);
}

AnswerPayload Engine::change_vote(Payload payload, u32 core) {
  u32 on;
  if (!take(payload, on) || on > 1) return malformed;
  CoreState* state = core < HYPERDBG_MAXIMUM_CPUS ? &cores_[core] : nullptr;
  if (!state || !state->running || state->stage != Stage::pre) return {HYPERDBG_NOT_IN_EVENT, 0};
  state->vote = on != 0;
  return {HYPERDBG_OK, 0};
}

bool Engine::handles(u32 request_kind) {
  switch (request_kind) {
    case HYPERDBG_REQUEST_EVENT_ADD:
    case HYPERDBG_REQUEST_EVENT_MODIFY:
    case HYPERDBG_REQUEST_EVENT_LIST:
    case HYPERDBG_REQUEST_EVENT_TEXT:
    case HYPERDBG_REQUEST_EVENT_METADATA:
    case HYPERDBG_REQUEST_EVENT_SC:
    case HYPERDBG_REQUEST_GLOBAL_SLOT:
    case HYPERDBG_REQUEST_GLOBAL_NAMES:
    case HYPERDBG_REQUEST_RESET:
      return true;
    default:
      return false;
  }
}

AnswerPayload Engine::handle(u32 request_kind, Payload payload, std::span<u8> answer, u32 core) {
  switch (request_kind) {
    case HYPERDBG_REQUEST_EVENT_ADD:
      return add(payload, answer);
    case HYPERDBG_REQUEST_EVENT_MODIFY:
      return modify(payload);
    case HYPERDBG_REQUEST_EVENT_LIST:
      return list(payload, answer);
    case HYPERDBG_REQUEST_EVENT_TEXT:
      return text(payload, answer);
    case HYPERDBG_REQUEST_EVENT_METADATA:
      return metadata(payload, answer);
    case HYPERDBG_REQUEST_EVENT_SC:
      return change_vote(payload, core);
    case HYPERDBG_REQUEST_GLOBAL_SLOT: {
      const auto slot = globals_.slot(payload);
      if (!slot.ok()) return {slot.status(), 0};
      return answer_bytes(answer, &slot.value(), sizeof(u32));
    }
    case HYPERDBG_REQUEST_GLOBAL_NAMES:
      return payload.empty() ? answer_bytes(answer, globals_.names(), u64{globals_.count()} * HYPERDBG_GLOBAL_NAME_SIZE)
                             : malformed;
    case HYPERDBG_REQUEST_RESET:
      return payload.empty() ? reset() : malformed;
    default:
      return {HYPERDBG_NOT_SUPPORTED, 0};
  }
}

}  // namespace hyperdbg
