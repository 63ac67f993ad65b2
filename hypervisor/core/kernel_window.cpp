// SPDX-License-Identifier: MIT
#include "hypervisor/core/kernel_window.hpp"

#include "hypervisor/core/guest.hpp"
#include "hypervisor/core/machine.hpp"
#include "hypervisor/core/root_mode.hpp"
#include "x86/registers.hpp"

namespace hyperdbg {

namespace {

constexpr u64 present = 1 << 0, large = 1 << 7;

u64* table_at(u64 entry) {
  const u64 table = entry & x86::cr3_address_mask;
  return table < machine.boot->memory_end ? machine.memory.at<u64>(PhysicalAddress{table}) : nullptr;
}

}  // namespace

// Only the way to our TSS is there (core/root_mode.cpp), so both tables are walked until ours has nothing more.
bool KernelWindow::open(const Vcpu& vcpu, u64 address) {
  if (address >> 63 == 0) return false;
  u64* ours = machine.memory.at<u64>(PhysicalAddress{vcpu.boot->cr3 & x86::cr3_address_mask});
  const u64* theirs = table_at(kernel_root(vcpu));
  for (u32 level = machine.boot->levels; theirs != nullptr; --level) {
    const u64 index = address >> (3 + 9 * level) & 511;
    const u64 entry = theirs[index];
    if ((entry & present) == 0) return false;
    if ((ours[index] & present) == 0) {
      if (count_ == capacity) close();
      entries_[count_++] = &ours[index];
      ours[index] = entry;
      return true;
    }
    if (level == 1 || (entry & large) != 0 || ours[index] == entry) return false;
    ours = table_at(ours[index]);
    theirs = table_at(entry);
    if (ours == nullptr) return false;
  }
  return false;
}

void KernelWindow::close() {
  if (count_ == 0) return;
  while (count_ != 0) *entries_[--count_] = 0;
  forget_translations();
}

}  // namespace hyperdbg
