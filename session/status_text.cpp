// SPDX-License-Identifier: MIT
#include "session/status_text.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "abi/script.h"
#include "abi/status.h"
#include "abi/version.h"

namespace hyperdbg {
namespace {

struct StatusText {
  std::uint32_t status;
  std::string_view text;
};

constexpr StatusText texts[] = {
    {HYPERDBG_EVENT_NOT_CREATED,
     "the event could not be created; clear events that are not needed ('events c N') and try again"},
    {HYPERDBG_INVALID_ADDRESS,
     "the address is not valid here; it may be paged out or not yet touched (demand paging), or belong to another "
     "process"},
    {HYPERDBG_INVALID_CORE, "invalid core id; 'status' shows how many cores there are, counted from 0"},
    {HYPERDBG_INVALID_EXCEPTION, "invalid exception index; the entry should be between 0x0 to 0x1f"},
    {HYPERDBG_INVALID_INTERRUPT, "invalid interrupt index; the entry should be between 0x20 to 0xff"},
    {HYPERDBG_EDIT_INVALID_ADDRESS,
     "the memory was not edited, because the address is not valid in the current process"},
    {HYPERDBG_UNKNOWN_TAG, "tag id is invalid; 'events' lists the event numbers"},
    {HYPERDBG_UNKNOWN_MODIFICATION, "the debuggee does not know this change of an event"},
    {HYPERDBG_INVALID_PROCESS,
     "the process id does not exist; numbers are hexadecimal, a decimal one needs the prefix 0n"},
    {HYPERDBG_SHORT_CIRCUIT_AND_POST,
     "using the short-circuiting mechanism with 'post' or 'all' stage events doesn't make sense, it's not supported; "
     "use 'stage pre'"},
    {HYPERDBG_REGULAR_EVENT_NOT_FOUND,
     "no pre-allocated place for an event is left; clear events that are not needed, or continue ('g') and pause, so "
     "that the pool is filled again"},
    {HYPERDBG_BIG_EVENT_NOT_FOUND,
     "the condition is too long for a regular event and no big event is pre-allocated; shorten the condition"},
    {HYPERDBG_EVENT_TOO_BIG,
     "the event with its condition is larger than any pre-allocated event; shorten the condition"},
    {HYPERDBG_ACTION_TOO_BIG,
     "the script or code is larger than any pre-allocated action; shorten it, or build with larger constants "
     "(abi/limits.h)"},
    {HYPERDBG_REGULAR_ACTION_NOT_FOUND,
     "no pre-allocated place for an action is left; clear events that are not needed, or continue ('g') and pause, so "
     "that the pool is filled again"},
    {HYPERDBG_BIG_ACTION_NOT_FOUND,
     "the script or code is too long for a regular action and no big action is pre-allocated; shorten it"},
    {HYPERDBG_ACTION_OUT_OF_MEMORY, "there is not enough memory for the action; free some memory and try again"},
    {HYPERDBG_BUFFER_TOO_BIG,
     "the requested buffer is larger than what can be handed over; ask for a smaller one, or build with a larger "
     "HYPERDBG_MAXIMUM_BUFFER_SIZE"},
    {HYPERDBG_REGULAR_BUFFER_NOT_FOUND,
     "no memory for a safe buffer is left; clear events that are not needed, or continue ('g') and pause, so that the "
     "pool is filled again"},
    {HYPERDBG_BIG_BUFFER_NOT_FOUND,
     "no memory for a safe buffer of this size is left; ask for a smaller one, or continue ('g') and pause, so that "
     "the "
     "pool is filled again"},
    {HYPERDBG_BUFFER_ABOVE_BIG,
     "the requested buffer is larger than a big safe buffer; ask for a smaller one, or build with a larger "
     "HYPERDBG_BIG_BUFFER_SIZE"},
    {HYPERDBG_BUFFER_OUT_OF_MEMORY, "there is not enough memory for the safe buffer; free some memory and try again"},
    {HYPERDBG_NO_ACTIONS, "the event has no actions, so it stays disabled; add one: 'events action N script {...}'"},
    {HYPERDBG_OTHER_BUFFER, "the event has a safe buffer of another size already; leave 'buffer' out to use that one"},
    {HYPERDBG_TOO_MANY_ACTIONS, "the event has as many actions as one event can have; use a second event"},
    {HYPERDBG_NOT_ALL_CORES_HALTED, "not all cores are halted; continue ('g'), pause, and try again"},
    {HYPERDBG_CORE_NOT_PRESENT, "the core is not halted or not online; continue ('g'), pause, and try again"},
    {HYPERDBG_NOT_SUPPORTED, "this debuggee does not support the request"},
    {HYPERDBG_MALFORMED, "the debuggee found the request malformed; please report how this happened"},
    {HYPERDBG_NOT_HALTED, "the debuggee is running; press CTRL+C or use 'pause' first"},
    {HYPERDBG_ALREADY_HALTED, "the debuggee is halted already"},
    {HYPERDBG_NO_GLOBAL_SLOT, "all places for global variables of scripts are in use; use fewer names"},
    {HYPERDBG_WRONG_VERSION, "debugger and debuggee are of different versions; install the same version on both"},
    {HYPERDBG_BREAK_IN_VMI,
     "breaking is not possible in the VMI Mode; add a script, or use the Debugger Mode ('.debug')"},
    {HYPERDBG_READ_ONLY_REGISTER, "the register cannot be changed"},
    {HYPERDBG_NOT_IN_EVENT, "the debuggee is not halted in the 'pre' stage of an event"},
    {HYPERDBG_SCRIPT_FAILED, "the evaluation was ended by an error"},
    {HYPERDBG_NOT_INTERCEPTED,
     "the debuggee's processor, or the emulator that stands in for it, cannot intercept this; no event was made"},
    {HYPERDBG_TOO_MANY_AGGREGATIONS, "there are 32 aggregations already; '.reset' forgets them, and all events"},
    {HYPERDBG_AGGREGATION_DIFFERS,
     "the aggregation of this name exists with another kind or other keys or values; choose another name"},
};

std::string start_text(const hyperdbg_start& start, int error) {
  switch (start.error) {
    case HYPERDBG_START_NO_VIRTUALIZATION:
      return "this processor has neither AMD-V nor VT-x (in a virtual machine: enable nested virtualization)";
    case HYPERDBG_START_DISABLED:
      return "virtualization is disabled by the firmware; enable SVM or VT-x in the setup of the machine";
    case HYPERDBG_START_IN_USE:
      return "another hypervisor uses the processor's virtualization; stop its virtual machines and unload it "
             "('modprobe "
             "-r kvm_amd kvm_intel')";
    case HYPERDBG_START_NO_IMAGE:
      return "the hypervisor image is missing; install it as /lib/firmware/hyperdbg/image.bin";
    case HYPERDBG_START_WRONG_IMAGE:
      return fmt::format(
          "the hypervisor image is of another version than the kernel module and this debugger ({}); "
          "install all three from one build",
          HYPERDBG_VERSION);
    case HYPERDBG_START_NO_MEMORY:
      return "not enough memory for the hypervisor; free some memory and try again";
    case HYPERDBG_START_NO_NESTED_PAGING:
      return "this processor has no nested paging, which is needed";
    case HYPERDBG_START_BAD_PORT:
      return fmt::format("there is no serial port (16550) at I/O port 0x{:x}; choose the other one (com1, com2)",
                         start.uart);
    case HYPERDBG_START_TOO_MANY_CPUS:
      return fmt::format("this machine has more than {} CPUs; boot it with 'maxcpus={}'", HYPERDBG_MAXIMUM_CPUS,
                         HYPERDBG_MAXIMUM_CPUS);
    case HYPERDBG_START_REFUSED:
      return fmt::format("the hypervisor refused to start on cpu {} (code {}); the kernel log says more ('dmesg')",
                         start.cpu, start.detail);
    case HYPERDBG_START_UNSUPPORTED:
      return "the virtualization of this processor lacks something that the hypervisor needs (docs/real-hardware.md)";
    default:
      break;
  }
  switch (error) {
    case EPERM:
    case EACCES:
      return "only root may load the hypervisor; use sudo";
    case EBUSY:
      return "another debugger is using the hypervisor; close it first";
    case EEXIST:
    case EALREADY:
      return "the hypervisor is running already; use 'unload vmm' first";
    default:
      return fmt::format("the kernel module could not start the hypervisor: {}", std::strerror(error));
  }
}

}  // namespace

std::string_view status_text(std::uint32_t status) {
  const auto found = std::ranges::find(texts, status, &StatusText::status);
  return found == std::end(texts) ? "the debuggee answered with a code that this version does not know" : found->text;
}

Error status_error(std::uint32_t status) {
  return {ErrorKind::status, fmt::format("err, {} ({:x})", status_text(status), status), status};
}

Error start_error(const hyperdbg_start& start, int error) {
  return {ErrorKind::failed, "err, " + start_text(start, error)};
}

}  // namespace hyperdbg
