// SPDX-License-Identifier: MIT
#include "session/kernel_types.hpp"

#include <algorithm>
#include <utility>

#include "script/syntax/nearest.hpp"

namespace hyperdbg {
namespace {

using script::Structure;
using script::Tag;
using script::Type;

BtfName name_kind(Tag tag) {
  switch (tag) {
    case Tag::structure:
      return BtfName::structure;
    case Tag::union_:
      return BtfName::union_;
    case Tag::enumeration:
      break;
  }
  return BtfName::enumeration;
}

std::string_view word_of(Tag tag) {
  return tag == Tag::structure ? "struct " : tag == Tag::union_ ? "union " : "enum ";
}

// Numbers wider than the language's are what they are in memory.
Type number_of(const BtfType& type) {
  constexpr std::uint64_t widest = 8;
  const Type word{.is_signed = false};
  if (type.size > widest || type.size == 0) return script::array_of(word, type.size / widest);
  Type number{.bits = static_cast<unsigned>(type.size * 8), .is_signed = type.is_signed, .is_bool = type.is_bool};
  if (type.kind == BtfType::Kind::floating) number.kind = Type::Kind::floating;
  return number;
}

// A bit-field lies in one unit of its type, except in packed structures.
void place_bits(script::Member& member, std::uint64_t bits, unsigned size) {
  const std::uint64_t unit = member.type.bits;
  member.bit_size = size;
  member.offset = bits / unit * unit / 8;
  member.bit_offset = static_cast<unsigned>(bits % unit);
  if (member.bit_offset + size <= unit) return;
  member.type.bits = 64;
  member.offset = bits / 8;
  member.bit_offset = static_cast<unsigned>(bits % 8);
}

std::uint64_t alignment_of_members(const Structure& structure) {
  std::uint64_t alignment = 1;
  for (const script::Member& member : structure.members) {
    const Type* type = &member.type;
    while (type->is(Type::Kind::array)) type = type->element.get();
    if (type->is(Type::Kind::structure)) script::is_complete(*type->structure);
    alignment = std::max(alignment, script::alignment_of(*type));
  }
  return structure.size % alignment == 0 ? alignment : 1;  // else it is packed
}

}  // namespace

const Btf* KernelTypes::types() {
  if (!types_) types_.emplace(Btf::load(file_, module_btf_paths(file_)));
  return *types_ ? &**types_ : nullptr;
}

std::optional<Type> KernelTypes::tagged(Tag tag, std::string_view name) {
  const auto id = types() ? types()->find(name_kind(tag), name) : std::nullopt;
  return id ? std::optional(type_of(*id)) : std::nullopt;
}

std::optional<Type> KernelTypes::named(std::string_view name) {
  const auto id = types() ? types()->find(BtfName::type, name) : std::nullopt;
  return id ? std::optional(type_of(*id, name)) : std::nullopt;
}

std::optional<std::int64_t> KernelTypes::enumerator(std::string_view name) {
  return types() ? types()->enumerator(name) : std::nullopt;
}

std::optional<std::uint64_t> KernelTypes::offset_of(const std::string& structure, const std::string& member) {
  const auto offset = types() ? types()->offset_of(structure, member) : std::unexpected(std::string());
  return offset ? std::optional(*offset) : std::nullopt;
}

Type KernelTypes::type_of(BtfId id, std::string_view alias) {
  const BtfType type = types()->type(id);
  switch (type.kind) {
    case BtfType::Kind::integer:
    case BtfType::Kind::enumeration:
    case BtfType::Kind::floating:
      return number_of(type);
    case BtfType::Kind::pointer:
      return script::pointer_to(type_of(type.element));
    case BtfType::Kind::array:
      return script::array_of(type_of(type.element), type.count);
    case BtfType::Kind::structure:
    case BtfType::Kind::union_:
    case BtfType::Kind::forward:
      return {.kind = Type::Kind::structure, .is_signed = false, .structure = structure_of(type, alias)};
    case BtfType::Kind::none:
    case BtfType::Kind::function:
      break;
  }
  return script::no_type;
}

// This object owns all structures, because they point at each other in circles.
std::shared_ptr<const Structure> KernelTypes::structure_of(const BtfType& type, std::string_view alias) {
  std::unique_ptr<Structure>& known = structures_[type.id];
  if (!known) {
    known = std::make_unique<Structure>();
    known->name = !type.name.empty() ? type.name : alias.empty() ? "{...}" : std::string(alias);
    known->is_union = type.kind == BtfType::Kind::union_;
    known->size = type.size;
    known->owner = this;
    known->number = type.id;
  }
  return {std::shared_ptr<void>(), known.get()};
}

void KernelTypes::complete(const Structure& wanted) {
  const auto found = structures_.find(wanted.number);
  if (found == structures_.end() || found->second->complete) return;
  Structure& structure = *found->second;
  if (types()->type(structure.number).kind == BtfType::Kind::forward) return;
  structure.complete = true;  // before the members: they may be of a type that leads back here
  add_members(structure, structure.number, 0);
  structure.alignment = alignment_of_members(structure);
}

// Members of unnamed structures and unions inside count as the outer one's, as in C.
void KernelTypes::add_members(Structure& structure, BtfId id, std::uint64_t offset) {
  for (const BtfMember& from : types()->members(id)) {
    if (from.name.empty()) {
      add_members(structure, from.type, offset + from.bit_offset / 8);
      continue;
    }
    script::Member member{.name = from.name, .type = type_of(from.type), .offset = from.bit_offset / 8};
    if (from.bit_size != 0) place_bits(member, from.bit_offset, from.bit_size);
    member.offset += offset;
    structure.members.push_back(std::move(member));
  }
}

std::string KernelTypes::hint(Tag tag, std::string_view name) {
  if (!types()) return "the kernel's types are not known: " + types_->error();
  for (const Tag other : {Tag::structure, Tag::union_, Tag::enumeration})
    if (other != tag && types()->find(name_kind(other), name))
      return "there is `" + std::string(word_of(other)) + std::string(name) + "`";
  if (types()->find(BtfName::type, name)) return "`" + std::string(name) + "` is a type without that word";
  script::Nearest nearest(name);
  for (const std::string_view candidate : types()->names(name_kind(tag))) nearest.consider(candidate);
  return nearest.hint(word_of(tag));
}

}  // namespace hyperdbg
