// SPDX-License-Identifier: MIT
#include <algorithm>

#include "script/runtime/failure.hpp"
#include "session/local_machine.hpp"
#include "session/log_list.hpp"
#include "session/session.hpp"

namespace hyperdbg {
namespace {

// Longer code goes in pieces, before the action.
constexpr std::size_t most_in_one_request = 64 * 1024;

bool is_staged(const BuiltAction& action) {
  return action.code.size() > most_in_one_request;
}

void append_action(Bytes& bytes, const BuiltAction& built) {
  hyperdbg_action action{};
  action.kind = built.kind;
  action.flags = built.flags | (is_staged(built) ? std::uint32_t{HYPERDBG_ACTION_STAGED} : 0u);
  action.fuel = built.fuel;
  action.code_size = static_cast<std::uint32_t>(built.code.size());
  action.metadata_size = static_cast<std::uint32_t>(built.metadata.size());
  append(bytes, object_bytes(action));
  if (!is_staged(built)) append(bytes, built.code);
  pad_to_8(bytes);
  append(bytes, built.metadata);
  pad_to_8(bytes);
}

// A script may be longer than the room for the command text, which only listings show.
std::string_view listed_text(const EventDefinition& definition) {
  return std::string_view(definition.text).substr(0, HYPERDBG_REGULAR_TEXT_SIZE);
}

Bytes encode_event(const EventDefinition& definition, ByteView condition, const std::vector<BuiltAction>& actions) {
  hyperdbg_event event{};
  event.kind = definition.trigger;
  event.stage = definition.stage;
  event.key = definition.key;
  event.flags = definition.flags;
  event.process = definition.process;
  event.core = definition.core;
  event.buffer_size = definition.buffer_size;
  event.condition_size = static_cast<std::uint32_t>(condition.size());
  event.mask = definition.mask;
  event.text_size = static_cast<std::uint32_t>(listed_text(definition).size());
  event.action_count = static_cast<std::uint32_t>(actions.size());
  Bytes bytes;
  append(bytes, object_bytes(event));
  append(bytes, condition);
  pad_to_8(bytes);
  append(bytes, view_of(listed_text(definition)));
  pad_to_8(bytes);
  for (const BuiltAction& action : actions) append_action(bytes, action);
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
  options.types = kernel_types();
  options.aggregation = [this](const hyperdbg_aggregation& one) -> std::expected<std::uint32_t, std::string> {
    const auto number = aggregation_number(one);
    if (!number) return std::unexpected(number.error().message);
    return *number;
  };
  return compile(text, options);
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

Expected<Bytes> Session::build(const MachineCode& code) {
  return build_code(code, [this](std::string_view expression) -> std::optional<std::uint64_t> {
    const auto value = address(expression);
    return value ? std::optional(*value) : std::nullopt;
  });
}

BuiltAction Session::script_action(hyperdbg_action_kind kind, script::CompiledScript script) const {
  BuiltAction built{.kind = kind, .code = std::move(script.blob), .metadata = std::move(script.metadata)};
  built.flags = script.uses_vectors ? HYPERDBG_ACTION_USES_VECTORS : 0;
  built.fuel = fuel_;
  for (const hyperdbg_aggregation& one : script.aggregations) built.aggregations.emplace_back(one.name);
  return built;
}

Expected<BuiltAction> Session::build(const ActionDefinition& action) {
  BuiltAction built{.kind = action.kind, .code = {}, .metadata = {}};
  if (action.kind == HYPERDBG_ACTION_BREAK) return built;
  if (action.kind == HYPERDBG_ACTION_CODE) {
    built.code = TRY_EXPECTED(build(action.text));
    return built;
  }
  std::string text = action.text.text;
  if (action.kind == HYPERDBG_ACTION_LOG) text = TRY_EXPECTED(log_script(text));
  return script_action(action.kind, TRY_EXPECTED(compile(text)));
}

Expected<void> Session::send_code(const BuiltAction& action) {
  if (!is_staged(action)) return {};
  const auto total = static_cast<std::uint32_t>(action.code.size());
  for (std::uint32_t at = 0; at < total; at += most_in_one_request) {
    Bytes piece;
    append(piece, object_bytes(hyperdbg_code_piece{total, at}));
    append(piece, ByteView(action.code).subspan(at, std::min<std::size_t>(most_in_one_request, total - at)));
    TRY_EXPECTED(ask(HYPERDBG_REQUEST_CODE_PIECE, piece));
  }
  return {};
}

void Session::remember(ActionKey key, const BuiltAction& built) {
  records_.remember(key, built.metadata);
  for (const std::string& name : built.aggregations) aggregations_[key.event].push_back(name);
}

Expected<std::uint32_t> Session::add_event(const EventDefinition& definition) {
  Bytes condition;
  if (definition.condition) condition = TRY_EXPECTED(build(*definition.condition));
  std::vector<BuiltAction> actions;
  for (const ActionDefinition& action : definition.actions) actions.push_back(TRY_EXPECTED(build(action)));
  for (const BuiltAction& action : actions) TRY_EXPECTED(send_code(action));
  const Bytes request = encode_event(definition, condition, actions);
  if (request.size() > HYPERDBG_MAXIMUM_PAYLOAD)
    return fail("err, buffer is above the maximum buffer size that can be sent to debuggee ({} > {})", request.size(),
                HYPERDBG_MAXIMUM_PAYLOAD);
  const Bytes answer = TRY_EXPECTED(ask(HYPERDBG_REQUEST_EVENT_ADD, request));
  const auto reference = object_at<hyperdbg_event_reference>(answer);
  if (!reference) return fail("err, the debuggee's answer is too short");
  for (std::uint32_t i = 0; i < actions.size(); ++i) remember({reference->id, i}, actions[i]);
  texts_[reference->id] = std::string(listed_text(definition));
  outputs_.bind(reference->id, definition.outputs);
  return reference->id;
}

Expected<void> Session::add_action(std::uint32_t event, const ActionRequest& wanted) {
  BuiltAction built{.kind = wanted.definition.kind, .code = wanted.code, .metadata = {}};
  if (wanted.code.empty()) built = TRY_EXPECTED(build(wanted.definition));
  if (wanted.accumulate) built.flags |= HYPERDBG_ACTION_ACCUMULATE;
  TRY_EXPECTED(send_code(built));
  Bytes request;
  append(request, object_bytes(hyperdbg_action_target{event, wanted.buffer_size}));
  append_action(request, built);
  const Bytes answer = TRY_EXPECTED(ask(HYPERDBG_REQUEST_ACTION_ADD, request));
  const auto reference = object_at<hyperdbg_action_reference>(answer);
  if (!reference) return fail("err, the debuggee's answer is too short");
  remember({event, reference->action}, built);
  return {};
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
  const BuiltAction built = script_action(HYPERDBG_ACTION_SCRIPT, TRY_EXPECTED(compile(text)));
  records_.remember({HYPERDBG_NO_EVENT, 0}, built.metadata);
  Bytes request;
  append_action(request, built);
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
  options.types = kernel_types();
  options.aggregation = [this](const hyperdbg_aggregation& one) { return user_runtime_->aggregation_number(one); };
  const script::CompiledScript script = TRY_EXPECTED(compile(text, options));
  user_runtime_->fields.fuel = static_cast<std::int64_t>(fuel_);
  const auto outcome = user_runtime_->run(script);
  if (!outcome) return fail("err, {}", outcome.error());
  listener_.on_text(outcome->messages);
  if (!script.aggregations.empty()) listener_.on_text(user_runtime_->aggregates().render({}));
  if (outcome->error != HYPERDBG_SCRIPT_OK) {
    return fail("err, the script was ended: {}",
                script::failure_text(outcome->error, outcome->position, outcome->detail));
  }
  return {};
}

}  // namespace hyperdbg
