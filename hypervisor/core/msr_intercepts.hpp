// SPDX-License-Identifier: MIT
#pragma once
#include <span>

#include "hypervisor/core/machine.hpp"
#include "x86/msr.hpp"

// The map of MSR accesses that exit, by what is watched. Layout is the vendor's: `bit(msr, access)`, negative for an
// MSR outside of the map, which always exits; `set_all(map, access)`; `size` in bytes.
namespace hyperdbg {

enum class MsrAccess : u8 { read, write };

template <class Layout>
class MsrIntercepts {
 public:
  explicit MsrIntercepts(u8* map) : map_(map) {}

  void set(MsrAccess access, u32 msr, bool on) {
    const s64 bit = Layout::bit(msr, access);
    if (bit < 0) return;
    const u8 mask = static_cast<u8>(1u << (bit & 7));
    map_[bit >> 3] = on ? map_[bit >> 3] | mask : map_[bit >> 3] & ~mask;
  }

  // `kind` is HYPERDBG_EVENT_RDMSR or HYPERDBG_EVENT_WRMSR.
  void arm(u32 core, u32 kind, u64 key) {
    const MsrAccess access = kind == HYPERDBG_EVENT_RDMSR ? MsrAccess::read : MsrAccess::write;
    if (key != HYPERDBG_ANY_KEY) return set(access, static_cast<u32>(key), true);
    Layout::set_all(map_, access);
    for (const u32 msr : Engine::any_key_exceptions(kind)) {
      if (!machine.engine.watches(kind, msr, core)) set(access, msr, false);
    }
  }

  // Nothing is watched: only what the backend itself must see.
  void clear(std::span<const x86::Msr> always) {
    __builtin_memset(map_, 0, Layout::size);
    for (const x86::Msr msr : always) {
      set(MsrAccess::read, static_cast<u32>(msr), true);
      set(MsrAccess::write, static_cast<u32>(msr), true);
    }
  }

 private:
  u8* map_;
};

}  // namespace hyperdbg
