// SPDX-License-Identifier: MIT
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
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

class ForeignTypes;

// Laid out as C does it on x86-64.
struct Structure {
  std::string name;
  bool is_union = false;
  std::vector<Member> members;
  std::uint64_t size = 1;
  std::uint64_t alignment = 1;
  bool complete = false;
  ForeignTypes* owner = nullptr;  // of one of the debuggee's, whose members come when they are needed
  std::uint64_t number = 0;       // by which the owner knows it

  const Member* find(std::string_view member) const;
};

enum class Tag { structure, union_, enumeration };

// The debuggee's own types, which scripts may use without declaring them. They live as long as this object.
class ForeignTypes {
 public:
  virtual ~ForeignTypes() = default;
  // What stands behind `struct`, `union` or `enum`.
  virtual std::optional<Type> tagged(Tag tag, std::string_view name) = 0;
  // The name of a typedef.
  virtual std::optional<Type> named(std::string_view name) = 0;
  virtual std::optional<std::int64_t> enumerator(std::string_view name) = 0;
  // Gives a structure of this owner its members, if they are known.
  virtual void complete(const Structure& structure) = 0;
  // For whoever asked for a tag that is not there: the nearest one, or why nothing is known.
  virtual std::string hint(Tag tag, std::string_view name) = 0;
  // Equal for equal types: code that was compiled with them is good as long as this does not change.
  virtual std::string_view identity() const = 0;
};

// Whether the members are known; those of the debuggee's are asked for.
bool is_complete(const Structure& structure);

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
