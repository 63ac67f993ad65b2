// SPDX-License-Identifier: MIT
#include "script/syntax/types.hpp"

#include <algorithm>

namespace hyperdbg::script {

using Kind = Type::Kind;

const Member* Structure::find(std::string_view member) const {
  const auto found = std::ranges::find(members, member, &Member::name);
  return found == members.end() ? nullptr : &*found;
}

bool is_complete(const Structure& structure) {
  if (!structure.complete && structure.owner) structure.owner->complete(structure);
  return structure.complete;
}

std::uint64_t size_of(const Type& type) {
  switch (type.kind) {
    case Kind::none:
      return 1;
    case Kind::integer:
    case Kind::floating:
      return type.bits / 8;
    case Kind::pointer:
      return 8;
    case Kind::array:
      return type.count * size_of(*type.element);
    case Kind::structure:
      return type.structure->size;
  }
  return 0;
}

std::uint64_t alignment_of(const Type& type) {
  if (type.is(Kind::array)) return alignment_of(*type.element);
  return type.is(Kind::structure) ? type.structure->alignment : size_of(type);
}

std::string name_of(const Type& type) {
  switch (type.kind) {
    case Kind::none:
      return "void";
    case Kind::floating:
      return type.bits == 32 ? "float" : "double";
    case Kind::pointer:
      return name_of(*type.element) + " *";
    case Kind::array:
      return name_of(*type.element) + "[" + std::to_string(type.count) + "]";
    case Kind::structure:
      return (type.structure->is_union ? "union " : "struct ") + type.structure->name;
    case Kind::integer:
      break;
  }
  if (type.is_bool) return "bool";
  const std::string sign = type.is_signed ? "" : "unsigned ";
  const char* name = type.bits == 8 ? "char" : type.bits == 16 ? "short" : type.bits == 32 ? "int" : "long long";
  return sign + name;
}

bool same(const Type& left, const Type& right) {
  if (left.kind != right.kind) return false;
  switch (left.kind) {
    case Kind::pointer:
      return same(*left.element, *right.element);
    case Kind::array:
      return left.count == right.count && same(*left.element, *right.element);
    case Kind::structure:
      return left.structure == right.structure;
    default:
      return left.bits == right.bits && left.is_signed == right.is_signed && left.is_bool == right.is_bool;
  }
}

Type pointer_to(const Type& type) {
  return {.kind = Kind::pointer, .is_signed = false, .element = std::make_shared<const Type>(type)};
}

Type array_of(const Type& element, std::uint64_t count) {
  return {.kind = Kind::array, .is_signed = false, .element = std::make_shared<const Type>(element), .count = count};
}

Type decayed(const Type& type) {
  return type.is(Kind::array) ? pointer_to(*type.element) : type;
}

Type promoted(const Type& type) {
  return type.is(Kind::integer) && type.bits < 32 ? int_type : type;
}

Type common(const Type& left, const Type& right) {
  if (left.is(Kind::floating) || right.is(Kind::floating)) {
    const bool wide = (left.is(Kind::floating) && left.bits == 64) || (right.is(Kind::floating) && right.bits == 64);
    return wide ? double_type : float_type;
  }
  const Type a = left.is(Kind::pointer) ? unsigned_type : promoted(left);
  const Type b = right.is(Kind::pointer) ? unsigned_type : promoted(right);
  if (a.bits != b.bits) return a.bits > b.bits ? a : b;
  return a.is_signed ? b : a;
}

}  // namespace hyperdbg::script
