// SPDX-License-Identifier: MIT
#pragma once
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "assembler/assembler.hpp"

namespace hyperdbg::assembler {

// Text in which each <symbol+expr> has become a number.
struct Filled {
  std::string text;
  std::vector<std::pair<script::Place, std::string>> unknown;  // names that have no address, and where they stand

  // Where a place in `text` was before.
  script::Place original(script::Place place) const;

  struct Replaced {
    script::Place place;          // of the < in the original
    std::uint32_t column;         // of the number in `text`
    std::uint32_t before, after;  // characters
  };
  std::vector<Replaced> replaced;
};

Filled fill_placeholders(std::string_view text, const AddressOf& address_of);

}  // namespace hyperdbg::assembler
