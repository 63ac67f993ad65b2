// SPDX-License-Identifier: MIT
#pragma once
#include <concepts>

#include "base/result.hpp"
#include "base/types.hpp"

namespace hyperdbg {

// How physical memory is reached: in the image through the direct map, in tests through a fake.
template <class M>
concept PhysicalMemory = requires(const M& memory, PhysicalAddress address) {
  { memory.template at<u64>(address) } -> std::same_as<u64*>;
};

// Donated 4 KiB pages. The free list lives in the free pages. No locking: callers hold all cores stopped.
template <PhysicalMemory Memory>
class PagePool {
 public:
  explicit PagePool(Memory memory) : memory_(memory) {}

  // A zeroed page.
  Result<PhysicalAddress> take() {
    if (count_ == 0) return HYPERDBG_POOL_EMPTY;
    const PhysicalAddress page = first_;
    u64* words = memory_.template at<u64>(page);
    first_ = PhysicalAddress{words[0]};
    --count_;
    for (u64 i = 0; i < page_size / sizeof(u64); ++i) words[i] = 0;
    return page;
  }

  void give_back(PhysicalAddress page) {
    *memory_.template at<u64>(page) = raw(first_);
    first_ = page;
    ++count_;
  }

  u64 count() const { return count_; }

 private:
  [[no_unique_address]] Memory memory_;
  PhysicalAddress first_{0};
  u64 count_ = 0;
};

}  // namespace hyperdbg
