// SPDX-License-Identifier: MIT
#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace hyperdbg::script {

struct StringLiteral {
  struct Mistake {
    std::size_t offset;  // from the literal's first character
    std::string message;
    std::string hint;
  };
  std::size_t length = 0;  // characters of the source, quotes and L included
  std::string contents;    // escapes resolved; of a wide literal the bytes of its 16-bit units
  std::vector<Mistake> mistakes;
};

// `source` starts with the quote, or with L and the quote.
StringLiteral parse_string_literal(std::string_view source, bool wide);

}  // namespace hyperdbg::script
