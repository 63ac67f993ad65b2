// SPDX-License-Identifier: MIT
#include "session/event_command.hpp"

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>
#include <vector>

#include "abi/status.h"
#include "session/number.hpp"
#include "session/status_text.hpp"

namespace hyperdbg {
namespace {

constexpr std::array block_keywords{"condition", "code", "script", "output"};
constexpr std::array value_keywords{"pid", "core", "imm", "stage", "sc", "buffer"};

// The words of a command, sorted into keyword values and what is left for the command itself.
struct Words {
  std::map<std::string, Token> blocks;  // condition, code, script, output; "asm code" if `asm` stood before
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

Expected<Words> sort_words(const Tokens& tokens) {
  Words words;
  for (std::size_t at = 1; at < tokens.size(); ++at) {
    const bool assembly =
        tokens[at].is("asm") && at + 1 < tokens.size() && (tokens[at + 1].is("code") || tokens[at + 1].is("condition"));
    if (assembly) ++at;
    if (const char* keyword = keyword_in(block_keywords, tokens[at])) {
      TRY_EXPECTED(take_block(words, (assembly ? "asm " : "") + std::string(keyword), tokens, at));
    } else if (const char* valued = keyword_in(value_keywords, tokens[at])) {
      TRY_EXPECTED(take_value(words, valued, tokens, at));
    } else {
      words.own.push_back(tokens[at].shown());
    }
  }
  return words;
}

// Parsed and checked like the rest of the grammar, but there is nobody yet to carry them out.
Expected<void> refuse_what_is_not_built(const Words& words) {
  for (const char* name : {"condition", "asm condition", "code", "asm code"})
    if (words.blocks.contains(name)) return fail("err, '{}' is not available in this version", name);
  return {};
}

std::string trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1));
}

Expected<std::string> script_text(const Token& block) {
  const std::string inner = trimmed(block.text);
  if (!to_lower(inner).starts_with("file:")) return block.text;
  std::ifstream file(trimmed(std::string_view(inner).substr(5)));
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  if (trimmed(text).empty()) return fail("err, either script file is not found or it's empty");
  return text;
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
  if (!event.script) return fail("err, 'output' forwards what a script prints; add 'script {{ ... }}'");
  return rules.check_outputs ? rules.check_outputs(event.outputs) : Expected<void>{};
}

Expected<void> refuse_buffer(const Words& words) {
  const std::string* value = words.value("buffer");
  if (value == nullptr) return {};
  if (!number_32(*value)) return fail("err, buffer size is invalid");
  return fail("err, 'buffer' is not available in this version");
}

Expected<void> take_own_arguments(EventDefinition& event, const Words& words) {
  OwnArguments own{.key = HYPERDBG_ANY_KEY};
  TRY_EXPECTED(event.kind->take(own, event.kind->name, words.own));
  event.key = own.key;
  event.mask = own.mask;
  event.flags |= own.flags;
  return {};
}

Expected<void> check_break(const EventDefinition& event, const EventRules& rules) {
  if (event.script || rules.mode != HYPERDBG_MODE_VMI) return {};
  return fail(
      "err, no usable script or assembly was found, so the default action would be to break to the debugger, which is "
      "not "
      "possible in the VMI Mode. add 'script {{ ... }}', or use the Debugger Mode (see 'help .debug')");
}

}  // namespace

Expected<EventDefinition> parse_event_command(const Tokens& tokens, const EventRules& rules) {
  EventDefinition event;
  event.kind = tokens.empty() ? nullptr : find_event_kind(tokens[0].text);
  if (event.kind == nullptr)
    return fail("err, couldn't resolve command at '{}'", tokens.empty() ? std::string() : tokens[0].text);
  if (!event.kind->built()) return fail("err, '{}' is not available in this version", event.kind->name);
  const Words words = TRY_EXPECTED(sort_words(tokens));
  TRY_EXPECTED(refuse_what_is_not_built(words));
  if (const auto script = words.blocks.find("script"); script != words.blocks.end())
    event.script = TRY_EXPECTED(script_text(script->second));
  TRY_EXPECTED(take_pid(event, words, rules));
  TRY_EXPECTED(take_core(event, words, rules));
  TRY_EXPECTED(take_imm(event, words));
  TRY_EXPECTED(take_outputs(event, words, rules));
  TRY_EXPECTED(take_stage(event, words));
  TRY_EXPECTED(take_sc(event, words));
  TRY_EXPECTED(refuse_buffer(words));
  TRY_EXPECTED(take_own_arguments(event, words));
  TRY_EXPECTED(check_break(event, rules));
  event.text = join_tokens(tokens);
  return event;
}

}  // namespace hyperdbg
