// SPDX-License-Identifier: MIT
#include "session/code_fault.hpp"

#include <fmt/format.h>

#include "abi/limits.h"

namespace hyperdbg {
namespace {

// Intel SDM vol. 3, 6.15.
constexpr const char* exceptions[] = {"#DE, divide error",
                                      "#DB, debug exception",
                                      "NMI",
                                      "#BP, breakpoint",
                                      "#OF, overflow",
                                      "#BR, bound range exceeded",
                                      "#UD, invalid opcode",
                                      "#NM, device not available",
                                      "#DF, double fault",
                                      "coprocessor segment overrun",
                                      "#TS, invalid TSS",
                                      "#NP, segment not present",
                                      "#SS, stack-segment fault",
                                      "#GP, general protection",
                                      "#PF, page fault",
                                      "reserved exception",
                                      "#MF, floating-point error",
                                      "#AC, alignment check",
                                      "#MC, machine check",
                                      "#XM, SIMD floating-point exception"};
constexpr std::uint32_t page_fault = 14, first_interrupt = 32;

std::string what_happened(const hyperdbg_code_fault& fault) {
  switch (fault.fault) {
    case HYPERDBG_CODE_ENDLESS:
      return fmt::format("it did not end within {} instructions", HYPERDBG_CODE_STEPS);
    case HYPERDBG_CODE_HALTED:
      return "it reached HLT or MWAIT";
    case HYPERDBG_CODE_OVERFLOW:
      return fmt::format("its stack overflowed ({:x})", fault.address);
    case HYPERDBG_CODE_STACK_SEGMENT:
      return "it would load SS, which custom code cannot";
    case page_fault:
      return fmt::format("#PF, page fault at address {:x}, error code {:x}", fault.address, fault.error_code);
    default:
      break;
  }
  if (fault.fault >= first_interrupt) return fmt::format("INT 0x{:x}, a software interrupt", fault.fault);
  if (fault.fault >= std::size(exceptions)) return fmt::format("exception 0x{:x}", fault.fault);
  return fmt::format("{}, error code {:x}", exceptions[fault.fault], fault.error_code);
}

}  // namespace

std::string code_fault_text(std::uint32_t event, std::uint32_t action, const hyperdbg_code_fault& fault) {
  const std::string what = fault.condition != 0 ? "condition" : fmt::format("custom code (action {:x})", action);
  const std::string where =
      fault.offset == ~0ull ? "outside of itself" : fmt::format("at its byte 0x{:x}", fault.offset);
  return fmt::format("err, the {} of event 0x{:x} was ended {} (rip {:x}): {}. the event is disabled", what, event,
                     where, fault.rip, what_happened(fault));
}

}  // namespace hyperdbg
