// SPDX-License-Identifier: MIT
#include "hypervisor/events/engine.hpp"
#include "hypervisor/events/request_bytes.hpp"

// Requests about events that are there.
namespace hyperdbg {

Status Engine::apply(Event& event, u32 modification) {
  switch (modification) {
    case HYPERDBG_EVENT_ENABLE:
      if (event.action_count == 0) return HYPERDBG_NO_ACTIONS;
      [[fallthrough]];
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
    case HYPERDBG_REQUEST_ACTION_ADD:
    case HYPERDBG_REQUEST_CODE_PIECE:
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
    case HYPERDBG_REQUEST_ACTION_ADD:
      return add_action(payload, answer);
    case HYPERDBG_REQUEST_CODE_PIECE:
      return take_code_piece(payload);
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
