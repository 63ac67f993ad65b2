// SPDX-License-Identifier: MIT
#include "hypervisor/cpu/instructions.hpp"
#include "tests/payload/test.hpp"
#include "tests/payload/tests.hpp"

namespace hyperdbg::payload {

namespace {

constexpr u64 content = 0x1122334455667788;
constexpr u8 ret = 0xc3;

void guest_access(NestedAccess access, u8* at) {
  if (access == NestedAccess::read) {
    (void)*static_cast<volatile u8*>(at);
  } else if (access == NestedAccess::write) {
    *static_cast<volatile u8*>(at) = ret;
  } else {
    reinterpret_cast<void (*)()>(at)();
  }
}

template <NestedAccess Access>
Exit run_access(u8* at) {
  return run([](u8* address) { guest_access(Access, address); }, {reinterpret_cast<u64>(at)});
}

constexpr bool allows(Permissions permissions, NestedAccess access) {
  return access == NestedAccess::read    ? permissions.read
         : access == NestedAccess::write ? permissions.write
                                         : permissions.execute;
}

// One cell of the matrix: the access goes through, or exits with what it was, and goes through once it may.
template <bool Read, bool Write, bool Execute, NestedAccess Access>
void cell() {
  constexpr Permissions permissions{Read, Write, Execute};
  u8* const at = test_page(0) + 0x123;
  *at = ret;
  if (!selected_nested_format->can(permissions)) {
    expect(!processor->execute_only, "the format cannot say what the processor can");
    const auto changed = machine.nested->protect(PhysicalAddress{reinterpret_cast<u64>(at)}, permissions);
    expect_equal(static_cast<u64>(changed.status()), HYPERDBG_NOT_SUPPORTED,
                 "the status of what the format cannot say");
    return;
  }
  protect(test_page(0), permissions);
  const Exit exit = run_access<Access>(at);
  if (allows(permissions, Access)) return expect_end(exit);
  expect_nested_fault(exit, Access, at);
  protect(test_page(0), all_permissions);
  expect_end(resume());
  expect_equal(caught.count, 0, "the number of exceptions");
}

// A write to a page that reads as another one: the write faults, the other page keeps its content.
void redirected() {
  *reinterpret_cast<u64*>(test_page(0)) = 0;
  *reinterpret_cast<u64*>(test_page(1)) = content;
  redirect(test_page(0), test_page(1), read_only);
  const auto load = [](u64* from) { return *static_cast<volatile u64*>(from); };
  expect_equal(call(load, {reinterpret_cast<u64>(test_page(0))}), content, "what the guest reads");
  expect_nested_fault(run_access<NestedAccess::write>(test_page(0)), NestedAccess::write, test_page(0));
  protect(test_page(0), all_permissions);
  expect_end(resume());
  expect_equal(test_page(0)[0], ret, "the byte after the write");
  expect_equal(*reinterpret_cast<u64*>(test_page(1)), content, "the other page");
}

void redirected_for_writing() {
  redirect(test_page(0), test_page(1), all_permissions);
  expect_end(run_access<NestedAccess::write>(test_page(0) + 5));
  expect_equal(test_page(0)[5], 0, "the page itself");
  expect_equal(test_page(1)[5], ret, "the page behind it");
}

// Code comes from the shadow as well.
void redirected_for_fetching() {
  constexpr u8 returns_1[] = {0xb8, 1, 0, 0, 0, ret}, returns_2[] = {0xb8, 2, 0, 0, 0, ret};
  __builtin_memcpy(test_page(0), returns_1, sizeof(returns_1));
  __builtin_memcpy(test_page(1), returns_2, sizeof(returns_2));
  expect_equal(call(reinterpret_cast<u64>(test_page(0))), 1, "what the page's own code returns");
  redirect(test_page(0), test_page(1), read_only);
  expect_equal(call(reinterpret_cast<u64>(test_page(0))), 2, "what the shadow's code returns");
}

// Pages of the image's pool are hidden: the guest finds zeros, and what it writes goes elsewhere.
u64* hidden_page() {
  return reinterpret_cast<u64*>(POOL_MEMORY);
}

void hidden_reads_as_zeros() {
  hidden_page()[7] = content;
  expect_equal(call([] { return static_cast<volatile u64*>(hidden_page())[7]; }), 0, "what the guest reads");
  expect_equal(exits(ExitKind::nested_fault), 0, "the number of exits");
}

void hidden_written() {
  hidden_page()[9] = content;
  const u64 seen = call([] {
    static_cast<volatile u64*>(hidden_page())[9] = 5;
    return static_cast<volatile u64*>(hidden_page())[9];
  });
  expect_equal(seen, 5, "what the guest reads back");
  expect_equal(hidden_page()[9], content, "what root mode finds");
  expect_equal(exits(ExitKind::nested_fault), 1, "the number of exits");
}

// Memory that nothing mapped so far, beyond the end that was told at load.
void mapped_on_demand() {
  constexpr u64 beyond = 4ull << 30;
  const Exit exit = run_access<NestedAccess::read>(reinterpret_cast<u8*>(beyond + 0x2345));
  expect_nested_fault(exit, NestedAccess::read, reinterpret_cast<void*>(beyond + 0x2345));
  processor->dispatch(vcpu(), exit);
  expect_end(resume());
}

// A page in the midst of a large one is taken out, its neighbours and the rest of the large page stay as they are.
void only_the_page_of_a_large_one() {
  constexpr u64 two_megabytes = 2 << 20, start = 96 << 20, page = start + 77 * page_size;
  protect(reinterpret_cast<void*>(page), {false, false, false});
  const auto touch = [](u64 address) { guest_access(NestedAccess::read, reinterpret_cast<u8*>(address)); };
  for (const u64 near :
       {start, page - 1, page + page_size, start + two_megabytes - 1, start - 1, start + two_megabytes})
    expect_end(run(touch, {near}));
  expect_nested_fault(run(touch, {page}), NestedAccess::read, reinterpret_cast<void*>(page));
  expect_nested_fault(run(touch, {page + page_size - 1}), NestedAccess::read,
                      reinterpret_cast<void*>(page + page_size - 1));
  protect(reinterpret_cast<void*>(page), all_permissions);
  expect_end(run(touch, {page}));
}

void across_two_pages() {
  protect(test_page(1), read_only);
  const auto store = [](u64* to) { *static_cast<volatile u64*>(to) = content; };
  const u64 at = reinterpret_cast<u64>(test_page(1)) - 3;
  expect_nested_fault(run(store, {at}), NestedAccess::write, test_page(1));
  protect(test_page(1), all_permissions);
  expect_end(resume());
  expect_equal(*reinterpret_cast<u64*>(at), content, "what was written");
}

// The guest has used the page before: its translation must go.
void taken_away_later() {
  expect_end(run_access<NestedAccess::write>(test_page(0)));
  protect(test_page(0), read_only);
  expect_nested_fault(run_access<NestedAccess::write>(test_page(0)), NestedAccess::write, test_page(0));
}

// The access that the guest's own tables deny is the guest's: a #PF, no exit.
void denied_by_the_guest() {
  constexpr u64 unmapped = 0x123456789000;
  protect(test_page(0), read_only);
  expect_end(run_access<NestedAccess::read>(reinterpret_cast<u8*>(unmapped)));
  expect_equal(caught.vector, 14, "the vector");
  expect_equal(caught.error_code, 0, "the error code");
  expect_equal(caught.cr2, unmapped, "CR2");
}

// The guest's page tables themselves lie in a page that it may not touch.
void in_a_page_walk() {
  constexpr u64 window = 5ull << 30, link = 7;
  u64* const directory = reinterpret_cast<u64*>(test_page(6));
  u64* const table = reinterpret_cast<u64*>(test_page(7));
  directory[0] = reinterpret_cast<u64>(table) | link;
  table[3] = reinterpret_cast<u64>(test_page(0)) | link;
  guest_low_memory[5] = reinterpret_cast<u64>(directory) | link;
  *reinterpret_cast<u64*>(test_page(0)) = content;
  protect(table, {false, false, false});
  const auto load = [](u64* from) { return *static_cast<volatile u64*>(from); };
  const Exit exit = run(load, {window + 3 * page_size});
  guest_low_memory[5] = 0;
  expect_exit(exit, ExitKind::nested_fault);
  expect_equal(page_of(raw(exit.nested_fault.address)), reinterpret_cast<u64>(table), "the page that is missing");
  guest_low_memory[5] = reinterpret_cast<u64>(directory) | link;
  protect(table, all_permissions);
  const Exit end = resume();
  guest_low_memory[5] = 0;
  expect_end(end);
  expect_equal(read(HYPERDBG_RAX), content, "what the guest reads");
}

void repeated_string() {
  protect(test_page(1), read_only);
  u8* const at = test_page(1) - 8;
  const Exit exit = run(
      [](u8* to) {
        u64 count = 16;
        asm volatile("rep stosb" : "+D"(to), "+c"(count) : "a"(0x5a) : "memory");
      },
      {reinterpret_cast<u64>(at)});
  expect_nested_fault(exit, NestedAccess::write, test_page(1));
  expect_equal(read(HYPERDBG_RCX), 8, "what is left in RCX");
  protect(test_page(1), all_permissions);
  expect_end(resume());
  for (u32 i = 0; i < 16; ++i) expect_equal(at[i], 0x5a, "a byte that was stored");
  expect_equal(at[16], 0, "the byte behind");
}

// Reads, changes and writes in one instruction: the processor may call it a read or a write first, but it is one
// access.
void read_modify_write() {
  protect(test_page(0), read_only);
  const Exit exit =
      run([](u64* at) { __atomic_fetch_add(at, 5, __ATOMIC_SEQ_CST); }, {reinterpret_cast<u64>(test_page(0))});
  expect_nested_fault(exit, NestedAccess::write, test_page(0));
  protect(test_page(0), all_permissions);
  expect_end(resume());
  expect_equal(*reinterpret_cast<u64*>(test_page(0)), 5, "the sum");
}

constexpr NestedAccess r = NestedAccess::read, w = NestedAccess::write, x = NestedAccess::fetch;

constexpr Test rows[] = {
    {"nested: rwx, read", cell<true, true, true, r>},
    {"nested: rwx, write", cell<true, true, true, w>},
    {"nested: rwx, fetch", cell<true, true, true, x>},
    {"nested: r-x, read", cell<true, false, true, r>},
    {"nested: r-x, write", cell<true, false, true, w>},
    {"nested: r-x, fetch", cell<true, false, true, x>},
    {"nested: rw-, read", cell<true, true, false, r>},
    {"nested: rw-, write", cell<true, true, false, w>},
    {"nested: rw-, fetch", cell<true, true, false, x>},
    {"nested: r--, read", cell<true, false, false, r>},
    {"nested: r--, write", cell<true, false, false, w>},
    {"nested: r--, fetch", cell<true, false, false, x>},
    {"nested: --x, read", cell<false, false, true, r>},
    {"nested: --x, write", cell<false, false, true, w>},
    {"nested: --x, fetch", cell<false, false, true, x>},
    {"nested: ---, read", cell<false, false, false, r>},
    {"nested: ---, write", cell<false, false, false, w>},
    {"nested: ---, fetch", cell<false, false, false, x>},
    {"nested: a redirected page, read and written", redirected},
    {"nested: a redirected page that may be written", redirected_for_writing},
    {"nested: a redirected page, fetched", redirected_for_fetching},
    {"nested: hidden memory reads as zeros", hidden_reads_as_zeros},
    {"nested: hidden memory, written", hidden_written},
    {"nested: memory that is mapped on demand", mapped_on_demand},
    {"nested: one page of a large one", only_the_page_of_a_large_one},
    {"nested: a write across two pages", across_two_pages},
    {"nested: a page taken away after its use", taken_away_later},
    {"nested: what the guest's tables deny is its own", denied_by_the_guest},
    {"nested: in a walk of the guest's tables", in_a_page_walk},
    {"nested: in a repeated string instruction", repeated_string},
    {"nested: read, modify and write", read_modify_write},
};

}  // namespace

constinit const Area nested_tests = rows;

}  // namespace hyperdbg::payload
