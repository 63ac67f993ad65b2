// SPDX-License-Identifier: MIT
#include "script/syntax/number.hpp"

#include <algorithm>
#include <cctype>

namespace hyperdbg::script {
namespace {

struct Base {
  unsigned value;
  const char* name;
  std::string_view digits;
};

Base split_prefix(std::string_view word) {
  if (word.size() > 1 && word[0] == '0') {
    const std::string_view digits = word.substr(2);
    switch (word[1]) {
      case 'x':
      case 'X':
        return {16, "a hexadecimal", digits};
      case 'n':
        return {10, "a decimal", digits};
      case 't':
      case 'o':
        return {8, "an octal", digits};
      case 'y':
        return {2, "a binary", digits};
    }
  }
  return {16, "a hexadecimal", word};
}

unsigned digit_value(char digit) {
  if (digit >= '0' && digit <= '9') return static_cast<unsigned>(digit - '0');
  if (digit >= 'a' && digit <= 'f') return static_cast<unsigned>(digit - 'a') + 10;
  if (digit >= 'A' && digit <= 'F') return static_cast<unsigned>(digit - 'A') + 10;
  return 99;
}

}  // namespace

std::expected<std::uint64_t, std::string> parse_number(std::string_view word) {
  const Base base = split_prefix(word);
  std::uint64_t value = 0;
  bool any = false;
  for (const char digit : base.digits) {
    if (digit == '`') continue;
    if (digit_value(digit) >= base.value)
      return std::unexpected("`" + std::string(word) + "` is not " + base.name + " number");
    if (__builtin_mul_overflow(value, base.value, &value) || __builtin_add_overflow(value, digit_value(digit), &value))
      return std::unexpected("`" + std::string(word) + "` does not fit into 64 bits");
    any = true;
  }
  if (!any) return std::unexpected("`" + std::string(word) + "` has no digits");
  return value;
}

bool is_hexadecimal_word(std::string_view word) {
  const auto hexadecimal = [](char letter) { return std::isxdigit(static_cast<unsigned char>(letter)) != 0; };
  return !word.empty() && std::isalpha(static_cast<unsigned char>(word[0])) && std::ranges::all_of(word, hexadecimal);
}

}  // namespace hyperdbg::script
