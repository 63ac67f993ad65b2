// SPDX-License-Identifier: MIT
#include "tests/payload/test.hpp"

#include "tests/payload/text.hpp"

namespace hyperdbg::payload {

namespace {

constinit u32 seen[static_cast<u32>(ExitKind::unknown) + 1] = {};

constexpr const char* kinds[] = {"handled",
                                 "cpuid",
                                 "rdmsr",
                                 "wrmsr",
                                 "rdtsc",
                                 "rdtscp",
                                 "rdpmc",
                                 "xsetbv",
                                 "debug register",
                                 "control register",
                                 "hypercall",
                                 "exception",
                                 "interrupt call",
                                 "sysenter",
                                 "interrupt",
                                 "interrupt window",
                                 "nmi",
                                 "io",
                                 "nested fault",
                                 "undefined",
                                 "shutdown",
                                 "unknown"};
static_assert(std::size(kinds) == std::size(seen));

void append_caught() {
  if (caught.count == 0) return;
  failure.append(" (", Hex{caught.count}, " exceptions, the last was ", Hex{caught.vector}, " at ", Hex{caught.rip},
                 ")");
}

constexpr u32 too_many_exits = 100000;

}  // namespace

u64 read(u32 hyperdbg_register) {
  return vcpu().backend->read_register(vcpu(), hyperdbg_register);
}

void write(u32 hyperdbg_register, u64 value) {
  expect(vcpu().backend->write_register(vcpu(), hyperdbg_register, value), "the register cannot be written");
}

void watch(u32 kind, u64 key) {
  vcpu().backend->add_intercept(vcpu(), kind, key);
}

void protect(const void* page, Permissions permissions) {
  redirect(page, page, permissions);
}

void redirect(const void* page, const void* target, Permissions permissions) {
  const auto changed = machine.nested->redirect(PhysicalAddress{reinterpret_cast<u64>(page)},
                                                PhysicalAddress{reinterpret_cast<u64>(target)}, permissions);
  expect(changed.ok(), "the nested page table refused the change");
  vcpu().backend->flush(vcpu());
}

void prepare(u64 code, Arguments arguments) {
  __builtin_memset(seen, 0, sizeof(seen));
  const u64 stack = kernel_stack_top() - 2 * sizeof(u64);
  *reinterpret_cast<u64*>(stack - sizeof(u64)) = reinterpret_cast<u64>(processor->guest_end);
  for (u32 number = HYPERDBG_RAX; number <= HYPERDBG_R15; ++number) write(number, 0);
  write(HYPERDBG_RSP, stack - sizeof(u64));
  write(HYPERDBG_RIP, code);
  write(HYPERDBG_RFLAGS, 2);
  write(HYPERDBG_RDI, arguments.rdi);
  write(HYPERDBG_RSI, arguments.rsi);
}

u64 finish() {
  for (u32 count = 0; count < too_many_exits; ++count) {
    const Exit exit = resume();
    if (at_end(exit)) return read(HYPERDBG_RAX);
    if (exit.kind == ExitKind::unknown || exit.kind == ExitKind::shutdown) expect_end(exit);
    ++seen[static_cast<u32>(exit.kind)];
    processor->dispatch(vcpu(), exit);
  }
  fail("the guest exits for ever");
}

void stop_guest(Where where) {
  expect_end(run([] {}), where);
}

u32 exits(ExitKind kind) {
  return seen[static_cast<u32>(kind)];
}

bool at_end(const Exit& exit) {
  return exit.kind == ExitKind::hypercall && read(HYPERDBG_RIP) == reinterpret_cast<u64>(processor->guest_end);
}

void fail(const char* what, Where where) {
  failure.clear();
  failure.append(where, what);
  append_caught();
  end_test();
}

void expect(bool holds, const char* what, Where where) {
  if (!holds) fail(what, where);
}

void expect_equal(u64 actual, u64 expected, const char* what, Where where) {
  if (actual == expected) return;
  failure.clear();
  failure.append(where, what, " is ", Hex{actual}, ", not ", Hex{expected});
  append_caught();
  end_test();
}

void expect_exit(const Exit& exit, ExitKind kind, Where where) {
  if (exit.kind == kind && !(kind == ExitKind::hypercall && at_end(exit))) return;
  failure.clear();
  failure.append(where, "the exit is ", kinds[static_cast<u32>(exit.kind)], at_end(exit) ? " (the end)" : "", ", not ",
                 kinds[static_cast<u32>(kind)], "; rip ", Hex{read(HYPERDBG_RIP)});
  append_caught();
  end_test();
}

void expect_end(const Exit& exit, Where where) {
  if (at_end(exit)) return;
  failure.clear();
  failure.append(where, "the exit is ", kinds[static_cast<u32>(exit.kind)], ", not the end; rip ",
                 Hex{read(HYPERDBG_RIP)});
  append_caught();
  end_test();
}

void expect_nested_fault(const Exit& exit, NestedAccess access, const void* address, Where where) {
  expect_exit(exit, ExitKind::nested_fault, where);
  expect_equal(static_cast<u64>(exit.nested_fault.access), static_cast<u64>(access), "the kind of access", where);
  expect_equal(raw(exit.nested_fault.address), reinterpret_cast<u64>(address), "the faulting address", where);
}

void expect_caught(u64 vector, u64 error_code, u64 rip, Where where) {
  expect_equal(caught.count, 1, "the number of exceptions", where);
  expect_equal(caught.vector, vector, "the vector", where);
  expect_equal(caught.error_code, error_code, "the error code", where);
  expect_equal(caught.rip, rip, "the RIP of the exception", where);
}

}  // namespace hyperdbg::payload
