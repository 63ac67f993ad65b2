// SPDX-License-Identifier: MIT
#include <algorithm>

#include "script/runtime/failure.hpp"
#include "session/local_machine.hpp"
#include "session/session.hpp"

namespace hyperdbg {
namespace {

void append_action(Bytes& bytes, hyperdbg_action_kind kind, const script::CompiledScript& script) {
  hyperdbg_action action{};
  action.kind = kind;
  action.code_size = static_cast<std::uint32_t>(script.blob.size());
  action.metadata_size = static_cast<std::uint32_t>(script.metadata.size());
  append(bytes, object_bytes(action));
  append(bytes, script.blob);
  pad_to_8(bytes);
  append(bytes, script.metadata);
  pad_to_8(bytes);
}

// A script may be longer than the room for the command text, which only listings show.
std::string_view listed_text(const EventDefinition& definition) {
  return std::string_view(definition.text).substr(0, HYPERDBG_REGULAR_TEXT_SIZE);
}

Bytes encode_event(const EventDefinition& definition, hyperdbg_action_kind kind, const script::CompiledScript& script) {
  hyperdbg_event event{};
  event.kind = definition.kind->kind;
  event.stage = definition.stage;
  event.key = definition.key;
  event.flags = definition.flags;
  event.process = definition.process;
  event.core = definition.core;
  event.mask = definition.mask;
  event.text_size = static_cast<std::uint32_t>(listed_text(definition).size());
  event.action_count = 1;
  Bytes bytes;
  append(bytes, object_bytes(event));
  append(bytes, view_of(listed_text(definition)));
  pad_to_8(bytes);
  append_action(bytes, kind, script);
  return bytes;
}

}  // namespace

EventRules Session::event_rules() const {
  EventRules rules;
  rules.mode = mode();
  rules.cores = hello_.cpus;
  rules.process_exists = local_process_exists;
  rules.check_outputs = [this](const std::vector<std::string>& names) { return outputs_.check(names); };
  return rules;
}

Expected<script::CompiledScript> Session::compile(const std::string& text) {
  script::CompileOptions options;
  options.symbol = [this](std::string_view name) { return symbol_address(name); };
  options.global_slot = [this](std::string_view name) -> std::expected<std::uint32_t, std::string> {
    const auto answer = ask(HYPERDBG_REQUEST_GLOBAL_SLOT, view_of(name));
    if (!answer) return std::unexpected(answer.error().message);
    const auto slot = object_at<std::uint32_t>(*answer);
    if (!slot) return std::unexpected("err, the debuggee's answer is too short");
    return *slot;
  };
  script::CompiledScript script = TRY_EXPECTED(compile(text, options));
  // Root mode would have to keep the guest's vector registers for it.
  if (script.uses_vectors) return fail("err, floating point is not available in scripts that the debuggee runs");
  return script;
}

Expected<script::CompiledScript> Session::compile(const std::string& text, const script::CompileOptions& options) {
  if (!compiler_) {
    const auto compiler = script::Compiler::load();
    if (!compiler) return fail("err, {}", compiler.error());
    compiler_ = [loaded = *compiler](std::string_view script, const script::CompileOptions& wanted) {
      return loaded->compile(script, wanted);
    };
  }
  auto compiled = compiler_(text, options);
  if (!compiled) return fail("{}", script::render(compiled.error()));
  return std::move(*compiled);
}

Expected<std::uint32_t> Session::add_event(const EventDefinition& definition) {
  script::CompiledScript script;
  if (definition.script) script = TRY_EXPECTED(compile(*definition.script));
  const auto kind = definition.script ? HYPERDBG_ACTION_SCRIPT : HYPERDBG_ACTION_BREAK;
  const Bytes answer = TRY_EXPECTED(ask(HYPERDBG_REQUEST_EVENT_ADD, encode_event(definition, kind, script)));
  const auto reference = object_at<hyperdbg_event_reference>(answer);
  if (!reference) return fail("err, the debuggee's answer is too short");
  records_.remember({reference->id, 0}, script.metadata);
  texts_[reference->id] = std::string(listed_text(definition));
  outputs_.bind(reference->id, definition.outputs);
  return reference->id;
}

Expected<std::vector<ListedEvent>> Session::events() {
  std::vector<ListedEvent> listed;
  for (std::uint32_t first = 0;;) {
    const Bytes answer = TRY_EXPECTED(ask(HYPERDBG_REQUEST_EVENT_LIST, object_bytes(hyperdbg_event_range{first})));
    std::size_t at = 0;
    for (; const auto info = object_at<hyperdbg_event_info>(answer, at); at += sizeof *info) {
      if (info->id < first) return fail("err, the debuggee's list of events does not advance");
      first = info->id + 1;
      if ((info->flags & HYPERDBG_EVENT_CLEARED) == 0) listed.push_back({*info, {}});
    }
    if (at == 0) break;
  }
  for (ListedEvent& event : listed) event.text = TRY_EXPECTED(event_text(event.info.id));
  return listed;
}

Expected<std::string> Session::event_text(std::uint32_t id) {
  if (const auto known = texts_.find(id); known != texts_.end()) return known->second;
  const Bytes text = TRY_EXPECTED(ask(HYPERDBG_REQUEST_EVENT_TEXT, object_bytes(hyperdbg_event_reference{id})));
  return texts_[id] = std::string(text_of(text));
}

Expected<void> Session::modify_event(std::uint32_t id, hyperdbg_event_modify modification) {
  hyperdbg_event_modification request{};
  request.id = id;
  request.modification = modification;
  TRY_EXPECTED(ask(HYPERDBG_REQUEST_EVENT_MODIFY, object_bytes(request)));
  return {};
}

Expected<void> Session::short_circuit(bool on) {
  TRY_EXPECTED(ask(HYPERDBG_REQUEST_EVENT_SC, object_bytes(std::uint32_t{on})));
  return {};
}

Expected<void> Session::evaluate(const std::string& text) {
  const script::CompiledScript script = TRY_EXPECTED(compile(text));
  records_.remember({HYPERDBG_NO_EVENT, 0}, script.metadata);
  Bytes request;
  append_action(request, HYPERDBG_ACTION_SCRIPT, script);
  const auto answer = ask(HYPERDBG_REQUEST_EVALUATE, request);
  registers_.reset();  // the script may have written them
  if (!answer) return std::unexpected(answer.error());
  return {};
}

Expected<void> Session::evaluate_here(const std::string& text) {
  if (!user_runtime_) user_runtime_ = std::make_unique<script::UserRuntime>();
  script::CompileOptions options;
  options.symbol = [this](std::string_view name) { return symbol_address(name); };
  options.global_slot = [this](std::string_view name) { return user_runtime_->global_slot(name); };
  const script::CompiledScript script = TRY_EXPECTED(compile(text, options));
  const auto outcome = user_runtime_->run(script);
  if (!outcome) return fail("err, {}", outcome.error());
  listener_.on_text(outcome->messages);
  if (outcome->error != HYPERDBG_SCRIPT_OK) {
    return fail("err, the script was ended: {}",
                script::failure_text(outcome->error, outcome->position, outcome->detail));
  }
  return {};
}

}  // namespace hyperdbg
