// SPDX-License-Identifier: MIT
#include "cli/render/events.hpp"

#include "abi/status.h"
#include "cli/commands/aggregate.hpp"
#include "cli/commands/commands.hpp"
#include "cli/console.hpp"
#include "session/number.hpp"
#include "session/status_text.hpp"

namespace hyperdbg {
namespace {

Expected<void> statistics(Console& console) {
  const auto events = TRY_EXPECTED(console.session().events());
  const auto status = TRY_EXPECTED(console.session().status());
  console.write(render_event_statistics(events, status.exits));
  return {};
}

Expected<std::uint32_t> which(Session& session, const Token& word) {
  const auto events = TRY_EXPECTED(session.events());
  if (word.is("all")) {
    if (events.empty()) return fail("there is no event");
    return HYPERDBG_ALL_EVENTS;
  }
  const auto number = parse_number(word.text);
  if (!number) return fail("please specify a correct hex value for tag id (event number)");
  for (const ListedEvent& event : events)
    if (event.info.id == *number) return event.info.id;
  return fail("err, tag id is invalid ({:x})", static_cast<std::uint32_t>(HYPERDBG_UNKNOWN_TAG));
}

// What the event has aggregated, before it goes.
Expected<void> show_aggregates(Console& console, std::uint32_t id) {
  script::Aggregates::Options options;
  options.names = console.session().aggregations_of(id);
  if (!options.names.empty())
    write_aggregates(console, TRY_EXPECTED(console.session().aggregates()), std::move(options));
  return {};
}

Expected<void> modify(Console& console, hyperdbg_event_modify modification, const Token& word) {
  Session& session = console.session();
  const std::uint32_t id = TRY_EXPECTED(which(session, word));
  if (modification == HYPERDBG_EVENT_CLEAR) TRY_EXPECTED(show_aggregates(console, id));
  TRY_EXPECTED(session.modify_event(id, modification));
  if (modification != HYPERDBG_EVENT_ENABLE && console.settings().auto_flush && session.state() == SessionState::vmi)
    console.flush();
  if (modification != HYPERDBG_EVENT_CLEAR || !session.is_debugger_mode()) return {};
  const std::string_view subject = id == HYPERDBG_ALL_EVENTS ? "the events are" : "the event is";
  const std::string_view pronoun = id == HYPERDBG_ALL_EVENTS ? "they are" : "it is";
  console.print(
      "{} successfully cleared, but please note in the Debugger Mode (current mode), HyperDbg cannot clear events "
      "instantly. {} disabled now, and removed when the debuggee continues ('g'); creating the same event again before "
      "that is undefined\n",
      subject, pronoun);
  return {};
}

Expected<void> short_circuit(Console& console, const Token& word) {
  const bool on = word.is("on");
  if (!on && !word.is("off"))
    return fail("please specify a correct 'on' or 'off' state for the short-circuiting state");
  if (console.session().state() != SessionState::halted) return std::unexpected(status_error(HYPERDBG_NOT_IN_EVENT));
  TRY_EXPECTED(console.session().short_circuit(on));
  console.print("the event's short-circuiting state changed to '{}'\n", on ? "on" : "off");
  return {};
}

Expected<void> add_action(Console& console, const CommandLine& line) {
  Session& session = console.session();
  if (line.arguments() < 3) return incorrect_use(line);
  if (session.state() == SessionState::running) return std::unexpected(status_error(HYPERDBG_NOT_HALTED));
  const std::uint32_t id = TRY_EXPECTED(which(session, line.argument(1)));
  if (id == HYPERDBG_ALL_EVENTS) return fail("please specify a correct hex value for tag id (event number)");
  return session.add_action(id, TRY_EXPECTED(parse_action_command(line.tokens, 3)));
}

Expected<void> run(Console& console, const CommandLine& line) {
  Session& session = console.session();
  if (line.arguments() == 0) {
    console.write(render_events(TRY_EXPECTED(session.events())));
    return {};
  }
  const Token& verb = line.argument(0);
  if (verb.is("stat") && line.arguments() == 1) return statistics(console);
  if (verb.is("action")) return add_action(console, line);
  if (line.arguments() != 2) return incorrect_use(line);
  if (session.state() == SessionState::running) return std::unexpected(status_error(HYPERDBG_NOT_HALTED));
  if (verb.is("e")) return modify(console, HYPERDBG_EVENT_ENABLE, line.argument(1));
  if (verb.is("d")) return modify(console, HYPERDBG_EVENT_DISABLE, line.argument(1));
  if (verb.is("c")) return modify(console, HYPERDBG_EVENT_CLEAR, line.argument(1));
  if (verb.is("sc")) return short_circuit(console, line.argument(1));
  return incorrect_use(line);
}

Expected<void> run_exits(Console& console, const CommandLine& line) {
  if (line.arguments() != 0) return incorrect_use(line);
  console.print("exits all {}\n", TRY_EXPECTED(console.session().status()).exits);
  return {};
}

}  // namespace

const Command events_command{
    .name = "events",
    .aliases = "event",
    .summary = "lists events, enables, disables and clears them, shows their figures",
    .syntax =
        "events\nevents e|d|c N|all     # enable, disable, clear\nevents sc on|off       # of the event that halts the "
        "debuggee now\nevents action N script {...} | [asm] code {...} | log {...} | break [buffer X]\nevents stat",
    .examples =
        "events\nevents d 0\nevents c all\nevents sc on\nevents action 0 log { @rax, $pid }\n"
        "events action 0 asm code { inc QWORD PTR [rdx+0x18] }\nevents stat",
    .run = run,
    .needs = Needs::target,
    .while_running = WhileRunning::allowed,
    .details =
        "stat shows for each event how often its actions ran (hits), how many #VMEXITs reached it (exits), what an\n"
        "exit cost in TSC ticks (instructions where the TSC counts them), ended scripts (failed), lost messages\n"
        "(dropped); its last line counts all #VMEXITs of the machine.\n"
        "action adds an action behind those that the event has; they run in that order. The first action of an event\n"
        "that had none enables it. 'help !cpuid' says what script, code, log and buffer are.",
};

const Command exits_command{
    .name = ".exits",
    .summary = "counts the #VMEXITs of all cores",
    .syntax = ".exits",
    .examples = ".exits",
    .run = run_exits,
    .needs = Needs::target,
    .while_running = WhileRunning::allowed,
};

}  // namespace hyperdbg
