// SPDX-License-Identifier: MIT
#pragma once
#include "script/runtime/aggregates.hpp"

namespace hyperdbg {

class Console;

void write_aggregates(Console& console, const script::Aggregates& all, script::Aggregates::Options options);

}  // namespace hyperdbg
