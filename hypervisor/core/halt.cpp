// SPDX-License-Identifier: MIT
#include "hypervisor/core/halt.hpp"

#include "hypervisor/core/guest.hpp"
#include "hypervisor/core/machine.hpp"
#include "hypervisor/core/requests.hpp"
#include "hypervisor/cpu/instructions.hpp"

namespace hyperdbg {

namespace {

constexpr u32 nobody = ~0u;
constexpr u64 packet_timeout_ms = 50;

struct HaltState {
  HaltCause cause;
  u32 halted = 0;
  u32 operating = nobody;
  u32 announce = 0;  // the operating core has not told the debugger yet that it is the one
  u32 resume = 0;
};
constinit HaltState state;

template <class T>
T load(const T& value) {
  return __atomic_load_n(&value, __ATOMIC_ACQUIRE);
}
template <class T>
void store(T& place, T value) {
  __atomic_store_n(&place, value, __ATOMIC_RELEASE);
}

void announce(Vcpu& vcpu) {
  const bool same_core = machine.stop.owned_by(vcpu.core);
  hyperdbg_halted message{};
  message.reason = same_core ? state.cause.reason : HYPERDBG_HALT_CORE;
  message.core = vcpu.core;
  message.event = state.cause.event;
  message.stage = state.cause.stage;
  message.rip = vcpu.backend->instruction_pointer(vcpu);
  message.rflags = vcpu.backend->read_register(vcpu, HYPERDBG_RFLAGS);
  message.bits = vcpu.backend->code_bits(vcpu);
  message.code_size = read_code(vcpu, message.code, sizeof(message.code));
  if (state.cause.text != nullptr) {
    for (u32 i = 0; i + 1 < sizeof(message.text) && state.cause.text[i] != 0; ++i)
      message.text[i] = state.cause.text[i];
  }
  machine.link.send_records(vcpu);
  machine.link.send(HYPERDBG_PACKET_HALTED, {reinterpret_cast<const u8*>(&message), sizeof(message)});
}

void serve(Vcpu& vcpu) {
  if (load(state.announce) != 0) {
    store(state.announce, 0u);
    announce(vcpu);
  }
  if (!machine.link.poll()) return;
  const std::span<const u8> answer = handle_request(vcpu, machine.link.request());
  machine.link.send_records(vcpu);  // an evaluation's output comes before its answer
  machine.link.answer(answer);
  finish_request(vcpu);
}

}  // namespace

std::span<const u8> halt_state() {
  return {reinterpret_cast<const u8*>(&state), sizeof(state)};
}

bool halted() {
  return load(state.halted) != 0;
}
u32 operating_core() {
  return load(state.operating);
}
const HaltCause& halt_cause() {
  return state.cause;
}
void continue_debuggee() {
  store(state.resume, 1u);
}

bool switch_operating_core(u32 core) {
  if (!machine.stop.online(core)) return false;
  store(state.announce, 1u);
  store(state.operating, core);
  return true;
}

void serve_if_operating(Vcpu& vcpu) {
  if (load(state.operating) == vcpu.core && load(state.resume) == 0) serve(vcpu);
}

void halt(Vcpu& vcpu, const HaltCause& cause) {
  machine.stop.acquire(vcpu);
  const u64 from = cpu::rdtsc();
  machine.link.quiet();
  state.cause = cause;
  store(state.resume, 0u);
  store(state.announce, 1u);
  store(state.halted, 1u);
  store(state.operating, vcpu.core);
  while (load(state.resume) == 0) {
    serve_if_operating(vcpu);
    cpu::pause();
  }
  store(state.operating, nobody);
  store(state.halted, 0u);
  machine.engine.reap();
  machine.link.send(HYPERDBG_PACKET_RUNNING, {});
  machine.link.listen();
  const u64 halted_for = cpu::rdtsc() - from;
  machine.tsc_offset -= halted_for;
  vcpu.entry_ticks += halted_for;  // nor does a halt count as work of the event that caused it
  machine.stop.release();
  resume_cpu(vcpu);
}

void apply_intercepts(Vcpu& vcpu) {
  vcpu.backend->clear_intercepts(vcpu);
  for (const KindRow& row : kind_table) {
    machine.engine.for_each_watched_key(row.kind, vcpu.core,
                                        [&](u64 key) { vcpu.backend->add_intercept(vcpu, row.kind, key); });
  }
  arm_system_calls(vcpu);
}

void resume_cpu(Vcpu& vcpu) {
  if (vcpu.intercept_generation != machine.engine.generation()) {
    bool system_calls = false;
    const auto arm = [&](const Engine::Addition& added) {
      system_calls |= added.kind == HYPERDBG_EVENT_SYSCALL || added.kind == HYPERDBG_EVENT_SYSCALL_32 ||
                      added.kind == HYPERDBG_EVENT_SYSRET;
      if (added.core == HYPERDBG_ANY_CORE || added.core == vcpu.core) {
        vcpu.backend->add_intercept(vcpu, added.kind, added.key);
      }
    };
    if (!machine.engine.for_each_addition_since(vcpu.intercept_generation, arm)) apply_intercepts(vcpu);
    if (system_calls) arm_system_calls(vcpu);
    vcpu.intercept_generation = machine.engine.generation();
  }
  if (vcpu.nested_generation != machine.nested->generation()) {
    vcpu.nested_generation = machine.nested->generation();
    vcpu.backend->flush(vcpu);
  }
  vcpu.backend->set_tsc_offset(vcpu, machine.tsc_offset);
}

bool serve_while_running(Vcpu& vcpu) {
  if (!machine.link.has_byte()) return machine.link.explains_nmi();
  machine.link.quiet();
  // Bytes that came since this NMI may have raised another, and are about to be read.
  machine.link.explains_nmi();
  vcpu.backend->take_nmi(vcpu);
  const u64 limit = cpu::rdtsc() + packet_timeout_ms * machine.boot->tsc_khz;
  bool complete = machine.link.poll();
  while (!complete && cpu::rdtsc() < limit && !machine.stop.requested()) complete = machine.link.poll();
  if (complete) {
    machine.stop.acquire(vcpu);
    const std::span<const u8> answer = handle_request(vcpu, machine.link.request());
    machine.link.answer(answer);
    machine.stop.release();
    machine.link.listen();
    finish_request(vcpu);
    resume_cpu(vcpu);
  } else {
    machine.link.listen();
  }
  vcpu.spoke = true;  // a line that was dead lives again: what waits in the rings goes out
  return true;
}

}  // namespace hyperdbg
