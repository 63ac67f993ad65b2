// SPDX-License-Identifier: MIT
#include "hypervisor/core/custom_code.hpp"

#include "hypervisor/core/cpu_area.hpp"
#include "hypervisor/core/guest.hpp"
#include "hypervisor/core/live_state.hpp"
#include "hypervisor/core/machine.hpp"
#include "hypervisor/core/records.hpp"
#include "hypervisor/cpu/instructions.hpp"
#include "hypervisor/cpu/routines.hpp"
#include "hypervisor/events/code_store.hpp"
#include "x86/registers.hpp"

/*
 * Custom code runs in root mode, on a stack of its own between guard pages, with the image's IDT, whose handlers have
 * stacks of their own: whatever it does to its registers, a fault of it is caught and ends the run.
 *
 * The watchdog is the trap flag. Code that cannot be shown to end (events/code_traits.hpp) is executed step by step and
 * its instructions are counted. That needs no timer, so the guest's need not be borrowed and restored, and no
 * interrupts in root mode: #DB comes with GIF clear and IF clear alike (AMD APM vol. 2, 15.17).
 */
namespace hyperdbg {

namespace {

constexpr u64 debug = 1, invalid_opcode = 6, stack_fault = 12, general_protection = 13, page_fault = 14,
              machine_check = 18, first_interrupt = 32;
constexpr u64 int_length = 2;  // INT imm8, all that raises those
constexpr u64 resume_flag = 1 << 16;

constinit CodeRun runs[HYPERDBG_MAXIMUM_CPUS] = {};

struct Code {
  const u8* entry;
  u64 size;
  CodeTraits traits;
};

u64 code_stack_top(const Vcpu& vcpu) {
  return cpu_area::base_of(vcpu.core) + cpu_area::code_stack_top;
}

u64 enter_code(Vcpu& vcpu, CodeRun& run) {
  vcpu.code_run = &run;
  const u64 result = code_call(&run.call, &vcpu.code_stack);
  vcpu.code_run = nullptr;
  return result;
}

// The guest's DR6 may be in the processor, and each step of ours writes it.
u64 enter_watched(Vcpu& vcpu, CodeRun& run) {
  const u64 dr6 = cpu::read_dr<6>();
  const u64 result = enter_code(vcpu, run);
  cpu::write_dr<6>(dr6);
  return result;
}

u64 enter_with_state(Vcpu& vcpu, CodeRun& run) {
  LiveState state;
  state.expose(vcpu);
  run.cr2 = cpu::read_cr2();
  const u64 result = enter_code(vcpu, run);
  if (run.failed) cpu::write_cr2(run.cr2);
  state.adopt(vcpu);
  return result;
}

u64 call_code(Vcpu& vcpu, CodeRun& run, const Code& code, u64 rcx, u64 rdx, u64 r8) {
  run.call = {.entry = reinterpret_cast<u64>(code.entry),
              .rcx = rcx,
              .rdx = rdx,
              .r8 = r8,
              .stack = code_stack_top(vcpu),
              .flags = code.traits.watched ? x86::Rflags::tf.mask | x86::Rflags::always_one : 0};
  run.size = code.size;
  run.steps = 0;
  run.touches_state = code.traits.touches_state;
  run.failed = false;
  run.access = {};
  const u64 result = code.traits.touches_state ? enter_with_state(vcpu, run)
                     : code.traits.watched     ? enter_watched(vcpu, run)
                                               : enter_code(vcpu, run);
  run.kernel.close();
  return result;
}

bool in_stack_guard(const Vcpu& vcpu, u64 address) {
  const u64 bottom = code_stack_top(vcpu) - cpu_area::code_stack_pages * page_size;
  return address < bottom && address >= bottom - page_size;
}

// The code ends here; code_call() returns.
void end(Vcpu& vcpu, ExceptionFrame& frame, u32 fault, u64 address) {
  CodeRun& run = *vcpu.code_run;
  if (run.access.under_way()) frame.rip = run.access.rip();
  const u64 offset = frame.rip - run.call.entry;
  run.failed = true;
  run.fault = {.fault = fault,
               .condition = 0,
               .rip = frame.rip,
               .offset = offset < run.size ? offset : ~0ull,
               .address = address,
               .error_code = frame.error_code};
  frame.rip = reinterpret_cast<u64>(code_unwind);
  frame.rsp = vcpu.code_stack;
  frame.rflags = x86::Rflags::always_one;
}

// Legacy and REX prefixes, APM vol. 3, 1.2.
bool is_prefix(u8 byte) {
  return (byte & 0xf0) == 0x40 || (byte & 0xe7) == 0x26 || (byte & 0xfc) == 0x64 || byte == 0xf0 || byte == 0xf2 ||
         byte == 0xf3;
}

// What HLT, MWAIT and MWAITX wait for does not come to root mode. SYSENTER and SYSEXIT would leave it where they work:
// in long mode of AMD's they are invalid (APM vol. 3), in Bochs's model of one they are not. Asked before each
// instruction, so it looks at no more than their bytes.
u32 refused_instruction(const CodeRun& run, u64 rip) {
  u64 offset = rip - run.call.entry;
  const u8* const code = reinterpret_cast<const u8*>(run.call.entry);
  while (offset < run.size && is_prefix(code[offset])) ++offset;
  if (offset >= run.size) return 0;
  if (code[offset] == 0xf4) return HYPERDBG_CODE_HALTED;
  if (code[offset] != 0x0f || offset + 1 >= run.size) return 0;
  const u8 opcode = code[offset + 1];
  if (opcode == 0x34 || opcode == 0x35) return invalid_opcode;
  if (opcode != 0x01 || offset + 2 >= run.size) return 0;
  return code[offset + 2] == 0xc9 || code[offset + 2] == 0xfb ? HYPERDBG_CODE_HALTED : 0;
}

SegmentStep begin_segment_move(Vcpu& vcpu, ExceptionFrame& frame) {
  CodeRun& run = *vcpu.code_run;
  const u64 offset = frame.rip - run.call.entry;
  if (offset >= run.size) return {};
  return run.segment_move.begin(vcpu, frame, reinterpret_cast<const u8*>(frame.rip), run.size - offset);
}

// Moves of segment registers that stand at frame.rip are done; false: the code was ended.
bool do_segment_moves(Vcpu& vcpu, ExceptionFrame& frame) {
  CodeRun& run = *vcpu.code_run;
  SegmentStep step = run.access.under_way() ? run.segment_move.go_on(vcpu, frame, run.access.finish(frame))
                                            : begin_segment_move(vcpu, frame);
  for (; step.kind == SegmentStep::Kind::done; step = begin_segment_move(vcpu, frame)) {
    LiveState::expose_base(step.loaded, step.base);
    ++run.steps;
  }
  if (step.kind == SegmentStep::Kind::access) run.access.begin(frame, step.access);
  if (step.kind != SegmentStep::Kind::fault) return true;
  frame.error_code = step.error_code;
  end(vcpu, frame, step.fault, 0);
  return false;
}

// Before each instruction of code that is watched. Breakpoints that the guest has set mean nothing here.
void step(Vcpu& vcpu, ExceptionFrame& frame) {
  CodeRun& run = *vcpu.code_run;
  if (run.touches_state) {
    run.cr2 = cpu::read_cr2();
    if (!do_segment_moves(vcpu, frame)) return;
  }
  if (frame.rip == reinterpret_cast<u64>(code_returned)) {
    frame.rflags &= ~x86::Rflags::tf.mask;
  } else if (++run.steps > HYPERDBG_CODE_STEPS) {
    end(vcpu, frame, HYPERDBG_CODE_ENDLESS, 0);
  } else if (const u32 fault = refused_instruction(run, frame.rip); fault != 0) {
    end(vcpu, frame, fault, 0);
  } else {
    frame.rflags |= resume_flag;
  }
}

void record(Vcpu& vcpu, const Event& event, u32 action, bool condition) {
  CodeRun& run = runs[vcpu.core];
  run.fault.condition = condition ? 1 : 0;
  record_code_fault(vcpu, event, action, run.fault);
}

// What custom code returned is sent if it is the address of as much memory as was asked for.
void send(Vcpu& vcpu, const ScriptCall& call, u64 address) {
  const u64 own = reinterpret_cast<u64>(call.event.buffer->writable);
  const u64 size = call.event.buffer_size;
  if (address == 0 || address + size < address) return;
  if (address - own < size) {
    if (address != own) return;
  } else if (!readable_virtual(vcpu, address, size)) {
    return;
  }
  record_buffer(vcpu, call, address, address == own ? call.event.buffer->writable : nullptr);
}

}  // namespace

bool run_code(Vcpu& vcpu, const ScriptCall& call) {
  CodeRun& run = runs[vcpu.core];
  const u64 buffer = call.event.buffer != nullptr ? reinterpret_cast<u64>(call.event.buffer->writable) : 0;
  const u64 result = call_code(vcpu, run, {call.action.code, call.action.code_size, call.action.traits}, buffer,
                               reinterpret_cast<u64>(&vcpu.registers), call.context);
  if (run.failed) {
    record(vcpu, call.event, call.action.index, false);
    return false;
  }
  if (buffer != 0) send(vcpu, call, result);
  return true;
}

Verdict run_condition(Vcpu& vcpu, const Event& event, Stage, u64 context) {
  CodeRun& run = runs[vcpu.core];
  const u64 result = call_code(vcpu, run, {event.condition, event.condition_size, event.condition_traits},
                               reinterpret_cast<u64>(&vcpu.registers), context, 0);
  if (run.failed) {
    record(vcpu, event, 0, true);
    return Verdict::failed;
  }
  return result != 0 ? Verdict::met : Verdict::unmet;
}

bool handle_code_exception(Vcpu& vcpu, ExceptionFrame& frame) {
  const u64 fault_stack = cpu_area::base_of(vcpu.core) + cpu_area::fault_stack_first_page * page_size;
  // Not the code's: a handler of ours faulted while it handled one of the code's, or the hardware did.
  if (frame.rsp - fault_stack < cpu_area::fault_stack_pages * page_size) return false;
  if (frame.vector == machine_check) return false;
  if (frame.vector == debug) {
    step(vcpu, frame);
    return true;
  }
  if (frame.vector >= first_interrupt) frame.rip -= int_length;
  CodeRun& run = *vcpu.code_run;
  if (run.access.on_stack() && frame.vector == general_protection) frame.vector = stack_fault;
  if (frame.vector != page_fault) {
    end(vcpu, frame, static_cast<u32>(frame.vector), 0);
    return true;
  }
  const u64 address = cpu::read_cr2();
  if (run.kernel.open(vcpu, address)) {
    if (run.touches_state) cpu::write_cr2(run.cr2);
    return true;
  }
  end(vcpu, frame, in_stack_guard(vcpu, address) ? u32{HYPERDBG_CODE_OVERFLOW} : static_cast<u32>(page_fault), address);
  return true;
}

}  // namespace hyperdbg
