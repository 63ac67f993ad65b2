// SPDX-License-Identifier: MIT
#pragma once
#include <memory>

#include "capi/hyperdbg.h"
#include "session/target.hpp"

namespace hyperdbg {

// hyperdbg_open_local() for any target.
hyperdbg_session* open_session(std::unique_ptr<Target> target);

}  // namespace hyperdbg
