// SPDX-License-Identifier: MIT
#pragma once
#include "base/result.hpp"
#include "base/types.hpp"

namespace hyperdbg {

// Memory of both views of one action slot, HYPERDBG_REGULAR_ACTION_SIZE bytes each.
struct CodePages {
  u8* writable;
  const u8* executable;
};

// Where the engine gets memory when a free list is empty. A refusal makes a request fail with "no free slot".
struct PageSource {
  void* context;
  Result<u8*> (*data_page)(void* context);  // 4096 bytes, zeroed
  Result<CodePages> (*code_pages)(void* context);
  Result<CodePages> (*code_space)(void* context, u64 size);         // whole pages: addresses with nothing behind them
  Result<void> (*back_code)(void* context, const CodePages& page);  // one page of such addresses
  Result<u8*> (*buffer_pages)(void* context, u64 size);             // whole pages, zeroed
};

}  // namespace hyperdbg
