// SPDX-License-Identifier: MIT
#include "cli/render/registers.hpp"

#include <fmt/format.h>

namespace hyperdbg {
namespace {

std::string general(const Registers& r) {
  return fmt::format(
      "RAX={:016x} RBX={:016x} RCX={:016x}\nRDX={:016x} RSI={:016x} RDI={:016x}\nRIP={:016x} RSP={:016x} RBP={:016x}\n"
      "R8 ={:016x} R9 ={:016x} R10={:016x}\nR11={:016x} R12={:016x} R13={:016x}\nR14={:016x} R15={:016x} IOPL={:02x}\n",
      r[HYPERDBG_RAX], r[HYPERDBG_RBX], r[HYPERDBG_RCX], r[HYPERDBG_RDX], r[HYPERDBG_RSI], r[HYPERDBG_RDI],
      r[HYPERDBG_RIP], r[HYPERDBG_RSP], r[HYPERDBG_RBP], r[HYPERDBG_R8], r[HYPERDBG_R9], r[HYPERDBG_R10],
      r[HYPERDBG_R11], r[HYPERDBG_R12], r[HYPERDBG_R13], r[HYPERDBG_R14], r[HYPERDBG_R15],
      (r[HYPERDBG_RFLAGS] >> 12) & 3);
}

}  // namespace

std::string render_registers(const Registers& r) {
  const auto flag = [&](unsigned bit) { return (r[HYPERDBG_RFLAGS] >> bit) & 1; };
  return general(r) +
         fmt::format("OF {}  DF {}  IF {}  SF  {}\nZF {}  PF {}  CF {}  AXF {}\n", flag(11), flag(10), flag(9), flag(7),
                     flag(6), flag(2), flag(0), flag(4)) +
         fmt::format("CS {:04x} SS {:04x} DS {:04x} ES {:04x} FS {:04x} GS {:04x}\nRFLAGS={:016x}\n",
                     r[HYPERDBG_CS] & 0xffff, r[HYPERDBG_SS] & 0xffff, r[HYPERDBG_DS] & 0xffff, r[HYPERDBG_ES] & 0xffff,
                     r[HYPERDBG_FS] & 0xffff, r[HYPERDBG_GS] & 0xffff, r[HYPERDBG_RFLAGS]);
}

}  // namespace hyperdbg
