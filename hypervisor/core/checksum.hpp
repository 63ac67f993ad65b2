// SPDX-License-Identifier: MIT
#pragma once
#include "abi/request.h"

namespace hyperdbg {

// Of the image's own code and data, while all other CPUs stand still: whatever scripts and guests do, it stays the
// same.
hyperdbg_checksums image_checksums();

}  // namespace hyperdbg
