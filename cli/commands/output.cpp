// SPDX-License-Identifier: MIT
#include <array>
#include <optional>

#include "cli/commands/commands.hpp"
#include "cli/console.hpp"

namespace hyperdbg {
namespace {

constexpr std::array<std::string_view, 4> kinds{"file", "namedpipe", "tcp", "module"};
constexpr std::array<std::string_view, 3> states{"not opened", "opened", "closed"};

std::optional<OutputKind> kind_of(const Token& word) {
  for (std::size_t i = 0; i < kinds.size(); ++i)
    if (word.is(kinds[i])) return static_cast<OutputKind>(i);
  return std::nullopt;
}

Expected<void> list(Console& console) {
  const auto& sources = console.session().outputs().list();
  if (sources.empty()) console.print("output forwarding list is empty\n");
  for (std::size_t i = 0; i < sources.size(); ++i) {
    console.print("{:x}  {:<12}{:<17}{}\n", i + 1, kinds[static_cast<std::size_t>(sources[i].kind)],
                  states[static_cast<std::size_t>(sources[i].state)], sources[i].name);
  }
  return {};
}

Expected<void> run(Console& console, const CommandLine& line) {
  if (line.arguments() == 0) return list(console);
  OutputSources& outputs = console.session().outputs();
  const Token& verb = line.argument(0);
  if (verb.is("create") && line.arguments() == 4) {
    const auto kind = kind_of(line.argument(2));
    if (!kind) return fail_with(ErrorKind::usage, "err, unknown type of output '{}'", line.argument(2).text);
    return outputs.create(line.argument(1).text, *kind, line.argument(3).text);
  }
  if (line.arguments() != 2) return incorrect_use(line);
  if (verb.is("open")) return outputs.open(line.argument(1).text);
  if (verb.is("close")) return outputs.close(line.argument(1).text);
  return incorrect_use(line);
}

}  // namespace

const Command output_command{
    .name = "output",
    .summary = "sends what events print to files, pipes, sockets and programs' libraries",
    .syntax =
        "output\noutput create Name file|namedpipe|tcp|module Address\noutput open Name\noutput close Name       # for "
        "good; another name may reach the same address",
    .examples =
        "output create log file /tmp/leaves.txt\noutput create live namedpipe /tmp/fifo   # or a unix socket\noutput "
        "create far tcp 127.0.0.1:5000\noutput create mine module /tmp/mine.so\noutput open log\n!cpuid script { "
        "printf(\"%llx\\n\", $context); } output {log}\noutput close log",
    .run = run,
    .while_running = WhileRunning::allowed,
    .details =
        "file is created, or emptied. namedpipe is a FIFO that somebody reads, or a listening unix socket. module is "
        "a\n"
        "shared object that exports void hyperdbg_event_forwarding(const char* buffer, unsigned length). Only what\n"
        "scripts print is sent, each message as one write; an event may name any number of outputs.",
};

}  // namespace hyperdbg
