/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Module, image and debugger are one release: all three compare both values and refuse to work together otherwise.
 * HYPERDBG_ABI is a digest of this folder; tests/check_abi.sh --update renews it.
 */
#define HYPERDBG_VERSION "0.1.0"
#define HYPERDBG_ABI 0x9946055a
