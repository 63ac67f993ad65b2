/* SPDX-License-Identifier: MIT */
#pragma once
#include <stdint.h>

#include "abi/registers.h"

#ifdef __cplusplus
extern "C" {
#endif
/* What script_cost.cpp's scripts do, in C. Bounds come in registers, so that no compiler knows them. */
void peer_nothing(struct hyperdbg_registers* r);
void peer_sum(struct hyperdbg_registers* r);
void peer_mixed(struct hyperdbg_registers* r);
void peer_condition(struct hyperdbg_registers* r);
void peer_fibonacci(struct hyperdbg_registers* r);
void peer_fibonacci_not_inlined(struct hyperdbg_registers* r);
#ifdef __cplusplus
}
#endif
