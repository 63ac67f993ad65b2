// SPDX-License-Identifier: MIT
#include "hypervisor/core/custom_code.hpp"
#include "hypervisor/core/fault_report.hpp"
#include "hypervisor/core/machine.hpp"
#include "hypervisor/core/root_mode.hpp"
#include "hypervisor/core/script_run.hpp"
#include "hypervisor/cpu/instructions.hpp"
#include "hypervisor/cpu/routines.hpp"

// Exceptions of root mode itself.
namespace hyperdbg {

namespace {

constexpr u64 vector_nmi = 2, first_interrupt = 32, carry = 1, interrupts_on = 1 << 9;

struct Fixup {
  u64 faults_at, resumes_at;
};
extern "C" [[gnu::visibility("hidden")]] const Fixup image_fixups_start[];
extern "C" [[gnu::visibility("hidden")]] const Fixup image_fixups_end[];

// Code that must see an NMI that comes while it runs: it is begun again.
struct Restart {
  u64 begin, end;
};
extern "C" [[gnu::visibility("hidden")]] const Restart image_restarts_start[];
extern "C" [[gnu::visibility("hidden")]] const Restart image_restarts_end[];

void take_nmi(Vcpu& vcpu, ExceptionFrame& frame) {
  vcpu.nmi_taken = true;
  for (const Restart* restart = image_restarts_start; restart != image_restarts_end; ++restart) {
    if (frame.rip >= restart->begin && frame.rip < restart->end) frame.rip = restart->begin;
  }
}

// An instruction that may fault (see try_rdmsr) says by CF that it did, and R11 says how.
bool fix_up(ExceptionFrame& frame) {
  for (const Fixup* fixup = image_fixups_start; fixup != image_fixups_end; ++fixup) {
    if (fixup->faults_at != frame.rip) continue;
    frame.rip = fixup->resumes_at;
    frame.rflags |= carry;
    frame.r11 = frame.vector;
    return true;
  }
  return false;
}

bool in_code_area(u64 rip) {
  return rip >= HYPERDBG_CODE_AREA && rip < HYPERDBG_DATA_AREA;
}

// A script's own code faulted: its run ends, the guest goes on.
bool end_script(Vcpu& vcpu, ExceptionFrame& frame) {
  if (vcpu.run == nullptr || !in_code_area(frame.rip)) return false;
  vcpu.run->error = HYPERDBG_SCRIPT_FAULT;
  vcpu.run->position = 0;
  vcpu.run->detail = frame.vector;
  frame.rip = reinterpret_cast<u64>(&script_unwind);
  frame.rdi = vcpu.run->unwind;
  return true;
}

void report_frame(const ExceptionFrame& frame, const Vcpu& vcpu) {
  report("\nhyperdbg: exception ", Hex{frame.vector}, " error code ", Hex{frame.error_code},
         " in the hypervisor on CPU ", Hex{vcpu.core}, "\n");
  report("rip ", Hex{frame.rip}, " (image + ", Hex{frame.rip - HYPERDBG_IMAGE_BASE}, ") rsp ", Hex{frame.rsp},
         " rflags ", Hex{frame.rflags}, " cr2 ", Hex{cpu::read_cr2()}, "\n");
  report("rax ", Hex{frame.rax}, " rbx ", Hex{frame.rbx}, " rcx ", Hex{frame.rcx}, " rdx ", Hex{frame.rdx}, " rsi ",
         Hex{frame.rsi}, " rdi ", Hex{frame.rdi}, " rbp ", Hex{frame.rbp}, "\n");
  report("r8 ", Hex{frame.r8}, " r9 ", Hex{frame.r9}, " r10 ", Hex{frame.r10}, " r11 ", Hex{frame.r11}, " r12 ",
         Hex{frame.r12}, " r13 ", Hex{frame.r13}, " r14 ", Hex{frame.r14}, " r15 ", Hex{frame.r15}, "\n");
}

}  // namespace

extern "C" [[gnu::used]] void handle_exception(ExceptionFrame* frame) {
  Vcpu& vcpu = current_vcpu();
  if (frame->vector == vector_nmi) return take_nmi(vcpu, *frame);
  if (vcpu.code_run != nullptr && handle_code_exception(vcpu, *frame)) return;
  if (frame->vector >= first_interrupt) {
    vcpu.acknowledged = static_cast<u8>(frame->vector);
    frame->rflags &= ~interrupts_on;  // one at a time
    return;
  }
  if (fix_up(*frame) || end_script(vcpu, *frame)) return;
  report_frame(*frame, vcpu);
  stop_machine(vcpu);
}

}  // namespace hyperdbg
