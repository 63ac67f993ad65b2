// SPDX-License-Identifier: MIT
#pragma once
#include "base/types.hpp"

namespace hyperdbg {

struct Vcpu;

/*
 * Stops all other CPUs, by NMI, for as long as one CPU needs the machine for itself: to change the event table, or to
 * halt for the debugger. A stopped CPU is between two exits, or waits for something inside an action: to become
 * the owner itself, or for a lock that another CPU's script holds.
 */
class StopControl {
 public:
  // Returns with every other CPU stopped. A CPU that finds another owner is itself stopped until that one is done.
  void acquire(Vcpu& vcpu);
  void release();

  // For a CPU that was told to stop: returns when it may go on. While the debuggee is halted it may be made the
  // operating core meanwhile.
  void park(Vcpu& vcpu);

  bool requested() const { return __atomic_load_n(&owner_, __ATOMIC_SEQ_CST) != 0; }
  bool owned_by(u32 core) const { return __atomic_load_n(&owner_, __ATOMIC_SEQ_CST) == core + 1; }

  void set_online(u32 core, bool online);
  bool online(u32 core) const { return (online_mask() >> core & 1) != 0; }
  u64 online_mask() const { return __atomic_load_n(&online_, __ATOMIC_SEQ_CST); }
  // Whether a CPU that was online is not: it may be the first of all that leave, and runs without us.
  bool somebody_left() const { return __atomic_load_n(&left_, __ATOMIC_SEQ_CST) != 0; }

 private:
  u32 owner_ = 0;  // core + 1
  u64 online_ = 0;
  u64 left_ = 0;
  u64 parked_ = 0;
};

}  // namespace hyperdbg
