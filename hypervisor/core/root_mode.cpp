// SPDX-License-Identifier: MIT
#include "hypervisor/core/root_mode.hpp"

#include "hypervisor/core/cpu_area.hpp"
#include "hypervisor/core/machine.hpp"
#include "hypervisor/cpu/instructions.hpp"
#include "hypervisor/cpu/routines.hpp"
#include "x86/registers.hpp"

namespace hyperdbg {

namespace {

// Where Linux has its own (__KERNEL_CS, __KERNEL_DS), so that the gates of either IDT are good with either GDT: under
// VT-x an NMI may come while they are being changed.
constexpr u16 code_selector = 0x10, data_selector = 0x18;
alignas(16) constinit u64 gdt[4] = {0, 0, 0x00af9b000000ffff, 0x00cf93000000ffff};

// AMD APM vol. 2, 4.8.4 "Interrupt and trap gates", long mode.
struct Gate {
  u16 offset_low;
  u16 selector;
  u8 ist;
  u8 attributes;
  u16 offset_middle;
  u32 offset_high;
  u32 reserved;
};
static_assert(sizeof(Gate) == 16);
alignas(16) constinit Gate idt[256] = {};

// AMD APM vol. 2, 12.2.5 "64-bit task state segment".
struct [[gnu::packed]] Tss {
  u32 reserved_00;
  u64 rsp[3];  // 04
  u64 reserved_1c;
  u64 ist[7];  // 24
  u64 reserved_5c;
  u16 reserved_64;
  u16 io_map_base;  // 66
};
static_assert(sizeof(Tss) == 0x68);

constexpr u8 nmi = 2, interrupt_gate = 0x8e;

void fill_idt() {
  for (u32 vector = 0; vector < 256; ++vector) {
    const u64 entry = reinterpret_cast<u64>(&exception_entries[vector * 16]);
    idt[vector] = {.offset_low = static_cast<u16>(entry),
                   .selector = code_selector,
                   // A fault may be a stack overflow, so it gets a stack of its own; so does an NMI, which may come
                   // during a fault and while custom code has RSP point anywhere.
                   .ist = static_cast<u8>(vector == nmi ? 2 : 1),
                   .attributes = interrupt_gate,
                   .offset_middle = static_cast<u16>(entry >> 16),
                   .offset_high = static_cast<u32>(entry >> 32),
                   .reserved = 0};
  }
}

constexpr u64 table_entry = 0x3, upper_half = 256, entries = 512;

u64* root_of(u64 cr3) {
  return machine.memory.at<u64>(PhysicalAddress{cr3 & x86::cr3_address_mask});
}

void drop_upper_half(u64* root) {
  for (u64 i = upper_half; i < entries; ++i) root[i] = 0;
}

// Linux's TR stays loaded: loading our own would cost a VMLOAD and VMSAVE at each exit. The processor reads the TSS by
// its linear address when an exception needs an IST stack, so in the image's page tables another page lies at that
// address.
void map_own_tss(const Vcpu& vcpu, u64* root, u64 tss_base) {
  Tss* tss = machine.memory.at<Tss>(PhysicalAddress{vcpu.boot->tss_page + page_offset(tss_base)});
  if (page_offset(tss_base) + sizeof(Tss) > page_size) return;
  *tss = {};
  tss->ist[0] = cpu_area::base_of(vcpu.core) + cpu_area::fault_stack_top;
  tss->ist[1] = cpu_area::base_of(vcpu.core) + cpu_area::nmi_stack_top;
  tss->io_map_base = sizeof(Tss);
  u64* table = root;
  u32 used = 0;
  for (u32 level = machine.boot->levels; level > 1; --level) {
    const u64 next = vcpu.boot->tss_tables[used++];
    u64* child = machine.memory.at<u64>(PhysicalAddress{next});
    __builtin_memset(child, 0, page_size);
    table[tss_base >> (12 + 9 * (level - 1)) & (entries - 1)] = next | table_entry;
    table = child;
  }
  table[tss_base >> 12 & (entries - 1)] = vcpu.boot->tss_page | table_entry;
}

}  // namespace

// All of them: Linux's are global, and one of them is of the address where our TSS is to be found.
void forget_translations() {
  const x86::Cr4 cr4{cpu::read_cr4()};
  cpu::write_cr4(cr4.with(x86::Cr4::pge, false).value);
  cpu::write_cr3(cpu::read_cr3());
  cpu::write_cr4(cr4.value);
}

void enter_root_mode(Vcpu& vcpu, u64 tss_base) {
  fill_idt();
  cpu::lgdt({.limit = sizeof(gdt) - 1, .base = reinterpret_cast<u64>(gdt)});
  cpu::lidt({.limit = sizeof(idt) - 1, .base = reinterpret_cast<u64>(idt)});
  load_code_segment(code_selector);
  cpu::write_ss(data_selector);
  cpu::write_ds(0);
  cpu::write_es(0);
  u64* root = root_of(vcpu.boot->cr3);
  drop_upper_half(root);
  map_own_tss(vcpu, root, tss_base);
  forget_translations();
}

void leave_root_mode(u64 linux_cr3) {
  u64* root = root_of(current_vcpu().boot->cr3);
  const u64* linux_root = root_of(linux_cr3);
  for (u64 i = upper_half; i < entries; ++i) root[i] = linux_root[i];
  forget_translations();
}

Vcpu& current_vcpu() {
  const u64 frame = reinterpret_cast<u64>(__builtin_frame_address(0));
  return *reinterpret_cast<Vcpu*>((frame & ~(HYPERDBG_CPU_STRIDE - 1)) + cpu_area::vcpu_offset);
}

}  // namespace hyperdbg
