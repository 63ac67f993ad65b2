// SPDX-License-Identifier: MIT
#pragma once
#include "hypervisor/core/injection.hpp"
#include "hypervisor/core/vcpu.hpp"
#include "x86/decoder.hpp"

// What emulating an instruction of the guest's takes: its bytes, and its memory with the guest's own rights.
namespace hyperdbg {

// The instruction at RIP. It was fetched a moment ago; should it be gone, the result has length 0.
x86::Instruction decode_code(const Vcpu& vcpu);

struct Access {
  u64 address;
  u64 size;  // bytes, at most a page
  bool write;
  bool user;
};

struct PageFault {
  Injection injection;
  u64 address;
};

// Whether the guest's page tables allow it. As the processor does, it marks the pages accessed, and dirty by a write.
bool check_access(Vcpu& vcpu, const Access& access, PageFault& fault);

}  // namespace hyperdbg
