// SPDX-License-Identifier: MIT
#pragma once
#include "abi/limits.h"
#include "hypervisor/events/page_source.hpp"
#include "hypervisor/events/slot_pool.hpp"

namespace hyperdbg {

// Memory that is not of the usual size: both views of code, or a safe buffer (no executable view).
struct Block {
  u8* writable;
  const u8* executable;
  u64 capacity;  // bytes
  u64 backed;    // bytes that have memory behind them
  Block* free_next;
};

/*
 * Conditions, code that is too long for an action slot, and safe buffers. What was given back is used again, never
 * returned to the page source. Changed while all other cores are held.
 */
class CodeStore {
 public:
  void init(const PageSource& pages) { pages_ = pages; }

  // Of at most HYPERDBG_REGULAR_CONDITION_SIZE bytes; longer ones are code like any other.
  Result<Block*> take_condition();
  void give_back_condition(Block* block);

  // Addresses for code; back() puts memory behind the first bytes, as they come.
  Result<Block*> take_code(u64 size);
  Result<void> back(Block& block, u64 size);
  void give_back_code(Block* block);

  // Zeroed.
  Result<Block*> take_buffer(u64 size);
  void give_back_buffer(Block* block) { buffers_.put(block); }

 private:
  Result<Block*> take_blank();

  PageSource pages_{};
  SlotPool<Block> blank_, conditions_, code_, buffers_;
};

}  // namespace hyperdbg
