// SPDX-License-Identifier: MIT
#pragma once
#include "abi/record.h"
#include "session/bytes.hpp"

namespace hyperdbg {

/*
 * Takes what one ring holds: whole records, appended to `records`. Returns false if the ring's contents make no sense
 * (then everything in it is skipped). The ring is shared with root mode: head is read once, tail written at the end.
 */
bool drain_ring(hyperdbg_ring& ring, const std::uint8_t* data, Bytes& records);

}  // namespace hyperdbg
