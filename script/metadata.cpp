// SPDX-License-Identifier: MIT
#include "script/metadata.hpp"

#include <cstring>

#include "abi/script.h"

namespace hyperdbg::script {
namespace {

struct FormatHeader {
  std::uint32_t size;
  std::uint32_t flags;
};

void append(std::vector<std::uint8_t>& bytes, const void* data, std::size_t size) {
  const auto* first = static_cast<const std::uint8_t*>(data);
  bytes.insert(bytes.end(), first, first + size);
}

std::size_t padded(std::size_t size) {
  return (size + 7) & ~std::size_t{7};
}

// Takes a structure from the front; false if it is not wholly there.
template <class T>
bool take(std::span<const std::uint8_t>& bytes, T& object) {
  if (bytes.size() < sizeof object) return false;
  std::memcpy(&object, bytes.data(), sizeof object);
  bytes = bytes.subspan(sizeof object);
  return true;
}

}  // namespace

std::vector<std::uint8_t> encode_metadata(const std::vector<std::string>& formats) {
  std::vector<std::uint8_t> bytes;
  const hyperdbg_script_metadata header{static_cast<std::uint32_t>(formats.size()), 0};
  append(bytes, &header, sizeof header);
  for (const std::string& format : formats) {
    const FormatHeader format_header{static_cast<std::uint32_t>(format.size()), 0};
    append(bytes, &format_header, sizeof format_header);
    append(bytes, format.data(), format.size());
    bytes.resize(padded(bytes.size()));
  }
  return bytes;
}

std::optional<std::vector<std::string>> decode_metadata(std::span<const std::uint8_t> metadata) {
  hyperdbg_script_metadata header{};
  if (!take(metadata, header)) return std::nullopt;
  std::vector<std::string> formats;
  for (std::uint32_t i = 0; i < header.format_count; ++i) {
    FormatHeader format{};
    if (!take(metadata, format) || format.size > metadata.size()) return std::nullopt;
    formats.emplace_back(reinterpret_cast<const char*>(metadata.data()), format.size);
    metadata = metadata.subspan(std::min(padded(format.size), metadata.size()));
  }
  return formats;
}

}  // namespace hyperdbg::script
