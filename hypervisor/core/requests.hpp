// SPDX-License-Identifier: MIT
#pragma once
#include <span>

#include "hypervisor/core/vcpu.hpp"

namespace hyperdbg {

// Answers one request (abi/request.h), whose bytes may be anything. The caller owns the stop; the answer (header and
// payload) is valid until the next request.
std::span<const u8> handle_request(Vcpu& vcpu, std::span<const u8> request);

// What a request set in motion and must not happen before its answer is out: continue, halt, switch.
void finish_request(Vcpu& vcpu);

// Where answers are made.
std::span<const u8> answer_buffer();

}  // namespace hyperdbg
