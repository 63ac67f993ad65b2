// SPDX-License-Identifier: MIT
#pragma once
#include <span>

#include "abi/event.h"
#include "base/types.hpp"
#include "hypervisor/events/cpuid.hpp"
#include "hypervisor/events/msr.hpp"

namespace hyperdbg {

// What is true of all events of one kind. A kind without a row is not supported.
struct KindRow {
  u32 kind;
  u32 stages;                       // enum hyperdbg_stage: which it may have
  bool short_circuit;               // whether its effect can be suppressed
  bool (*valid_key)(u64 key);       // HYPERDBG_ANY_KEY is not asked
  std::span<const u32> exceptions;  // keys that an event for any key does not cover
};

inline constexpr KindRow kind_table[] = {
    {HYPERDBG_EVENT_CPUID, HYPERDBG_ALL, true, cpuid_event::valid_key, {}},
    {HYPERDBG_EVENT_RDMSR, HYPERDBG_ALL, true, msr_event::valid_key, msr_event::read_exceptions},
    {HYPERDBG_EVENT_WRMSR, HYPERDBG_ALL, true, msr_event::valid_key, msr_event::write_exceptions},
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
