// SPDX-License-Identifier: MIT
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace hyperdbg::script {

struct Structure;

struct Type {
  enum class Kind { none, integer, floating, pointer, array, structure };
  Kind kind = Kind::integer;
  unsigned bits = 64;  // of an integer or floating-point number
  bool is_signed = true;
  bool is_bool = false;                      // an integer of 8 bits that is 0 or 1
  std::shared_ptr<const Type> element = {};  // of a pointer or array
  std::uint64_t count = 0;                   // elements of an array
  std::shared_ptr<const Structure> structure = {};

  bool is(Kind wanted) const { return kind == wanted; }
  bool is_number() const { return kind == Kind::integer || kind == Kind::floating; }
  bool is_aggregate() const { return kind == Kind::array || kind == Kind::structure; }
  // An integer or pointer, held in 64 bits.
  bool is_word() const { return kind == Kind::integer || kind == Kind::pointer; }
};
inline const Type signed_type{};                                 // literals, registers
inline const Type unsigned_type{.is_signed = false};             // implicit variables, results of functions
inline const Type int_type{.bits = 32};                          // comparisons
inline const Type no_type{.kind = Type::Kind::none, .bits = 0};  // void
inline const Type double_type{.kind = Type::Kind::floating};
inline const Type float_type{.kind = Type::Kind::floating, .bits = 32};

struct Member {
  std::string name;
  Type type;
  std::uint64_t offset = 0;  // bytes
  unsigned bit_offset = 0;   // of a bit-field in its bytes
  unsigned bit_size = 0;     // 0: no bit-field
};

// Laid out as C does it on x86-64.
struct Structure {
  std::string name;
  std::vector<Member> members;
  std::uint64_t size = 1;
  std::uint64_t alignment = 1;
  bool complete = false;

  const Member* find(std::string_view member) const;
};

// The debuggee's own structures, by tag; null if there is none.
using StructureLookup = std::function<std::shared_ptr<const Structure>(std::string_view tag)>;

std::uint64_t size_of(const Type& type);
std::uint64_t alignment_of(const Type& type);
std::string name_of(const Type& type);
bool same(const Type& left, const Type& right);
Type pointer_to(const Type& type);
Type array_of(const Type& element, std::uint64_t count);
// What an array is in an expression.
Type decayed(const Type& type);
// Smaller than int becomes int.
Type promoted(const Type& type);
// The type in which C computes an operation of two numbers; at least one floating: the wider one.
Type common(const Type& left, const Type& right);

}  // namespace hyperdbg::script
