// SPDX-License-Identifier: MIT
#pragma once
#include "hypervisor/core/code_access.hpp"
#include "hypervisor/core/exception_frame.hpp"
#include "hypervisor/core/vcpu.hpp"
#include "x86/decoder.hpp"

namespace hyperdbg {

struct SegmentStep {
  enum class Kind : u8 {
    other,   // not an instruction for us
    done,    // frame.rip is behind it
    access,  // once `access` has been made, go_on()
    fault    // in its place; frame.rip is still at it
  };
  Kind kind = Kind::other;
  x86::Segment loaded = x86::Segment::none;
  u64 base = 0;   // of what was loaded
  u32 fault = 0;  // as in hyperdbg_code_fault
  u16 error_code = 0;
  MemoryAccess access{};
};

/*
 * An instruction of custom code that reads or writes a segment register: MOV, PUSH, POP, LFS, LGS. Root mode has
 * segments and descriptors of its own, so it is done with the guest's; general registers and the stack are those of
 * `frame`. What would load SS, which is root mode's, is refused.
 */
class SegmentMove {
 public:
  // What stands in `code`, at frame.rip, and is about to be executed.
  SegmentStep begin(Vcpu& vcpu, ExceptionFrame& frame, const u8* code, u64 size);
  SegmentStep go_on(Vcpu& vcpu, ExceptionFrame& frame, u64 value);  // `value`: what was read

 private:
  enum class Operation : u8 { none, store, load, push, pop, load_far, load_stack_segment };

  static Operation operation_of(const x86::Instruction& instruction);
  x86::Segment segment() const;
  u64 selector(const Vcpu& vcpu) const;
  u64 address(ExceptionFrame& frame) const;
  u8 offset_size(const Vcpu& vcpu) const;  // of a far pointer
  SegmentStep done(ExceptionFrame& frame) const;
  SegmentStep at_operand(ExceptionFrame& frame, MemoryAccess access) const;
  SegmentStep load(Vcpu& vcpu, ExceptionFrame& frame, u16 selector) const;
  SegmentStep load_far(Vcpu& vcpu, ExceptionFrame& frame, u64 value);

  x86::Instruction instruction_{};
  Operation operation_ = Operation::none;
  bool has_offset_ = false;
  u64 offset_ = 0;
};

}  // namespace hyperdbg
