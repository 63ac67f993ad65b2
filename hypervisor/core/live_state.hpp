// SPDX-License-Identifier: MIT
#pragma once
#include "hypervisor/core/vcpu.hpp"
#include "x86/decoder.hpp"

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
  // In between, when the guest's FS or GS has been loaded.
  static void expose_base(x86::Segment segment, u64 base);

 private:
  u64 dr6_ = 0;
};

}  // namespace hyperdbg
