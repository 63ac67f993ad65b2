// SPDX-License-Identifier: MIT
#pragma once
#include "abi/image.h"
#include "base/late.hpp"
#include "hypervisor/core/backend.hpp"
#include "hypervisor/core/cpu_area.hpp"
#include "hypervisor/core/link.hpp"
#include "hypervisor/core/nested.hpp"
#include "hypervisor/core/stop.hpp"
#include "hypervisor/core/sysret_sites.hpp"
#include "hypervisor/events/engine.hpp"

namespace hyperdbg {

// Everything that the CPUs share. Zero before start().
class Machine {
 public:
  // By the first CPU, before it enters: 0, or why not (enum hyperdbg_enter_error).
  u32 start(hyperdbg_boot& boot_block, const NestedPaging& paging);

  hyperdbg_boot* boot = nullptr;
  DirectMap memory;
  Late<Pool> pool;
  Late<Nested> nested;
  Late<Guest> guest;
  Engine engine;
  StopControl stop;
  DebuggerLink link;
  SysretSites sysret_sites;
  u64 tsc_offset = 0;  // the same on all CPUs: halts must not be seen in the guest's clock

  Vcpu& vcpu(u32 core) const { return *reinterpret_cast<Vcpu*>(cpu_area::base_of(core) + cpu_area::vcpu_offset); }
  hyperdbg_ring& ring(u32 core) const {
    return *reinterpret_cast<hyperdbg_ring*>(HYPERDBG_RING_AREA + core * HYPERDBG_RING_STRIDE);
  }
  RingReader& reader(u32 core) { return readers_[core]; }
  bool debugger_mode() const { return boot->mode == HYPERDBG_MODE_DEBUGGER; }

  // Hides the listed pages from the guest, and takes those that are for the pool. The list itself is hidden too.
  Status accept_pages(u64 first_list);
  // The guest touched what its nested tables do not allow: memory that appeared late, or hidden pages.
  Status resolve_fault(PhysicalAddress address, NestedAccess access);
  void publish_pool();

  void cpu_online(Vcpu& vcpu);
  void cpu_offline(Vcpu& vcpu);

 private:
  Status hide(PhysicalAddress page);
  Status give_shadow(PhysicalAddress page);

  RingReader readers_[HYPERDBG_MAXIMUM_CPUS];
  u32 shadows_ = 0;
  PhysicalAddress last_shadow_{};
};

extern Machine machine;

}  // namespace hyperdbg
