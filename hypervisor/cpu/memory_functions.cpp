// SPDX-License-Identifier: MIT
#include "base/types.hpp"

// What the compiler calls by itself in freestanding code.
extern "C" {

[[gnu::used]] void* memcpy(void* to, const void* from, hyperdbg::u64 size) {
  void* result = to;
  asm volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(size)::"memory");
  return result;
}

[[gnu::used]] void* memset(void* to, int value, hyperdbg::u64 size) {
  void* result = to;
  asm volatile("rep stosb" : "+D"(to), "+c"(size) : "a"(value) : "memory");
  return result;
}

[[gnu::used]] void* memmove(void* to, const void* from, hyperdbg::u64 size) {
  auto* target = static_cast<hyperdbg::u8*>(to);
  const auto* source = static_cast<const hyperdbg::u8*>(from);
  if (target <= source || target >= source + size) return memcpy(to, from, size);
  while (size != 0) {
    --size;
    target[size] = source[size];
  }
  return to;
}

[[gnu::used]] int memcmp(const void* left, const void* right, hyperdbg::u64 size) {
  const auto* a = static_cast<const hyperdbg::u8*>(left);
  const auto* b = static_cast<const hyperdbg::u8*>(right);
  for (hyperdbg::u64 i = 0; i < size; ++i) {
    if (a[i] != b[i]) return a[i] - b[i];
  }
  return 0;
}

}  // extern "C"
