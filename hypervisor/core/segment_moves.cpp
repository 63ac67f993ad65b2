// SPDX-License-Identifier: MIT
#include "hypervisor/core/segment_moves.hpp"

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

constexpr u8 from_segment = 0x8c, to_segment = 0x8e;
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

void store(const Vcpu& vcpu, ExceptionFrame& frame, const x86::Instruction& instruction) {
  u64& to = general_register(frame, instruction.rm);
  const u64 selector = vcpu.backend->read_register(vcpu, numbers[instruction.modrm_reg()]);
  to = instruction.operand_size == 2 ? (to & ~0xffffull) | selector : selector;
}

bool is_data_segment(u8 number) {
  const Segment segment{number};
  return segment == Segment::ds || segment == Segment::es || segment == Segment::fs || segment == Segment::gs;
}

}  // namespace

SegmentMove move_segment(Vcpu& vcpu, ExceptionFrame& frame, const u8* code, u64 size) {
  const x86::Decoded decoded = x86::decode(code, size, x86::CodeSize::bits64);
  const x86::Instruction& instruction = decoded.instruction;
  if (!decoded.ok() || instruction.encoding != x86::Encoding::legacy || instruction.map != x86::OpcodeMap::one_byte ||
      instruction.lock || instruction.has_memory || instruction.modrm_reg() > static_cast<u8>(Segment::gs))
    return {};
  if (instruction.opcode == from_segment) {
    store(vcpu, frame, instruction);
    return {.length = instruction.length};
  }
  if (instruction.opcode != to_segment || !is_data_segment(instruction.modrm_reg())) return {};
  const u16 selector = static_cast<u16>(general_register(frame, instruction.rm));
  const u8 fault = load(vcpu, Segment{instruction.modrm_reg()}, selector);
  return {.length = instruction.length, .fault = fault, .error_code = static_cast<u16>(fault != 0 ? selector & ~3 : 0)};
}

}  // namespace hyperdbg
