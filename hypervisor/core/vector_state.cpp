// SPDX-License-Identifier: MIT
#include "hypervisor/core/vector_state.hpp"

#include "hypervisor/cpu/instructions.hpp"
#include "hypervisor/cpu/routines.hpp"
#include "x86/registers.hpp"

namespace hyperdbg {

namespace {

// SSE instructions raise #NM under CR0.TS, #UD under CR0.EM or without CR4.OSFXSR (APM vol. 2, 11.3). CR4.OSXSAVE is
// about XSAVE and VEX only, and OSXMMEXCPT about unmasked exceptions, of which a script has none.
u64 usable(x86::Cr0 cr0) {
  return cr0.with(x86::Cr0::ts, false).with(x86::Cr0::em, false).value;
}
u64 usable(x86::Cr4 cr4) {
  return cr4.with(x86::Cr4::osfxsr, true).value;
}

}  // namespace

// Linux keeps SSE usable all the time, so the registers are hardly ever written.
void begin_vectors(VectorState& guest) {
  guest.cr0 = cpu::read_cr0();
  guest.cr4 = cpu::read_cr4();
  if (const u64 cr0 = usable(x86::Cr0{guest.cr0}); cr0 != guest.cr0) cpu::write_cr0(cr0);
  if (const u64 cr4 = usable(x86::Cr4{guest.cr4}); cr4 != guest.cr4) cpu::write_cr4(cr4);
  vectors_save(&guest);
}

void end_vectors(const VectorState& guest) {
  vectors_load(&guest);
  if (usable(x86::Cr0{guest.cr0}) != guest.cr0) cpu::write_cr0(guest.cr0);
  if (usable(x86::Cr4{guest.cr4}) != guest.cr4) cpu::write_cr4(guest.cr4);
}

}  // namespace hyperdbg
