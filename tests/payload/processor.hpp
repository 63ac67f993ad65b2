// SPDX-License-Identifier: MIT
#pragma once
#include "abi/image.h"
#include "hypervisor/core/backend.hpp"

namespace hyperdbg::payload {

// Machine code that a test lets the guest execute; up to 15 bytes.
struct InstructionBytes {
  u8 bytes[16];
  u8 size;
};

// What differs by vendor: the backend itself, and the instructions that only one of them has.
struct Processor {
  u32 vendor;         // enum hyperdbg_vendor
  bool execute_only;  // whether nested pages can be
  void (*guest_end)();
  // One instruction each that would start, load, save, open, close and measure virtualization.
  InstructionBytes vendor_instructions[6];
  InstructionBytes foreign_hypercall;
  u32 lock_msr;  // where firmware switches virtualization off, and what a guest finds there
  u64 lock_value;

  // Around a test: the guest's state that Backend::write_register() does not reach, segments and pending events above
  // all.
  void (*save)(const Vcpu&);
  void (*restore)(Vcpu&);
  void (*spoil)(Vcpu&);  // makes the guest's state one that no processor enters

  u32 (*enter)(u64 guest_root, u64 rsp, u64 rip);  // CPU 0; returns only to refuse
  Exit (*decode)(Vcpu&);
  void (*advance)(Vcpu&, u8);
  MsrResult (*read_msr)(Vcpu&, u32, u64&);
  void (*inject_exception)(Vcpu&, u8);
  void (*inject_general_protection)(Vcpu&);
  bool (*privileged)(const Vcpu&);
  void (*dispatch)(Vcpu&, const Exit&);
};

}  // namespace hyperdbg::payload
