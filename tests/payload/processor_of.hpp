// SPDX-License-Identifier: MIT
#pragma once
#include <new>

#include "hypervisor/core/dispatch.hpp"
#include "tests/payload/processor.hpp"
#include "tests/payload/root.hpp"

namespace hyperdbg::payload {

template <Backend B>
inline constexpr BackendOperations operations = operations_of<B>();

// A fresh CPU 0, as hypervisor/entry makes it.
template <Backend B>
typename B::Cpu& prepare_vcpu() {
  auto& cpu = *new (&machine.vcpu(0)) typename B::Cpu{};
  cpu.backend = &operations<B>;
  cpu.boot = &boot_block.cpu[0];
  hyperdbg_ring& ring = machine.ring(0);
  cpu.ring.init(&ring, reinterpret_cast<u8*>(&ring + 1), HYPERDBG_RING_SIZE);
  return cpu;
}

template <Backend B>
u32 enter_with(u64 guest_root, u64 rsp, u64 rip) {
  static constinit bool started = false;
  if (const u32 error = B::check(); error != 0) return error;
  if (!started) {
    if (const u32 error = machine.start(boot_block, B::nested_paging()); error != 0) return error;
    started = true;
  }
  return enter(prepare_vcpu<B>(), guest_root, rsp, rip);
}

// The concept's functions behind pointers, so that one program has one list of tests for both vendors.
template <Backend B>
constexpr Processor processor_of() {
  using Cpu = typename B::Cpu;
  Processor made{};
  made.enter = enter_with<B>;
  made.decode = [](Vcpu& v) { return B::decode(static_cast<Cpu&>(v)); };
  made.advance = [](Vcpu& v, u8 length) { B::advance(static_cast<Cpu&>(v), length); };
  made.read_msr = [](Vcpu& v, u32 msr, u64& value) { return B::read_msr(static_cast<Cpu&>(v), msr, value); };
  made.inject_exception = [](Vcpu& v, u8 vector) { B::inject(static_cast<Cpu&>(v), fault_of(vector)); };
  made.inject_general_protection = [](Vcpu& v) { B::inject(static_cast<Cpu&>(v), general_protection_fault); };
  made.privileged = [](const Vcpu& v) { return B::privileged(static_cast<const Cpu&>(v)); };
  made.dispatch = [](Vcpu& v, const Exit& exit) { dispatch<B>(static_cast<Cpu&>(v), exit); };
  return made;
}

}  // namespace hyperdbg::payload
