// SPDX-License-Identifier: MIT
#include "hypervisor/core/injection.hpp"

#include "hypervisor/core/backend.hpp"
#include "hypervisor/core/interrupts.hpp"
#include "x86/registers.hpp"

namespace hyperdbg {

namespace {

bool is_one_of(u64 vector, x86::Vector a, x86::Vector b) {
  return vector == static_cast<u64>(a) || vector == static_cast<u64>(b);
}

// Which vectors a type can have; processors refuse to enter a guest with other combinations.
bool exists(u64 type, u64 vector) {
  constexpr u64 first_interrupt = 32, last = 255;
  switch (static_cast<InjectionType>(type)) {
    case InjectionType::external_interrupt:
      return vector >= first_interrupt && vector <= last;
    case InjectionType::nmi:
      return vector == static_cast<u64>(x86::Vector::nmi);
    case InjectionType::exception:
      return vector < first_interrupt && vector != static_cast<u64>(x86::Vector::nmi);
    case InjectionType::software_interrupt:
      return vector <= last;
    case InjectionType::privileged_software_exception:
      return vector == static_cast<u64>(x86::Vector::debug);
    case InjectionType::software_exception:
      return is_one_of(vector, x86::Vector::breakpoint, x86::Vector::overflow);
  }
  return false;
}

}  // namespace

void inject_later(Vcpu& vcpu, const Injection& displaced) {
  if (displaced.type == InjectionType::nmi) vcpu.backend->inject_nmi(vcpu);
  if (displaced.type == InjectionType::external_interrupt) await_interrupt(vcpu, displaced.vector);
}

const char* request_injection(Vcpu& vcpu, u64 type, u64 vector, u32 error_code) {
  if (!exists(type, vector)) return "Err, invalid event vector or interruption type is specified";
  const auto kind = static_cast<InjectionType>(type);
  if (kind == InjectionType::external_interrupt) {
    await_interrupt(vcpu, static_cast<u8>(vector));
    return nullptr;
  }
  if (kind == InjectionType::nmi) {
    vcpu.backend->inject_nmi(vcpu);
    return nullptr;
  }
  Injection waiting;
  const bool occupied = vcpu.backend->injecting(vcpu, waiting);
  const bool may_wait = waiting.type == InjectionType::nmi || waiting.type == InjectionType::external_interrupt;
  if (occupied && !may_wait) return "err, the guest is about to get another exception; nothing was injected";
  const bool with_code = kind == InjectionType::exception && has_error_code(static_cast<u8>(vector));
  vcpu.backend->inject(vcpu, {.type = kind,
                              .vector = static_cast<u8>(vector),
                              .has_error_code = with_code,
                              .error_code = with_code ? error_code : 0});
  if (occupied) inject_later(vcpu, waiting);
  return nullptr;
}

}  // namespace hyperdbg
