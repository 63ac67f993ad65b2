// SPDX-License-Identifier: MIT
#include "script/emit/expressions.hpp"
#include "script/emit/runtime_calls.hpp"

namespace hyperdbg::script {

using Kind = Type::Kind;
using Location = ExpressionEmitter::Location;

Location ExpressionEmitter::part_of_local(std::uint32_t index, std::uint64_t offset, const Type& type) {
  const Variable& variable = frame_.source().locals[index];
  if (!variable.in_memory) return {.kind = Location::Kind::variable, .type = type, .place = frame_.local(index)};
  return {.kind = Location::Kind::arena, .type = type, .offset = frame_.constant(offset), .variable = &variable};
}

Location ExpressionEmitter::locate(const Expression& expression) {
  const Type& type = expression.type;
  if (const auto* local = std::get_if<Local>(&expression.node)) return part_of_local(local->index, 0, type);
  if (const auto* global = std::get_if<Global>(&expression.node))
    return {.kind = Location::Kind::global, .type = type, .slot = program_.global_slots[global->index]};
  if (const auto* part = std::get_if<Register>(&expression.node))
    return {.kind = Location::Kind::cpu_register, .type = type, .part = &part->part};
  if (const auto* pointer = std::get_if<Dereference>(&expression.node))
    return {.kind = Location::Kind::memory, .type = type, .place = value(*pointer->address)};
  if (const auto* element = std::get_if<Index>(&expression.node)) {
    // From left to right: an index may call what changes the next one.
    Location location{};
    if (element->base->type.is(Kind::array))
      location = locate(*element->base);
    else
      location = {.kind = Location::Kind::memory, .type = type, .place = value(*element->base)};
    location.type = type;
    llvm::Value*& start = location.kind == Location::Kind::arena ? location.offset : location.place;
    start = builder_.CreateAdd(start, builder_.CreateMul(value(*element->index), frame_.constant(size_of(type))));
    return location;
  }
  const auto& member = std::get<MemberAccess>(expression.node);
  Location location{};
  if (member.through_pointer)
    location = {.kind = Location::Kind::memory, .type = type, .place = value(*member.base)};
  else
    location = locate(*member.base);
  location.type = type;
  location.bit_offset = member.member.bit_offset;
  location.bit_size = member.member.bit_size;
  llvm::Value*& start = location.kind == Location::Kind::arena ? location.offset : location.place;
  start = builder_.CreateAdd(start, frame_.constant(member.member.offset));
  return location;
}

llvm::Value* ExpressionEmitter::address_of(const Location& location) {
  switch (location.kind) {
    case Location::Kind::memory:
      return location.place;
    case Location::Kind::arena:
      return frame_.arena_address(builder_.CreateAdd(location.offset, frame_.constant(location.variable->offset)));
    case Location::Kind::global:
      return frame_.constant((std::uint64_t{HYPERDBG_SCRIPT_AREA_GLOBALS} << HYPERDBG_SCRIPT_AREA_SHIFT) +
                             std::uint64_t{location.slot} * 8);
    default:
      return frame_.constant(0);
  }
}

// An index may run from one row of an array into the next, but not out of the variable.
llvm::Value* ExpressionEmitter::arena_place(const Location& location, Place place) {
  const std::uint64_t last = size_of(location.variable->type) - size_of(location.type);
  frame_.abort_if(builder_.CreateICmpUGT(location.offset, frame_.constant(last)), HYPERDBG_SCRIPT_BAD_INDEX, place,
                  location.offset);
  return frame_.arena_pointer(builder_.CreateAdd(location.offset, frame_.constant(location.variable->offset)));
}

// Bytes of memory as 64 bits: from what was read last if they lie there, else through the runtime.
llvm::Value* ExpressionEmitter::read(llvm::Value* address, std::uint64_t size, Place place) {
  return frame_.read_memory(address, size, place);
}

llvm::Value* ExpressionEmitter::normalized(llvm::Value* value, const Type& type) {
  if (type.is(Kind::floating)) {
    if (type.bits == 64) return builder_.CreateBitCast(value, builder_.getDoubleTy());
    return builder_.CreateBitCast(builder_.CreateTrunc(value, builder_.getInt32Ty()), builder_.getFloatTy());
  }
  if (type.is(Kind::pointer) || type.bits == 64) return value;
  llvm::Value* narrow = builder_.CreateTrunc(value, builder_.getIntNTy(type.bits));
  return type.is_signed ? builder_.CreateSExt(narrow, builder_.getInt64Ty())
                        : builder_.CreateZExt(narrow, builder_.getInt64Ty());
}

llvm::Value* ExpressionEmitter::loaded(llvm::Value* pointer, const Type& type) {
  auto* load =
      builder_.CreateAlignedLoad(builder_.getIntNTy(static_cast<unsigned>(size_of(type)) * 8), pointer, llvm::Align(1));
  tag(*load, MemoryKind::arena);
  return builder_.CreateZExt(load, builder_.getInt64Ty());
}

// What of the loaded bytes is the value.
llvm::Value* ExpressionEmitter::extracted(const Location& location, llvm::Value* value) {
  if (location.bit_size == 0) return normalized(value, location.type);
  value = builder_.CreateShl(value, 64 - location.bit_offset - location.bit_size);
  return location.type.is_signed ? builder_.CreateAShr(value, 64 - location.bit_size)
                                 : builder_.CreateLShr(value, 64 - location.bit_size);
}

// The bytes that `old` becomes when the location gets `value`.
llvm::Value* ExpressionEmitter::inserted(const Location& location, llvm::Value* old, llvm::Value* value) {
  const std::uint64_t mask = ((1ull << location.bit_size) - 1) << location.bit_offset;
  llvm::Value* placed = builder_.CreateAnd(builder_.CreateShl(value, location.bit_offset), mask);
  return builder_.CreateOr(builder_.CreateAnd(old, ~mask), placed);
}

llvm::Value* ExpressionEmitter::load(const Location& location, Place place) {
  if (location.type.is_aggregate()) return address_of(location);
  switch (location.kind) {
    case Location::Kind::variable:
      return builder_.CreateLoad(frame_.value_type(location.type), location.place);
    case Location::Kind::global:
      return frame_.load_global(location.slot);
    case Location::Kind::cpu_register:
      return frame_.load_register(*location.part);
    case Location::Kind::arena:
      return extracted(location, loaded(arena_place(location, place), location.type));
    case Location::Kind::memory:
      break;
  }
  return extracted(location, read(location.place, size_of(location.type), place));
}

void ExpressionEmitter::store(const Location& location, llvm::Value* value, Place place) {
  if (location.kind == Location::Kind::variable) {
    builder_.CreateStore(value, location.place);
    return;
  }
  if (location.kind == Location::Kind::global) return frame_.store_global(location.slot, value);
  if (location.kind == Location::Kind::cpu_register) return frame_.store_register(*location.part, value);
  if (location.type.is(Kind::floating))
    value = builder_.CreateZExt(builder_.CreateBitCast(value, builder_.getIntNTy(location.type.bits)),
                                builder_.getInt64Ty());
  const std::uint64_t size = size_of(location.type);
  if (location.kind == Location::Kind::arena) {
    llvm::Value* pointer = arena_place(location, place);
    if (location.bit_size != 0) value = inserted(location, loaded(pointer, location.type), value);
    llvm::Value* narrow = builder_.CreateTrunc(value, builder_.getIntNTy(static_cast<unsigned>(size) * 8));
    tag(*builder_.CreateAlignedStore(narrow, pointer, llvm::Align(1)), MemoryKind::arena);
    return;
  }
  if (location.bit_size != 0) value = inserted(location, read(location.place, size, place), value);
  llvm::Value* written = frame_.call_runtime(offsetof(hyperdbg_script_runtime, write_memory),
                                             {location.place, value, frame_.constant(size)});
  frame_.abort_if(builder_.CreateICmpEQ(written, frame_.constant(0)), HYPERDBG_SCRIPT_INVALID_ADDRESS, place,
                  location.place);
}

void ExpressionEmitter::copy(const Location& to, const Expression& from, Place place) {
  frame_.call_service(HYPERDBG_SERVICE_COPY,
                      {address_of(to), address_of(locate(from)), frame_.constant(size_of(to.type))}, place);
}

}  // namespace hyperdbg::script
