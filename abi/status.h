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
	HYPERDBG_REGULAR_ACTION_NOT_FOUND = 0xc0000045,
	HYPERDBG_BIG_ACTION_NOT_FOUND = 0xc0000046,
	HYPERDBG_ACTION_TOO_BIG = 0xc0000047,
	HYPERDBG_BUFFER_TOO_BIG = 0xc0000048,
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
};
