// SPDX-License-Identifier: MIT
#pragma once
#include <source_location>
#include <type_traits>

#include "abi/event.h"
#include "abi/registers.h"
#include "hypervisor/core/exit.hpp"
#include "hypervisor/core/machine.hpp"
#include "tests/payload/guest.hpp"
#include "tests/payload/processor.hpp"
#include "tests/payload/root.hpp"

// What a test is written with. It runs in root mode; the guest functions it starts share its variables.
namespace hyperdbg::payload {

using Where = std::source_location;

// --- the CPU under test ---

Vcpu& vcpu();
u64 read(u32 hyperdbg_register);
void write(u32 hyperdbg_register, u64 value);
void watch(u32 kind, u64 key = HYPERDBG_ANY_KEY);  // arms the intercept of an event
void protect(const void* page, Permissions permissions);
void redirect(const void* page, const void* target, Permissions permissions);

// --- the guest ---

struct Arguments {
  u64 rdi = 0, rsi = 0;
};
// The guest will call `code`, with RFLAGS 2 and its stack empty.
void prepare(u64 code, Arguments arguments = {});
// Lets it go on to its next exit, which is decoded.
Exit resume();
// As resume(), and exits are dealt with as in the image, until its function returns: RAX.
u64 finish();
// The exits that finish() saw since prepare(), by kind.
u32 exits(ExitKind kind);

template <class F>
u64 address_of(F code) {
  if constexpr (std::is_class_v<F>) {
    return reinterpret_cast<u64>(+code);
  } else {
    return reinterpret_cast<u64>(code);
  }
}
template <class F>
Exit run(F code, Arguments arguments = {}) {
  prepare(address_of(code), arguments);
  return resume();
}
template <class F>
u64 call(F code, Arguments arguments = {}) {
  prepare(address_of(code), arguments);
  return finish();
}
template <class F>
u64 call_user(F code) {
  return call(guest_enter_user, {address_of(code), user_stack_top()});
}
// Runs a guest function that does nothing: an exit at a known place, processor->guest_end.
void stop_guest(Where where = Where::current());
// The hypercall with which a guest function ends.
bool at_end(const Exit& exit);

// --- expectations: the first one that does not hold ends the test ---

[[noreturn]] void fail(const char* what, Where where = Where::current());
void expect(bool holds, const char* what, Where where = Where::current());
void expect_equal(u64 actual, u64 expected, const char* what, Where where = Where::current());
void expect_exit(const Exit& exit, ExitKind kind, Where where = Where::current());
void expect_end(const Exit& exit, Where where = Where::current());
void expect_nested_fault(const Exit& exit, NestedAccess access, const void* address, Where where = Where::current());
// The guest's handler was called once, with this.
void expect_caught(u64 vector, u64 error_code, u64 rip, Where where = Where::current());

}  // namespace hyperdbg::payload
