/* SPDX-License-Identifier: MIT */
#pragma once
/* What module/cross.S needs of Linux's headers, so that the payload crosses with the module's own stub. */
/* clang-format off */
#define SYM_FUNC_START(name) .globl name; .balign 16; name:
#define SYM_FUNC_END(name) .size name, . - name
#define RET ret
#define ENDBR endbr64
