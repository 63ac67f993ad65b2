// SPDX-License-Identifier: MIT
#pragma once
#include "base/result.hpp"
#include "base/types.hpp"

namespace hyperdbg {

// Fixed slots with a free list threaded through their own `free_next`. Never allocates and never gives memory back.
template <class T>
class SlotPool {
 public:
  void put(T* slot) {
    slot->free_next = first_;
    first_ = slot;
    ++free_;
  }
  T* take() {
    T* slot = first_;
    if (!slot) return nullptr;
    first_ = slot->free_next;
    slot->free_next = nullptr;
    --free_;
    return slot;
  }
  // Of slots with a `capacity`: the smallest that has this much.
  T* take_smallest(u64 size) {
    T** best = nullptr;
    for (T** link = &first_; *link; link = &(*link)->free_next)
      if ((*link)->capacity >= size && (!best || (*link)->capacity < (*best)->capacity)) best = link;
    if (!best) return nullptr;
    T* slot = *best;
    *best = slot->free_next;
    slot->free_next = nullptr;
    --free_;
    return slot;
  }
  u32 free() const { return free_; }

 private:
  T* first_ = nullptr;
  u32 free_ = 0;
};

}  // namespace hyperdbg
