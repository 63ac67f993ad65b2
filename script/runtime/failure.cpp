// SPDX-License-Identifier: MIT
#include "script/runtime/failure.hpp"

#include <fmt/format.h>

#include "abi/record.h"
#include "abi/script.h"

namespace hyperdbg::script {
namespace {

std::string reason(std::uint64_t error, std::uint64_t detail) {
  switch (error) {
    case HYPERDBG_SCRIPT_OK:
      return "no error";
    case HYPERDBG_SCRIPT_OUT_OF_FUEL:
      return "it ran too long";
    case HYPERDBG_SCRIPT_STACK_OVERFLOW:
      return "it used up its stack";
    case HYPERDBG_SCRIPT_DIVISION_BY_ZERO:
      return detail == 0 ? "division by zero" : "division overflows";
    case HYPERDBG_SCRIPT_INVALID_ADDRESS:
      return fmt::format("invalid address {:x}", detail);
    case HYPERDBG_SCRIPT_BAD_SHIFT:
      return fmt::format("shift by {} bits", static_cast<std::int64_t>(detail));
    case HYPERDBG_SCRIPT_FAULT:
      return fmt::format("the compiled code faulted (vector {})", detail);
    case HYPERDBG_SCRIPT_NOT_AVAILABLE:
      return "a function is not available here";
    case HYPERDBG_SCRIPT_BAD_INDEX:
      return fmt::format("index out of range: byte {} of the variable", static_cast<std::int64_t>(detail));
    case HYPERDBG_SCRIPT_BAD_FLOAT:
      return "a floating-point result is infinite, not a number or does not fit into an integer";
    case HYPERDBG_SCRIPT_BAD_ARGUMENT:
      return fmt::format("invalid argument {:x}", detail);
    default:
      return fmt::format("error {}", error);
  }
}

std::string place(std::uint64_t position) {
  return position == 0 ? "" : fmt::format(" at line {}, column {}", position >> 12, position & 0xfff);
}

}  // namespace

std::string failure_text(std::uint64_t error, std::uint64_t position, std::uint64_t detail) {
  std::string text = reason(error, detail) + place(position);
  if (error == HYPERDBG_SCRIPT_OUT_OF_FUEL) text += fmt::format(" (more than {} operations)", detail);
  return text;
}

std::string warning_text(std::uint64_t warning, std::uint64_t position, std::uint64_t detail) {
  switch (warning) {
    case HYPERDBG_WARNING_UNKNOWN_EVENT:
      return fmt::format("invalid tag id ({:x}){}", detail, place(position));
    case HYPERDBG_WARNING_PAUSE_IN_VMI:
      return fmt::format("pause(){} has no effect: the VMI Mode cannot be halted", place(position));
    case HYPERDBG_WARNING_PAUSE_OUTSIDE_OF_EVENT:
      return fmt::format("pause(){} has no effect: it belongs into the script of an event", place(position));
    default:
      return fmt::format("warning {}{}", warning, place(position));
  }
}

}  // namespace hyperdbg::script
