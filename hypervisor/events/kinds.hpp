// SPDX-License-Identifier: MIT
#pragma once
#include <span>

#include "abi/event.h"
#include "abi/status.h"
#include "base/types.hpp"
#include "hypervisor/events/msr.hpp"

namespace hyperdbg {

// Which keys an event of a kind may name, both ends included, and whether it may leave the key open.
struct KeyRange {
  u64 first, last;
  bool any;
  u32 refusal = HYPERDBG_MALFORMED;  // enum hyperdbg_status, for a key outside
  u64 step = 1;

  constexpr bool allows(u64 key) const {
    return key == HYPERDBG_ANY_KEY ? any : key >= first && key <= last && (key - first) % step == 0;
  }
};

// Where the trigger has nothing that an event could name, or the processor's own number of it is not for users.
inline constexpr KeyRange no_key{1, 0, true};
inline constexpr KeyRange key_of_32_bits{0, 0xffffffff, true};

// What is true of all events of one kind. A kind without a row is not supported. How it is triggered, what $context is
// and what a short-circuit leaves out stands in hypervisor/core/kinds/, one file for each.
struct KindRow {
  u32 kind;
  u32 stages;                            // enum hyperdbg_stage: which it may have
  bool short_circuit;                    // whether its effect can be suppressed
  KeyRange keys;                         // leaf, MSR, port, vector...
  std::span<const u32> exceptions = {};  // keys that an event for any key does not cover
  bool mask = false;                     // whether an event may name the bits whose change it watches
  bool by_fault = false;                 // whether HYPERDBG_EVENT_BY_FAULT means something
};

inline constexpr KindRow kind_table[] = {
    {HYPERDBG_EVENT_SYSCALL, HYPERDBG_ALL, true, key_of_32_bits, {}, false, true},
    {HYPERDBG_EVENT_SYSCALL_32, HYPERDBG_ALL, true, key_of_32_bits},
    {HYPERDBG_EVENT_SYSRET, HYPERDBG_ALL, true, no_key, {}, false, true},
    {HYPERDBG_EVENT_CPUID, HYPERDBG_ALL, true, key_of_32_bits},
    {HYPERDBG_EVENT_RDMSR, HYPERDBG_ALL, true, key_of_32_bits, msr_event::read_exceptions},
    {HYPERDBG_EVENT_WRMSR, HYPERDBG_ALL, true, key_of_32_bits, msr_event::write_exceptions},
    {HYPERDBG_EVENT_IN, HYPERDBG_ALL, true, {0, 0xffff, true}},
    {HYPERDBG_EVENT_OUT, HYPERDBG_ALL, true, {0, 0xffff, true}},
    {HYPERDBG_EVENT_EXCEPTION, HYPERDBG_ALL, true, {0, 0x1f, true, HYPERDBG_INVALID_EXCEPTION}},
    {HYPERDBG_EVENT_INTERRUPT, HYPERDBG_ALL, true, {0x20, 0xff, false, HYPERDBG_INVALID_INTERRUPT}},
    {HYPERDBG_EVENT_DR, HYPERDBG_ALL, true, no_key},
    {HYPERDBG_EVENT_TSC, HYPERDBG_ALL, true, no_key},
    {HYPERDBG_EVENT_PMC, HYPERDBG_ALL, true, no_key},
    {HYPERDBG_EVENT_VMCALL, HYPERDBG_ALL, true, no_key},
    {HYPERDBG_EVENT_CRWRITE, HYPERDBG_ALL, true, {0, 4, false, HYPERDBG_MALFORMED, 4}, {}, true},
    {HYPERDBG_EVENT_XSETBV, HYPERDBG_ALL, true, key_of_32_bits},
};
inline constexpr u32 kind_rows = sizeof(kind_table) / sizeof(kind_table[0]);

struct KindIndex {
  u8 row[HYPERDBG_EVENT_KINDS];
};
inline constexpr KindIndex kind_index = [] {
  KindIndex index{};
  for (u8& row : index.row) row = kind_rows;
  for (u8 row = 0; row < kind_rows; ++row) index.row[kind_table[row].kind] = row;
  return index;
}();

// kind_rows for a kind that has no row.
constexpr u32 row_of(u32 kind) {
  return kind < HYPERDBG_EVENT_KINDS ? kind_index.row[kind] : kind_rows;
}
constexpr const KindRow* find_kind(u32 kind) {
  return row_of(kind) < kind_rows ? &kind_table[row_of(kind)] : nullptr;
}

constexpr bool any_key_covers(u32 kind, u64 key) {
  const u32 row = row_of(kind);
  if (row == kind_rows) return false;
  for (u32 exception : kind_table[row].exceptions)
    if (exception == key) return false;
  return true;
}

}  // namespace hyperdbg
