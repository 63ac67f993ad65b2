// SPDX-License-Identifier: MIT
#include "hypervisor/core/interrupts.hpp"

#include "hypervisor/core/apic.hpp"
#include "hypervisor/core/backend.hpp"

namespace hyperdbg {

namespace {

constexpr u32 words = sizeof(Vcpu::waiting_interrupts) / sizeof(u64);
constexpr int nothing = -1;

int highest(const Vcpu& vcpu) {
  for (u32 word = words; word-- > 0;)
    if (const u64 bits = vcpu.waiting_interrupts[word]; bits != 0)
      return static_cast<int>(word * 64 + 63) - __builtin_clzll(bits);
  return nothing;
}

void set_waiting(Vcpu& vcpu, int vector, bool waiting) {
  u64& word = vcpu.waiting_interrupts[vector / 64];
  const u64 bit = 1ull << vector % 64;
  word = waiting ? word | bit : word & ~bit;
}

}  // namespace

void deliver_interrupts(Vcpu& vcpu) {
  const int vector = highest(vcpu);
  if (vector == nothing) return;
  if (vcpu.backend->takes_interrupts(vcpu)) {
    set_waiting(vcpu, vector, false);
    vcpu.backend->inject(vcpu, {.type = InjectionType::external_interrupt, .vector = static_cast<u8>(vector)});
  }
  if (highest(vcpu) != nothing) vcpu.backend->await_interrupt_window(vcpu);
}

void await_interrupt(Vcpu& vcpu, u8 vector) {
  set_waiting(vcpu, vector, true);
  deliver_interrupts(vcpu);
}

void return_interrupts(Vcpu& vcpu) {
  for (int vector = highest(vcpu); vector != nothing; vector = highest(vcpu)) {
    set_waiting(vcpu, vector, false);
    end_of_interrupt(static_cast<u8>(vector));
    send_to_self(static_cast<u8>(vector));
  }
}

}  // namespace hyperdbg
