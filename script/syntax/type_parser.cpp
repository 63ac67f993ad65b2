// SPDX-License-Identifier: MIT
#include "script/syntax/type_parser.hpp"

#include "script/syntax/number.hpp"
#include "script/syntax/words.hpp"

namespace hyperdbg::script {
namespace {

// How often each word of a type was written.
struct Words {
  unsigned is_signed = 0, is_unsigned = 0, is_long = 0, is_short = 0, is_int = 0;
  std::string_view other;  // void, bool, char, float, double
  bool wrong = false;

  void take(std::string_view word) {
    unsigned* count = word == "signed"     ? &is_signed
                      : word == "unsigned" ? &is_unsigned
                      : word == "long"     ? &is_long
                      : word == "short"    ? &is_short
                      : word == "int"      ? &is_int
                                           : nullptr;
    if (count)
      ++*count;
    else if (other.empty())
      other = word;
    else
      wrong = true;
  }
};

std::optional<Type> type_of(const Words& words) {
  const bool plain = words.is_signed + words.is_unsigned + words.is_long + words.is_short + words.is_int == 0;
  if (words.wrong || words.is_signed + words.is_unsigned > 1 || words.is_long > 2 || words.is_short > 1 ||
      words.is_int > 1 || (words.is_long != 0 && words.is_short != 0))
    return std::nullopt;
  if (words.other == "char") {
    if (words.is_long + words.is_short + words.is_int != 0) return std::nullopt;
    return Type{.bits = 8, .is_signed = words.is_unsigned == 0};
  }
  if (!words.other.empty() && !plain) return std::nullopt;
  if (words.other == "void") return no_type;
  if (words.other == "bool") return Type{.bits = 8, .is_signed = false, .is_bool = true};
  if (words.other == "float") return float_type;
  if (words.other == "double") return double_type;
  return Type{.bits = words.is_long != 0 ? 64u : words.is_short != 0 ? 16u : 32u, .is_signed = words.is_unsigned == 0};
}

}  // namespace

bool is_name_like(const Token& token) {
  return token.kind == TokenKind::word || (token.kind == TokenKind::number && is_hexadecimal_word(token.text));
}

bool TypeParser::at_type(std::size_t ahead) const {
  const Token& token = tokens_.peek(ahead);
  return (token.kind == TokenKind::word && is_type_word(token.text)) ||
         (is_name_like(token) && typedefs_.contains(token.text));
}

std::optional<Type> TypeParser::parse_base() {
  if (const auto known = typedefs_.find(tokens_.peek().text);
      known != typedefs_.end() && is_name_like(tokens_.peek())) {
    tokens_.take();
    return known->second;
  }
  return tokens_.at_word("struct") ? parse_structure() : parse_words();
}

std::optional<Type> TypeParser::parse_words() {
  const Place place = tokens_.peek().place;
  Words words;
  while (tokens_.at(TokenKind::word) && is_type_word(tokens_.peek().text) && !tokens_.at_word("struct"))
    words.take(tokens_.take().text);
  const auto type = type_of(words);
  if (!type)
    tokens_.complain(place, "Undefined Variable Type: these words together are no type",
                     words.other == "double" ? "there is no long double" : "");
  return type;
}

std::optional<Type> TypeParser::parse_structure() {
  tokens_.take();
  const Token tag = tokens_.peek();
  if (!is_name_like(tag)) {
    tokens_.complain_expected("the name of a structure");
    return std::nullopt;
  }
  tokens_.take();
  if (const auto known = structures_.find(tag.text); known != structures_.end())
    return Type{.kind = Type::Kind::structure, .structure = known->second};
  auto& foreign = foreign_[std::string(tag.text)];
  if (!foreign && debuggee_) foreign = debuggee_(tag.text);
  if (foreign) return Type{.kind = Type::Kind::structure, .structure = foreign};
  // A pointer to what is declared later is right, everything else is complained about by check_complete().
  if (tokens_.at(TokenKind::star)) return Type{.kind = Type::Kind::structure, .structure = declare(tag)};
  tokens_.complain(tag.place, "Unknown struct tag: `" + std::string(tag.text) + "`");
  return std::nullopt;
}

std::optional<Type> TypeParser::parse_type() {
  const auto base = parse_base();
  if (!base) return std::nullopt;
  return parse_pointers(*base);
}

Type TypeParser::parse_pointers(Type type) {
  while (tokens_.accept(TokenKind::star)) type = pointer_to(type);
  return type;
}

std::shared_ptr<Structure> TypeParser::declare(const Token& tag) {
  auto& known = structures_[std::string(tag.text)];
  if (!known) {
    known = std::make_shared<Structure>();
    own_.push_back(known);
    known->name = tag.text;
  }
  return known;
}

void TypeParser::add_typedef(const Token& name, const Type& type) {
  const auto [entry, is_new] = typedefs_.try_emplace(std::string(name.text), type);
  if (!is_new && !same(entry->second, type))
    tokens_.complain(name.place, "Duplicate typedef name: `" + std::string(name.text) + "`");
}

bool TypeParser::check_complete(const Type& type, Place place) {
  if (type.is(Type::Kind::array)) return check_complete(*type.element, place);
  if (type.is(Type::Kind::none)) {
    tokens_.complain(place, "Undefined Variable Type: there are no variables of type void");
    return false;
  }
  if (!type.is(Type::Kind::structure) || type.structure->complete) return true;
  tokens_.complain(place, "Incomplete struct type cannot be used by value: `struct " + type.structure->name + "`",
                   "declare its members before, or use a pointer");
  return false;
}

}  // namespace hyperdbg::script
