// SPDX-License-Identifier: MIT
#pragma once
#include "base/types.hpp"

// The kernel's SYSRET instructions, made to exit by a byte CC (INT3) in the place of their first.
namespace hyperdbg {

struct Vcpu;

struct SysretSite {
  u64 address;
  u8 length;
  bool wide;  // REX.W: to a 64-bit program
  u8 first_byte;
};

// Shared by all CPUs, as the kernel's text is: the first to arm does it for all. Every CPU that runs the guest
// meanwhile intercepts #BP.
class SysretSites {
 public:
  // false: behind one of the entries there is no SYSRET to be found, and nothing was changed.
  bool arm(Vcpu& vcpu);
  void disarm(Vcpu& vcpu);

  const SysretSite* at(u64 address) const;  // nullptr: none of them, or not armed

 private:
  static constexpr u32 capacity = 3;  // LSTAR, CSTAR and SYSENTER_EIP each lead to one
  u32 count() const { return __atomic_load_n(&count_, __ATOMIC_ACQUIRE); }
  u32 find(const Vcpu& vcpu);
  void restore(Vcpu& vcpu, u32 written);

  bool changing_ = false;
  u32 count_ = 0;  // 0 while not armed
  SysretSite sites_[capacity]{};
};

}  // namespace hyperdbg
