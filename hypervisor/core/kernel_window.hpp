// SPDX-License-Identifier: MIT
#pragma once
#include "hypervisor/core/vcpu.hpp"

namespace hyperdbg {

/*
 * The guest's kernel half in a CPU's own page tables, for the time of one run of custom code: tables of the guest are
 * linked where its code first touches them, so code that uses no kernel pointer costs nothing.
 */
class KernelWindow {
 public:
  // Links what is missing for `address`. False: the guest has nothing there either, or it is linked already.
  bool open(const Vcpu& vcpu, u64 address);
  // Unlinks everything and forgets its translations.
  void close();

 private:
  static constexpr u32 capacity = 16;
  u64* entries_[capacity]{};
  u32 count_ = 0;
};

}  // namespace hyperdbg
