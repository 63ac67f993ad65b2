// SPDX-License-Identifier: MIT
#include "hypervisor/core/guest_instructions.hpp"

#include "hypervisor/cpu/instructions.hpp"

namespace hyperdbg {

bool execute_rdpmc(u32 counter, u64& value, Injection& refusal) {
  const u8 vector = cpu::try_rdpmc(counter, value);
  if (vector == cpu::no_fault) return true;
  refusal = vector == invalid_opcode_fault.vector ? invalid_opcode_fault : general_protection_fault;
  return false;
}

bool execute_xsetbv(u32 number, u64 value, Injection& refusal) {
  refusal = general_protection_fault;
  return cpu::try_xsetbv(number, value);
}

}  // namespace hyperdbg
