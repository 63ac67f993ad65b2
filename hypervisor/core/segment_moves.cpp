// SPDX-License-Identifier: MIT
#include "hypervisor/core/segment_moves.hpp"

#include "abi/record.h"
#include "abi/registers.h"
#include "hypervisor/core/backend.hpp"
#include "hypervisor/core/guest.hpp"
#include "hypervisor/cpu/instructions.hpp"
#include "x86/segment.hpp"

namespace hyperdbg {

namespace {

using x86::Segment;
using x86::SegmentLoad;
using x86::SegmentRegister;

constexpr u8 segment_not_present = 11, general_protection = 13;
constexpr u8 selector_size = 2;
constexpr u32 numbers[] = {HYPERDBG_ES, HYPERDBG_CS, HYPERDBG_SS, HYPERDBG_DS, HYPERDBG_FS, HYPERDBG_GS};

u64& general_register(ExceptionFrame& frame, u8 number) {
  u64* const all[] = {&frame.rax, &frame.rcx, &frame.rdx, &frame.rbx, &frame.rsp, &frame.rbp, &frame.rsi, &frame.rdi,
                      &frame.r8,  &frame.r9,  &frame.r10, &frame.r11, &frame.r12, &frame.r13, &frame.r14, &frame.r15};
  return *all[number & 15];
}

void write_general(u64& to, u64 value, u8 size) {
  to = size == 2 ? (to & ~0xffffull) | (value & 0xffff) : value;
}

// Linux's programs may have a local table (modify_ldt); its segments are not for the kernel's registers.
SegmentLoad descriptor_of(const Vcpu& vcpu, u16 selector, SegmentRegister& loaded) {
  if (x86::is_null(selector)) {
    loaded = {.selector = selector};
    return SegmentLoad::done;
  }
  u64 descriptor = 0;
  const u64 table = vcpu.backend->read_register(vcpu, HYPERDBG_GDTR);
  if (x86::in_local_table(selector) ||
      !read_virtual(vcpu, table + x86::table_offset(selector), &descriptor, sizeof(descriptor)))
    return SegmentLoad::general_protection;
  return x86::load_data_segment(selector, descriptor, loaded);
}

// The guest's bases are in the processor while its code runs (live_state.hpp).
u64 base_of(Segment segment) {
  if (segment == Segment::fs) return cpu::rdmsr(x86::Msr::FS_BASE);
  return segment == Segment::gs ? cpu::rdmsr(x86::Msr::GS_BASE) : 0;
}

bool is_data_segment(Segment segment) {
  return segment == Segment::ds || segment == Segment::es || segment == Segment::fs || segment == Segment::gs;
}

}  // namespace

// AMD APM vol. 3: MOV, PUSH, POP, LFS.
SegmentMove::Operation SegmentMove::operation_of(const x86::Instruction& instruction) {
  if (instruction.encoding != x86::Encoding::legacy || instruction.lock) return Operation::none;
  const Segment named{instruction.modrm_reg()};
  if (instruction.map == x86::OpcodeMap::one_byte) {
    if (instruction.opcode == 0x8c) return named <= Segment::gs ? Operation::store : Operation::none;
    if (instruction.opcode != 0x8e) return Operation::none;
    if (named == Segment::ss) return Operation::load_stack_segment;
    return is_data_segment(named) ? Operation::load : Operation::none;
  }
  if (instruction.map != x86::OpcodeMap::map_0f) return Operation::none;
  switch (instruction.opcode) {
    case 0xa0:
    case 0xa8:
      return Operation::push;
    case 0xa1:
    case 0xa9:
      return Operation::pop;
    case 0xb2:
      return instruction.has_memory ? Operation::load_stack_segment : Operation::none;
    case 0xb4:
    case 0xb5:
      return instruction.has_memory ? Operation::load_far : Operation::none;
    default:
      return Operation::none;
  }
}

Segment SegmentMove::segment() const {
  if (instruction_.map == x86::OpcodeMap::one_byte) return Segment{instruction_.modrm_reg()};
  return instruction_.opcode == 0xa0 || instruction_.opcode == 0xa1 || instruction_.opcode == 0xb4 ? Segment::fs
                                                                                                   : Segment::gs;
}

u64 SegmentMove::selector(const Vcpu& vcpu) const {
  return vcpu.backend->read_register(vcpu, numbers[static_cast<u8>(segment())]);
}

u64 SegmentMove::address(ExceptionFrame& frame) const {
  const auto general = [&frame](u8 number) { return general_register(frame, number); };
  return base_of(instruction_.segment_override) + x86::effective_address(instruction_, frame.rip, general);
}

u8 SegmentMove::offset_size(const Vcpu& vcpu) const {
  return instruction_.operand_size == 8 && !vcpu.backend->has_64_bit_far_pointers ? 4 : instruction_.operand_size;
}

SegmentStep SegmentMove::done(ExceptionFrame& frame) const {
  frame.rip += instruction_.length;
  return {.kind = SegmentStep::Kind::done};
}

SegmentStep SegmentMove::at_operand(ExceptionFrame& frame, MemoryAccess access) const {
  access.address += address(frame);
  access.on_stack = instruction_.memory.segment == Segment::ss;
  return {.kind = SegmentStep::Kind::access, .access = access};
}

SegmentStep SegmentMove::load(Vcpu& vcpu, ExceptionFrame& frame, u16 selector) const {
  SegmentRegister loaded;
  const SegmentLoad load = descriptor_of(vcpu, selector, loaded);
  if (load != SegmentLoad::done)
    return {.kind = SegmentStep::Kind::fault,
            .fault = load == SegmentLoad::not_present ? segment_not_present : general_protection,
            .error_code = static_cast<u16>(selector & ~3)};
  vcpu.backend->write_segment(vcpu, segment(), loaded);
  SegmentStep step = done(frame);
  step.loaded = segment();
  step.base = loaded.base;
  return step;
}

SegmentStep SegmentMove::load_far(Vcpu& vcpu, ExceptionFrame& frame, u64 value) {
  const u8 size = offset_size(vcpu);
  if (!has_offset_) {
    has_offset_ = true;
    offset_ = value;
    return at_operand(frame, {.address = size, .size = selector_size});
  }
  const SegmentStep step = load(vcpu, frame, static_cast<u16>(value));
  if (step.kind == SegmentStep::Kind::done) write_general(general_register(frame, instruction_.reg), offset_, size);
  return step;
}

SegmentStep SegmentMove::begin(Vcpu& vcpu, ExceptionFrame& frame, const u8* code, u64 size) {
  const x86::Decoded decoded = x86::decode(code, size, x86::CodeSize::bits64);
  instruction_ = decoded.instruction;
  operation_ = decoded.ok() ? operation_of(instruction_) : Operation::none;
  has_offset_ = false;
  const u8 stack_size = instruction_.operand_size;
  switch (operation_) {
    case Operation::none:
      break;
    case Operation::load_stack_segment:
      return {.kind = SegmentStep::Kind::fault, .fault = HYPERDBG_CODE_STACK_SEGMENT};
    case Operation::store:
      if (instruction_.has_memory)
        return at_operand(frame, {.value = selector(vcpu), .size = selector_size, .write = true});
      write_general(general_register(frame, instruction_.rm), selector(vcpu), instruction_.operand_size);
      return done(frame);
    case Operation::load:
      if (instruction_.has_memory) return at_operand(frame, {.size = selector_size});
      return load(vcpu, frame, static_cast<u16>(general_register(frame, instruction_.rm)));
    case Operation::push:
      return {.kind = SegmentStep::Kind::access,
              .access = {.address = frame.rsp - stack_size,
                         .value = selector(vcpu),
                         .size = stack_size,
                         .write = true,
                         .on_stack = true}};
    case Operation::pop:
      return {.kind = SegmentStep::Kind::access,
              .access = {.address = frame.rsp, .size = stack_size, .on_stack = true}};
    case Operation::load_far:
      return at_operand(frame, {.size = offset_size(vcpu)});
  }
  return {};
}

SegmentStep SegmentMove::go_on(Vcpu& vcpu, ExceptionFrame& frame, u64 value) {
  if (operation_ == Operation::load_far) return load_far(vcpu, frame, value);
  if (operation_ == Operation::load) return load(vcpu, frame, static_cast<u16>(value));
  if (operation_ == Operation::push) frame.rsp -= instruction_.operand_size;
  if (operation_ != Operation::pop) return done(frame);
  const SegmentStep step = load(vcpu, frame, static_cast<u16>(value));
  if (step.kind == SegmentStep::Kind::done) frame.rsp += instruction_.operand_size;
  return step;
}

}  // namespace hyperdbg
