/* SPDX-License-Identifier: MIT */
#pragma once
#include "abi/limits.h"
#include "abi/registers.h"
#include "abi/types.h"

/*
 * The contract between compiled scripts and whatever runs them (the image in root mode, the debugger for `?` in user
 * mode). A script is one blob of position-independent code whose first byte is its entry: void entry(context *),
 * System V calling convention, 16-byte aligned load address, no relocations, no red zone; SSE only with HYPERDBG_ACTION_USES_VECTORS.
 *
 * `position` arguments are (line << 12 | column), both counted from 1 and saturated, and name a place in the script's text.
 */
enum hyperdbg_pseudo_register {
	HYPERDBG_PSEUDO_PID, HYPERDBG_PSEUDO_TID, HYPERDBG_PSEUDO_PNAME, HYPERDBG_PSEUDO_PROC, HYPERDBG_PSEUDO_THREAD,
	HYPERDBG_PSEUDO_DATE, HYPERDBG_PSEUDO_TIME, /* addresses of text */
	HYPERDBG_PSEUDO_CONTEXT_PHYSICAL, /* where the address in $context lies, 0 if nowhere */
};

/*
 * What belongs to a script itself is seen by it at addresses that no guest can have, because they are not canonical:
 * the upper 16 bits name the area, the lower 48 are an offset into it. Whoever reads or writes for a script tells the
 * areas from guest memory by these bits, and bounds the offset.
 */
#define HYPERDBG_SCRIPT_AREA_SHIFT 48
enum hyperdbg_script_area {
	HYPERDBG_SCRIPT_AREA_ARENA = 0x4841,   /* arrays, structures, and variables whose address is taken */
	HYPERDBG_SCRIPT_AREA_GLOBALS = 0x4842, /* the slots of .globals */
	HYPERDBG_SCRIPT_AREA_CODE = 0x4843,    /* the blob, for its strings; read only */
	HYPERDBG_SCRIPT_AREA_TEXT = 0x4844,    /* $date and $time; read only */
	HYPERDBG_SCRIPT_AREA_BUFFER = 0x4845,  /* the event's safe buffer */
};
#define HYPERDBG_SCRIPT_TEXT_SIZE 64
#define HYPERDBG_SCRIPT_TEXT_TIME 32       /* offset of $time in that area; $date stands at its start */

/* What `service` of the runtime's table does; a, b, c are the arguments in the order of the language. */
enum hyperdbg_script_service {
	HYPERDBG_SERVICE_COPY, HYPERDBG_SERVICE_COPY_PHYSICAL,      /* memcpy */
	HYPERDBG_SERVICE_COMPARE_MEMORY,                            /* memcmp; all comparisons give -1, 0 or 1 */
	HYPERDBG_SERVICE_COMPARE_STRINGS, HYPERDBG_SERVICE_COMPARE_WIDE, /* c: at most so many units, ~0 = no limit */
	HYPERDBG_SERVICE_STRING_LENGTH, HYPERDBG_SERVICE_WIDE_LENGTH,
	HYPERDBG_SERVICE_CHECK_ADDRESS, HYPERDBG_SERVICE_VIRTUAL_TO_PHYSICAL, HYPERDBG_SERVICE_PHYSICAL_TO_VIRTUAL,
	HYPERDBG_SERVICE_DISASSEMBLE_LENGTH,                        /* b: 32 or 64 */
	HYPERDBG_SERVICE_ADD, HYPERDBG_SERVICE_SUBTRACT,            /* interlocked, on 8 bytes; give the new value */
	HYPERDBG_SERVICE_EXCHANGE, HYPERDBG_SERVICE_EXCHANGE_ADD,   /* give the old value */
	HYPERDBG_SERVICE_COMPARE_EXCHANGE,                          /* b: exchange, c: comparand; gives the old value */
	HYPERDBG_SERVICE_LOCK, HYPERDBG_SERVICE_UNLOCK,             /* spinlocks; LOCK: b is the longest back-off */
	HYPERDBG_SERVICE_TIME_STAMP, HYPERDBG_SERVICE_TIME_STAMP_AND_CORE, HYPERDBG_SERVICE_SLEEP,
	HYPERDBG_SERVICE_EVENT_ENABLE, HYPERDBG_SERVICE_EVENT_DISABLE, HYPERDBG_SERVICE_EVENT_CLEAR,
	HYPERDBG_SERVICE_INJECT, HYPERDBG_SERVICE_INJECT_WITH_ERROR, /* type, vector, error code */
	HYPERDBG_SERVICE_PAUSE, HYPERDBG_SERVICE_FLUSH, HYPERDBG_SERVICE_TRACE,
	HYPERDBG_SERVICE_LBR_SAVE, HYPERDBG_SERVICE_LBR_PRINT, HYPERDBG_SERVICE_LBR_RESTORE, HYPERDBG_SERVICE_LBR_CHECK,
	HYPERDBG_SERVICE_COUNT,
};

enum hyperdbg_script_error {
	HYPERDBG_SCRIPT_OK,
	HYPERDBG_SCRIPT_OUT_OF_FUEL,       /* detail: the fuel it started with */
	HYPERDBG_SCRIPT_STACK_OVERFLOW,
	HYPERDBG_SCRIPT_DIVISION_BY_ZERO,
	HYPERDBG_SCRIPT_INVALID_ADDRESS,   /* detail: the address */
	HYPERDBG_SCRIPT_BAD_SHIFT,         /* detail: the count */
	HYPERDBG_SCRIPT_FAULT,             /* the blob itself faulted; detail: the vector */
	HYPERDBG_SCRIPT_NOT_AVAILABLE,     /* a function that this runtime does not have; detail: its index in the table, or the service */
	HYPERDBG_SCRIPT_BAD_INDEX,         /* an element outside of a variable; detail: its offset in bytes */
	HYPERDBG_SCRIPT_BAD_FLOAT,         /* infinite, not a number, or too large for an integer */
	HYPERDBG_SCRIPT_BAD_ARGUMENT,      /* detail: the argument that makes no sense */
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
	/* enum hyperdbg_script_service */
	uint64_t (*service)(struct hyperdbg_script_context *, uint64_t service, uint64_t a, uint64_t b, uint64_t c,
			uint64_t position);
	/*
	 * Of aggregation `number`; one word for each key: a number, a text's address, nothing for a stack. A value that is
	 * set is such a word.
	 */
	void (*aggregate)(struct hyperdbg_script_context *, uint64_t number, uint64_t value, const uint64_t *keys,
			  uint64_t position);
};

/* Filled by the runtime before each run; the blob changes only registers, fuel, globals and the arena. */
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
	uint8_t *arena;                                 /* 0x58 HYPERDBG_SCRIPT_ARENA_SIZE bytes of this CPU, 16-aligned */
	uint64_t arena_used;                            /* 0x60 bytes that functions hold; moved by each as it begins and ends */
	const uint8_t *code;                            /* 0x68 the blob */
	uint64_t code_size;                             /* 0x70 */
	/*
	 * The memory read last: `address - cache_base < cache_limit` means that 8 bytes can be loaded from address +
	 * cache_delta. Set by read_memory, emptied by what may change a translation; a limit of 0 means nothing.
	 */
	uint64_t cache_base;                            /* 0x78 */
	uint64_t cache_limit;                           /* 0x80 */
	uint64_t cache_delta;                           /* 0x88 */
	char *text;                                     /* 0x90 HYPERDBG_SCRIPT_TEXT_SIZE bytes */
	uint8_t *buffer_bytes;                          /* 0x98 what `buffer` stands for */
	uint64_t buffer_size;                           /* 0xa0 bytes */
};
HYPERDBG_ASSERT_SIZE(hyperdbg_script_context, 0xa8);

/* Of a script's action. */

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
