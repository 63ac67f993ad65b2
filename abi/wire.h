/* SPDX-License-Identifier: MIT */
#pragma once
#include "abi/limits.h"
#include "abi/types.h"

/*
 * Debugger Mode's byte stream. Each packet is this header and `length` bytes of payload. A receiver that finds a bad
 * header or CRC searches the next HYPERDBG_WIRE_MAGIC and answers with PACKET_RESEND; either end may restart at any time.
 */
#define HYPERDBG_WIRE_MAGIC 0x47424448u /* "HDBG" */

enum hyperdbg_packet_kind {
	HYPERDBG_PACKET_REQUEST = 1, /* debugger: struct hyperdbg_request. A repeated sequence number is answered again, not executed again */
	HYPERDBG_PACKET_ANSWER = 2,  /* image: struct hyperdbg_answer; sequence is the request's */
	HYPERDBG_PACKET_RECORDS = 3, /* image: whole records */
	HYPERDBG_PACKET_HALTED = 4,  /* image: struct hyperdbg_halted */
	HYPERDBG_PACKET_RUNNING = 5, /* image: the debuggee continues */
	HYPERDBG_PACKET_RESEND = 6,  /* either: uint32_t; the last packet did not arrive whole. 0 = whatever was sent last */
	HYPERDBG_PACKET_FAULT = 7,   /* image: text of the report; the machine has stopped for good */
	HYPERDBG_PACKET_LEFT = 8,    /* image: it is being unloaded */
};

struct hyperdbg_packet {
	uint32_t magic;    /* 0x00 */
	uint16_t kind;     /* 0x04 */
	uint16_t reserved; /* 0x06 zero */
	uint32_t length;   /* 0x08 bytes of payload, at most HYPERDBG_MAXIMUM_PAYLOAD */
	uint32_t sequence; /* 0x0c debugger: its requests; image: counts PACKET_RECORDS/HALTED/RUNNING/FAULT/LEFT from 1 */
	uint32_t header_crc;  /* 0x10 CRC-32C of the 16 bytes before */
	uint32_t payload_crc; /* 0x14 CRC-32C of the payload */
};
HYPERDBG_ASSERT_SIZE(hyperdbg_packet, 24);

enum hyperdbg_halt_reason {
	HYPERDBG_HALT_REQUEST = 0, /* Ctrl+C, or a debugger that asked to start halted */
	HYPERDBG_HALT_EVENT = 1,
	HYPERDBG_HALT_CORE = 2,    /* same halt, other operating core */
	HYPERDBG_HALT_PANIC = 3,   /* the kernel stopped: text says why */
	HYPERDBG_HALT_OOPS = 4,    /* oops or BUG */
	HYPERDBG_HALT_WARN = 5,
};

struct hyperdbg_halted {
	uint32_t reason;  /* 0x00 enum hyperdbg_halt_reason */
	uint32_t core;    /* 0x04 operating core */
	uint32_t event;   /* 0x08 id, for HALT_EVENT */
	uint32_t stage;   /* 0x0c 0 = pre, 1 = post */
	uint64_t rip;     /* 0x10 */
	uint64_t rflags;  /* 0x18 */
	uint32_t bits;    /* 0x20 16, 32 or 64: how to disassemble */
	uint32_t code_size; /* 0x24 valid bytes of code */
	uint8_t code[16]; /* 0x28 at rip */
	char text[200];   /* 0x38 for PANIC, OOPS and WARN, zero-terminated */
};
HYPERDBG_ASSERT_SIZE(hyperdbg_halted, 0x100);
