// SPDX-License-Identifier: MIT
#pragma once
#include "hypervisor/core/vcpu.hpp"

namespace hyperdbg {

/*
 * Registers that instructions of root mode would find to be the host's, because an exit puts the guest's aside (SVM:
 * CR2, DR6, DR7; VT-x: DR7, FS and GS base). All others stay in the processor: DR0-3, CR8, KERNEL_GS_BASE, STAR, LSTAR,
 * SFMASK.
 */
class LiveState {
 public:
  void expose(Vcpu& vcpu);  // the guest's into the processor
  void adopt(Vcpu& vcpu);   // and back, as they are now

 private:
  u64 dr6_ = 0, fs_base_ = 0, gs_base_ = 0;
};

}  // namespace hyperdbg
