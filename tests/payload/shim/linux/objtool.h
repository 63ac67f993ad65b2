/* SPDX-License-Identifier: MIT */
#pragma once
/* Something that does no harm before a name: nobody looks for stack frames here. */
#define STACK_FRAME_NON_STANDARD .globl
