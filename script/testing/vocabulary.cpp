// SPDX-License-Identifier: MIT
#include "script/testing/vocabulary.hpp"

#include "script/runtime/format.hpp"
#include "script/syntax/aggregates.hpp"
#include "script/syntax/builtins.hpp"
#include "script/syntax/lexer.hpp"
#include "script/syntax/registers.hpp"
#include "script/syntax/words.hpp"

namespace hyperdbg::script {
namespace {

void add_conversions(std::set<std::string>& conversions, std::string_view format) {
  for (const FormatPiece& piece : split_format(format))
    if (piece.conversion != 0 && piece.text != formats_specifier) conversions.emplace(piece.text);
}

// Whatever split_format() takes for a specifier.
std::set<std::string> all_conversions() {
  std::set<std::string> conversions;
  for (const char* length : {"", "h", "hh", "l", "ll", "lll", "w", "z", "j"})
    for (char letter = '!'; letter <= '~'; ++letter) add_conversions(conversions, std::string("%") + length + letter);
  return conversions;
}

void add_word(Vocabulary& used, const std::string& word) {
  if (find_builtin(word) || find_aggregate(word)) used["function"].insert(word);
  if (find_register(word)) used["register"].insert(word);
  used["word"].insert(word);
}

void add(Vocabulary& used, const Token& token) {
  const std::string text(token.text);
  switch (token.kind) {
    case TokenKind::word:
      return add_word(used, text);
    case TokenKind::register_name:
      used["register"].insert(text);
      return;
    case TokenKind::pseudo_register:
      used["pseudo"].insert(text);
      return;
    case TokenKind::string:
      return add_conversions(used["conversion"], token.contents);
    case TokenKind::end:
    case TokenKind::number:
    case TokenKind::floating:
    case TokenKind::global:
    case TokenKind::symbol:
    case TokenKind::wide_string:
      return;
    default:
      used["operator"].insert(text);
  }
}

}  // namespace

Vocabulary known_vocabulary() {
  Vocabulary known;
  for (const Builtin& one : all_builtins()) known["function"].emplace(one.name);
  for (const AggregateFunction& one : all_aggregates()) known["function"].emplace(one.name);
  for (const RegisterName& one : all_registers()) known["register"].emplace(one.name);
  for (const PseudoName& one : all_pseudo_registers()) known["pseudo"].emplace(one.name);
  for (const std::string_view word : all_words()) known["word"].emplace(word);
  for (const std::string_view text : all_operators()) known["operator"].emplace(text);
  known["conversion"] = all_conversions();
  return known;
}

Vocabulary vocabulary_of(std::string_view script) {
  Vocabulary used;
  Diagnostics diagnostics(script);
  for (const Token& token : tokenize(script, "", diagnostics)) add(used, token);
  return used;
}

}  // namespace hyperdbg::script
