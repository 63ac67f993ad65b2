/* SPDX-License-Identifier: MIT */
#pragma once
#include "abi/types.h"

/*
 * Aggregation: scripts count, sum and sort into histograms by key, in tables of each CPU's own; the debugger reads and
 * merges them. What an aggregation is stands in the debuggee, so that a debugger which attaches later can show it.
 */
enum hyperdbg_aggregation_kind {
	HYPERDBG_AGGREGATE_COUNT = 1, HYPERDBG_AGGREGATE_SUM, HYPERDBG_AGGREGATE_MINIMUM, HYPERDBG_AGGREGATE_MAXIMUM,
	HYPERDBG_AGGREGATE_AVERAGE,
	HYPERDBG_AGGREGATE_LOG2,   /* bucket 0: below 0, 1: 0, 2 + n: from 2^n on */
	HYPERDBG_AGGREGATE_LINEAR, /* bucket 0: below low, 1 + n: from low + n * step on; the last one: from high on */
	HYPERDBG_AGGREGATE_SET,    /* the value last set, on whatever CPU */
};

/* Also what the value of HYPERDBG_AGGREGATE_SET is. */
enum hyperdbg_aggregate_key {
	HYPERDBG_KEY_NUMBER = 1,   /* 8 bytes */
	HYPERDBG_KEY_TEXT,         /* HYPERDBG_AGGREGATE_TEXT_SIZE bytes, zeros behind the text */
	HYPERDBG_KEY_KERNEL_STACK, /* `depths` addresses, zeros behind the last; see kstack() in docs/language.md */
	HYPERDBG_KEY_USER_STACK,
};

#define HYPERDBG_MAXIMUM_AGGREGATIONS 32
#define HYPERDBG_AGGREGATION_NAME_SIZE 32   /* with its terminating zero */
#define HYPERDBG_AGGREGATE_KEYS 4           /* of one aggregation */
#define HYPERDBG_AGGREGATE_TEXT_SIZE 32
#define HYPERDBG_AGGREGATE_KEY_SIZE 208     /* bytes of all keys, and of a value that is set, together */
#define HYPERDBG_AGGREGATE_STACK_DEPTH 12   /* frames, unless the script says another number */
#define HYPERDBG_AGGREGATE_BUCKETS 1000     /* of a linear histogram */

/* The same name always means the same aggregation; reserved and unused bytes are zero. */
struct hyperdbg_aggregation {
	char name[HYPERDBG_AGGREGATION_NAME_SIZE]; /* 0x00 */
	uint32_t kind;                             /* 0x20 enum hyperdbg_aggregation_kind */
	uint32_t key_count;                        /* 0x24 */
	uint8_t keys[HYPERDBG_AGGREGATE_KEYS];     /* 0x28 enum hyperdbg_aggregate_key */
	uint8_t depths[HYPERDBG_AGGREGATE_KEYS];   /* 0x2c frames of a stack */
	uint8_t value;                             /* 0x30 of HYPERDBG_AGGREGATE_SET: enum hyperdbg_aggregate_key */
	uint8_t value_depth;                       /* 0x31 frames, if it is a stack */
	uint8_t reserved[6];                       /* 0x32 */
	int64_t low, high, step;                   /* 0x38 of a linear histogram */
};
HYPERDBG_ASSERT_SIZE(hyperdbg_aggregation, 0x50);

/* Payload of REQUEST_AGGREGATION. What the image cannot know of the kernel and needs for stacks is told with it. */
struct hyperdbg_aggregation_request {
	struct hyperdbg_aggregation aggregation; /* 0x00 */
	uint64_t text_start, text_end;           /* 0x50 the kernel's text; 0 if unknown: no kernel stacks */
	uint64_t modules_start, modules_end;     /* 0x60 where modules may lie */
	uint64_t task_stack;                     /* 0x70 offset of the stack's address in struct task_struct; 0 if unknown */
};
HYPERDBG_ASSERT_SIZE(hyperdbg_aggregation_request, 0x78);

/* REQUEST_AGGREGATION_LIST: one for each, by number. */
struct hyperdbg_aggregation_info {
	struct hyperdbg_aggregation aggregation; /* 0x00 */
	uint64_t lost;                           /* 0x50 updates that found no place in a full table, all CPUs */
};
HYPERDBG_ASSERT_SIZE(hyperdbg_aggregation_info, 0x58);

/* One place of a table; behind it its key, and behind that the value that was set. Sent as far as these are used. */
struct hyperdbg_aggregate_entry {
	uint32_t number;          /* 0x00 of the aggregation */
	uint16_t key_size;        /* 0x04 bytes, a multiple of 8 */
	uint16_t value_size;      /* 0x06 likewise; 0 unless it is HYPERDBG_AGGREGATE_SET */
	uint64_t bucket;          /* 0x08 of a histogram, else 0 */
	uint64_t count;           /* 0x10 updates; 0: the place is free */
	int64_t sum;              /* 0x18 */
	int64_t minimum, maximum; /* 0x20 where values are set: the time stamp counter at the first and the last time */
};
HYPERDBG_ASSERT_SIZE(hyperdbg_aggregate_entry, 0x30);

/* REQUEST_AGGREGATION_READ: the entries of one CPU, from place `first` on as many as fit. */
struct hyperdbg_aggregate_range { uint32_t core, first; };
/* Answer: this and the entries. */
struct hyperdbg_aggregate_answer {
	uint32_t next;     /* place to go on with */
	uint32_t capacity; /* of the table; next == capacity: that was all */
};

#define HYPERDBG_ALL_AGGREGATIONS (~0u)
