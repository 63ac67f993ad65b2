// SPDX-License-Identifier: MIT
#pragma once
#include <functional>
#include <optional>
#include <vector>

#include "script/syntax/expression_parser.hpp"

namespace hyperdbg::script {

// One name of a declaration, with the type that its `*` and `[n]` make of the one in front.
struct Declarator {
  Token name;
  Type type;
};

// Structures, typedefs, variables and the heads of functions.
class DeclarationParser {
 public:
  DeclarationParser(TokenStream& tokens, TypeParser& types, ExpressionParser& expressions)
      : tokens_(tokens), types_(types), expressions_(expressions) {}

  // `struct S { ... }` or `struct S;`
  bool at_structure_declaration() const;
  // From `struct` to `}`, or only the tag.
  std::optional<Type> parse_structure_body();
  bool parse_typedef();
  std::optional<Declarator> parse_declarator(const Type& base);
  // Behind the declarator `= value`, `= { ... }` or nothing, as far as the type allows.
  // False: something is wrong with it; it has a name if it can be known all the same.
  bool parse_variable(const Declarator& declarator, Declaration& declaration);
  // What names a function and what it returns.
  bool check_function_head(const Declarator& head, bool in_block);
  // Behind the `(` of a function: its parameters as the first locals.
  bool parse_parameters(Function& function);

 private:
  bool parse_members(Structure& structure);
  bool parse_member(Structure& structure);
  std::optional<Type> parse_dimensions(const Type& element, unsigned dimensions = 1);
  std::optional<Initializer> parse_initializer();
  bool parse_elements(Initializer& initializer);

  TokenStream& tokens_;
  TypeParser& types_;
  ExpressionParser& expressions_;
  unsigned nesting_ = 0;
};

}  // namespace hyperdbg::script
