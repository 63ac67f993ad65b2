/* SPDX-License-Identifier: MIT */
#pragma once
/* The guest's segments and where memory is used for what; boot.S and C++ agree on them. */
#define KERNEL_CODE 0x10
#define KERNEL_DATA 0x18
#define USER_DATA 0x23
#define USER_CODE 0x2b
#define TASK_STATE 0x30
#define CODE_32 0x40
#define CODE_16 0x48

#define UPPER_ALIAS 0xffffff8000000000 /* the second view of low memory */
#define AREAS_MEMORY 0x1000000         /* 6 MiB for the areas of the image, see boot.S */
#define POOL_MEMORY 0x2000000          /* pages for the image's pool */
