/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * What a request ends with. 0xc00000nn are HyperDbg's own numbers (its "error codes" page), so that its users find
 * what they know; 0xc00001nn are ours. The sentence for each stands in session/status_text.cpp.
 */
enum hyperdbg_status {
	HYPERDBG_OK = 0,
	HYPERDBG_EVENT_NOT_CREATED = 0xc0000004,
	HYPERDBG_INVALID_ADDRESS = 0xc0000005,
	HYPERDBG_INVALID_CORE = 0xc0000006,
	HYPERDBG_INVALID_EXCEPTION = 0xc0000007,        /* !exception: not one of the first 32 vectors */
	HYPERDBG_INVALID_INTERRUPT = 0xc0000008,        /* !interrupt: not one of the vectors 20h to ffh */
	HYPERDBG_EDIT_INVALID_ADDRESS = 0xc000000b,
	HYPERDBG_UNKNOWN_TAG = 0xc000000e,
	HYPERDBG_UNKNOWN_MODIFICATION = 0xc000000f,
	HYPERDBG_INVALID_PROCESS = 0xc000001e,
	HYPERDBG_POOL_EMPTY = 0xc0000023,               /* no page left in the image's pool */
	HYPERDBG_SHORT_CIRCUIT_AND_POST = 0xc000003a,
	HYPERDBG_REGULAR_EVENT_NOT_FOUND = 0xc0000042,  /* no free regular event slot */
	HYPERDBG_BIG_EVENT_NOT_FOUND = 0xc0000043,      /* no free big event slot */
	HYPERDBG_EVENT_TOO_BIG = 0xc0000041,            /* fits no slot */
	HYPERDBG_ACTION_OUT_OF_MEMORY = 0xc0000044,     /* VMI Mode */
	HYPERDBG_REGULAR_ACTION_NOT_FOUND = 0xc0000045,
	HYPERDBG_BIG_ACTION_NOT_FOUND = 0xc0000046,
	HYPERDBG_ACTION_TOO_BIG = 0xc0000047,
	HYPERDBG_BUFFER_TOO_BIG = 0xc0000048,           /* above HYPERDBG_MAXIMUM_BUFFER_SIZE */
	HYPERDBG_REGULAR_BUFFER_NOT_FOUND = 0xc0000049, /* no memory for a regular safe buffer */
	HYPERDBG_BIG_BUFFER_NOT_FOUND = 0xc000004a,     /* no memory for a big safe buffer */
	HYPERDBG_BUFFER_ABOVE_BIG = 0xc000004b,         /* larger than a big safe buffer */
	HYPERDBG_BUFFER_OUT_OF_MEMORY = 0xc000004c,     /* VMI Mode */
	HYPERDBG_NOT_ALL_CORES_HALTED = 0xc0000050,
	HYPERDBG_CORE_NOT_PRESENT = 0xc0000051,
	HYPERDBG_NOT_SUPPORTED = 0xc0000101,            /* a kind, stage or request this image does not have */
	HYPERDBG_MALFORMED = 0xc0000102,                /* sizes or values in the request contradict each other */
	HYPERDBG_NOT_HALTED = 0xc0000103,               /* the request needs a halted debuggee */
	HYPERDBG_ALREADY_HALTED = 0xc0000104,
	HYPERDBG_NO_GLOBAL_SLOT = 0xc0000105,           /* HYPERDBG_MAXIMUM_GLOBALS are in use */
	HYPERDBG_WRONG_VERSION = 0xc0000106,
	HYPERDBG_BREAK_IN_VMI = 0xc0000107,             /* a break action, and nobody to break to */
	HYPERDBG_READ_ONLY_REGISTER = 0xc0000108,
	HYPERDBG_NOT_IN_EVENT = 0xc0000109,             /* events sc, but the halt is not the pre stage of an event */
	HYPERDBG_SCRIPT_FAILED = 0xc000010a,            /* evaluation aborted; a RECORD_SCRIPT_ERROR says why */
	HYPERDBG_NOT_INTERCEPTED = 0xc000010b,          /* this processor, or its emulator, does not exit there */
	HYPERDBG_NO_ACTIONS = 0xc0000120,               /* an event without actions cannot be enabled */
	HYPERDBG_OTHER_BUFFER = 0xc0000121,             /* the event has a safe buffer of another size */
	HYPERDBG_TOO_MANY_ACTIONS = 0xc0000122,         /* the event has HYPERDBG_MAXIMUM_ACTIONS */
	HYPERDBG_TOO_MANY_AGGREGATIONS = 0xc0000140,    /* HYPERDBG_MAXIMUM_AGGREGATIONS are in use */
	HYPERDBG_AGGREGATION_DIFFERS = 0xc0000141,      /* the name is in use for another kind or other keys or values */
};
