// SPDX-License-Identifier: MIT
#include "cli/render/events.hpp"

#include <algorithm>
#include <cstring>

namespace hyperdbg {
namespace {

constexpr std::size_t shown_characters = 70;

std::string one_line(std::string text) {
  std::ranges::replace(text, '\n', ' ');
  if (text.size() > shown_characters) text = text.substr(0, shown_characters) + "...";
  return text;
}

std::string halt_text(const hyperdbg_halted& halted) {
  return {halted.text, strnlen(halted.text, sizeof halted.text)};
}

}  // namespace

std::string render_events(const std::vector<ListedEvent>& events) {
  if (events.empty()) return "no active/disabled events\n";
  std::string text;
  for (const ListedEvent& event : events) {
    const bool enabled = (event.info.flags & HYPERDBG_EVENT_ENABLED) != 0;
    text += fmt::format("{:x}\t({})\t    {}\n", event.info.id, enabled ? "enabled" : "disabled", one_line(event.text));
  }
  return text;
}

std::string render_event_statistics(const std::vector<ListedEvent>& events, std::uint64_t exits) {
  std::string text = fmt::format("{:<6} {:>12} {:>12} {:>14} {:>10} {:>10}\n", "id", "hits", "exits", "instructions",
                                 "failed", "dropped");
  for (const auto& [info, command] : events) {
    // Ticks are instructions where the TSC counts them; per exit, rounded up.
    const std::uint64_t each = info.exits == 0 ? 0 : (info.ticks + info.exits - 1) / info.exits;
    text += fmt::format("{:<6x} {:>12} {:>12} {:>14} {:>10} {:>10}\n", info.id, info.hits, info.exits, each,
                        info.failed, info.dropped);
  }
  return text + fmt::format("exits all {}\n", exits);
}

std::string render_halt_reason(const hyperdbg_halted& halted) {
  switch (halted.reason) {
    case HYPERDBG_HALT_EVENT:
      return fmt::format("event 0x{:x} triggered ({})\n", halted.event, halted.stage == 0 ? "pre" : "post");
    case HYPERDBG_HALT_PANIC:
      return fmt::format("the kernel panicked: {}\n", halt_text(halted));
    case HYPERDBG_HALT_OOPS:
      return fmt::format("the kernel met an oops or BUG: {}\n", halt_text(halted));
    case HYPERDBG_HALT_WARN:
      return fmt::format("the kernel warned: {}\n", halt_text(halted));
    default:
      return {};
  }
}

}  // namespace hyperdbg
