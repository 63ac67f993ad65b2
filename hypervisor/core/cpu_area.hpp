// SPDX-License-Identifier: MIT
#pragma once
#include "abi/image.h"
#include "base/types.hpp"
#include "hypervisor/cpu/offsets.h"

// What lies where in the area that each CPU has for itself (HYPERDBG_CPU_AREA). Pages that are not in the map are
// guards.
namespace hyperdbg::cpu_area {

inline constexpr u64 stack_first_page = 1, stack_pages = 8;
inline constexpr u64 fault_stack_first_page = 10, fault_stack_pages = 4;
inline constexpr u64 vcpu_first_page = 16, vcpu_pages = 2;
inline constexpr u64 code_stack_first_page = 20, code_stack_pages = 8;  // of custom code
inline constexpr u64 nmi_stack_first_page = 30, nmi_stack_pages = 1;

constexpr u64 pages_bits(u64 first, u64 count) {
  return ((1ull << count) - 1) << first;
}
inline constexpr u64 map =
    pages_bits(stack_first_page, stack_pages) | pages_bits(fault_stack_first_page, fault_stack_pages) |
    pages_bits(vcpu_first_page, vcpu_pages) | pages_bits(code_stack_first_page, code_stack_pages) |
    pages_bits(nmi_stack_first_page, nmi_stack_pages);

inline constexpr u64 stack_bottom = stack_first_page * page_size;
inline constexpr u64 stack_top = stack_bottom + stack_pages * page_size;
inline constexpr u64 fault_stack_top = (fault_stack_first_page + fault_stack_pages) * page_size;
inline constexpr u64 code_stack_top = (code_stack_first_page + code_stack_pages) * page_size;
inline constexpr u64 nmi_stack_top = (nmi_stack_first_page + nmi_stack_pages) * page_size;
inline constexpr u64 vcpu_offset = vcpu_first_page * page_size;

static_assert(map == HYPERDBG_CPU_AREA_MAP);
static_assert(stack_top == HYPERDBG_STACK_TOP);
static_assert(vcpu_offset == HYPERDBG_VCPU_OFFSET);
static_assert(HYPERDBG_CPU_STRIDE == 1ull << HYPERDBG_CPU_STRIDE_SHIFT);
static_assert(HYPERDBG_CPU_AREA == HYPERDBG_CPU_AREA_VALUE);
static_assert((HYPERDBG_CPU_AREA & (HYPERDBG_CPU_STRIDE - 1)) == 0);

constexpr u64 base_of(u32 core) {
  return HYPERDBG_CPU_AREA + core * HYPERDBG_CPU_STRIDE;
}

}  // namespace hyperdbg::cpu_area
