// SPDX-License-Identifier: MIT
#pragma once
#include "base/types.hpp"
#include "x86/msr.hpp"

// One function for each instruction that C++ has no word for.
namespace hyperdbg::cpu {

inline u8 in8(u16 port) {
  u8 value;
  asm volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
  return value;
}
inline void out8(u16 port, u8 value) {
  asm volatile("outb %0, %1" ::"a"(value), "Nd"(port));
}
inline u16 in16(u16 port) {
  u16 value;
  asm volatile("inw %1, %0" : "=a"(value) : "Nd"(port));
  return value;
}
inline void out16(u16 port, u16 value) {
  asm volatile("outw %0, %1" ::"a"(value), "Nd"(port));
}
inline u32 in32(u16 port) {
  u32 value;
  asm volatile("inl %1, %0" : "=a"(value) : "Nd"(port));
  return value;
}
inline void out32(u16 port, u32 value) {
  asm volatile("outl %0, %1" ::"a"(value), "Nd"(port));
}

inline u64 rdmsr(x86::Msr msr) {
  u32 low, high;
  asm volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
  return low | u64{high} << 32;
}
inline void wrmsr(x86::Msr msr, u64 value) {
  asm volatile("wrmsr" ::"c"(msr), "a"(static_cast<u32>(value)), "d"(static_cast<u32>(value >> 32)) : "memory");
}

// For MSRs named by the guest: false when the processor answers with #GP. A fault at 1 resumes at 2 with CF set;
// nothing between clears it, because CLC comes first (the table is read by hypervisor/entry/exceptions.cpp).
inline bool try_rdmsr(u32 msr, u64& value) {
  u32 low = 0, high = 0;
  bool failed;
  asm volatile(
      "clc\n"
      "1: rdmsr\n"
      "2:\n"
      ".pushsection .fixups, \"a\"\n"
      ".quad 1b, 2b\n"
      ".popsection\n"
      : "+a"(low), "+d"(high), "=@ccc"(failed)
      : "c"(msr)
      : "r11", "memory");
  value = low | u64{high} << 32;
  return !failed;
}
inline bool try_wrmsr(u32 msr, u64 value) {
  bool failed;
  asm volatile(
      "clc\n"
      "1: wrmsr\n"
      "2:\n"
      ".pushsection .fixups, \"a\"\n"
      ".quad 1b, 2b\n"
      ".popsection\n"
      : "=@ccc"(failed)
      : "c"(msr), "a"(static_cast<u32>(value)), "d"(static_cast<u32>(value >> 32))
      : "r11", "memory");
  return !failed;
}

// As above; the vector of the fault, which the handler leaves in R11 as well, or no_fault.
inline constexpr u8 no_fault = 0xff;
inline u8 try_rdpmc(u32 counter, u64& value) {
  u32 low = 0, high = 0;
  u64 vector;
  asm volatile(
      "mov %[none], %%r11d\n"
      "1: rdpmc\n"
      "2: mov %%r11, %[vector]\n"
      ".pushsection .fixups, \"a\"\n"
      ".quad 1b, 2b\n"
      ".popsection\n"
      : "+a"(low), "+d"(high), [vector] "=r"(vector)
      : "c"(counter), [none] "i"(no_fault)
      : "r11", "cc", "memory");
  value = low | u64{high} << 32;
  return static_cast<u8>(vector);
}

// As above, for XCR0 and its like.
inline bool try_xsetbv(u32 number, u64 value) {
  bool failed;
  asm volatile(
      "clc\n"
      "1: xsetbv\n"
      "2:\n"
      ".pushsection .fixups, \"a\"\n"
      ".quad 1b, 2b\n"
      ".popsection\n"
      : "=@ccc"(failed)
      : "c"(number), "a"(static_cast<u32>(value)), "d"(static_cast<u32>(value >> 32))
      : "r11", "memory");
  return !failed;
}

inline u64 xgetbv(u32 number) {
  u32 low, high;
  asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(number));
  return low | u64{high} << 32;
}

inline u64 read_cr0() {
  u64 value;
  asm volatile("mov %%cr0, %0" : "=r"(value));
  return value;
}
inline void write_cr0(u64 value) {
  asm volatile("mov %0, %%cr0" ::"r"(value) : "memory");
}
inline u64 read_cr2() {
  u64 value;
  asm volatile("mov %%cr2, %0" : "=r"(value));
  return value;
}
inline void write_cr2(u64 value) {
  asm volatile("mov %0, %%cr2" ::"r"(value) : "memory");
}
inline u64 read_cr3() {
  u64 value;
  asm volatile("mov %%cr3, %0" : "=r"(value));
  return value;
}
inline void write_cr3(u64 value) {
  asm volatile("mov %0, %%cr3" ::"r"(value) : "memory");
}
inline u64 read_cr4() {
  u64 value;
  asm volatile("mov %%cr4, %0" : "=r"(value));
  return value;
}
inline void write_cr4(u64 value) {
  asm volatile("mov %0, %%cr4" ::"r"(value) : "memory");
}

// As try_wrmsr().
inline bool try_write_cr4(u64 value) {
  bool failed;
  asm volatile(
      "clc\n"
      "1: mov %1, %%cr4\n"
      "2:\n"
      ".pushsection .fixups, \"a\"\n"
      ".quad 1b, 2b\n"
      ".popsection\n"
      : "=@ccc"(failed)
      : "r"(value)
      : "r11", "memory");
  return !failed;
}

inline u64 read_cr8() {
  u64 value;
  asm volatile("mov %%cr8, %0" : "=r"(value));
  return value;
}
inline void write_cr8(u64 value) {
  asm volatile("mov %0, %%cr8" ::"r"(value) : "memory");
}

template <unsigned Number>
u64 read_dr() {
  u64 value;
  asm volatile("mov %%db%c1, %0" : "=r"(value) : "i"(Number));
  return value;
}
template <unsigned Number>
void write_dr(u64 value) {
  asm volatile("mov %0, %%db%c1" ::"r"(value), "i"(Number));
}

struct [[gnu::packed]] DescriptorTable {
  u16 limit;
  u64 base;
};
inline DescriptorTable sgdt() {
  DescriptorTable table;
  asm volatile("sgdt %0" : "=m"(table));
  return table;
}
inline DescriptorTable sidt() {
  DescriptorTable table;
  asm volatile("sidt %0" : "=m"(table));
  return table;
}
inline void lgdt(const DescriptorTable& table) {
  asm volatile("lgdt %0" ::"m"(table));
}
inline void lidt(const DescriptorTable& table) {
  asm volatile("lidt %0" ::"m"(table));
}

#define HYPERDBG_SELECTOR(name)                                    \
  inline u16 read_##name() {                                       \
    u16 value;                                                     \
    asm volatile("mov %%" #name ", %0" : "=r"(value));             \
    return value;                                                  \
  }                                                                \
  inline void write_##name(u16 value) {                            \
    asm volatile("mov %0, %%" #name ::"r"(u32{value}) : "memory"); \
  }
HYPERDBG_SELECTOR(ds)
HYPERDBG_SELECTOR(es)
HYPERDBG_SELECTOR(fs)
HYPERDBG_SELECTOR(gs)
HYPERDBG_SELECTOR(ss)
#undef HYPERDBG_SELECTOR
inline u16 read_cs() {
  u16 value;
  asm volatile("mov %%cs, %0" : "=r"(value));
  return value;
}

inline u16 sldt() {
  u16 value;
  asm volatile("sldt %0" : "=r"(value));
  return value;
}
inline u16 str() {
  u16 value;
  asm volatile("str %0" : "=r"(value));
  return value;
}

inline void lldt(u16 selector) {
  asm volatile("lldt %0" ::"r"(selector) : "memory");
}
inline void ltr(u16 selector) {
  asm volatile("ltr %0" ::"r"(selector) : "memory");
}

// Access rights and limit of a selector, 0 for one that may not be loaded.
inline u32 lar(u16 selector) {
  u32 value = 0;
  asm volatile("lar %1, %0" : "+r"(value) : "r"(u32{selector}) : "cc");
  return value;
}
inline u32 lsl(u16 selector) {
  u32 value = 0;
  asm volatile("lsl %1, %0" : "+r"(value) : "r"(u32{selector}) : "cc");
  return value;
}

struct CpuidResult {
  u32 eax, ebx, ecx, edx;
};
inline CpuidResult cpuid(u32 leaf, u32 subleaf) {
  CpuidResult result;
  asm volatile("cpuid"
               : "=a"(result.eax), "=b"(result.ebx), "=c"(result.ecx), "=d"(result.edx)
               : "a"(leaf), "c"(subleaf));
  return result;
}

inline u64 rdtsc() {
  u32 low, high;
  asm volatile("rdtsc" : "=a"(low), "=d"(high));
  return low | u64{high} << 32;
}

inline void wbinvd() {
  asm volatile("wbinvd" ::: "memory");
}

inline void pause() {
  asm volatile("pause" ::: "memory");
}

[[noreturn]] inline void stop_forever() {
  for (;;) asm volatile("cli; hlt");
}

}  // namespace hyperdbg::cpu
