/* SPDX-License-Identifier: MIT */
#pragma once
#include "abi/limits.h"
#include "abi/types.h"

/* HyperDbg's VMM_EVENT_TYPE_ENUM, same numbers, and behind them ours. */
enum hyperdbg_event_kind {
	HYPERDBG_EVENT_SYSCALL = 9,
	HYPERDBG_EVENT_SYSRET = 10,
	HYPERDBG_EVENT_CPUID = 11,
	HYPERDBG_EVENT_RDMSR = 12,
	HYPERDBG_EVENT_WRMSR = 13,
	HYPERDBG_EVENT_IN = 14,
	HYPERDBG_EVENT_OUT = 15,
	HYPERDBG_EVENT_EXCEPTION = 16,
	HYPERDBG_EVENT_INTERRUPT = 17,
	HYPERDBG_EVENT_DR = 18,
	HYPERDBG_EVENT_TSC = 19,
	HYPERDBG_EVENT_PMC = 20,
	HYPERDBG_EVENT_VMCALL = 21,
	HYPERDBG_EVENT_CRWRITE = 22,
	HYPERDBG_EVENT_MODE = 25,
	HYPERDBG_EVENT_TRACE = 26,
	HYPERDBG_EVENT_XSETBV = 27,
	HYPERDBG_EVENT_SYSCALL_32 = 28, /* ours: the system calls of 32-bit programs */
	HYPERDBG_EVENT_KINDS = 29,
};

enum hyperdbg_stage { HYPERDBG_PRE = 1, HYPERDBG_POST = 2, HYPERDBG_ALL = 3 }; /* a mask */

enum hyperdbg_event_flag {
	HYPERDBG_EVENT_SHORT_CIRCUIT = 1, /* sc on */
	HYPERDBG_EVENT_ACCUMULATE = 2,    /* imm no */
	HYPERDBG_EVENT_ENABLED = 4,       /* in listings */
	HYPERDBG_EVENT_CLEARED = 8,       /* in listings: removed when the debuggee continues */
	HYPERDBG_EVENT_BY_FAULT = 16,     /* SYSCALL, SYSRET: EFER.SCE is off, so that the instruction faults */
};

#define HYPERDBG_ANY_KEY (~0ull)  /* every leaf, MSR, port... */
#define HYPERDBG_ANY_PROCESS (~0u)
#define HYPERDBG_ANY_CORE (~0u)

/*
 * Payload of REQUEST_EVENT_ADD; the debugger fills all of it. Behind it, in this order and each starting at a multiple
 * of 8 from the start of this structure: condition code, command text (no zero), action_count times
 * struct hyperdbg_action with its code and metadata.
 */
struct hyperdbg_event {
	uint32_t kind;           /* 0x00 enum hyperdbg_event_kind */
	uint32_t stage;          /* 0x04 enum hyperdbg_stage */
	uint64_t key;            /* 0x08 the kind's own argument, or HYPERDBG_ANY_KEY */
	uint32_t flags;          /* 0x10 enum hyperdbg_event_flag */
	uint32_t process;        /* 0x14 tgid, or HYPERDBG_ANY_PROCESS */
	uint32_t core;           /* 0x18 or HYPERDBG_ANY_CORE */
	uint32_t buffer_size;    /* 0x1c safe buffer in bytes, 0 for none */
	uint32_t condition_size; /* 0x20 bytes */
	uint32_t text_size;      /* 0x24 bytes */
	uint32_t action_count;   /* 0x28 */
	uint32_t reserved;       /* 0x2c zero */
	uint64_t mask;           /* 0x30 CRWRITE: the bits whose change is watched; 0 = all, and for all other kinds */
};
HYPERDBG_ASSERT_SIZE(hyperdbg_event, 56);

enum hyperdbg_action_kind { HYPERDBG_ACTION_BREAK = 0, HYPERDBG_ACTION_LOG = 1, HYPERDBG_ACTION_CODE = 2, HYPERDBG_ACTION_SCRIPT = 3 };

enum hyperdbg_action_flag {
	HYPERDBG_ACTION_STAGED = 1,       /* the code is not here: it came in pieces before (REQUEST_CODE_PIECE) */
	HYPERDBG_ACTION_ACCUMULATE = 2,   /* buffers that its code returns are collected, as with `imm no` */
	HYPERDBG_ACTION_USES_VECTORS = 4, /* a script's code uses XMM registers and MXCSR: whoever runs it keeps the guest's */
};

/*
 * Code first, then metadata, each starting at a multiple of 8. A script's metadata is what abi/script.h describes; LOG is
 * a script that was made of a list. CODE is called with RCX = safe buffer or 0, RDX = struct hyperdbg_registers of the
 * guest, R8 = context, and ends in RET; a condition with RCX = registers, RDX = context. Both may use every register.
 */
struct hyperdbg_action {
	uint32_t kind;          /* 0x00 enum hyperdbg_action_kind */
	uint32_t code_size;     /* 0x04 bytes */
	uint32_t metadata_size; /* 0x08 bytes; kept in the debuggee and handed back to any debugger that asks */
	uint32_t flags;         /* 0x0c enum hyperdbg_action_flag */
	uint64_t fuel;          /* 0x10 operations that one run of a script may spend, 1 to INT64_MAX; 0 for other kinds */
};
HYPERDBG_ASSERT_SIZE(hyperdbg_action, 24);

/* One event in an answer; text and metadata of its actions are asked for one by one. */
struct hyperdbg_event_info {
	uint32_t id;        /* 0x00 */
	uint32_t kind;      /* 0x04 */
	uint32_t stage;     /* 0x08 */
	uint32_t flags;     /* 0x0c enum hyperdbg_event_flag */
	uint64_t key;       /* 0x10 */
	uint32_t process;   /* 0x18 */
	uint32_t core;      /* 0x1c */
	uint32_t action_count; /* 0x20 */
	uint32_t text_size; /* 0x24 */
	uint64_t hits;      /* 0x28 times its actions ran */
	uint64_t exits;     /* 0x30 #VMEXITs that reached it */
	uint64_t ticks;     /* 0x38 TSC ticks in root mode for those exits; instructions where the TSC counts them (-icount) */
	uint64_t failed;    /* 0x40 script or code runs that were ended by an error */
	uint64_t dropped;   /* 0x48 messages that found their ring full */
};
HYPERDBG_ASSERT_SIZE(hyperdbg_event_info, 80);
