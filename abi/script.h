/* SPDX-License-Identifier: MIT */
#pragma once
#include "abi/limits.h"
#include "abi/registers.h"
#include "abi/types.h"

/*
 * The contract between compiled scripts and whatever runs them (the image in root mode, the debugger for `?` in user
 * mode). A script is one blob of position-independent code whose first byte is its entry: void entry(context *),
 * System V calling convention, 16-byte aligned load address, no relocations, no red zone, no SSE.
 *
 * `position` arguments are (line << 12 | column), both counted from 1 and saturated, and name a place in the script's text.
 */
enum hyperdbg_pseudo_register {
	HYPERDBG_PSEUDO_PID, HYPERDBG_PSEUDO_TID, HYPERDBG_PSEUDO_PNAME, HYPERDBG_PSEUDO_PROC, HYPERDBG_PSEUDO_THREAD,
};

enum hyperdbg_script_error {
	HYPERDBG_SCRIPT_OK,
	HYPERDBG_SCRIPT_OUT_OF_FUEL,       /* detail: the fuel it started with */
	HYPERDBG_SCRIPT_STACK_OVERFLOW,
	HYPERDBG_SCRIPT_DIVISION_BY_ZERO,
	HYPERDBG_SCRIPT_INVALID_ADDRESS,   /* detail: the address */
	HYPERDBG_SCRIPT_BAD_SHIFT,         /* detail: the count */
	HYPERDBG_SCRIPT_FAULT,             /* the blob itself faulted; detail: the vector */
	HYPERDBG_SCRIPT_NOT_AVAILABLE,     /* a function that this runtime does not have; detail: its index in the table */
};

struct hyperdbg_script_context;

/* What a blob may call. Every function may end the run and then does not return to the blob. */
struct hyperdbg_script_runtime {
	/* Ends the run: never returns. */
	void (*abort)(struct hyperdbg_script_context *, uint64_t error, uint64_t position, uint64_t detail);
	/* size 1, 2, 4 or 8; zero-extended. An address that is not mapped ends the run. */
	uint64_t (*read_memory)(struct hyperdbg_script_context *, uint64_t address, uint64_t size, uint64_t position);
	/* 1 = written, 0 = the address is not mapped (this does not end the run). */
	uint64_t (*write_memory)(struct hyperdbg_script_context *, uint64_t address, uint64_t value, uint64_t size);
	uint64_t (*read_physical)(struct hyperdbg_script_context *, uint64_t address, uint64_t size, uint64_t position);
	uint64_t (*write_physical)(struct hyperdbg_script_context *, uint64_t address, uint64_t value, uint64_t size);
	/* enum hyperdbg_register above R15; the general registers are reached through the context. */
	uint64_t (*read_register)(struct hyperdbg_script_context *, uint64_t number);
	void (*write_register)(struct hyperdbg_script_context *, uint64_t number, uint64_t value);
	uint64_t (*pseudo_register)(struct hyperdbg_script_context *, uint64_t number);
	/*
	 * Emits a RECORD_MESSAGE for format `format` with `count` values. kinds has 2 bits for each argument:
	 * 0 = the value itself, 1 = address of a byte string, 2 = of a 16-bit string; strings are captured now.
	 */
	void (*message)(struct hyperdbg_script_context *, uint64_t format, uint64_t count, const uint64_t *values, uint64_t kinds,
			uint64_t position);
	void (*event_short_circuit)(struct hyperdbg_script_context *, uint64_t on, uint64_t position);
	/* test_statement(v): user mode keeps v, root mode ignores it. */
	void (*test_statement)(struct hyperdbg_script_context *, uint64_t value);
};

/* Filled by the runtime before each run; the blob changes only registers, fuel and globals. */
struct hyperdbg_script_context {
	struct hyperdbg_registers *registers;           /* 0x00 guest's general registers, loaded and stored directly */
	const struct hyperdbg_script_runtime *runtime;  /* 0x08 */
	int64_t fuel;                                   /* 0x10 counted down; below zero ends the run */
	uint64_t *globals;                              /* 0x18 HYPERDBG_MAXIMUM_GLOBALS slots, shared by all cores */
	uint64_t stack_limit;                           /* 0x20 lowest RSP a script function may have */
	uint64_t context;                               /* 0x28 $context */
	uint64_t event_id;                              /* 0x30 */
	uint64_t event_tag;                             /* 0x38 */
	uint64_t event_stage;                           /* 0x40 0 = pre, 1 = post */
	uint64_t core;                                  /* 0x48 */
	uint64_t buffer;                                /* 0x50 $buffer, 0 if none */
};
HYPERDBG_ASSERT_SIZE(hyperdbg_script_context, 0x58);

/*
 * Metadata of a script action: `count` formats, each { uint32_t size; uint32_t flags; char text[size]; } padded to 8.
 * The text is the printf format as the compiler left it, escapes already resolved. Behind them the script's text is
 * not repeated: positions point into the event's command text (see text_offset).
 */
struct hyperdbg_script_metadata {
	uint32_t format_count; /* 0x00 */
	uint32_t reserved;     /* 0x04 zero */
};
HYPERDBG_ASSERT_SIZE(hyperdbg_script_metadata, 8);
