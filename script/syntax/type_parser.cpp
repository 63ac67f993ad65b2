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

bool begins_operand(TokenKind kind) {
  switch (kind) {
    case TokenKind::word:
    case TokenKind::number:
    case TokenKind::floating:
    case TokenKind::symbol:
    case TokenKind::global:
    case TokenKind::register_name:
    case TokenKind::pseudo_register:
    case TokenKind::left_parenthesis:
    case TokenKind::tilde:
    case TokenKind::exclamation:
      return true;
    default:
      return false;
  }
}

}  // namespace

bool is_name_like(const Token& token) {
  return token.kind == TokenKind::word || (token.kind == TokenKind::number && is_hexadecimal_word(token.text));
}

bool TypeParser::at_type(Context context, std::size_t ahead) const {
  const Token& token = tokens_.peek(ahead);
  return (token.kind == TokenKind::word && is_type_word(token.text)) ||
         (is_name_like(token) && typedefs_.contains(token.text)) || at_foreign_type(context, ahead);
}

/*
 * A typedef of the debuggee's, where nothing but a type makes sense:
 *
 *   pid_t n = 0;   pid_t *n;   (pid_t) x   (pid_t *) x   sizeof(pid_t)       but: pid_t = 1;   (pid_t) * x   (pid_t +
 * 1)
 */
bool TypeParser::at_foreign_type(Context context, std::size_t ahead) const {
  if (!debuggee_ || tokens_.peek(ahead).kind != TokenKind::word) return false;
  std::size_t behind = ahead + 1;
  while (tokens_.peek(behind).kind == TokenKind::star) ++behind;
  const bool is_pointer = behind > ahead + 1;
  const Token& next = tokens_.peek(behind);
  if (context == Context::declaration) {
    if (!is_name_like(next)) return false;
  } else if (next.kind != TokenKind::right_parenthesis) {
    return false;
  } else if (context == Context::cast && !is_pointer && !begins_operand(tokens_.peek(behind + 1).kind)) {
    return false;
  }
  return debuggee_->named(tokens_.peek(ahead).text).has_value();
}

std::optional<Type> TypeParser::parse_base(Completeness wanted) {
  const Token& token = tokens_.peek();
  if (const auto known = typedefs_.find(token.text); known != typedefs_.end() && is_name_like(token)) {
    tokens_.take();
    return known->second;
  }
  if (token.kind == TokenKind::word && is_tag_word(token.text)) return parse_tagged(wanted);
  if (token.kind == TokenKind::word && !is_type_word(token.text) && debuggee_)
    return debuggee_->named(tokens_.take().text);
  return parse_words();
}

std::optional<Type> TypeParser::parse_words() {
  const Place place = tokens_.peek().place;
  Words words;
  while (tokens_.at(TokenKind::word) && is_type_word(tokens_.peek().text) && !is_tag_word(tokens_.peek().text))
    words.take(tokens_.take().text);
  const auto type = type_of(words);
  if (!type)
    tokens_.complain(place, "Undefined Variable Type: these words together are no type",
                     words.other == "double" ? "there is no long double" : "");
  return type;
}

std::optional<Type> TypeParser::parse_tagged(Completeness wanted) {
  const Token word = tokens_.take();
  const Tag kind = word.text == "struct" ? Tag::structure : word.text == "union" ? Tag::union_ : Tag::enumeration;
  const Token tag = tokens_.peek();
  const std::string undeclared =
      kind == Tag::structure ? "" : "unions and enums can be used, but not declared by scripts";
  if (!is_name_like(tag)) {
    tokens_.complain_expected("the name of a structure", undeclared);
    return std::nullopt;
  }
  tokens_.take();
  const auto known = structures_.find(tag.text);
  if (kind == Tag::structure && known != structures_.end())
    return Type{.kind = Type::Kind::structure, .structure = known->second};
  if (auto foreign = debuggee_ ? debuggee_->tagged(kind, tag.text) : std::nullopt) return foreign;
  // A pointer to what is declared later is right, or another name for it; everything else is complained about by
  // check_complete().
  const bool may_come = kind == Tag::structure && !debuggee_;
  const bool is_enough = tokens_.at(TokenKind::star) || (wanted == Completeness::any && is_name_like(tokens_.peek()));
  if (may_come && is_enough) return Type{.kind = Type::Kind::structure, .structure = declare(tag)};
  tokens_.complain(tag.place, "Unknown " + std::string(word.text) + " tag: `" + std::string(tag.text) + "`",
                   tokens_.at(TokenKind::left_brace) ? undeclared
                   : debuggee_                       ? debuggee_->hint(kind, tag.text)
                                                     : "");
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
  if (!type.is(Type::Kind::structure) || is_complete(*type.structure)) return true;
  tokens_.complain(place, "Incomplete struct type cannot be used by value: `struct " + type.structure->name + "`",
                   "declare its members before, or use a pointer");
  return false;
}

}  // namespace hyperdbg::script
