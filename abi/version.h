/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Module, image and debugger are one release: all three compare both values and refuse to work together otherwise.
 * Raise HYPERDBG_ABI whenever a structure of this folder changes.
 */
#define HYPERDBG_VERSION "0.1.0"
#define HYPERDBG_ABI 1
