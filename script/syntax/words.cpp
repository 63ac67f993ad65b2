// SPDX-License-Identifier: MIT
#include "script/syntax/words.hpp"

#include <algorithm>
#include <iterator>

#include "script/syntax/aggregates.hpp"
#include "script/syntax/builtins.hpp"
#include "script/syntax/nearest.hpp"
#include "script/syntax/registers.hpp"

namespace hyperdbg::script {
namespace {

constexpr std::string_view type_words[] = {"void",     "bool",  "char",   "short",  "int",   "long", "signed",
                                           "unsigned", "float", "double", "struct", "union", "enum"};
constexpr std::string_view tag_words[] = {"struct", "union", "enum"};
constexpr std::string_view statement_words[] = {"if",      "elsif",    "else",   "while",  "do",    "for",
                                                "break",   "continue", "return", "printf", "print", "formats",
                                                "typedef", "switch",   "case",   "default"};
constexpr std::string_view operator_words[] = {"sizeof", "reference", "ref"};

template <class Words>
bool contains(const Words& words, std::string_view word) {
  return std::ranges::find(words, word) != std::end(words);
}

}  // namespace

bool is_type_word(std::string_view word) {
  return contains(type_words, word);
}

bool is_tag_word(std::string_view word) {
  return contains(tag_words, word);
}

bool is_statement_word(std::string_view word) {
  return contains(statement_words, word);
}

std::vector<std::string_view> all_words() {
  std::vector<std::string_view> words(std::begin(type_words), std::end(type_words));
  words.insert(words.end(), std::begin(statement_words), std::end(statement_words));
  words.insert(words.end(), std::begin(operator_words), std::end(operator_words));
  return words;
}

std::string_view nearest_keyword(std::string_view word) {
  if (word.size() < 2) return {};
  Nearest nearest(word);
  for (const std::string_view known : statement_words) nearest.consider(known);
  for (const std::string_view known : type_words) nearest.consider(known);
  return nearest.name();
}

bool is_reserved(std::string_view word) {
  return is_type_word(word) || is_statement_word(word) || find_builtin(word) || find_register(word) ||
         find_aggregate(word) || contains(operator_words, word);
}

}  // namespace hyperdbg::script
