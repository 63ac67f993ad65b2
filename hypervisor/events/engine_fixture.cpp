// SPDX-License-Identifier: MIT
#include "hypervisor/events/engine_fixture.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace hyperdbg::test {

bool FakeHost::run_script(const ScriptCall& call) {
  runs.push_back({call.event.id, call.action.index, call.stage});
  contexts.push_back(call.context);
  switch (call.action.code[0]) {
    case sc_on:
    case sc_off:
      engine->short_circuit(*this, call.action.code[0] == sc_on);
      return true;
    case fail:
      return false;
    case set_rip:
      rip_changed = true;
      return true;
    case call_back:
      callback(call);
      return true;
    default:
      return true;
  }
}

Verdict FakeHost::run_condition(Event& event, Stage stage, u64) {
  conditions.push_back({event.id, 0, stage});
  switch (event.condition[0]) {
    case never:
      return Verdict::unmet;
    case faults:
      return Verdict::failed;
    default:
      return Verdict::met;
  }
}

void FakeHost::break_to_debugger(u32 event, Stage stage) {
  runs.push_back({event, ~0u, stage});
  if (halted) halted(event);
}

static void append(std::vector<u8>& to, const void* bytes, std::size_t size) {
  to.resize((to.size() + 7) & ~std::size_t{7});
  const u8* from = static_cast<const u8*>(bytes);
  to.insert(to.end(), from, from + size);
}

namespace {
u64 fuel_of(const ActionWish& wish) {
  const bool is_script = wish.kind == HYPERDBG_ACTION_SCRIPT || wish.kind == HYPERDBG_ACTION_LOG;
  return is_script ? HYPERDBG_SCRIPT_FUEL : 0;
}
}  // namespace

std::vector<u8> Wish::bytes() const {
  hyperdbg_event header = event;
  header.condition_size = static_cast<u32>(condition.size());
  header.text_size = static_cast<u32>(text.size());
  header.action_count = static_cast<u32>(actions.size());
  std::vector<u8> result;
  append(result, &header, sizeof(header));
  append(result, condition.data(), condition.size());
  append(result, text.data(), text.size());
  for (const ActionWish& wish : actions) {
    const hyperdbg_action action{wish.kind, static_cast<u32>(wish.code.size()), static_cast<u32>(wish.metadata.size()),
                                 wish.flags, fuel_of(wish)};
    append(result, &action, sizeof(action));
    append(result, wish.code.data(), wish.code.size());
    append(result, wish.metadata.data(), wish.metadata.size());
  }
  return result;
}

Harness::Harness(u32 slots, bool can_break) : table_(slots) {
  engine_->init(
      {4, can_break, {this, data_page, code_pages, code_space, back_code, buffer_pages}, table_.data(), slots});
}

u8* Harness::allocate(u64 size) {
  u8* pages = static_cast<u8*>(std::aligned_alloc(page_size, size));
  std::memset(pages, 0, size);
  pages_.emplace_back(pages, std::free);
  return pages;
}

Result<u8*> Harness::data_page(void* self) {
  Harness& harness = *static_cast<Harness*>(self);
  if (harness.data_pages_left-- <= 0) return HYPERDBG_POOL_EMPTY;
  return harness.allocate(page_size);
}

Result<CodePages> Harness::code_pages(void* self) {
  Harness& harness = *static_cast<Harness*>(self);
  if (harness.code_pages_left-- <= 0) return HYPERDBG_POOL_EMPTY;
  u8* pages = harness.allocate(HYPERDBG_REGULAR_ACTION_SIZE);
  return CodePages{pages, pages};
}

Result<CodePages> Harness::code_space(void* self, u64 size) {
  u8* pages = static_cast<Harness*>(self)->allocate(size);
  return CodePages{pages, pages};
}

Result<void> Harness::back_code(void* self, const CodePages&) {
  if (static_cast<Harness*>(self)->code_pages_left-- <= 0) return HYPERDBG_POOL_EMPTY;
  return {};
}

Result<u8*> Harness::buffer_pages(void* self, u64 size) {
  Harness& harness = *static_cast<Harness*>(self);
  if (harness.buffers_left-- <= 0) return HYPERDBG_POOL_EMPTY;
  return harness.allocate(size);
}

AnswerPayload Harness::request(u32 kind, std::span<const u8> payload, u32 core) {
  return engine_->handle(kind, payload, answer, core);
}

Status Harness::add(const Wish& wish) {
  const AnswerPayload result = request(HYPERDBG_REQUEST_EVENT_ADD, wish.bytes());
  if (result.status == HYPERDBG_OK) std::memcpy(&id, answer.data(), sizeof(id));
  return result.status;
}

Status Harness::add_action(u32 event, const ActionWish& wish, u32 buffer_size) {
  std::vector<u8> payload;
  const hyperdbg_action_target target{event, buffer_size};
  const hyperdbg_action action{wish.kind, static_cast<u32>(wish.code.size()), static_cast<u32>(wish.metadata.size()),
                               wish.flags, fuel_of(wish)};
  append(payload, &target, sizeof(target));
  append(payload, &action, sizeof(action));
  if ((wish.flags & HYPERDBG_ACTION_STAGED) == 0) append(payload, wish.code.data(), wish.code.size());
  append(payload, wish.metadata.data(), wish.metadata.size());
  return request(HYPERDBG_REQUEST_ACTION_ADD, payload).status;
}

Status Harness::stage_code(const std::vector<u8>& code, u32 piece) {
  for (u32 at = 0; at < code.size(); at += piece) {
    std::vector<u8> payload;
    const hyperdbg_code_piece header{static_cast<u32>(code.size()), at};
    append(payload, &header, sizeof(header));
    const std::size_t size = std::min<std::size_t>(piece, code.size() - at);
    payload.insert(payload.end(), code.begin() + at, code.begin() + static_cast<std::ptrdiff_t>(at + size));
    const Status status = request(HYPERDBG_REQUEST_CODE_PIECE, payload).status;
    if (status != HYPERDBG_OK) return status;
  }
  return HYPERDBG_OK;
}

Status Harness::modify(u32 event, u32 modification) {
  return request_with(HYPERDBG_REQUEST_EVENT_MODIFY, hyperdbg_event_modification{event, modification}).status;
}

std::vector<hyperdbg_event_info> Harness::list() {
  std::vector<hyperdbg_event_info> events;
  for (;;) {
    const hyperdbg_event_range range{events.empty() ? 0 : events.back().id + 1};
    const u32 size = request_with(HYPERDBG_REQUEST_EVENT_LIST, range).size;
    if (size == 0) return events;
    const std::size_t known = events.size();
    events.resize(known + size / sizeof(hyperdbg_event_info));
    std::memcpy(&events[known], answer.data(), size);
  }
}

hyperdbg_event_info Harness::info(u32 event) {
  for (const hyperdbg_event_info& each : list())
    if (each.id == event) return each;
  return {};
}

Next Harness::trigger(FakeHost& host, u64 key, u32 kind) {
  const Trigger trigger{kind, key, key};
  const Outcome outcome = engine_->run_pre(host, trigger);
  if (outcome.next != Next::emulate && outcome.post) std::abort();
  if (outcome.next == Next::emulate) {
    ++emulations;
    if (outcome.post) engine_->run_post(host, trigger);
  }
  engine_->account(host.core(), 1000);
  return outcome.next;
}

FakeHost Harness::host(u32 core) {
  FakeHost host;
  host.engine = engine_.get();
  host.core_number = core;
  return host;
}

}  // namespace hyperdbg::test
