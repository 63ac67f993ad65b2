// SPDX-License-Identifier: MIT
#pragma once
#include <span>

#include "hypervisor/events/page_source.hpp"

namespace hyperdbg {

// Slots for the engine, made of pages of the pool: code gets a writable and an executable view, at different addresses.
PageSource image_pages();

// A slot for one evaluation at a time.
CodePages evaluation_pages();

// All slots made so far, as they are executed.
std::span<const u8> action_slots();

}  // namespace hyperdbg
