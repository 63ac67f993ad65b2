// SPDX-License-Identifier: MIT
#include "assembler/placeholders.hpp"

#include <fmt/format.h>

#include <cctype>

namespace hyperdbg::assembler {
namespace {

// What < and > enclose; empty for a comparison or a shift, which start otherwise.
std::string_view name_at(std::string_view text, std::size_t at) {
  const std::size_t end = text.find_first_of("<>\n;", at + 1);
  if (end == std::string_view::npos || text[end] != '>') return {};
  const std::string_view name = text.substr(at + 1, end - at - 1);
  const bool starts = !name.empty() && (std::isalnum(static_cast<unsigned char>(name[0])) || name[0] == '_' ||
                                        name[0] == '@' || name[0] == '.');
  return starts ? name : std::string_view();
}

std::string without_blanks(std::string_view name) {
  std::string compact(name);
  std::erase_if(compact, [](unsigned char c) { return std::isspace(c) != 0; });
  return compact;
}

}  // namespace

script::Place Filled::original(script::Place place) const {
  std::int64_t shift = 0;
  for (const Replaced& each : replaced) {
    if (each.place.line != place.line || each.column > place.column) continue;
    if (place.column < each.column + each.after) return each.place;
    shift += std::int64_t{each.before} - each.after;
  }
  place.column = static_cast<std::uint32_t>(place.column + shift);
  return place;
}

Filled fill_placeholders(std::string_view text, const AddressOf& address_of) {
  Filled filled;
  script::Place place;
  std::uint32_t column = 1;  // in filled.text
  for (std::size_t at = 0; at < text.size();) {
    const std::string_view name = text[at] == '<' ? name_at(text, at) : std::string_view();
    if (name.empty()) {
      filled.text += text[at];
      const bool line_ends = text[at++] == '\n';
      if (line_ends) ++place.line;
      place.column = line_ends ? 1 : place.column + 1;
      column = line_ends ? 1 : column + 1;
      continue;
    }
    const auto address = address_of ? address_of(without_blanks(name)) : std::nullopt;
    if (!address) filled.unknown.emplace_back(place, without_blanks(name));
    const std::string number = fmt::format("0x{:x}", address.value_or(0));
    const auto before = static_cast<std::uint32_t>(name.size() + 2), after = static_cast<std::uint32_t>(number.size());
    filled.replaced.push_back({place, column, before, after});
    filled.text += number;
    at += before;
    place.column += before;
    column += after;
  }
  return filled;
}

}  // namespace hyperdbg::assembler
