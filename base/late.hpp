// SPDX-License-Identifier: MIT
#pragma once
#include <new>
#include <utility>

namespace hyperdbg {

// A global that is constructed by hand, once, because the image runs no static constructors.
template <class T>
class Late {
 public:
  constexpr Late() {}
  template <class... Arguments>
  T& construct(Arguments&&... arguments) {
    return *new (storage_) T(std::forward<Arguments>(arguments)...);
  }
  T& operator*() { return *std::launder(reinterpret_cast<T*>(storage_)); }
  const T& operator*() const { return *std::launder(reinterpret_cast<const T*>(storage_)); }
  T* operator->() { return &**this; }
  const T* operator->() const { return &**this; }

 private:
  alignas(T) unsigned char storage_[sizeof(T)] = {};
};

}  // namespace hyperdbg
