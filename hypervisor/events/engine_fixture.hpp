// SPDX-License-Identifier: MIT
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "hypervisor/events/engine.hpp"

// An engine with memory of the heap, and a core whose "scripts" are one byte long.
namespace hyperdbg::test {

enum Opcode : u8 { nothing, sc_on, sc_off, fail, set_rip, call_back };
// The same for conditions, whose first byte is read.
enum ConditionOpcode : u8 { never, always, faults };

struct Ran {
  u32 event;
  u32 action;
  Stage stage;
  bool operator==(const Ran&) const = default;
};

struct FakeHost {
  Engine* engine = nullptr;
  u32 core_number = 0;
  u32 process_id = 100;
  int process_asked = 0;
  bool rip_changed = false;
  std::vector<Ran> runs;
  std::vector<u32> warnings;
  std::vector<u64> contexts;
  std::vector<Ran> conditions;  // evaluated ones
  std::function<void(u32 event)> halted;
  std::function<void(const ScriptCall&)> callback;

  u32 core() { return core_number; }
  u32 process() { return ++process_asked, process_id; }
  bool run_script(const ScriptCall& call);
  bool run_code(const ScriptCall& call) { return run_script(call); }
  Verdict run_condition(Event& event, Stage stage, u64 context);
  void break_to_debugger(u32 event, Stage stage);
  bool instruction_pointer_changed() { return rip_changed; }
  void warn(u32 event, const char*) { warnings.push_back(event); }
};
static_assert(EventHost<FakeHost>);

struct ActionWish {
  u32 kind = HYPERDBG_ACTION_SCRIPT;
  std::vector<u8> code;
  std::vector<u8> metadata;
  u32 flags = 0;
};

// An EVENT_ADD in the making.
struct Wish {
  hyperdbg_event event{HYPERDBG_EVENT_CPUID,
                       HYPERDBG_PRE,
                       HYPERDBG_ANY_KEY,
                       0,
                       HYPERDBG_ANY_PROCESS,
                       HYPERDBG_ANY_CORE,
                       0,
                       0,
                       0,
                       0,
                       0,
                       0};
  std::string text = "!cpuid";
  std::vector<u8> condition;
  std::vector<ActionWish> actions;

  Wish& kind(u32 value) { return event.kind = value, *this; }
  Wish& key(u64 value) { return event.key = value, *this; }
  Wish& stage(u32 value) { return event.stage = value, *this; }
  Wish& sc() { return event.flags |= HYPERDBG_EVENT_SHORT_CIRCUIT, *this; }
  Wish& process(u32 value) { return event.process = value, *this; }
  Wish& core(u32 value) { return event.core = value, *this; }
  Wish& script(u8 opcode = nothing) { return actions.push_back({HYPERDBG_ACTION_SCRIPT, {opcode}, {}}), *this; }
  Wish& code(std::vector<u8> bytes) { return actions.push_back({HYPERDBG_ACTION_CODE, std::move(bytes), {}}), *this; }
  Wish& when(u8 opcode) { return condition = {opcode}, *this; }
  Wish& buffer(u32 size) { return event.buffer_size = size, *this; }
  Wish& breaks() { return actions.push_back({HYPERDBG_ACTION_BREAK, {}, {}}), *this; }
  std::vector<u8> bytes() const;
};

class Harness {
 public:
  explicit Harness(u32 slots = 1024, bool can_break = true);

  AnswerPayload request(u32 kind, std::span<const u8> payload, u32 core = 0);
  template <class T>
  AnswerPayload request_with(u32 kind, const T& payload, u32 core = 0) {
    return request(kind, {reinterpret_cast<const u8*>(&payload), sizeof(payload)}, core);
  }
  Status add(const Wish& wish);  // `id` then holds the number
  Status modify(u32 id, u32 modification);
  Status add_action(u32 event, const ActionWish& action, u32 buffer_size = 0);
  Status stage_code(const std::vector<u8>& code, u32 piece);
  std::vector<hyperdbg_event_info> list();
  hyperdbg_event_info info(u32 id);

  // One trigger as a core would do it: pre, emulation if due, post if due, account.
  Next trigger(FakeHost& host, u64 key, u32 kind = HYPERDBG_EVENT_CPUID);

  Engine& engine() { return *engine_; }
  FakeHost host(u32 core = 0);

  u32 id = 0;
  std::vector<u8> answer = std::vector<u8>(65536);
  int data_pages_left = 1 << 30;
  int code_pages_left = 1 << 30;
  int buffers_left = 1 << 30;
  int emulations = 0;

 private:
  static Result<u8*> data_page(void* self);
  static Result<CodePages> code_pages(void* self);
  static Result<CodePages> code_space(void* self, u64 size);
  static Result<void> back_code(void* self, const CodePages& page);
  static Result<u8*> buffer_pages(void* self, u64 size);
  u8* allocate(u64 size);

  std::unique_ptr<Engine> engine_ = std::make_unique<Engine>();
  std::vector<WatchNode*> table_;
  std::vector<std::shared_ptr<void>> pages_;
};

}  // namespace hyperdbg::test
