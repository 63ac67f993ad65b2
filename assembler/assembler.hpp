// SPDX-License-Identifier: MIT
#pragma once
#include <cstdint>
#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "script/syntax/diagnostic.hpp"

namespace hyperdbg::assembler {

// The value of `module!symbol+expr`, which stands between < and > in the text; nothing if there is none.
using AddressOf = std::function<std::optional<std::uint64_t>(std::string_view)>;

using AssembleResult = std::expected<std::vector<std::uint8_t>, std::vector<script::Diagnostic>>;

/*
 * Intel syntax for x86-64 as LLVM reads it: statements are separated by `;` or lines, labels end in `:`, comments are
 * #, //, and those between slash and asterisk; numbers are decimal, 0x40 or 40h hexadecimal. LLVM's assembler is opened
 * at the first call, as the script compiler is.
 */
AssembleResult assemble(std::string_view text, const AddressOf& address_of);

}  // namespace hyperdbg::assembler
