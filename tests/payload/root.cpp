// SPDX-License-Identifier: MIT
#include "tests/payload/root.hpp"

#include "hypervisor/core/halt.hpp"

#include "hypervisor/core/cpu_area.hpp"
#include "hypervisor/cpu/instructions.hpp"
#include "tests/payload/test.hpp"
#include "tests/payload/text.hpp"

#pragma GCC visibility push(hidden)
extern "C" {
extern hyperdbg::u64 root_mode_root[512];
extern const hyperdbg::u8 stub_start[], stub_end[];
void switch_stack(hyperdbg::u64* save, hyperdbg::u64 to);  // routines.S
hyperdbg::u64 hyperdbg_call_amd(hyperdbg::u64 number, hyperdbg::u64 a, hyperdbg::u64 b, hyperdbg::u64 c,
                                hyperdbg::u64 d, hyperdbg::u64 secret);
hyperdbg::u64 hyperdbg_call_intel(hyperdbg::u64 number, hyperdbg::u64 a, hyperdbg::u64 b, hyperdbg::u64 c,
                                  hyperdbg::u64 d, hyperdbg::u64 secret);
}
#pragma GCC visibility pop

namespace hyperdbg::payload {

constinit hyperdbg_boot boot_block{};
constinit const Processor* processor = nullptr;

namespace {

constexpr u64 call_run_test = 0x54455354;
constexpr u32 pool_pages = 400;

// The stack of an exit is the CPU's own; the test's lies in the same area, where current_vcpu() looks.
constexpr u64 test_stack_top = cpu_area::base_of(0) + 60 * page_size;
constinit u64 exit_stack = 0, test_stack = 0;
constinit bool test_running = false;
constinit const Test* test = nullptr;
constinit u64 saved[HYPERDBG_REGISTER_COUNT] = {};

alignas(page_size) constinit u8 control_block[page_size] = {};
alignas(page_size) constinit u8 host_area[page_size] = {};
alignas(page_size) constinit u8 msr_permissions[2 * page_size] = {};
alignas(page_size) constinit u8 io_permissions[3 * page_size] = {};
alignas(page_size) constinit u8 zero_page[page_size] = {};
alignas(page_size) constinit u8 tss_pages[5][page_size] = {};
alignas(page_size) constinit hyperdbg_page_list page_list{};

template <class T>
u64 physical(const T& object) {
  return reinterpret_cast<u64>(&object);
}

void fill_boot_cpu(hyperdbg_boot_cpu& cpu) {
  cpu.cr3 = physical(root_mode_root);
  cpu.control_block = physical(control_block);
  cpu.host_area = physical(host_area);
  cpu.msr_permissions = physical(msr_permissions);
  cpu.io_permissions = physical(io_permissions);
  cpu.current_task = physical(zero_page);
  cpu.tss_page = physical(tss_pages[4]);
  for (u32 i = 0; i < 4; ++i) cpu.tss_tables[i] = physical(tss_pages[i]);
}

// What a test may have changed, as it was at the guest's call.
void save_guest() {
  for (u32 number = 0; number < HYPERDBG_REGISTER_COUNT; ++number) saved[number] = read(number);
  processor->save(vcpu());
}

void restore_guest() {
  for (u32 number = 0; number < HYPERDBG_REGISTER_COUNT; ++number)
    vcpu().backend->write_register(vcpu(), number, saved[number]);
  processor->restore(vcpu());
  apply_intercepts(vcpu());
  vcpu().backend->set_tsc_offset(vcpu(), machine.tsc_offset);
  for (u32 i = 0; i < test_pages; ++i) protect(test_page(i), all_permissions);
}

void reset_guest_side() {
  reset_caught();
  on_exception = nullptr;
  interrupts = 0;
  for (u32 i = 0; i < test_pages; ++i) __builtin_memset(test_page(i), 0, page_size);
}

void test_body() {
  failure.clear();
  reset_guest_side();
  save_guest();
  test->run();
  end_test();
}

void start_test() {
  test = reinterpret_cast<const Test*>(vcpu().registers.rcx);
  test_running = true;
  constexpr u32 saved_registers = 6;
  auto* top = reinterpret_cast<u64*>(test_stack_top) - 2;
  *top = reinterpret_cast<u64>(test_body);
  switch_stack(&exit_stack, reinterpret_cast<u64>(top - saved_registers));
}

}  // namespace

Vcpu& vcpu() {
  return machine.vcpu(0);
}

Exit resume() {
  switch_stack(&test_stack, exit_stack);
  return processor->decode(vcpu());
}

void end_test() {
  test_running = false;
  restore_guest();
  switch_stack(&test_stack, exit_stack);
  __builtin_unreachable();
}

void root_exit(Vcpu& vcpu) {
  if (test_running) return switch_stack(&exit_stack, test_stack);
  const Exit exit = processor->decode(vcpu);
  if (exit.kind != ExitKind::hypercall || vcpu.registers.rax != call_run_test) {
    return processor->dispatch(vcpu, exit);
  }
  processor->advance(vcpu, exit.length);
  start_test();
}

void fill_boot_block() {
  page_list = {.next = 0, .use = HYPERDBG_PAGES_POOL, .count = pool_pages, .pages = {}};
  for (u64 i = 0; i < pool_pages; ++i) page_list.pages[i] = POOL_MEMORY + i * page_size;
  boot_block.secret = 0x5ec2e7;
  boot_block.text_start = reinterpret_cast<u64>(stub_start);
  boot_block.text_end = reinterpret_cast<u64>(stub_end);
  boot_block.memory_end = 4ull << 30;
  boot_block.pages = physical(page_list);
  boot_block.zero_page = physical(zero_page);
  boot_block.cpus = 1;
  boot_block.vendor = processor->vendor;
  boot_block.mode = HYPERDBG_MODE_DEBUGGER;
  boot_block.uart = debugger_port;
  boot_block.uart_divisor = 1;
  boot_block.levels = 4;
  boot_block.tsc_khz = 1000000;
  fill_boot_cpu(boot_block.cpu[0]);
}

u64 hypercall(u64 number, u64 argument) {
  const auto call = processor->vendor == HYPERDBG_VENDOR_AMD ? hyperdbg_call_amd : hyperdbg_call_intel;
  return call(number, argument, 0, 0, 0, boot_block.secret);
}

const char* run_test(const Test& chosen) {
  hypercall(call_run_test, reinterpret_cast<u64>(&chosen));
  load_guest_tables();
  return failure.get()[0] == 0 ? nullptr : failure.get();
}

void borrow_upper_half() {
  for (u32 i = 256; i < 512; ++i) root_mode_root[i] = payload_root[i];
}

}  // namespace hyperdbg::payload

// Called by hypervisor/cpu/image_entry.S.
extern "C" [[gnu::used]] hyperdbg::u32 enter_cpu(hyperdbg::u64, hyperdbg::u64 guest_root, hyperdbg::u64 rsp,
                                                 hyperdbg::u64 rip) {
  return hyperdbg::payload::processor->enter(guest_root, rsp, rip);
}
