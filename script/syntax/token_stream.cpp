// SPDX-License-Identifier: MIT
#include "script/syntax/token_stream.hpp"

#include <algorithm>

namespace hyperdbg::script {

const Token& TokenStream::peek(std::size_t ahead) const {
  return tokens_[std::min(index_ + ahead, tokens_.size() - 1)];
}

Token TokenStream::take() {
  Token token = peek();
  if (!at_end()) ++index_;
  return token;
}

bool TokenStream::accept(TokenKind kind) {
  if (!at(kind)) return false;
  take();
  return true;
}

bool TokenStream::accept_word(std::string_view word) {
  if (!at_word(word)) return false;
  take();
  return true;
}

bool TokenStream::expect(TokenKind kind, std::string_view what, std::string hint) {
  if (accept(kind)) return true;
  complain_expected(what, std::move(hint));
  return false;
}

void TokenStream::complain(Place place, std::string message, std::string hint) {
  diagnostics_.add(place, std::move(message), std::move(hint));
}

void TokenStream::complain_expected(std::string_view what, std::string hint) {
  const std::string message = "Syntax Error: Invalid Syntax: expected " + std::string(what) + " before " + shown();
  // What is missing at the end of a line is missing there, not at the start of the next one.
  complain(at_new_line() || at_end() ? end_of_previous() : peek().place, message, std::move(hint));
}

std::string TokenStream::shown() const {
  switch (peek().kind) {
    case TokenKind::end:
      return "the end of the script";
    case TokenKind::string:
    case TokenKind::wide_string:
      return "a string";
    case TokenKind::register_name:
      return "`@" + std::string(peek().text) + "`";
    case TokenKind::pseudo_register:
      return "`$" + std::string(peek().text) + "`";
    case TokenKind::global:
      return "`." + std::string(peek().text) + "`";
    default:
      return "`" + std::string(peek().text) + "`";
  }
}

void TokenStream::skip_statement() {
  for (int depth = 0; !at_end(); take()) {
    if (at(TokenKind::left_brace)) ++depth;
    if (at(TokenKind::semicolon) && depth == 0) {
      take();
      return;
    }
    if (!at(TokenKind::right_brace)) continue;
    if (depth == 0) return;
    if (--depth == 0) {
      take();
      return;
    }
  }
}

void TokenStream::skip_parenthesis() {
  for (int depth = 0; !at_end(); take()) {
    if (at(TokenKind::left_brace) || at(TokenKind::right_brace)) return;
    if (at(TokenKind::left_parenthesis)) ++depth;
    if (at(TokenKind::right_parenthesis) && depth-- == 0) {
      take();
      return;
    }
  }
}

void TokenStream::skip_list() {
  for (int depth = 0; !at_end() && !at(TokenKind::semicolon); take()) {
    if (at(TokenKind::left_brace)) ++depth;
    if (at(TokenKind::right_brace) && depth-- == 0) {
      take();
      return;
    }
  }
}

Place TokenStream::end_of_previous() const {
  if (index_ == 0) return peek().place;
  const Token& previous = tokens_[index_ - 1];
  Place place = previous.place;
  const bool has_sigil = previous.kind == TokenKind::global || previous.kind == TokenKind::register_name ||
                         previous.kind == TokenKind::pseudo_register;
  place.column += static_cast<std::uint32_t>(previous.text.size()) + (has_sigil ? 1 : 0);
  return place;
}

}  // namespace hyperdbg::script
