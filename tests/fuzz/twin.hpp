// SPDX-License-Identifier: MIT
#pragma once
#include <memory>
#include <string>
#include <utility>
#include <vector>

// The vocabulary of generated programs: each piece as the script has it, and as C has it (oracle.h).
namespace hyperdbg::fuzz {

struct Structure;

// A type as both languages spell it: `unsigned char`, `struct S1_1`.
struct Type {
  enum class Kind { none, integer, floating, pointer, array, structure };
  Kind kind = Kind::integer;
  std::string name;  // without stars and brackets
  std::shared_ptr<const Type> element = {};
  unsigned count = 0;
  std::shared_ptr<const Structure> structure = {};
  bool is_small = false;  // a float or bool: conversions to it differ

  bool is(Kind wanted) const { return kind == wanted; }
};
using TypePtr = std::shared_ptr<const Type>;

struct Structure {
  std::string name;
  std::vector<std::pair<std::string, TypePtr>> members;
  bool has_pointers = false;  // they differ between the two programs
  bool any_bytes = true;      // whatever lies in memory is a value: no pointers, no bool
};

inline TypePtr integer_type(std::string name) {
  const bool is_bool = name == "bool";
  return std::make_shared<Type>(Type{Type::Kind::integer, std::move(name), {}, 0, {}, is_bool});
}
inline TypePtr floating_type(std::string name) {
  const bool is_float = name == "float";
  return std::make_shared<Type>(Type{Type::Kind::floating, std::move(name), {}, 0, {}, is_float});
}
inline TypePtr pointer_to(const TypePtr& type) {
  return std::make_shared<Type>(Type{Type::Kind::pointer, type->name, type, 0, {}, false});
}
inline TypePtr array_of(const TypePtr& type, unsigned count) {
  return std::make_shared<Type>(Type{Type::Kind::array, type->name, type, count, {}, false});
}

// `int *p`, `int t[2][3]`; without a name: a cast's type.
inline std::string declared(const TypePtr& type, const std::string& name) {
  if (type->is(Type::Kind::array)) return declared(type->element, name + "[" + std::to_string(type->count) + "]");
  if (type->is(Type::Kind::pointer)) return declared(type->element, "*" + name);
  return type->name + (name.empty() ? "" : " ") + name;
}

// An expression. `level` is its operator's rank: 0 for what needs no parentheses anywhere.
struct Twin {
  std::string script, c;
  TypePtr type;
  int level = 0;
};

// What can be read and assigned. In C: `setup` computes where it is once, `load` and `store` use that.
struct Place {
  std::string script;
  std::string setup;
  std::string load;
  std::string store_head, store_tail;  // around the value
  TypePtr type;
};

struct Variable {
  std::string name;
  TypePtr type;
  unsigned extent = 0;      // of a pointer: elements behind it
  bool is_counter = false;  // of a loop: only its loop changes it
};

struct Callee {
  std::string name;
  TypePtr result;
  std::vector<TypePtr> parameters;
};

}  // namespace hyperdbg::fuzz
