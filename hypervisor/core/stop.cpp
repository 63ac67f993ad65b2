// SPDX-License-Identifier: MIT
#include "hypervisor/core/stop.hpp"

#include "hypervisor/core/apic.hpp"
#include "hypervisor/core/fault_report.hpp"
#include "hypervisor/core/halt.hpp"
#include "hypervisor/core/machine.hpp"
#include "hypervisor/cpu/instructions.hpp"

namespace hyperdbg {

void StopControl::acquire(Vcpu& vcpu) {
  for (;;) {
    u32 nobody = 0;
    if (__atomic_compare_exchange_n(&owner_, &nobody, vcpu.core + 1, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) break;
    park(vcpu);
  }
  const u64 others = online_mask() & ~(1ull << vcpu.core);
  for (u32 core = 0; core < machine.boot->cpus; ++core) {
    if ((others >> core & 1) == 0) continue;
    machine.vcpu(core).expect_nmi = true;
    send_nmi(static_cast<u32>(machine.boot->cpu[core].apic_id));
  }
  while ((__atomic_load_n(&parked_, __ATOMIC_SEQ_CST) & others) != others) {
    if (machine_has_faulted()) stopped_by_fault();
    cpu::pause();
  }
}

void StopControl::release() {
  __atomic_store_n(&owner_, 0, __ATOMIC_SEQ_CST);
}

void StopControl::park(Vcpu& vcpu) {
  const u64 self = 1ull << vcpu.core;
  // The loop is for the next owner, who may come between this CPU's look at owner_ and the clearing of its bit, and
  // take the bit for a stopped CPU: then it is one.
  while (requested()) {
    __atomic_or_fetch(&parked_, self, __ATOMIC_SEQ_CST);
    while (requested()) {
      if (machine_has_faulted()) stopped_by_fault();
      serve_if_operating(vcpu);
      cpu::pause();
    }
    __atomic_and_fetch(&parked_, ~self, __ATOMIC_SEQ_CST);
  }
  resume_cpu(vcpu);
}

void StopControl::set_online(u32 core, bool online) {
  const u64 bit = 1ull << core;
  if (online) {
    __atomic_or_fetch(&online_, bit, __ATOMIC_SEQ_CST);
    __atomic_and_fetch(&left_, ~bit, __ATOMIC_SEQ_CST);
  } else {
    __atomic_or_fetch(&left_, bit, __ATOMIC_SEQ_CST);
    __atomic_and_fetch(&online_, ~bit, __ATOMIC_SEQ_CST);
  }
}

}  // namespace hyperdbg
