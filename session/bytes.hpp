// SPDX-License-Identifier: MIT
#pragma once
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

namespace hyperdbg {

// Requests, answers and records are plain structures of abi/ laid one behind the other.
using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;

inline ByteView view_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
inline std::string_view text_of(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

inline void append(Bytes& bytes, ByteView more) {
  bytes.insert(bytes.end(), more.begin(), more.end());
}

template <class T>
requires std::is_trivially_copyable_v<T> ByteView object_bytes(const T& object) {
  return {reinterpret_cast<const std::uint8_t*>(&object), sizeof object};
}

inline void pad_to_8(Bytes& bytes) {
  bytes.resize((bytes.size() + 7) & ~std::size_t{7});
}

// The structure at `offset`, copied out because nothing guarantees its alignment; nothing if it is not wholly there.
template <class T>
requires std::is_trivially_copyable_v<T> std::optional<T> object_at(ByteView bytes, std::size_t offset = 0) {
  if (offset > bytes.size() || bytes.size() - offset < sizeof(T)) return std::nullopt;
  T object;
  std::memcpy(&object, bytes.data() + offset, sizeof object);
  return object;
}

}  // namespace hyperdbg
