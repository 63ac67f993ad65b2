// SPDX-License-Identifier: MIT
#include "session/event_command.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>
#include <vector>

#include "abi/status.h"
#include "session/log_list.hpp"
#include "session/number.hpp"
#include "session/status_text.hpp"

namespace hyperdbg {
namespace {

constexpr std::array block_keywords{"condition", "code", "script", "log", "output"};
constexpr std::array value_keywords{"pid", "core", "imm", "stage", "sc", "buffer"};

// The words of a command, sorted into keyword values and what is left for the command itself.
struct Words {
  std::map<std::string, Token> blocks;   // condition, code, script, log, output
  std::map<std::string, bool> assembly;  // of condition and code: whether `asm` stood before
  std::map<std::string, std::string> values;
  std::vector<std::string> own;

  const std::string* value(const std::string& keyword) const {
    const auto found = values.find(keyword);
    return found == values.end() ? nullptr : &found->second;
  }
};

template <class List>
const char* keyword_in(const List& keywords, const Token& token) {
  const auto found = std::ranges::find_if(keywords, [&](const char* keyword) { return token.is(keyword); });
  return found == keywords.end() ? nullptr : *found;
}

Expected<void> take_block(Words& words, const std::string& keyword, const Tokens& tokens, std::size_t& at) {
  if (at + 1 == tokens.size() || !tokens[at + 1].is_braced())
    return fail("err, please specify a value for '{}'", keyword);
  if (!words.blocks.emplace(keyword, tokens[++at]).second) return fail("err, '{}' is given twice", keyword);
  return {};
}

Expected<void> take_value(Words& words, const std::string& keyword, const Tokens& tokens, std::size_t& at) {
  if (at + 1 == tokens.size() || tokens[at + 1].is_braced())
    return fail("err, please specify a value for '{}'", keyword);
  if (!words.values.emplace(keyword, to_lower(tokens[++at].text)).second)
    return fail("err, '{}' is given twice", keyword);
  return {};
}

Expected<Words> sort_words(const Tokens& tokens, std::size_t from) {
  Words words;
  for (std::size_t at = from; at < tokens.size(); ++at) {
    const bool assembly =
        tokens[at].is("asm") && at + 1 < tokens.size() && (tokens[at + 1].is("code") || tokens[at + 1].is("condition"));
    if (assembly) ++at;
    if (const char* keyword = keyword_in(block_keywords, tokens[at])) {
      TRY_EXPECTED(take_block(words, keyword, tokens, at));
      words.assembly[keyword] = assembly;
    } else if (const char* valued = keyword_in(value_keywords, tokens[at])) {
      TRY_EXPECTED(take_value(words, valued, tokens, at));
    } else {
      words.own.push_back(tokens[at].shown());
    }
  }
  return words;
}

std::string trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1));
}

Expected<std::string> script_text(const Token& block) {
  const std::string inner = trimmed(block.text);
  if (!to_lower(inner).starts_with("file:")) return block.text;
  const std::string path = trimmed(std::string_view(inner).substr(5));
  std::ifstream file(path);
  std::string text;
  if (!std::filesystem::is_directory(path)) text.assign(std::istreambuf_iterator<char>(file), {});
  if (trimmed(text).empty()) return fail("err, either script file is not found or it's empty");
  return text;
}

// What is wrong with hexadecimal text is said before anything else is asked for.
Expected<MachineCode> machine_code(const Words& words, const std::string& keyword) {
  MachineCode code{words.blocks.at(keyword).text, words.assembly.at(keyword)};
  if (!code.assembly) TRY_EXPECTED(parse_hexadecimal(code.text));
  return code;
}

// In the documented order: break, code, script; a log is the last.
Expected<std::vector<ActionDefinition>> take_actions(const Words& words) {
  std::vector<ActionDefinition> actions;
  if (words.blocks.contains("code"))
    actions.push_back({HYPERDBG_ACTION_CODE, TRY_EXPECTED(machine_code(words, "code"))});
  if (const auto script = words.blocks.find("script"); script != words.blocks.end())
    actions.push_back({HYPERDBG_ACTION_SCRIPT, {TRY_EXPECTED(script_text(script->second)), false}});
  if (const auto log = words.blocks.find("log"); log != words.blocks.end()) {
    TRY_EXPECTED(log_script(log->second.text));
    actions.push_back({HYPERDBG_ACTION_LOG, {log->second.text, false}});
  }
  return actions;
}

std::optional<std::uint32_t> number_32(std::string_view text) {
  const auto number = parse_number(text);
  if (!number || *number >= ~0u) return std::nullopt;  // all ones means "any" in the abi
  return static_cast<std::uint32_t>(*number);
}

Expected<void> take_pid(EventDefinition& event, const Words& words, const EventRules& rules) {
  const std::string* value = words.value("pid");
  if (value == nullptr || *value == "all") return {};
  const auto pid = number_32(*value);
  if (!pid) return fail("err, pid is invalid");
  if (rules.mode == HYPERDBG_MODE_VMI && rules.process_exists && !rules.process_exists(*pid))
    return std::unexpected(status_error(HYPERDBG_INVALID_PROCESS));
  event.process = *pid;
  return {};
}

Expected<void> take_core(EventDefinition& event, const Words& words, const EventRules& rules) {
  const std::string* value = words.value("core");
  if (value == nullptr) return {};
  const auto core = number_32(*value);
  if (!core) return fail("err, core id is invalid");
  if (*core >= rules.cores) return std::unexpected(status_error(HYPERDBG_INVALID_CORE));
  event.core = *core;
  return {};
}

Expected<void> take_imm(EventDefinition& event, const Words& words) {
  const std::string* value = words.value("imm");
  if (value == nullptr || *value == "yes") return {};
  if (*value != "no") return fail("err, immediate messaging token is invalid");
  if (words.blocks.contains("output"))
    return fail("err, non-immediate message passing is not supported in 'output-forwarding mode'");
  event.flags |= HYPERDBG_EVENT_ACCUMULATE;
  return {};
}

Expected<void> take_stage(EventDefinition& event, const Words& words) {
  const std::string* value = words.value("stage");
  if (value == nullptr) return {};
  if (*value != "pre" && *value != "post" && *value != "all")
    return fail("err, the specified execution mode is invalid; you can either choose 'pre' or 'post'");
  event.stage = *value == "pre" ? HYPERDBG_PRE : *value == "post" ? HYPERDBG_POST : HYPERDBG_ALL;
  if ((event.stage & ~event.kind->stages) != 0)
    return fail("err, the utilization of 'post' or 'all' event calling stages is not meaningful for '{}'",
                event.kind->name);
  return {};
}

Expected<void> take_sc(EventDefinition& event, const Words& words) {
  const std::string* value = words.value("sc");
  if (value == nullptr || *value == "off") return {};
  if (*value != "on")
    return fail("err, the specified short-circuiting state is invalid; you can either choose 'on' or 'off'");
  if (event.stage != HYPERDBG_PRE) return std::unexpected(status_error(HYPERDBG_SHORT_CIRCUIT_AND_POST));
  event.flags |= HYPERDBG_EVENT_SHORT_CIRCUIT;
  return {};
}

Expected<void> take_outputs(EventDefinition& event, const Words& words, const EventRules& rules) {
  const auto block = words.blocks.find("output");
  if (block == words.blocks.end()) return {};
  std::string list = block->second.text;
  std::ranges::replace(list, ',', ' ');
  std::istringstream names(list);
  for (std::string name; names >> name;) {
    if (std::ranges::find(event.outputs, name) == event.outputs.end()) event.outputs.push_back(name);
  }
  if (event.outputs.empty()) return fail("err, no input found");
  const bool speaks = std::ranges::any_of(event.actions, [&](const ActionDefinition& action) {
    return action.kind != HYPERDBG_ACTION_BREAK && (action.kind != HYPERDBG_ACTION_CODE || event.buffer_size != 0);
  });
  if (!speaks)
    return fail(
        "err, 'output' forwards what a script or log prints and the buffers that code returns; add 'script {{ ... }}', "
        "or 'buffer' to 'code'");
  return rules.check_outputs ? rules.check_outputs(event.outputs) : Expected<void>{};
}

Expected<std::uint32_t> buffer_size(const Words& words) {
  const std::string* value = words.value("buffer");
  if (value == nullptr) return 0;
  const auto size = number_32(*value);
  if (!size || *size == 0) return fail("err, buffer size is invalid");
  return *size;
}

Expected<void> take_own_arguments(EventDefinition& event, const Words& words) {
  OwnArguments own{.key = HYPERDBG_ANY_KEY, .trigger = event.kind->kind, .remark = event.kind->remark};
  TRY_EXPECTED(event.kind->take(own, event.kind->name, words.own));
  event.trigger = own.trigger;
  event.remark = own.remark;
  event.key = own.key;
  event.mask = own.mask;
  event.flags |= own.flags;
  return {};
}

Expected<void> check_break(const EventDefinition& event, const EventRules& rules) {
  if (rules.mode != HYPERDBG_MODE_VMI || event.actions.empty() || event.actions[0].kind != HYPERDBG_ACTION_BREAK)
    return {};
  return fail(
      "err, no usable script or assembly was found, so the default action would be to break to the debugger, which is "
      "not "
      "possible in the VMI Mode. add 'script {{ ... }}' or 'code {{ ... }}', or use the Debugger Mode (see 'help "
      ".debug')");
}

}  // namespace

Expected<EventDefinition> parse_event_command(const Tokens& tokens, const EventRules& rules) {
  EventDefinition event;
  event.kind = tokens.empty() ? nullptr : find_event_kind(tokens[0].text);
  if (event.kind == nullptr)
    return fail("err, couldn't resolve command at '{}'", tokens.empty() ? std::string() : tokens[0].text);
  if (!event.kind->built()) return fail("err, '{}' is not available in this version", event.kind->name);
  const Words words = TRY_EXPECTED(sort_words(tokens, 1));
  if (words.blocks.contains("condition")) event.condition = TRY_EXPECTED(machine_code(words, "condition"));
  event.actions = TRY_EXPECTED(take_actions(words));
  if (event.actions.empty() && !rules.actions_come_later) event.actions.push_back({});
  TRY_EXPECTED(take_pid(event, words, rules));
  TRY_EXPECTED(take_core(event, words, rules));
  TRY_EXPECTED(take_imm(event, words));
  event.buffer_size = TRY_EXPECTED(buffer_size(words));
  TRY_EXPECTED(take_outputs(event, words, rules));
  TRY_EXPECTED(take_stage(event, words));
  TRY_EXPECTED(take_sc(event, words));
  TRY_EXPECTED(take_own_arguments(event, words));
  TRY_EXPECTED(check_break(event, rules));
  event.text = join_tokens(tokens);
  return event;
}

Expected<ActionRequest> parse_action_command(const Tokens& tokens, std::size_t from) {
  Words words = TRY_EXPECTED(sort_words(tokens, from));
  const bool breaks = words.own.size() == 1 && to_lower(words.own[0]) == "break" && words.blocks.empty();
  if (!breaks && !words.own.empty()) return fail_with(ErrorKind::usage, "unknown parameter '{}'", words.own[0]);
  for (const char* keyword : {"condition", "output"})
    if (words.blocks.contains(keyword)) return fail("err, '{}' belongs to the event, not to an action", keyword);
  for (const auto& [keyword, value] : words.values)
    if (keyword != "buffer") return fail("err, '{}' belongs to the event, not to an action", keyword);
  if (!breaks && words.blocks.size() != 1)
    return fail_with(ErrorKind::usage, "err, one action at a time: script, code, asm code, log or break");
  ActionRequest command;
  if (!breaks) command.definition = TRY_EXPECTED(take_actions(words))[0];
  command.buffer_size = TRY_EXPECTED(buffer_size(words));
  return command;
}

}  // namespace hyperdbg
