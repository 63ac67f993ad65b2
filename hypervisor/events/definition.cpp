// SPDX-License-Identifier: MIT
#include "hypervisor/events/engine.hpp"
#include "hypervisor/events/request_bytes.hpp"

// Requests that make events and actions.
namespace hyperdbg {

constexpr u32 known_action_flags = HYPERDBG_ACTION_STAGED | HYPERDBG_ACTION_ACCUMULATE | HYPERDBG_ACTION_USES_VECTORS;

// One action of a request; spans point into the request.
struct Engine::Piece {
  hyperdbg_action header;
  Payload code;
  Payload metadata;

  bool staged() const { return (header.flags & HYPERDBG_ACTION_STAGED) != 0; }
  bool parse(Cutter& cutter) {
    Payload bytes;
    if (!cutter.cut(sizeof(header), bytes) || !take(bytes, header)) return false;
    if ((header.flags & ~known_action_flags) != 0) return false;
    return (staged() || cutter.cut(header.code_size, code)) && cutter.cut(header.metadata_size, metadata);
  }
};

// EVENT_ADD taken apart.
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
      if (!actions[i].parse(cutter)) return false;
    return cutter.at_end();
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
  // In Debugger Mode there are regular event slots only: `prealloc` for big ones has yet to be built.
  if (configuration_.can_break && wanted.condition_size > HYPERDBG_REGULAR_CONDITION_SIZE)
    return wanted.condition_size > page_size ? HYPERDBG_EVENT_TOO_BIG : HYPERDBG_BIG_EVENT_NOT_FOUND;
  return check_buffer(wanted.buffer_size);
}

Status Engine::check_buffer(u32 size) const {
  if (size > HYPERDBG_MAXIMUM_BUFFER_SIZE) return HYPERDBG_BUFFER_TOO_BIG;
  return configuration_.can_break && size > HYPERDBG_BIG_BUFFER_SIZE ? HYPERDBG_BUFFER_ABOVE_BIG : HYPERDBG_OK;
}

// Scripts fit a slot in either mode; custom code may be of any size in VMI Mode.
Status Engine::check_code(const hyperdbg_action& wanted) const {
  if (wanted.code_size == 0) return HYPERDBG_MALFORMED;
  const u64 size = aligned(wanted.code_size) + wanted.metadata_size;
  if (wanted.kind == HYPERDBG_ACTION_CODE && !configuration_.can_break)
    return size > HYPERDBG_MAXIMUM_CODE_SIZE ? HYPERDBG_ACTION_TOO_BIG : HYPERDBG_OK;
  if (size <= HYPERDBG_REGULAR_ACTION_SIZE) return HYPERDBG_OK;
  const bool big = wanted.kind == HYPERDBG_ACTION_CODE && size <= HYPERDBG_BIG_ACTION_SIZE;
  return big ? HYPERDBG_BIG_ACTION_NOT_FOUND : HYPERDBG_ACTION_TOO_BIG;
}

bool valid_script(const hyperdbg_action& action) {
  const u32 flags = HYPERDBG_ACTION_USES_VECTORS | HYPERDBG_ACTION_ACCUMULATE;
  return (action.flags & ~flags) == 0 && action.fuel != 0 && action.fuel >> 63 == 0;
}

// Scripts have fuel, and only scripts.
static bool valid_limits(const hyperdbg_action& wanted) {
  if (wanted.kind == HYPERDBG_ACTION_SCRIPT || wanted.kind == HYPERDBG_ACTION_LOG) return valid_script(wanted);
  return wanted.fuel == 0 && (wanted.flags & HYPERDBG_ACTION_USES_VECTORS) == 0;
}

Status Engine::check(const hyperdbg_action& wanted) const {
  if (!valid_limits(wanted)) return HYPERDBG_MALFORMED;
  switch (wanted.kind) {
    case HYPERDBG_ACTION_BREAK:
      if (wanted.code_size != 0 || wanted.metadata_size != 0 || wanted.flags != 0) return HYPERDBG_MALFORMED;
      return configuration_.can_break ? HYPERDBG_OK : HYPERDBG_BREAK_IN_VMI;
    case HYPERDBG_ACTION_SCRIPT:
    case HYPERDBG_ACTION_CODE:
    case HYPERDBG_ACTION_LOG:
      return check_code(wanted);
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
  Result<void> added = add_condition(*event, layout.condition);
  if (added.ok()) added = add_buffer(*event, layout.event.buffer_size);
  for (u32 i = 0; i < layout.event.action_count && added.ok(); ++i) added = add_action(*event, layout.actions[i]);
  if (added.ok()) added = table_.insert(*event);
  if (added.ok()) return event;
  release(event);
  return added.status();
}

Result<void> Engine::add_condition(Event& event, Payload code) {
  if (code.empty()) return {};
  const bool regular = code.size() <= HYPERDBG_REGULAR_CONDITION_SIZE;
  const auto block = regular ? store_.take_condition() : store_.take_code(code.size());
  const Status missing = configuration_.can_break ? HYPERDBG_REGULAR_EVENT_NOT_FOUND : HYPERDBG_EVENT_NOT_CREATED;
  if (!block.ok()) return missing;
  event.condition_block = block.value();
  if (!store_.back(*block.value(), code.size()).ok()) return missing;
  copy(block.value()->writable, code.data(), code.size());
  event.condition_size = static_cast<u32>(code.size());
  event.condition_traits = examine_code(code);
  event.condition = block.value()->executable;
  return {};
}

Result<void> Engine::add_buffer(Event& event, u32 size) {
  if (size == 0) return {};
  const auto block = store_.take_buffer(size);
  if (!block.ok()) {
    if (!configuration_.can_break) return HYPERDBG_BUFFER_OUT_OF_MEMORY;
    return size > HYPERDBG_REGULAR_BUFFER_SIZE ? HYPERDBG_BIG_BUFFER_NOT_FOUND : HYPERDBG_REGULAR_BUFFER_NOT_FOUND;
  }
  event.buffer = block.value();
  event.buffer_size = size;
  return {};
}

// Memory for what does not fit a slot, or null; filled with the code.
Result<Block*> Engine::place_code(const Piece& wanted) {
  const u32 size = wanted.header.code_size;
  if (wanted.staged()) {
    if (!staged_ || staged_size_ != size || staged_used_ != size || wanted.header.metadata_size != 0)
      return HYPERDBG_MALFORMED;
    Block* block = staged_;
    staged_ = nullptr;
    return block;
  }
  if (aligned(size) + wanted.header.metadata_size <= HYPERDBG_REGULAR_ACTION_SIZE) return nullptr;
  Block* block = TRY(store_.take_code(aligned(size) + wanted.header.metadata_size));
  if (const auto backed = store_.back(*block, aligned(size) + wanted.header.metadata_size); !backed.ok()) {
    store_.give_back_code(block);
    return backed.status();
  }
  copy(block->writable, wanted.code.data(), wanted.code.size());
  copy(block->writable + aligned(size), wanted.metadata.data(), wanted.metadata.size());
  return block;
}

Result<void> Engine::add_action(Event& event, const Piece& wanted) {
  const auto block = place_code(wanted);
  if (!block.ok()) return block.status() == HYPERDBG_MALFORMED ? HYPERDBG_MALFORMED : HYPERDBG_ACTION_OUT_OF_MEMORY;
  const auto slot = block.value() ? take_blank_action() : take_action(wanted.header.kind);
  if (!slot.ok()) {
    if (block.value()) store_.give_back_code(block.value());
    return configuration_.can_break ? slot.status() : HYPERDBG_ACTION_OUT_OF_MEMORY;
  }
  Action* action = slot.value();
  action->next = nullptr;
  action->kind = static_cast<hyperdbg_action_kind>(wanted.header.kind);
  action->index = event.action_count;
  action->code_size = wanted.header.code_size;
  action->metadata_size = wanted.header.metadata_size;
  action->flags = wanted.header.flags;
  action->fuel = wanted.header.fuel;
  action->accumulates = (wanted.header.flags & HYPERDBG_ACTION_ACCUMULATE) != 0;
  action->block = block.value();
  u8* writable = action->block ? action->block->writable : action->writable;
  action->code = action->block ? action->block->executable : action->executable;
  action->metadata = writable + aligned(wanted.header.code_size);
  if (!action->block) {
    copy(writable, wanted.code.data(), wanted.code.size());
    copy(writable + aligned(wanted.code.size()), wanted.metadata.data(), wanted.metadata.size());
  }
  if (action->kind == HYPERDBG_ACTION_CODE) action->traits = examine_code({writable, action->code_size});
  Action** link = &event.actions;
  while (*link) link = &(*link)->next;
  *link = action;
  ++event.action_count;
  return {};
}

AnswerPayload Engine::add_action(Payload payload, std::span<u8> answer) {
  Cutter cutter(payload);
  Payload header;
  hyperdbg_action_target target;
  Piece piece{};
  if (!cutter.cut(sizeof(target), header) || !take(header, target) || !piece.parse(cutter) || !cutter.at_end())
    return malformed;
  Event* event = find(target.id);
  if (!event) return {HYPERDBG_UNKNOWN_TAG, 0};
  if (event->action_count == HYPERDBG_MAXIMUM_ACTIONS) return {HYPERDBG_TOO_MANY_ACTIONS, 0};
  if (target.buffer_size != 0 && event->buffer && event->buffer_size != target.buffer_size)
    return {HYPERDBG_OTHER_BUFFER, 0};
  Status status = check_buffer(target.buffer_size);
  if (status == HYPERDBG_OK) status = check(piece.header);
  if (status != HYPERDBG_OK) return {status, 0};
  const bool first = event->action_count == 0;
  const bool has_buffer = event->buffer != nullptr;
  Result<void> added = has_buffer ? Result<void>{} : add_buffer(*event, target.buffer_size);
  if (added.ok()) added = add_action(*event, piece);
  if (!added.ok()) {
    if (!has_buffer && event->buffer) store_.give_back_buffer(event->buffer);
    if (!has_buffer) event->buffer = nullptr, event->buffer_size = 0;
    return {added.status(), 0};
  }
  if (first) set_enabled(*event, true);
  const hyperdbg_action_reference reference{target.id, event->action_count - 1};
  return answer_bytes(answer, &reference, sizeof(reference));
}

AnswerPayload Engine::take_code_piece(Payload payload) {
  hyperdbg_code_piece piece;
  if (payload.size() <= sizeof(piece) || !take(payload.first(sizeof(piece)), piece)) return malformed;
  const Payload bytes = payload.subspan(sizeof(piece));
  if (piece.offset == 0) {
    if (staged_) store_.give_back_code(staged_);
    staged_ = nullptr;
    const Status status = check_code({HYPERDBG_ACTION_CODE, piece.total, 0, 0, 0});
    if (status != HYPERDBG_OK) return {status, 0};
    const auto block = store_.take_code(piece.total);
    if (!block.ok()) return {HYPERDBG_ACTION_OUT_OF_MEMORY, 0};
    staged_ = block.value();
    staged_size_ = piece.total;
    staged_used_ = 0;
  }
  if (!staged_ || piece.total != staged_size_ || piece.offset != staged_used_ ||
      bytes.size() > staged_size_ - staged_used_)
    return malformed;
  if (!store_.back(*staged_, u64{staged_used_} + bytes.size()).ok()) return {HYPERDBG_ACTION_OUT_OF_MEMORY, 0};
  copy(staged_->writable + staged_used_, bytes.data(), bytes.size());
  staged_used_ += static_cast<u32>(bytes.size());
  return {HYPERDBG_OK, 0};
}

}  // namespace hyperdbg
