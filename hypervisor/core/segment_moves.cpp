// SPDX-License-Identifier: MIT
#include "hypervisor/core/segment_moves.hpp"

#include "abi/registers.h"
#include "hypervisor/core/backend.hpp"
#include "hypervisor/core/guest.hpp"
#include "hypervisor/cpu/instructions.hpp"
#include "x86/segment.hpp"

namespace hyperdbg {

namespace {

using x86::Instruction;
using x86::Segment;
using x86::SegmentLoad;
using x86::SegmentRegister;

constexpr u8 from_segment = 0x8c, to_segment = 0x8e;                        // MOV
constexpr u8 push_fs = 0xa0, pop_fs = 0xa1, push_gs = 0xa8, pop_gs = 0xa9;  // behind 0F
constexpr u8 load_fs = 0xb4, load_gs = 0xb5;                                // behind 0F
constexpr u8 segment_not_present = 11, general_protection = 13;
constexpr u32 numbers[] = {HYPERDBG_ES, HYPERDBG_CS, HYPERDBG_SS, HYPERDBG_DS, HYPERDBG_FS, HYPERDBG_GS};

u64& general_register(ExceptionFrame& frame, u8 number) {
  u64* const all[] = {&frame.rax, &frame.rcx, &frame.rdx, &frame.rbx, &frame.rsp, &frame.rbp, &frame.rsi, &frame.rdi,
                      &frame.r8,  &frame.r9,  &frame.r10, &frame.r11, &frame.r12, &frame.r13, &frame.r14, &frame.r15};
  return *all[number & 15];
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

u8 load(Vcpu& vcpu, Segment segment, u16 selector) {
  SegmentRegister loaded;
  const SegmentLoad load = descriptor_of(vcpu, selector, loaded);
  if (load != SegmentLoad::done) return load == SegmentLoad::not_present ? segment_not_present : general_protection;
  vcpu.backend->write_segment(vcpu, segment, loaded);
  // The guest's bases are in the processor while its code runs (live_state.hpp).
  if (segment == Segment::fs) cpu::wrmsr(x86::Msr::FS_BASE, loaded.base);
  if (segment == Segment::gs) cpu::wrmsr(x86::Msr::GS_BASE, loaded.base);
  return 0;
}

// As an instruction of this operand size writes it.
void write_general(ExceptionFrame& frame, u8 number, u8 size, u64 value) {
  u64& to = general_register(frame, number);
  to = size == 2 ? (to & ~0xffffull) | (value & 0xffff) : size == 4 ? static_cast<u32>(value) : value;
}

bool is_data_segment(Segment segment) {
  return segment == Segment::ds || segment == Segment::es || segment == Segment::fs || segment == Segment::gs;
}

// The segments of root mode are flat, but for the guest's bases of FS and GS.
u64 linear_address(const ExceptionFrame& frame, const Instruction& instruction) {
  ExceptionFrame registers = frame;
  const u64 offset =
      x86::effective_address(instruction, frame.rip, [&](u8 number) { return general_register(registers, number); });
  if (instruction.memory.segment == Segment::fs) return cpu::rdmsr(x86::Msr::FS_BASE) + offset;
  if (instruction.memory.segment == Segment::gs) return cpu::rdmsr(x86::Msr::GS_BASE) + offset;
  return offset;
}

SegmentMove decode_mov(const ExceptionFrame& frame, const Instruction& instruction) {
  SegmentMove move{.segment = Segment{instruction.modrm_reg()}, .loads = instruction.opcode == to_segment};
  if (!move.loads && instruction.opcode != from_segment) return {};
  if (instruction.modrm_reg() > static_cast<u8>(Segment::gs) || (move.loads && !is_data_segment(move.segment)))
    return {};
  if (instruction.has_memory) {
    move.accesses = 1;
    move.access[0] = {linear_address(frame, instruction), sizeof(u16)};
  } else {
    move.general = instruction.rm;
    move.operand_size = instruction.operand_size;
  }
  return move;
}

SegmentMove decode_stack_move(const ExceptionFrame& frame, const Instruction& instruction) {
  const bool loads = instruction.opcode == pop_fs || instruction.opcode == pop_gs;
  const s32 size = instruction.operand_size_prefix ? sizeof(u16) : sizeof(u64);
  SegmentMove move{.segment = instruction.opcode < push_gs ? Segment::fs : Segment::gs, .loads = loads, .accesses = 1};
  move.stack = loads ? size : -size;
  move.access[0] = {loads ? frame.rsp : frame.rsp - static_cast<u64>(size), static_cast<u8>(size)};
  return move;
}

SegmentMove decode_far_load(const ExceptionFrame& frame, const Instruction& instruction) {
  if (!instruction.has_memory) return {};
  const u64 address = linear_address(frame, instruction);
  SegmentMove move{.segment = instruction.opcode == load_fs ? Segment::fs : Segment::gs, .loads = true, .accesses = 2};
  move.general = instruction.reg;
  move.operand_size = instruction.operand_size;
  move.access[0] = {address + instruction.operand_size, sizeof(u16)};
  move.access[1] = {address, instruction.operand_size};
  return move;
}

SegmentMove decode_move(const ExceptionFrame& frame, const Instruction& instruction) {
  if (instruction.map == x86::OpcodeMap::one_byte) return decode_mov(frame, instruction);
  if (instruction.map != x86::OpcodeMap::map_0f) return {};
  switch (instruction.opcode) {
    case push_fs:
    case pop_fs:
    case push_gs:
    case pop_gs:
      return decode_stack_move(frame, instruction);
    case load_fs:
    case load_gs:
      return decode_far_load(frame, instruction);
    default:
      return {};
  }
}

}  // namespace

SegmentMove decode_segment_move(const ExceptionFrame& frame, const u8* code, u64 size) {
  const x86::Decoded decoded = x86::decode(code, size, x86::CodeSize::bits64);
  const Instruction& instruction = decoded.instruction;
  if (!decoded.ok() || instruction.encoding != x86::Encoding::legacy || instruction.lock) return {};
  SegmentMove move = decode_move(frame, instruction);
  if (move.segment != Segment::none) move.length = instruction.length;
  return move;
}

u64 selector_of(const Vcpu& vcpu, Segment segment) {
  return vcpu.backend->read_register(vcpu, numbers[static_cast<u8>(segment)]);
}

SegmentFault finish_segment_move(Vcpu& vcpu, ExceptionFrame& frame, const SegmentMove& move, const u64 (&loaded)[2]) {
  if (move.loads) {
    const u64 source = move.accesses != 0 ? loaded[0] : general_register(frame, move.general);
    const u16 selector = static_cast<u16>(source);
    if (const u8 fault = load(vcpu, move.segment, selector); fault != 0)
      return {.vector = fault, .error_code = static_cast<u16>(selector & ~3)};
    if (move.accesses == 2) write_general(frame, move.general, move.operand_size, loaded[1]);
  } else if (move.accesses == 0) {
    write_general(frame, move.general, move.operand_size, selector_of(vcpu, move.segment));
  }
  frame.rsp += static_cast<u64>(static_cast<s64>(move.stack));
  frame.rip += move.length;
  return {};
}

}  // namespace hyperdbg
