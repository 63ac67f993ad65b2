// SPDX-License-Identifier: MIT
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "script/syntax/diagnostic.hpp"
#include "script/syntax/token.hpp"

namespace hyperdbg::script {

// Where the parser stands in its tokens, and the complaints about them.
class TokenStream {
 public:
  TokenStream(std::vector<Token> tokens, Diagnostics& diagnostics)
      : tokens_(std::move(tokens)), diagnostics_(diagnostics) {}

  const Token& peek(std::size_t ahead = 0) const;
  Token take();
  bool at(TokenKind kind) const { return peek().kind == kind; }
  bool at_word(std::string_view word) const { return at(TokenKind::word) && peek().text == word; }
  bool at_end() const { return at(TokenKind::end); }
  // The next token is the first one of its line.
  bool at_new_line() const { return index_ > 0 && end_of_previous().line != peek().place.line; }
  bool accept(TokenKind kind);
  bool accept_word(std::string_view word);
  // Complains if the next token is another one; `what` is how a person writes it.
  bool expect(TokenKind kind, std::string_view what, std::string hint = {});

  void complain(Place place, std::string message, std::string hint = {});
  // "Syntax Error: Invalid Syntax: expected `what` before `token`"
  void complain_expected(std::string_view what, std::string hint = {});
  // Text of the next token as a person wrote it.
  std::string shown() const;

  // To the end of the statement that went wrong: behind its `;` or body, or before the `}` of its block.
  void skip_statement();
  // To the `)` that closes what is open here, or to the body or end of the statement.
  void skip_parenthesis();
  // Behind the `}` that closes what is open here, or to the end of the statement.
  void skip_list();

 private:
  Place end_of_previous() const;

  std::vector<Token> tokens_;
  Diagnostics& diagnostics_;
  std::size_t index_ = 0;
};

}  // namespace hyperdbg::script
