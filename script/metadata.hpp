// SPDX-License-Identifier: MIT
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace hyperdbg::script {

// The formats of a script's messages, as abi/script.h lays them out; a RECORD_MESSAGE names one by its index.
std::vector<std::uint8_t> encode_metadata(const std::vector<std::string>& formats);

// Nothing if the bytes contradict themselves: they come from the debuggee.
std::optional<std::vector<std::string>> decode_metadata(std::span<const std::uint8_t> metadata);

}  // namespace hyperdbg::script
