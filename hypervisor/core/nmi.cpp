// SPDX-License-Identifier: MIT
#include "hypervisor/core/nmi.hpp"

#include "hypervisor/core/fault_report.hpp"
#include "hypervisor/core/halt.hpp"
#include "hypervisor/core/machine.hpp"

namespace hyperdbg {

bool take_nmi(Vcpu& vcpu) {
  if (!vcpu.backend->take_nmi(vcpu)) return false;
  if (machine_has_faulted()) stopped_by_fault();
  bool ours = vcpu.expect_nmi;
  vcpu.expect_nmi = false;
  const bool hears_uart = machine.link.active() && vcpu.core == 0;
  if (hears_uart && !machine.stop.requested()) ours = serve_while_running(vcpu) || ours;
  if (machine.stop.requested()) machine.stop.park(vcpu);
  return !ours;
}

}  // namespace hyperdbg
