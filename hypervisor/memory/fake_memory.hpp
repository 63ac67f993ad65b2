// SPDX-License-Identifier: MIT
#pragma once
#include <cstdlib>
#include <vector>

#include "base/types.hpp"

namespace hyperdbg::test {

// Physical memory from 0 on. An access beyond it ends the test.
class FakeMemory {
 public:
  explicit FakeMemory(std::vector<u8>& bytes) : bytes_(&bytes) {}
  template <class T>
  T* at(PhysicalAddress address) const {
    if (raw(address) + sizeof(T) > bytes_->size()) std::abort();
    return reinterpret_cast<T*>(bytes_->data() + raw(address));
  }

 private:
  std::vector<u8>* bytes_;
};

}  // namespace hyperdbg::test
