// SPDX-License-Identifier: MIT
#pragma once
#include "abi/registers.h"
#include "hypervisor/cpu/instructions.hpp"
#include "x86/msr.hpp"

// Registers of the guest that neither a VMCB nor a VMCS has: root mode leaves them in the processor.
namespace hyperdbg::cpu {

// False: it is another one.
inline bool read_live_register(u32 number, u64& value) {
  switch (number) {
    case HYPERDBG_CR8:
      value = read_cr8();
      return true;
    case HYPERDBG_DR0:
      value = read_dr<0>();
      return true;
    case HYPERDBG_DR1:
      value = read_dr<1>();
      return true;
    case HYPERDBG_DR2:
      value = read_dr<2>();
      return true;
    case HYPERDBG_DR3:
      value = read_dr<3>();
      return true;
    case HYPERDBG_KERNEL_GS_BASE:
      value = rdmsr(x86::Msr::KERNEL_GS_BASE);
      return true;
    default:
      return false;
  }
}

// False: it is another one, or cannot have this value.
inline bool write_live_register(u32 number, u64 value) {
  switch (number) {
    case HYPERDBG_CR8:
      write_cr8(value & 15);
      return true;
    case HYPERDBG_DR0:
      write_dr<0>(value);
      return true;
    case HYPERDBG_DR1:
      write_dr<1>(value);
      return true;
    case HYPERDBG_DR2:
      write_dr<2>(value);
      return true;
    case HYPERDBG_DR3:
      write_dr<3>(value);
      return true;
    case HYPERDBG_KERNEL_GS_BASE:
      return try_wrmsr(static_cast<u32>(x86::Msr::KERNEL_GS_BASE), value);
    default:
      return false;
  }
}

}  // namespace hyperdbg::cpu
