// SPDX-License-Identifier: MIT
#include "hypervisor/core/code_access.hpp"

#include "hypervisor/cpu/routines.hpp"

namespace hyperdbg {

namespace {

u64 routine_for(const MemoryAccess& access) {
  if (access.write) return reinterpret_cast<u64>(access.size == 2 ? code_write_2 : code_write_8);
  return reinterpret_cast<u64>(access.size == 2 ? code_read_2 : access.size == 4 ? code_read_4 : code_read_8);
}

}  // namespace

void CodeAccess::begin(ExceptionFrame& frame, const MemoryAccess& access) {
  rip_ = frame.rip;
  rax_ = frame.rax;
  rdx_ = frame.rdx;
  under_way_ = true;
  on_stack_ = access.on_stack;
  frame.rip = routine_for(access);
  frame.rax = access.address;
  frame.rdx = access.value;
}

u64 CodeAccess::finish(ExceptionFrame& frame) {
  const u64 value = frame.rdx;
  frame.rip = rip_;
  frame.rax = rax_;
  frame.rdx = rdx_;
  under_way_ = false;
  return value;
}

}  // namespace hyperdbg
