// SPDX-License-Identifier: MIT
#include "session/number.hpp"

#include <array>
#include <charconv>
#include <string>
#include <utility>

namespace hyperdbg {
namespace {

constexpr std::array<std::pair<std::string_view, int>, 10> prefixes{{
    {"0x", 16},
    {"0X", 16},
    {"\\x", 16},
    {"x", 16},
    {"X", 16},
    {"0n", 10},
    {"0N", 10},
    {"\\n", 10},
    {"n", 10},
    {"N", 10},
}};

}  // namespace

std::optional<std::uint64_t> parse_number(std::string_view text) {
  int base = 16;
  for (const auto& [prefix, prefix_base] : prefixes) {
    if (text.starts_with(prefix)) {
      text.remove_prefix(prefix.size());
      base = prefix_base;
      break;
    }
  }
  std::string digits(text);
  std::erase(digits, '`');
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
  if (digits.empty() || error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return value;
}

}  // namespace hyperdbg
