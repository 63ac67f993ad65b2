// SPDX-License-Identifier: MIT
#include "script/syntax/declaration_parser.hpp"

#include <algorithm>
#include <utility>

#include "abi/limits.h"
#include "script/syntax/constant.hpp"
#include "script/syntax/number.hpp"
#include "script/syntax/registers.hpp"
#include "script/syntax/words.hpp"

namespace hyperdbg::script {
namespace {

constexpr std::size_t maximum_function_name = 32;
constexpr std::uint64_t largest_structure = 1 << 20;  // of the debuggee; the script's own have to fit into the arena

std::uint64_t aligned(std::uint64_t offset, std::uint64_t alignment) {
  return (offset + alignment - 1) & ~(alignment - 1);
}

void lay_out(Structure& structure) {
  std::uint64_t end = 0;
  for (Member& member : structure.members) {
    const std::uint64_t alignment = alignment_of(member.type);
    member.offset = aligned(end, alignment);
    structure.alignment = std::max(structure.alignment, alignment);
    end = member.offset + size_of(member.type);
  }
  structure.size = std::max<std::uint64_t>(aligned(end, structure.alignment), 1);
  structure.complete = true;
}

std::string why_not_variable(const Token& name) {
  if (name.kind == TokenKind::number) return "it is a hexadecimal number; a name needs at least one letter from g to z";
  return find_register(name.text) ? "it is a register" : "it has a meaning of its own in scripts";
}

}  // namespace

bool DeclarationParser::at_structure_declaration() const {
  if (!tokens_.at_word("struct")) return false;
  if (tokens_.peek(1).kind == TokenKind::left_brace) return true;
  const TokenKind behind = tokens_.peek(2).kind;
  return behind == TokenKind::left_brace || behind == TokenKind::semicolon;
}

std::optional<Type> DeclarationParser::parse_structure_body() {
  tokens_.take();
  std::shared_ptr<Structure> structure = std::make_shared<Structure>();
  structure->name = "{...}";
  Token tag = tokens_.peek();
  if (!tokens_.at(TokenKind::left_brace)) {
    if (!is_name_like(tag)) {
      tokens_.complain_expected("the name of a structure");
      return std::nullopt;
    }
    tokens_.take();
    structure = types_.declare(tag);
  }
  if (tokens_.at(TokenKind::left_brace)) {
    if (structure->complete) {
      tokens_.complain(tag.place, "Duplicate struct definition: `struct " + structure->name + "`");
      return std::nullopt;
    }
    if (nesting_ == maximum_nesting) {
      tokens_.complain(tag.place, too_deep);
      return std::nullopt;
    }
    ++nesting_;
    const bool whole = parse_members(*structure);
    --nesting_;
    if (!whole) return std::nullopt;
  }
  return Type{.kind = Type::Kind::structure, .structure = structure};
}

// A member that is wrong is left out, so that the ones behind it are looked at.
bool DeclarationParser::parse_members(Structure& structure) {
  tokens_.take();
  while (!tokens_.at(TokenKind::right_brace) && !tokens_.at_end())
    if (!parse_member(structure)) tokens_.skip_statement();
  if (!tokens_.expect(TokenKind::right_brace, "`}`")) return false;
  lay_out(structure);
  return true;
}

bool DeclarationParser::parse_member(Structure& structure) {
  if (!types_.at_type()) {
    tokens_.complain_expected("the type of a member");
    return false;
  }
  const bool nested = at_structure_declaration() && tokens_.peek(2).kind != TokenKind::semicolon;
  const auto base = nested ? parse_structure_body() : types_.parse_base();
  if (!base) return false;
  do {
    auto declarator = parse_declarator(*base);
    if (!declarator || !types_.check_complete(declarator->type, declarator->name.place)) return false;
    if (structure.find(declarator->name.text)) {
      tokens_.complain(declarator->name.place, "Duplicate struct member: `" + std::string(declarator->name.text) + "`");
      continue;
    }
    structure.members.push_back({std::string(declarator->name.text), declarator->type});
  } while (tokens_.accept(TokenKind::comma));
  return tokens_.expect(TokenKind::semicolon, "`;`");
}

bool DeclarationParser::parse_typedef() {
  tokens_.take();
  if (!types_.at_type()) {
    tokens_.complain_expected("a type behind `typedef`");
    return false;
  }
  const auto base = tokens_.at_word("struct") && (tokens_.peek(1).kind == TokenKind::left_brace ||
                                                  tokens_.peek(2).kind == TokenKind::left_brace)
                        ? parse_structure_body()
                        : types_.parse_base(TypeParser::Completeness::any);
  if (!base) return false;
  do {
    const auto declarator = parse_declarator(*base);
    if (!declarator) return false;
    types_.add_typedef(declarator->name, declarator->type);
  } while (tokens_.accept(TokenKind::comma));
  return tokens_.expect(TokenKind::semicolon, "`;`");
}

std::optional<Declarator> DeclarationParser::parse_declarator(const Type& base) {
  const Type type = types_.parse_pointers(base);
  const Token name = tokens_.peek();
  if (!is_name_like(name)) {
    tokens_.complain_expected("a name");
    return std::nullopt;
  }
  tokens_.take();
  const auto whole = parse_dimensions(type);
  if (!whole) return std::nullopt;
  return Declarator{name, *whole};
}

std::optional<Type> DeclarationParser::parse_dimensions(const Type& element, unsigned dimensions) {
  if (!tokens_.at(TokenKind::left_bracket)) return element;
  const Place place = tokens_.take().place;
  if (dimensions > maximum_nesting) {
    tokens_.complain(place, too_deep);
    return std::nullopt;
  }
  const ExpressionPtr dimension = expressions_.parse();
  if (!dimension || !tokens_.expect(TokenKind::right_bracket, "`]`")) return std::nullopt;
  if (!types_.check_complete(element, place)) return std::nullopt;
  // From the inside out: int t[2][3] is two times three.
  const auto inner = parse_dimensions(element, dimensions + 1);
  if (!inner) return std::nullopt;
  const auto count = constant_value(*dimension);
  if (!count || *count == 0 || *count > largest_structure / size_of(*inner)) {
    tokens_.complain(dimension->place, "Invalid or overflowing array size",
                     count ? "" : "the number of elements has to be a constant");
    return std::nullopt;
  }
  return array_of(*inner, *count);
}

bool DeclarationParser::parse_elements(Initializer& initializer) {
  while (!tokens_.at(TokenKind::right_brace)) {
    auto element = parse_initializer();
    if (!element) return false;
    initializer.list.push_back(std::move(*element));
    if (!tokens_.accept(TokenKind::comma)) break;
  }
  return tokens_.expect(TokenKind::right_brace, "`,` or `}`");
}

std::optional<Initializer> DeclarationParser::parse_initializer() {
  Initializer initializer;
  initializer.place = tokens_.peek().place;
  if (!tokens_.accept(TokenKind::left_brace)) {
    initializer.value = expressions_.parse();
    if (!initializer.value) return std::nullopt;
    return initializer;
  }
  if (nesting_ == maximum_nesting) {
    tokens_.complain(initializer.place, too_deep);
    return std::nullopt;
  }
  ++nesting_;
  const bool whole = parse_elements(initializer);
  --nesting_;
  if (whole) return initializer;
  tokens_.skip_list();
  return std::nullopt;
}

bool DeclarationParser::parse_variable(const Declarator& declarator, Declaration& declaration) {
  const Token& name = declarator.name;
  const std::string text(name.text);
  if (name.kind == TokenKind::number || is_reserved(name.text)) {
    tokens_.complain(name.place, "Syntax Error: Invalid Syntax: `" + text + "` cannot name a variable",
                     why_not_variable(name));
    return false;
  }
  if (!types_.check_complete(declarator.type, name.place)) return false;
  if (size_of(declarator.type) > HYPERDBG_SCRIPT_ARENA_SIZE) {
    tokens_.complain(name.place, "`" + text + "` is too large: scripts have " +
                                     std::to_string(HYPERDBG_SCRIPT_ARENA_SIZE) + " bytes for arrays and structures");
    return false;
  }
  declaration.name = text;
  declaration.type = declarator.type;
  if (tokens_.accept(TokenKind::assign)) {
    declaration.initializer = parse_initializer();
    return declaration.initializer.has_value();
  }
  if (!declaration.type.is(Type::Kind::array) && !declaration.type.is_number()) return true;
  tokens_.complain_expected("`=`", declaration.type.is_number() ? "a variable of type " + name_of(declaration.type) +
                                                                      " needs its first value: = 0"
                                                                : "an array needs its first values: = {0}");
  return false;
}

bool DeclarationParser::check_function_head(const Declarator& head, bool in_block) {
  const std::string name(head.name.text);
  std::string problem;
  if (in_block)
    problem = "functions are declared outside of blocks: `" + name + "`";
  else if (is_reserved(name))
    problem = "`" + name + "` has a meaning of its own in scripts";
  else if (name.size() >= maximum_function_name)
    problem = "the name of a function has fewer than " + std::to_string(maximum_function_name) + " letters";
  else if (head.type.is_aggregate())
    problem = "a function returns a number or a pointer, not " + name_of(head.type);
  if (problem.empty()) return true;
  tokens_.complain(head.name.place, "Syntax Error: Invalid Syntax: " + problem);
  return false;
}

bool DeclarationParser::parse_parameters(Function& function) {
  if (tokens_.accept(TokenKind::right_parenthesis)) return true;
  if (tokens_.at_word("void") && tokens_.peek(1).kind == TokenKind::right_parenthesis) {
    tokens_.take();
    tokens_.take();
    return true;
  }
  do {
    if (!types_.at_type()) {
      tokens_.complain_expected("the type of a parameter", "as in: int twice(int number) { return number * 2; }");
      return false;
    }
    const auto base = types_.parse_base();
    if (!base) return false;
    const auto declarator = parse_declarator(*base);
    if (!declarator) return false;
    const Type type = decayed(declarator->type);
    const bool is_name = declarator->name.kind == TokenKind::word && !is_reserved(declarator->name.text);
    if (!is_name || type.is_aggregate() || type.is(Type::Kind::none)) {
      tokens_.complain(declarator->name.place,
                       "Syntax Error: Invalid Syntax: `" + std::string(declarator->name.text) + "` of type " +
                           name_of(type) + " is no parameter",
                       is_name ? "structures are passed by pointer" : "a name needs at least one letter from g to z");
      return false;
    }
    function.locals.push_back({std::string(declarator->name.text), type});
  } while (tokens_.accept(TokenKind::comma));
  function.parameters = static_cast<std::uint32_t>(function.locals.size());
  return tokens_.expect(TokenKind::right_parenthesis, "`,` or `)`");
}

}  // namespace hyperdbg::script
