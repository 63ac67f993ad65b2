// SPDX-License-Identifier: MIT
#include "hypervisor/core/script_run.hpp"

#include "hypervisor/core/event_host.hpp"
#include "hypervisor/core/guest.hpp"
#include "hypervisor/core/halt.hpp"
#include "hypervisor/core/machine.hpp"
#include "hypervisor/core/records.hpp"
#include "hypervisor/cpu/instructions.hpp"
#include "hypervisor/cpu/routines.hpp"

namespace hyperdbg {

namespace {

ScriptRun& run_of(hyperdbg_script_context* context) {
  return *reinterpret_cast<ScriptRun*>(context);
}

void abort(hyperdbg_script_context* context, u64 error, u64 position, u64 detail) {
  ScriptRun& run = run_of(context);
  run.error = error;
  run.position = position;
  run.detail = detail;
  script_unwind(run.unwind);
}

u64 read_memory(hyperdbg_script_context* context, u64 address, u64 size, u64 position) {
  u64 value = 0;
  if (!read_virtual(*run_of(context).vcpu, address, &value, size)) {
    abort(context, HYPERDBG_SCRIPT_INVALID_ADDRESS, position, address);
  }
  return value;
}

u64 write_memory(hyperdbg_script_context* context, u64 address, u64 value, u64 size) {
  return write_virtual(*run_of(context).vcpu, address, &value, size) ? 1 : 0;
}

u64 read_physical_memory(hyperdbg_script_context* context, u64 address, u64 size, u64 position) {
  u64 value = 0;
  if (!read_physical(address, &value, size)) abort(context, HYPERDBG_SCRIPT_INVALID_ADDRESS, position, address);
  return value;
}

u64 write_physical_memory(hyperdbg_script_context*, u64 address, u64 value, u64 size) {
  return write_physical(address, &value, size) ? 1 : 0;
}

u64 read_register(hyperdbg_script_context* context, u64 number) {
  const Vcpu& vcpu = *run_of(context).vcpu;
  return vcpu.backend->read_register(vcpu, static_cast<u32>(number));
}

void write_register(hyperdbg_script_context* context, u64 number, u64 value) {
  Vcpu& vcpu = *run_of(context).vcpu;
  if (!vcpu.backend->write_register(vcpu, static_cast<u32>(number), value)) {
    record_text(vcpu, run_of(context).event, "this register cannot be changed; the assignment had no effect");
  }
}

u64 pseudo_register(hyperdbg_script_context* context, u64 number) {
  const Vcpu& vcpu = *run_of(context).vcpu;
  switch (number) {
    case HYPERDBG_PSEUDO_PID:
      return current_process(vcpu);
    case HYPERDBG_PSEUDO_TID:
      return current_thread(vcpu);
    case HYPERDBG_PSEUDO_PNAME:
      return current_task(vcpu) + machine.boot->task_comm;
    case HYPERDBG_PSEUDO_PROC:
      return current_group_leader(vcpu);
    case HYPERDBG_PSEUDO_THREAD:
      return current_task(vcpu);
    default:
      return 0;
  }
}

void message(hyperdbg_script_context* context, u64 format, u64 count, const u64* values, u64 kinds, u64) {
  ScriptRun& run = run_of(context);
  record_message(*run.vcpu, run.event, run.action, static_cast<u32>(format), static_cast<u32>(count), values, kinds,
                 static_cast<u32>(context->event_stage));
}

void event_short_circuit(hyperdbg_script_context* context, u64 on, u64) {
  ScriptRun& run = run_of(context);
  EventHostCpu host(*run.vcpu, context->context);
  machine.engine.short_circuit(host, on != 0);
}

void test_statement(hyperdbg_script_context*, u64) {}

constexpr hyperdbg_script_runtime runtime = {
    .abort = abort,
    .read_memory = read_memory,
    .write_memory = write_memory,
    .read_physical = read_physical_memory,
    .write_physical = write_physical_memory,
    .read_register = read_register,
    .write_register = write_register,
    .pseudo_register = pseudo_register,
    .message = message,
    .event_short_circuit = event_short_circuit,
    .test_statement = test_statement,
};

bool execute(Vcpu& vcpu, ScriptRun& run, const void* code) {
  run.context.registers = &vcpu.registers;
  run.context.runtime = &runtime;
  run.context.fuel = HYPERDBG_SCRIPT_FUEL;
  run.context.globals = machine.engine.globals();
  run.context.stack_limit = reinterpret_cast<u64>(__builtin_frame_address(0)) - HYPERDBG_SCRIPT_STACK_SIZE;
  run.context.core = vcpu.core;
  run.vcpu = &vcpu;
  run.error = HYPERDBG_SCRIPT_OK;
  run.outer = vcpu.run;
  vcpu.run = &run;
  const bool returned = script_call(&run.context, code, &run.unwind) == 0;
  vcpu.run = run.outer;
  if (returned) return true;
  if (run.error == HYPERDBG_SCRIPT_OUT_OF_FUEL) run.detail = HYPERDBG_SCRIPT_FUEL;
  record_script_failure(vcpu, run.event, run.action, static_cast<u32>(run.error), static_cast<u32>(run.position),
                        run.detail);
  return false;
}

}  // namespace

bool run_script(Vcpu& vcpu, const ScriptCall& call) {
  ScriptRun run;
  run.event = &call.event;
  run.action = call.action.index;
  run.context.context = call.context;
  run.context.event_id = call.event.id;
  run.context.event_tag = call.event.tag();
  run.context.event_stage = script_number(call.stage);
  run.context.buffer = 0;
  return execute(vcpu, run, call.action.code);
}

bool run_evaluation(Vcpu& vcpu, const void* code) {
  const HaltCause& cause = halt_cause();
  const bool in_event = cause.reason == HYPERDBG_HALT_EVENT;
  ScriptRun run;
  run.event = nullptr;
  run.action = 0;
  run.context.context = in_event ? cause.context : 0;
  run.context.event_id = in_event ? cause.event : 0;
  run.context.event_tag = in_event ? HYPERDBG_TAG_START + u64{cause.event} : 0;
  run.context.event_stage = cause.stage;
  run.context.buffer = 0;
  return execute(vcpu, run, code);
}

namespace {
u32 length_of(const char* text) {
  u32 length = 0;
  while (text[length] != 0) ++length;
  return length;
}
}  // namespace

void record_text(Vcpu& vcpu, Event* event, const char* text) {
  record_bytes(vcpu, event, HYPERDBG_RECORD_TEXT, text, length_of(text));
}

}  // namespace hyperdbg
