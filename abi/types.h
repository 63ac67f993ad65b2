/* SPDX-License-Identifier: MIT */
#pragma once
/* Contracts are plain C: the module, the image and the debugger include the same bytes. */
#ifdef __KERNEL__
#include <linux/build_bug.h>
#include <linux/types.h>
#define HYPERDBG_ASSERT(condition) static_assert(condition)
#else
#include <stddef.h>
#include <stdint.h>
#ifdef __cplusplus
#define HYPERDBG_ASSERT(condition) static_assert(condition)
#else
#define HYPERDBG_ASSERT(condition) _Static_assert(condition, #condition)
#endif
#endif
#define HYPERDBG_ASSERT_SIZE(type, size) HYPERDBG_ASSERT(sizeof(struct type) == (size))
