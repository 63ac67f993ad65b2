// SPDX-License-Identifier: MIT
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

#include "session/error.hpp"

namespace hyperdbg {

// Where the names in an address come from.
struct NameSource {
  std::function<std::optional<std::uint64_t>(std::string_view)> symbol;     // `module!name` or `name`
  std::function<Expected<std::uint64_t>(std::string_view)> register_value;  // without the `@`
};

// number, module!symbol, @register, joined by + and - without blanks. "err, couldn't resolve error at '...'" otherwise.
Expected<std::uint64_t> evaluate_address(std::string_view expression, const NameSource& names);

}  // namespace hyperdbg
