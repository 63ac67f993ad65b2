// SPDX-License-Identifier: MIT
#pragma once
#include <span>

#include "hypervisor/events/page_source.hpp"

namespace hyperdbg {

// Slots for the engine, made of pages of the pool: code gets a writable and an executable view, at different addresses.
PageSource image_pages();

// A slot for one evaluation at a time.
CodePages evaluation_pages();

// The first page of code at or behind `address`, as it is executed; empty behind the last.
std::span<const u8> code_page_from(u64 address);

}  // namespace hyperdbg
