// SPDX-License-Identifier: MIT
#pragma once
#include <map>
#include <optional>
#include <set>
#include <string>

#include "script/syntax/ast.hpp"
#include "script/syntax/token_stream.hpp"
#include "script/syntax/types.hpp"

namespace hyperdbg::script {

// The names that a script has declared so far, and the types that are made of them. A type that is not there was
// complained about.
class TypeParser {
 public:
  // `debuggee` may be null.
  TypeParser(TokenStream& tokens, ForeignTypes* debuggee) : tokens_(tokens), debuggee_(debuggee) {}

  // Where a type would stand. What names of the debuggee's mean depends on it: a variable may have such a name too.
  enum class Context { declaration, cast, size };
  bool at_type(Context context = Context::declaration, std::size_t ahead = 0) const;
  // `unsigned long`, `struct S`, a typedef's name: without the `*` of a declarator. A structure may be declared later
  // where any completeness will do.
  enum class Completeness { whole, any };
  std::optional<Type> parse_base(Completeness wanted = Completeness::whole);
  // A type and its `*`, as in a cast.
  std::optional<Type> parse_type();
  Type parse_pointers(Type type);

  // The structure of a tag, made incomplete at its first mention.
  std::shared_ptr<Structure> declare(const Token& tag);
  // All that declare() made.
  void hand_over_structures(Structures& to) {
    for (std::shared_ptr<Structure>& own : own_) to.add(std::move(own));
  }
  void add_typedef(const Token& name, const Type& type);
  // The whole type is needed here, as for a variable.
  bool check_complete(const Type& type, Place place);

  // Functions may have names that would be numbers elsewhere.
  void add_function(std::string_view name) { functions_.emplace(name); }
  bool is_function(std::string_view name) const { return functions_.contains(name); }

 private:
  bool at_foreign_type(Context context, std::size_t ahead) const;
  std::optional<Type> parse_tagged(Completeness wanted);
  std::optional<Type> parse_words();

  TokenStream& tokens_;
  ForeignTypes* debuggee_;
  std::map<std::string, std::shared_ptr<Structure>, std::less<>> structures_;
  std::vector<std::shared_ptr<Structure>> own_;
  std::map<std::string, Type, std::less<>> typedefs_;
  std::set<std::string, std::less<>> functions_;
};

// Names and words, also those that would be numbers where a value is wanted: `s.a`, `struct face`.
bool is_name_like(const Token& token);

}  // namespace hyperdbg::script
