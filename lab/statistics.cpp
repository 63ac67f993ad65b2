// SPDX-License-Identifier: MIT
#include <charconv>
#include <sstream>

#include "lab/player.hpp"

namespace hyperdbg::lab {
namespace {

std::vector<std::string> words_of(const std::string& line) {
  std::istringstream stream(line);
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

template <class Number>
bool parse(const std::string& word, Number& number, int base) {
  const char* first = word.data() + (base == 16 && word.starts_with("0x") ? 2 : 0);
  const auto [end, error] = std::from_chars(first, word.data() + word.size(), number, base);
  return error == std::errc{} && end == word.data() + word.size();
}

}  // namespace

// id hits exits instructions failed dropped / one row for each event / exits all N
Expected<Statistics> parse_statistics(const std::vector<std::string>& lines) {
  Statistics statistics;
  std::vector<std::string> columns;
  bool complete = false;
  for (const std::string& line : lines) {
    const std::vector<std::string> words = words_of(line);
    if (words.size() > 1 && words[0] == "id") {
      columns = words;
    } else if (words.size() == 3 && words[0] == "exits" && words[1] == "all") {
      complete = parse(words[2], statistics.exits, 10);
    } else if (unsigned long id; !columns.empty() && words.size() == columns.size() && parse(words[0], id, 16)) {
      Statistics::Row row;
      for (std::size_t i = 1; i < words.size(); i++) parse(words[i], row[columns[i]], 10);
      statistics.events.emplace_back(id, std::move(row));
    }
  }
  if (!complete) return fail("`events stat` did not answer with its table");
  return statistics;
}

}  // namespace hyperdbg::lab
