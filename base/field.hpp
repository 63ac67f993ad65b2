// SPDX-License-Identifier: MIT
#pragma once
#include "base/types.hpp"

namespace hyperdbg {

// One field of a register, bits High..Low as the manuals print them, with the type its value has.
template <unsigned High, unsigned Low, class T = u64>
struct Field {
  static_assert(High >= Low && High < 64);
  static constexpr u64 width_mask = (High - Low == 63) ? ~0ull : (1ull << (High - Low + 1)) - 1;
  static constexpr u64 mask = width_mask << Low;
  static constexpr unsigned shift = Low;
  using Value = T;
};

// A register is a type: `Efer{value}.get(Efer::svme)`; with() replaces one field and keeps every other bit.
template <class Self>
struct Register {
  u64 value = 0;

  template <unsigned High, unsigned Low, class T>
  constexpr T get(Field<High, Low, T>) const {
    return static_cast<T>((value & Field<High, Low, T>::mask) >> Low);
  }
  template <unsigned High, unsigned Low, class T>
  constexpr Self with(Field<High, Low, T>, T field) const {
    using F = Field<High, Low, T>;
    return Self{(value & ~F::mask) | ((static_cast<u64>(field) << Low) & F::mask)};
  }
};

}  // namespace hyperdbg
