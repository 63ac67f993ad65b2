// SPDX-License-Identifier: MIT
#include "session/fake_target.hpp"

#include <algorithm>
#include <cstring>

namespace hyperdbg {
namespace {

constexpr std::uint64_t page_bytes = 4096;

template <class T>
Answer answer_with(const T& object) {
  const ByteView bytes = object_bytes(object);
  return {HYPERDBG_OK, Bytes(bytes.begin(), bytes.end())};
}

std::size_t aligned(std::size_t size) {
  return (size + 7) & ~std::size_t{7};
}

void append_record(Bytes& bytes, hyperdbg_record record, ByteView body) {
  record.length = static_cast<std::uint32_t>(body.size());
  record.size = static_cast<std::uint32_t>(aligned(sizeof record + body.size()));
  append(bytes, object_bytes(record));
  append(bytes, body);
  pad_to_8(bytes);
}

}  // namespace

FakeTarget::State::State() {
  hello.abi = HYPERDBG_ABI;
  std::strcpy(hello.version, HYPERDBG_VERSION);
  hello.mode = HYPERDBG_MODE_DEBUGGER;
  hello.vendor = HYPERDBG_VENDOR_AMD;
  hello.cpus = 2;
  hello.halted = 1;
  std::strcpy(hello.release, "6.1.0-test");
  hello.build_id[0] = 0xab;
  hello.anchor = 0xffffffff82000000;
  for (std::uint32_t i = 0; i < HYPERDBG_REGISTER_COUNT; ++i) registers[0][i] = 0x1000 + i;
  registers[0][HYPERDBG_RIP] = 0xffffffff81000000;
  registers[0][HYPERDBG_RFLAGS] = 0x40246;
  registers[1] = registers[0];
  registers[1][HYPERDBG_RIP] = 0xffffffff81000005;
  Bytes code{0x48, 0x89, 0x5c, 0x24, 0x08, 0xc3, 0x74, 0x05, 0xe8, 0xf3, 0xff, 0xff, 0xff};
  code.resize(page_bytes, 0x90);
  pages[0xffffffff81000000] = code;
  pages[0x1000] = Bytes(page_bytes, 0x41);
}

Expected<Answer> FakeTarget::request(std::uint32_t kind, ByteView payload) {
  state_->requests.push_back(kind);
  if (const auto refused = state_->refuse.find(kind); refused != state_->refuse.end())
    return Answer{refused->second, {}};
  Answer answer = handle(kind, payload);
  pump();  // as a line does: what came meanwhile is told before the request returns
  return answer;
}

void FakeTarget::pump() {
  while (!state_->unasked.empty() && listener_ != nullptr) {
    const auto next = state_->unasked.front();
    state_->unasked.erase(state_->unasked.begin());
    next(*listener_);
  }
}

Answer FakeTarget::handle(std::uint32_t kind, ByteView payload) {
  switch (kind) {
    case HYPERDBG_REQUEST_HELLO:
      state_->hello.halted = state_->halted;
      return answer_with(state_->hello);
    case HYPERDBG_REQUEST_STATUS: {
      hyperdbg_status_answer status{};
      status.halted = state_->halted;
      status.core = state_->core;
      status.events = static_cast<std::uint32_t>(state_->events.size());
      status.cpus = state_->hello.cpus;
      status.exits = state_->exits;
      return answer_with(status);
    }
    case HYPERDBG_REQUEST_CONTINUE:
      if (!state_->halted) return {HYPERDBG_NOT_HALTED, {}};
      state_->halted = false;
      state_->unasked.insert(state_->unasked.begin(), [](TargetListener& listener) { listener.on_running(); });
      return {};
    case HYPERDBG_REQUEST_HALT:
      if (state_->halted) return {HYPERDBG_ALREADY_HALTED, {}};
      state_->halted = true;
      state_->unasked.push_back(
          [halt = make_halt(*state_, HYPERDBG_HALT_REQUEST)](TargetListener& listener) { listener.on_halted(halt); });
      return {};
    case HYPERDBG_REQUEST_SWITCH_CORE:
      state_->core = *object_at<std::uint32_t>(payload);
      state_->unasked.push_back(
          [halt = make_halt(*state_, HYPERDBG_HALT_CORE)](TargetListener& listener) { listener.on_halted(halt); });
      return {};
    case HYPERDBG_REQUEST_READ_REGISTERS:
      return answer_with(state_->registers[state_->core]);
    case HYPERDBG_REQUEST_WRITE_REGISTER: {
      const auto value = *object_at<hyperdbg_register_value>(payload);
      if (value.number >= HYPERDBG_CR0) return {HYPERDBG_READ_ONLY_REGISTER, {}};
      state_->registers[state_->core][value.number] = value.value;
      return {};
    }
    case HYPERDBG_REQUEST_EVALUATE:
      state_->evaluated = true;
      return {};
    case HYPERDBG_REQUEST_EVENT_SC:
      state_->short_circuit = *object_at<std::uint32_t>(payload) != 0;
      return {};
    case HYPERDBG_REQUEST_RESET:
      state_->events.clear();
      state_->next_id = 0;
      return {};
    case HYPERDBG_REQUEST_GLOBAL_SLOT:
      return answer_with(std::uint32_t{7});
    case HYPERDBG_REQUEST_AGGREGATION_LIST: {
      Answer answer;
      for (const auto& info : state_->aggregations) append(answer.payload, object_bytes(info));
      return answer;
    }
    case HYPERDBG_REQUEST_AGGREGATION_READ: {
      Answer answer = answer_with(hyperdbg_aggregate_answer{64, 64});
      if (object_at<hyperdbg_aggregate_range>(payload)->core == 0) append(answer.payload, state_->entries);
      return answer;
    }
    case HYPERDBG_REQUEST_AGGREGATION_CLEAR:
      state_->cleared = *object_at<std::uint32_t>(payload);
      return {};
    case HYPERDBG_REQUEST_MODULES: {
      hyperdbg_module_info module{"lab", 0xffffffffc0000000, 0x2000};
      return answer_with(module);
    }
    case HYPERDBG_REQUEST_READ_MEMORY:
    case HYPERDBG_REQUEST_WRITE_MEMORY:
      return handle_memory(kind, payload);
    default:
      return handle_event(kind, payload);
  }
}

Answer FakeTarget::handle_memory(std::uint32_t kind, ByteView payload) {
  const auto range = *object_at<hyperdbg_memory_range>(payload);
  const auto page = state_->pages.find(range.address & ~(page_bytes - 1));
  if (page == state_->pages.end())
    return {kind == HYPERDBG_REQUEST_READ_MEMORY ? HYPERDBG_INVALID_ADDRESS : HYPERDBG_EDIT_INVALID_ADDRESS, {}};
  const std::size_t offset = range.address & (page_bytes - 1);
  const std::size_t size = std::min<std::size_t>(range.size, page_bytes - offset);
  const auto at = page->second.begin() + static_cast<std::ptrdiff_t>(offset);
  if (kind == HYPERDBG_REQUEST_READ_MEMORY) return {HYPERDBG_OK, Bytes(at, at + static_cast<std::ptrdiff_t>(size))};
  std::copy_n(payload.begin() + sizeof range, size, at);
  return {};
}

Answer FakeTarget::handle_event(std::uint32_t kind, ByteView payload) {
  switch (kind) {
    case HYPERDBG_REQUEST_EVENT_ADD:
      return add_event(payload);
    case HYPERDBG_REQUEST_EVENT_MODIFY:
      return modify_event(payload);
    case HYPERDBG_REQUEST_ACTION_ADD:
      return add_action(payload);
    case HYPERDBG_REQUEST_CODE_PIECE: {
      const auto piece = *object_at<hyperdbg_code_piece>(payload);
      state_->staged.resize(piece.offset);
      append(state_->staged, payload.subspan(sizeof piece));
      return {};
    }
    case HYPERDBG_REQUEST_EVENT_LIST: {
      Answer answer;
      const auto first = *object_at<std::uint32_t>(payload);
      for (const Event& event : state_->events)
        if (event.info.id >= first && answer.payload.size() < sizeof event.info)
          append(answer.payload, object_bytes(event.info));
      return answer;
    }
    case HYPERDBG_REQUEST_EVENT_TEXT:
    case HYPERDBG_REQUEST_EVENT_METADATA: {
      const auto id = *object_at<std::uint32_t>(payload);
      for (const Event& event : state_->events) {
        if (event.info.id != id) continue;
        const auto action = object_at<std::uint32_t>(payload, sizeof id).value_or(0);
        const ByteView bytes = kind == HYPERDBG_REQUEST_EVENT_TEXT ? view_of(event.text)
                               : action < event.actions.size()     ? ByteView(event.actions[action].metadata)
                                                                   : ByteView();
        return {HYPERDBG_OK, Bytes(bytes.begin(), bytes.end())};
      }
      return {HYPERDBG_UNKNOWN_TAG, {}};
    }
    default:
      return {HYPERDBG_NOT_SUPPORTED, {}};
  }
}

namespace {
// Takes an action from the front of `at`; false if it is not wholly there.
bool take_action(ByteView payload, std::size_t& at, FakeTarget::Event::Action& taken, const Bytes& staged) {
  const auto action = object_at<hyperdbg_action>(payload, at);
  if (!action) return false;
  at += sizeof *action;
  taken = {action->kind, action->flags, action->code_size, action->fuel, {}, {}};
  if ((action->flags & HYPERDBG_ACTION_STAGED) != 0) {
    taken.code = staged;
  } else {
    if (at + aligned(action->code_size) > payload.size()) return false;
    const ByteView code = payload.subspan(at, action->code_size);
    taken.code.assign(code.begin(), code.end());
    at += aligned(action->code_size);
  }
  if (at + aligned(action->metadata_size) > payload.size()) return false;
  const ByteView metadata = payload.subspan(at, action->metadata_size);
  taken.metadata.assign(metadata.begin(), metadata.end());
  at += aligned(action->metadata_size);
  return true;
}
}  // namespace

Answer FakeTarget::add_event(ByteView payload) {
  Event event;
  const auto definition = object_at<hyperdbg_event>(payload);
  if (!definition) return {HYPERDBG_MALFORMED, {}};
  event.definition = *definition;
  std::size_t at = sizeof *definition;
  const ByteView condition = payload.subspan(at, definition->condition_size);
  event.condition.assign(condition.begin(), condition.end());
  at += aligned(definition->condition_size);
  event.text = text_of(payload.subspan(at, definition->text_size));
  at += aligned(definition->text_size);
  event.actions.resize(definition->action_count);
  for (Event::Action& action : event.actions)
    if (!take_action(payload, at, action, state_->staged)) return {HYPERDBG_MALFORMED, {}};
  if (at != payload.size()) return {HYPERDBG_MALFORMED, {}};
  event.info.id = state_->next_id++;
  event.info.kind = definition->kind;
  event.info.flags = definition->flags;
  if (event.actions.empty()) event.info.flags &= ~static_cast<std::uint32_t>(HYPERDBG_EVENT_ENABLED);
  state_->events.push_back(event);
  return answer_with(hyperdbg_event_reference{event.info.id});
}

Answer FakeTarget::add_action(ByteView payload) {
  const auto target = object_at<hyperdbg_action_target>(payload);
  std::size_t at = sizeof(hyperdbg_action_target);
  for (Event& event : state_->events) {
    if (!target || event.info.id != target->id) continue;
    Event::Action action;
    if (!take_action(payload, at, action, state_->staged) || at != payload.size()) return {HYPERDBG_MALFORMED, {}};
    if (event.actions.empty()) event.info.flags |= HYPERDBG_EVENT_ENABLED;
    if (target->buffer_size != 0) event.definition.buffer_size = target->buffer_size;
    event.actions.push_back(action);
    return answer_with(hyperdbg_action_reference{event.info.id, static_cast<std::uint32_t>(event.actions.size() - 1)});
  }
  return {HYPERDBG_UNKNOWN_TAG, {}};
}

Answer FakeTarget::modify_event(ByteView payload) {
  const auto request = *object_at<hyperdbg_event_modification>(payload);
  const auto chosen = [&](const Event& event) {
    return request.id == HYPERDBG_ALL_EVENTS || event.info.id == request.id;
  };
  if (request.modification == HYPERDBG_EVENT_CLEAR) return std::erase_if(state_->events, chosen), Answer{};
  for (Event& event : state_->events) {
    if (!chosen(event)) continue;
    if (request.modification == HYPERDBG_EVENT_ENABLE)
      event.info.flags |= HYPERDBG_EVENT_ENABLED;
    else
      event.info.flags &= ~static_cast<std::uint32_t>(HYPERDBG_EVENT_ENABLED);
  }
  return {};
}

hyperdbg_halted make_halt(const FakeTarget::State& state, std::uint32_t reason, std::uint32_t event,
                          std::uint32_t stage) {
  hyperdbg_halted halted{};
  halted.reason = reason;
  halted.core = state.core;
  halted.event = event;
  halted.stage = stage;
  halted.rip = state.registers[state.core][HYPERDBG_RIP];
  halted.rflags = state.registers[state.core][HYPERDBG_RFLAGS];
  halted.bits = 64;
  halted.code_size = sizeof halted.code;
  const Bytes& page = state.pages.at(halted.rip & ~(page_bytes - 1));
  std::copy_n(page.begin() + static_cast<std::ptrdiff_t>(halted.rip & (page_bytes - 1)), sizeof halted.code,
              halted.code);
  std::strcpy(halted.text, "something went wrong");
  return halted;
}

Bytes make_text_record(std::string_view text, std::uint64_t sequence, std::uint16_t core) {
  hyperdbg_record record{};
  record.kind = HYPERDBG_RECORD_TEXT;
  record.core = core;
  record.sequence = sequence;
  Bytes bytes;
  append_record(bytes, record, view_of(text));
  return bytes;
}

Bytes make_message_record(std::uint32_t event, std::uint32_t format, const std::vector<std::uint64_t>& values,
                          std::uint64_t sequence, std::uint32_t flags) {
  hyperdbg_record record{};
  record.kind = HYPERDBG_RECORD_MESSAGE;
  record.event = event;
  record.sequence = sequence;
  record.time = sequence;
  record.flags = flags;
  hyperdbg_message message{};
  message.format = format;
  message.count = static_cast<std::uint16_t>(values.size());
  Bytes body;
  append(body, object_bytes(message));
  for (const std::uint64_t value : values) append(body, object_bytes(value));
  Bytes bytes;
  append_record(bytes, record, body);
  return bytes;
}

}  // namespace hyperdbg
