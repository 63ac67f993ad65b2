// SPDX-License-Identifier: MIT
#include "session/log_list.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <sstream>
#include <vector>

#include "script/syntax/nearest.hpp"
#include "script/syntax/registers.hpp"
#include "session/number.hpp"

namespace hyperdbg {
namespace {

constexpr std::size_t values_per_line = 16;
constexpr std::uint64_t most_elements = 0x100;

std::vector<std::string> words_of(const std::string& item) {
  std::istringstream stream(item);
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

bool is_name(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](unsigned char c) { return std::isalnum(c) != 0 || c == '_'; });
}

// A line of name=value for values_per_line items.
struct Values {
  std::string format, arguments;
  std::size_t count = 0;

  void add(const std::string& item) {
    const bool text = item == "$pname" || item == "$date" || item == "$time";
    format += (count == 0 ? "" : " ") + item.substr(1) + (text ? "=%s" : "=%llx");
    arguments += ", " + item;
    ++count;
  }
  void finish(std::string& script) {
    if (count != 0) script += "printf(\"" + format + "\\n\"" + arguments + "); ";
    *this = {};
  }
};

// Of "@rax" or "$pid".
Expected<void> check_known(std::string_view item) {
  script::Nearest nearest(item.substr(1));
  const auto look_for = [&](const auto& all) {
    for (const auto& known : all) {
      if (known.name == item.substr(1)) return true;
      nearest.consider(known.name);
    }
    return false;
  };
  const bool pseudo = item[0] == '$';
  if (pseudo ? look_for(script::all_pseudo_registers()) : look_for(script::all_registers())) return {};
  const std::string hint = nearest.hint(item.substr(0, 1));
  return fail("err, 'log': there is no {} '{}'{}", pseudo ? "pseudo-register" : "register", item,
              hint.empty() ? "" : "; " + hint);
}

struct Range {
  std::string word, address;  // db, dd or dq
  std::uint64_t count = 1;
};

std::uint64_t size_of_element(const std::string& word) {
  return word == "db" ? 1 : word == "dd" ? 4 : 8;
}

Expected<Range> parse_range(const std::string& item, const std::vector<std::string>& words) {
  Range range{words[0], {}, 1};
  std::size_t at = 1;
  for (; at < words.size() && words[at] != "l"; ++at) range.address += words[at];
  if (range.address.empty()) return fail("err, 'log': '{}' names no address", item);
  if (at == words.size()) return range;
  const auto count = at + 2 == words.size() ? parse_number(words[at + 1]) : std::nullopt;
  if (!count || *count == 0 || *count > most_elements)
    return fail("err, 'log': behind 'l' of '{}' there must be a count from 1 to {:x}", item, most_elements);
  range.count = *count;
  return range;
}

void write_range(const Range& range, std::string& script) {
  const std::uint64_t size = size_of_element(range.word);
  for (std::uint64_t at = 0; at < range.count; at += values_per_line) {
    const std::uint64_t here = std::min<std::uint64_t>(values_per_line, range.count - at);
    const std::string first = fmt::format("({} + {:x})", range.address, at * size);
    const std::string last = fmt::format("({} + {:x})", range.address, (at + here) * size - 1);
    script += fmt::format("if (check_address({}) && check_address({})) {{ printf(\"{} %llx:", first, last, range.word);
    for (std::uint64_t i = 0; i < here; ++i) script += " %llx";
    script += "\\n\", " + first;
    for (std::uint64_t i = 0; i < here; ++i)
      script += fmt::format(", {}({} + {:x})", range.word, range.address, (at + i) * size);
    script += fmt::format("); }} else {{ printf(\"{} %llx: not readable\\n\", {}); }} ", range.word, first);
  }
}

}  // namespace

Expected<std::string> log_script(std::string_view list) {
  std::string script;
  Values values;
  std::istringstream items{std::string(list)};
  bool any = false;
  for (std::string item; std::getline(items, item, ',');) {
    const auto words = words_of(item);
    if (words.empty()) continue;
    any = true;
    const bool single = words.size() == 1 && words[0].size() > 1;
    if (single && (words[0][0] == '@' || words[0][0] == '$') && is_name(std::string_view(words[0]).substr(1))) {
      TRY_EXPECTED(check_known(words[0]));
      values.add(words[0]);
      if (values.count == values_per_line) values.finish(script);
    } else if (words[0] == "db" || words[0] == "dd" || words[0] == "dq") {
      values.finish(script);
      write_range(TRY_EXPECTED(parse_range(item, words)), script);
    } else {
      return fail(
          "err, 'log' cannot show '{}': it takes registers (@rax), pseudo-registers ($pid), and memory as in "
          "'dq @rsp l 4'",
          fmt::join(words, " "));
    }
  }
  values.finish(script);
  if (!any) return fail("err, 'log' needs what it shall show, for example: log {{ @rax, $pid, dq @rsp l 4 }}");
  return script;
}

}  // namespace hyperdbg
