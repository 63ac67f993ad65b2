/* SPDX-License-Identifier: MIT */
#pragma once
#include "abi/limits.h"
#include "abi/types.h"

/*
 * Records are how root mode speaks. Each CPU has a ring of its own, written by the image only and read by one reader
 * (the debugger through mmap in VMI Mode, the image's own link code in Debugger Mode). Nothing is formatted in root mode.
 */
enum hyperdbg_record_kind {
	HYPERDBG_RECORD_PAD = 0,          /* fills the ring's end; skip `size` bytes */
	HYPERDBG_RECORD_MESSAGE = 1,      /* struct hyperdbg_message follows */
	HYPERDBG_RECORD_SCRIPT_ERROR = 2, /* struct hyperdbg_script_failure follows */
	HYPERDBG_RECORD_TEXT = 3,         /* engine's own warning: size - 40 bytes of text, no zero */
	HYPERDBG_RECORD_SCRIPT_WARNING = 4, /* struct hyperdbg_script_failure, with enum hyperdbg_script_warning; the run went on */
	HYPERDBG_RECORD_FLUSH = 5,        /* flush() of a script: older messages that nobody has read yet are void */
	HYPERDBG_RECORD_LOST = 6,         /* made by who reads a ring: all before `sequence` that was not read was dropped */
	HYPERDBG_RECORD_BUFFER = 7,       /* struct hyperdbg_buffer_piece and its bytes follow */
	HYPERDBG_RECORD_CODE_FAULT = 8,   /* struct hyperdbg_code_fault follows */
};

struct hyperdbg_record {
	uint32_t size;     /* 0x00 bytes with this header, a multiple of 8; written last */
	uint16_t kind;     /* 0x04 enum hyperdbg_record_kind */
	uint16_t core;     /* 0x06 */
	uint64_t sequence; /* 0x08 per core, from 0; counts dropped records too, so a gap is a loss */
	uint64_t time;     /* 0x10 guest's TSC */
	uint32_t event;    /* 0x18 id, or HYPERDBG_NO_EVENT for an evaluation */
	uint32_t action;   /* 0x1c index of the action in its event */
	uint32_t flags;    /* 0x20 enum hyperdbg_event_flag of the event */
	uint32_t length;   /* 0x24 bytes used behind this header, at most size - 40 */
};
HYPERDBG_ASSERT_SIZE(hyperdbg_record, 40);
#define HYPERDBG_NO_EVENT (~0u)

/* Then `count` values of 8 bytes; then, for each string argument in order, { uint16_t bytes; char text[bytes]; } packed. */
struct hyperdbg_message {
	uint32_t format; /* 0x00 index into the action's metadata */
	uint16_t count;  /* 0x04 */
	uint16_t stage;  /* 0x06 0 = pre, 1 = post */
	uint64_t kinds;  /* 0x08 2 bits for each argument, see abi/script.h */
};
HYPERDBG_ASSERT_SIZE(hyperdbg_message, 16);
#define HYPERDBG_STRING_INVALID 0xffff /* in `bytes`: the address was not mapped; no text follows */

struct hyperdbg_script_failure {
	uint32_t error;    /* 0x00 enum hyperdbg_script_error */
	uint32_t position; /* 0x04 line << 12 | column */
	uint64_t detail;   /* 0x08 */
};
HYPERDBG_ASSERT_SIZE(hyperdbg_script_failure, 16);

enum hyperdbg_script_warning {
	HYPERDBG_WARNING_UNKNOWN_EVENT = 1,          /* detail: the id */
	HYPERDBG_WARNING_PAUSE_IN_VMI = 2,
	HYPERDBG_WARNING_PAUSE_OUTSIDE_OF_EVENT = 3, /* from `?` */
};

/* Memory that custom code returned: `size` bytes at `address`, in as many records as they need, in order. */
struct hyperdbg_buffer_piece {
	uint64_t address; /* 0x00 as custom code knows it */
	uint32_t size;    /* 0x08 of the whole */
	uint32_t offset;  /* 0x0c of the bytes that follow, up to the record's end */
	uint32_t stage;   /* 0x10 0 = pre, 1 = post */
	uint32_t reserved; /* 0x14 */
};
HYPERDBG_ASSERT_SIZE(hyperdbg_buffer_piece, 24);

/* Custom code or a condition was ended, and its event disabled. */
#define HYPERDBG_CODE_ENDLESS 0x100 /* in `fault`: HYPERDBG_CODE_STEPS instructions were not enough */
#define HYPERDBG_CODE_HALTED 0x101  /* in `fault`: it reached HLT */
#define HYPERDBG_CODE_OVERFLOW 0x102 /* in `fault`: it used up its stack */
#define HYPERDBG_CODE_STACK_SEGMENT 0x103 /* in `fault`: it would have loaded SS */
struct hyperdbg_code_fault {
	uint32_t fault;      /* 0x00 exception vector, or one of the above */
	uint32_t condition;  /* 0x04 1: the event's condition; else the action named by the record */
	uint64_t rip;        /* 0x08 */
	uint64_t offset;     /* 0x10 of rip in the code; ~0 outside of it */
	uint64_t address;    /* 0x18 page faults: what it wanted to reach (CR2) */
	uint64_t error_code; /* 0x20 */
};
HYPERDBG_ASSERT_SIZE(hyperdbg_code_fault, 40);

/*
 * One ring: this header page, then `size` bytes of records. head and tail count bytes from the start of the ring's life;
 * the offset is value % size. The writer owns head and the counters, the reader owns tail; the writer never trusts tail
 * beyond "head - tail <= size".
 */
struct hyperdbg_ring {
	uint64_t head;     /* 0x00 writer */
	uint64_t sequence; /* 0x08 writer: next sequence number */
	uint64_t dropped;  /* 0x10 writer: records that found the ring full */
	uint64_t size;     /* 0x18 bytes of records, a power of two; set by the module */
	uint64_t free_pages; /* 0x20 writer, in CPU 0's ring: pages left in the image's pool, so that the module refills without an exit */
	uint64_t reserved[3];
	uint64_t tail;     /* 0x40 reader, on a cache line of its own */
	uint64_t padding[503];
};
HYPERDBG_ASSERT_SIZE(hyperdbg_ring, 4096);
#define HYPERDBG_RING_SIZE (256u * 1024u)
