// SPDX-License-Identifier: MIT
#pragma once
#include "base/types.hpp"

namespace hyperdbg {

// As hypervisor/cpu/exceptions.S pushes it.
struct ExceptionFrame {
  u64 r15, r14, r13, r12, r11, r10, r9, r8, rdi, rsi, rbp, rbx, rdx, rcx, rax;
  u64 vector, error_code;
  u64 rip, cs, rflags, rsp, ss;
};

}  // namespace hyperdbg
