// SPDX-License-Identifier: MIT
#include "hypervisor/core/script_run.hpp"

#include "hypervisor/core/aggregations.hpp"
#include "hypervisor/core/event_host.hpp"
#include "hypervisor/core/guest.hpp"
#include "hypervisor/core/halt.hpp"
#include "hypervisor/core/injection.hpp"
#include "hypervisor/core/machine.hpp"
#include "hypervisor/core/records.hpp"
#include "hypervisor/core/script_events.hpp"
#include "hypervisor/core/vector_state.hpp"
#include "hypervisor/cpu/instructions.hpp"
#include "hypervisor/cpu/routines.hpp"
#include "script/runtime/clock.hpp"
#include "script/runtime/services.hpp"

namespace hyperdbg {

namespace {

ScriptRun& run_of(hyperdbg_script_context* context) {
  return *reinterpret_cast<ScriptRun*>(context);
}

u64 seconds_now() {
  const u64 ticks = cpu::rdtsc() + machine.tsc_offset - machine.boot->boot_tsc;
  return machine.boot->boot_time / 1000000000 + (machine.boot->tsc_khz != 0 ? ticks / machine.boot->tsc_khz / 1000 : 0);
}

// What script/runtime/services.hpp asks for.
struct RootHost {
  [[noreturn]] static void end(hyperdbg_script_context& context, u64 error, u64 position, u64 detail) {
    ScriptRun& run = run_of(&context);
    run.error = error;
    run.position = position;
    run.detail = detail;
    script_unwind(run.unwind);
  }
  static u64 read_some(hyperdbg_script_context& context, u64 address, void* to, u64 size) {
    return read_virtual_some(*run_of(&context).vcpu, address, to, size);
  }
  static bool write(hyperdbg_script_context& context, u64 address, const void* from, u64 size) {
    context.cache_limit = 0;
    return write_virtual(*run_of(&context).vcpu, address, from, size);
  }
  static bool read_physical(hyperdbg_script_context&, u64 address, void* to, u64 size) {
    return hyperdbg::read_physical(address, to, size);
  }
  static bool write_physical(hyperdbg_script_context& context, u64 address, const void* from, u64 size) {
    context.cache_limit = 0;
    return hyperdbg::write_physical(address, from, size);
  }
  static u64* place(hyperdbg_script_context& context, u64 address) {
    return guest_cell(*run_of(&context).vcpu, address);
  }
  static u64 physical(hyperdbg_script_context& context, u64 address) {
    u64 found = 0;
    return translate_virtual(*run_of(&context).vcpu, address, found) ? found : 0;
  }
  /*
   * One page, as a TLB would keep it. What the script itself does to translations (writing guest memory, which may be
   * page tables, or a register, which may be CR3) empties it. What other CPUs write to page tables meanwhile shows at
   * the next page or the next run, as on a processor before the shootdown arrives: no interrupt comes in between. The
   * nested tables change only while no script runs.
   */
  static void cache(hyperdbg_script_context& context, u64 address) {
    const u8* place = readable_place(*run_of(&context).vcpu, address);
    const u64 last = sizeof(u64) - 1;
    context.cache_base = address - page_offset(address);
    context.cache_limit = place != nullptr ? page_size - last : 0;
    context.cache_delta = reinterpret_cast<u64>(place) - address;
  }
  static void relax(hyperdbg_script_context& context) {
    cpu::pause();
    yield_to_stop(run_of(&context));
  }
  static u64 service(hyperdbg_script_context& context, u64 number, u64 a, u64 b, u64 c, u64 position);
  static const hyperdbg_aggregation* aggregation(hyperdbg_script_context&, u64 number) {
    return find_aggregation(number);
  }
  static script::AggregateTable& table_of(hyperdbg_script_context& context) {
    return aggregate_table(run_of(&context).vcpu->core);
  }
  static u32 stack(hyperdbg_script_context& context, hyperdbg_aggregate_key kind, u64* frames, u32 most) {
    return capture_stack(*run_of(&context).vcpu, kind, frames, most);
  }
};
using Shared = script::Services<RootHost>;

u64 sleep(hyperdbg_script_context& context, u64 microseconds, u64 position) {
  Shared::charge(context, microseconds, position);
  const u64 start = cpu::rdtsc();
  const u64 ticks = microseconds * machine.boot->tsc_khz / 1000;
  while (cpu::rdtsc() - start < ticks) RootHost::relax(context);
  return 0;
}

// Through Linux's linear map, and only what that maps to this place; 0 for the rest.
u64 physical_to_virtual(hyperdbg_script_context& context, u64 physical) {
  const u64 address = machine.boot->page_offset + physical;
  u64 found = 0;
  const bool mapped = physical < machine.boot->memory_end && translate_virtual(*run_of(&context).vcpu, address, found);
  return mapped && found == physical ? address : 0;
}

u64 inject(hyperdbg_script_context& context, u64 type, u64 vector, u64 error_code) {
  ScriptRun& run = run_of(&context);
  const char* refusal = request_injection(*run.vcpu, type, vector, static_cast<u32>(error_code));
  if (refusal != nullptr) record_text(*run.vcpu, run.event, refusal);
  return 0;
}

u64 RootHost::service(hyperdbg_script_context& context, u64 number, u64 a, u64 b, u64 c, u64 position) {
  switch (number) {
    case HYPERDBG_SERVICE_TIME_STAMP:
    case HYPERDBG_SERVICE_TIME_STAMP_AND_CORE:
      return cpu::rdtsc() + machine.tsc_offset;
    case HYPERDBG_SERVICE_SLEEP:
      return sleep(context, a, position);
    case HYPERDBG_SERVICE_PHYSICAL_TO_VIRTUAL:
      return physical_to_virtual(context, a);
    case HYPERDBG_SERVICE_INJECT:
      return inject(context, a, b, 0);
    case HYPERDBG_SERVICE_INJECT_WITH_ERROR:
      return inject(context, a, b, c);
    default:
      if (control_events(run_of(&context), number, a, position)) return 0;
      end(context, HYPERDBG_SCRIPT_NOT_AVAILABLE, position, number);
  }
}

u64 read_register(hyperdbg_script_context* context, u64 number) {
  const Vcpu& vcpu = *run_of(context).vcpu;
  return vcpu.backend->read_register(vcpu, static_cast<u32>(number));
}

void write_register(hyperdbg_script_context* context, u64 number, u64 value) {
  Vcpu& vcpu = *run_of(context).vcpu;
  context->cache_limit = 0;
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
    case HYPERDBG_PSEUDO_CONTEXT_PHYSICAL:
      return Shared::service(context, HYPERDBG_SERVICE_VIRTUAL_TO_PHYSICAL, context->context, 0, 0, 0);
    case HYPERDBG_PSEUDO_DATE:
      script::write_date(seconds_now(), context->text);
      return script::area_address(HYPERDBG_SCRIPT_AREA_TEXT, 0);
    case HYPERDBG_PSEUDO_TIME:
      script::write_time(seconds_now(), context->text + HYPERDBG_SCRIPT_TEXT_TIME);
      return script::area_address(HYPERDBG_SCRIPT_AREA_TEXT, HYPERDBG_SCRIPT_TEXT_TIME);
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
    .abort = Shared::abort,
    .read_memory = Shared::read_memory,
    .write_memory = Shared::write_memory,
    .read_physical = Shared::read_physical,
    .write_physical = Shared::write_physical,
    .read_register = read_register,
    .write_register = write_register,
    .pseudo_register = pseudo_register,
    .message = message,
    .event_short_circuit = event_short_circuit,
    .test_statement = test_statement,
    .service = Shared::service,
    .aggregate = Shared::aggregate,
};

constinit ScriptRun event_runs[HYPERDBG_MAXIMUM_CPUS] = {};

// What is the same in all runs of a CPU.
void prepare(ScriptRun& run, Vcpu& vcpu) {
  run.context.registers = &vcpu.registers;
  run.context.runtime = &runtime;
  run.context.globals = machine.engine.globals();
  run.context.core = vcpu.core;
  run.context.arena = vcpu.arena;
  run.context.text = run.text;
  run.vcpu = &vcpu;
  run.outer = vcpu.run;
}

void give_buffer(hyperdbg_script_context& context, const Event* event) {
  const bool has_one = event != nullptr && event->buffer != nullptr;
  context.buffer = has_one ? script::area_address(HYPERDBG_SCRIPT_AREA_BUFFER, 0) : 0;
  context.buffer_bytes = has_one ? event->buffer->writable : nullptr;
  context.buffer_size = has_one ? event->buffer_size : 0;
}

// Apart, so that the other scripts do not pay for its frame.
[[gnu::noinline]] u64 call_with_vectors(ScriptRun& run, const u8* code) {
  VectorState guest;
  begin_vectors(guest);
  const u64 ended = script_call(&run.context, code, &run.unwind);
  end_vectors(guest);
  return ended;
}

[[gnu::noinline]] bool report_end(Vcpu& vcpu, ScriptRun& run) {
  if (run.error == HYPERDBG_SCRIPT_OUT_OF_FUEL) run.detail = run.fuel;
  record_script_failure(vcpu, HYPERDBG_RECORD_SCRIPT_ERROR, run.event, run.action, static_cast<u32>(run.error),
                        static_cast<u32>(run.position), run.detail);
  return false;
}

[[gnu::always_inline]] inline bool execute(Vcpu& vcpu, ScriptRun& run, const Blob& blob) {
  run.context.fuel = static_cast<s64>(blob.fuel);
  run.fuel = blob.fuel;
  run.context.stack_limit = reinterpret_cast<u64>(__builtin_frame_address(0)) - HYPERDBG_SCRIPT_STACK_SIZE;
  run.context.code = blob.code;
  run.context.code_size = blob.size;
  run.context.cache_limit = 0;
  run.error = HYPERDBG_SCRIPT_OK;
  vcpu.run = &run;
  const bool uses_vectors = (blob.flags & HYPERDBG_ACTION_USES_VECTORS) != 0;
  u64 ended = 0;
  if (uses_vectors) [[unlikely]]
    ended = call_with_vectors(run, blob.code);
  else
    ended = script_call(&run.context, blob.code, &run.unwind);
  vcpu.run = run.outer;
  return ended == 0 || report_end(vcpu, run);
}

}  // namespace

void prepare_scripts(Vcpu& vcpu) {
  vcpu.event_run = &event_runs[vcpu.core];
  prepare(*vcpu.event_run, vcpu);
}

std::span<const u8> running_scripts() {
  return {reinterpret_cast<const u8*>(event_runs), sizeof(event_runs)};
}

bool run_script(Vcpu& vcpu, const ScriptCall& call) {
  ScriptRun& run = *vcpu.event_run;  // no exit happens while a script runs
  run.event = &call.event;
  run.action = call.action.index;
  run.context.context = call.context;
  give_buffer(run.context, &call.event);
  run.context.event_id = call.event.id;
  run.context.event_tag = call.event.tag();
  run.context.event_stage = script_number(call.stage);
  run.context.arena_used = 0;
  const Action& action = call.action;
  return execute(vcpu, run, {action.code, action.code_size, action.fuel, action.flags});
}

bool run_evaluation(Vcpu& vcpu, const Blob& blob) {
  const HaltCause& cause = halt_cause();
  const bool in_event = cause.reason == HYPERDBG_HALT_EVENT;
  ScriptRun run;
  prepare(run, vcpu);
  // At a halt in the middle of a script that script's variables are left alone.
  run.context.arena_used = vcpu.run != nullptr ? vcpu.run->context.arena_used : 0;
  run.event = nullptr;
  run.action = 0;
  give_buffer(run.context, in_event ? machine.engine.find(cause.event) : nullptr);
  run.context.context = in_event ? cause.context : 0;
  run.context.event_id = in_event ? cause.event : 0;
  run.context.event_tag = in_event ? HYPERDBG_TAG_START + u64{cause.event} : 0;
  run.context.event_stage = cause.stage;
  return execute(vcpu, run, blob);
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
