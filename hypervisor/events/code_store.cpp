// SPDX-License-Identifier: MIT
#include "hypervisor/events/code_store.hpp"

#include <new>

namespace hyperdbg {

namespace {

constexpr u64 condition_stride = 128;
static_assert(condition_stride >= HYPERDBG_REGULAR_CONDITION_SIZE);
constexpr u8 breakpoint_instruction = 0xcc;

constexpr u64 whole_pages(u64 size) {
  return (size + page_size - 1) & ~(page_size - 1);
}

struct BlockPage {
  static constexpr u32 blocks = page_size / sizeof(Block);
  Block block[blocks];
};

}  // namespace

Result<Block*> CodeStore::take_blank() {
  if (Block* block = blank_.take()) return block;
  auto* page = new (TRY(pages_.data_page(pages_.context))) BlockPage{};
  for (Block& block : page->block) blank_.put(&block);
  return blank_.take();
}

Result<Block*> CodeStore::take_condition() {
  if (Block* block = conditions_.take()) return block;
  const CodePages pages = TRY(pages_.code_pages(pages_.context));
  for (u64 at = 0; at < HYPERDBG_REGULAR_ACTION_SIZE; at += condition_stride) {
    const auto block = take_blank();
    if (!block.ok()) break;
    *block.value() = {.writable = pages.writable + at,
                      .executable = pages.executable + at,
                      .capacity = condition_stride,
                      .backed = condition_stride,
                      .free_next = nullptr};
    conditions_.put(block.value());
  }
  if (Block* block = conditions_.take()) return block;
  return HYPERDBG_POOL_EMPTY;
}

void CodeStore::give_back_condition(Block* block) {
  __builtin_memset(block->writable, breakpoint_instruction, block->backed);
  (block->capacity == condition_stride ? conditions_ : code_).put(block);
}

Result<Block*> CodeStore::take_code(u64 size) {
  if (Block* block = code_.take_smallest(size)) return block;
  Block* block = TRY(take_blank());
  const auto space = pages_.code_space(pages_.context, whole_pages(size));
  if (!space.ok()) {
    blank_.put(block);
    return space.status();
  }
  *block = {.writable = space.value().writable,
            .executable = space.value().executable,
            .capacity = whole_pages(size),
            .backed = 0,
            .free_next = nullptr};
  return block;
}

Result<void> CodeStore::back(Block& block, u64 size) {
  for (; block.backed < size; block.backed += page_size)
    TRY(pages_.back_code(pages_.context, {block.writable + block.backed, block.executable + block.backed}));
  return {};
}

void CodeStore::give_back_code(Block* block) {
  // Whoever still jumps there by mistake stops at once.
  if (block->backed != 0) __builtin_memset(block->writable, breakpoint_instruction, block->backed);
  code_.put(block);
}

Result<Block*> CodeStore::take_buffer(u64 size) {
  if (Block* block = buffers_.take_smallest(size)) {
    __builtin_memset(block->writable, 0, block->capacity);
    return block;
  }
  Block* block = TRY(take_blank());
  const auto pages = pages_.buffer_pages(pages_.context, whole_pages(size));
  if (!pages.ok()) {
    blank_.put(block);
    return pages.status();
  }
  *block = {.writable = pages.value(),
            .executable = nullptr,
            .capacity = whole_pages(size),
            .backed = whole_pages(size),
            .free_next = nullptr};
  return block;
}

}  // namespace hyperdbg
