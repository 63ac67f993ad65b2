/* SPDX-License-Identifier: MIT */
#pragma once
#include "abi/event.h"
#include "abi/registers.h"
#include "abi/types.h"

/*
 * What a debugger asks of the image. The same bytes travel by ioctl (VMI Mode) and in PACKET_REQUEST (Debugger Mode).
 * A request is this header and a payload; an answer is struct hyperdbg_answer and a payload.
 */
enum hyperdbg_request_kind {
	HYPERDBG_REQUEST_HELLO = 1,       /* hello -> hello_answer */
	HYPERDBG_REQUEST_STATUS = 2,      /* - -> status_answer */
	HYPERDBG_REQUEST_EVENT_ADD = 3,   /* hyperdbg_event + tail -> event_reference */
	HYPERDBG_REQUEST_EVENT_MODIFY = 4, /* event_modification -> - */
	HYPERDBG_REQUEST_EVENT_LIST = 5,  /* event_range -> hyperdbg_event_info... from id `first` on, as many as fit */
	HYPERDBG_REQUEST_EVENT_TEXT = 6,  /* event_reference -> text */
	HYPERDBG_REQUEST_EVENT_METADATA = 7, /* action_reference -> metadata bytes */
	HYPERDBG_REQUEST_READ_MEMORY = 8, /* memory_range -> bytes up to the first unreadable one */
	HYPERDBG_REQUEST_WRITE_MEMORY = 9, /* memory_range + bytes -> - */
	HYPERDBG_REQUEST_READ_REGISTERS = 10, /* - -> uint64_t[HYPERDBG_REGISTER_COUNT]; halted only */
	HYPERDBG_REQUEST_WRITE_REGISTER = 11, /* register_value -> -; halted only */
	HYPERDBG_REQUEST_SWITCH_CORE = 12, /* uint32_t core -> -; the new core then sends PACKET_HALTED */
	HYPERDBG_REQUEST_CONTINUE = 13,   /* - -> -; halted only */
	HYPERDBG_REQUEST_HALT = 14,       /* - -> -; Debugger Mode, running only; PACKET_HALTED follows */
	HYPERDBG_REQUEST_EVALUATE = 15,   /* hyperdbg_action (SCRIPT) + code + metadata -> -; messages come first, as event HYPERDBG_NO_EVENT */
	HYPERDBG_REQUEST_GLOBAL_SLOT = 16, /* name, no zero -> uint32_t slot; the same name always gives the same slot */
	HYPERDBG_REQUEST_EVENT_SC = 17,   /* uint32_t on; halted in the pre stage of an event */
	HYPERDBG_REQUEST_TRANSLATE = 18,  /* uint64_t virtual -> uint64_t physical */
	HYPERDBG_REQUEST_MODULES = 19,    /* - -> hyperdbg_module_info... */
	HYPERDBG_REQUEST_RESET = 20,      /* - -> -; removes all events, globals and counters: a fresh start for a scenario */
	HYPERDBG_REQUEST_TEST_FAULT = 21, /* - -> never; makes the image fault on purpose, for the test of its report */
	HYPERDBG_REQUEST_GLOBAL_NAMES = 22, /* - -> char[HYPERDBG_GLOBAL_NAME_SIZE]... in slot order */
	HYPERDBG_REQUEST_DETACH = 23,     /* - -> -; the debugger goes away: messages wait in the rings for the next one */
};

struct hyperdbg_request {
	uint32_t kind; /* 0x00 */
	uint32_t size; /* 0x04 bytes of payload */
};
HYPERDBG_ASSERT_SIZE(hyperdbg_request, 8);

struct hyperdbg_answer {
	uint32_t status; /* 0x00 enum hyperdbg_status */
	uint32_t size;   /* 0x04 bytes of payload */
};
HYPERDBG_ASSERT_SIZE(hyperdbg_answer, 8);

struct hyperdbg_hello {
	uint32_t abi;     /* 0x00 HYPERDBG_ABI of the debugger */
	char version[28]; /* 0x04 HYPERDBG_VERSION of the debugger, zero-terminated */
};
HYPERDBG_ASSERT_SIZE(hyperdbg_hello, 32);

enum hyperdbg_mode { HYPERDBG_MODE_VMI = 0, HYPERDBG_MODE_DEBUGGER = 1 };
enum hyperdbg_vendor { HYPERDBG_VENDOR_AMD = 1, HYPERDBG_VENDOR_INTEL = 2 };

struct hyperdbg_hello_answer {
	uint32_t abi;          /* 0x00 */
	char version[28];      /* 0x04 */
	uint32_t mode;         /* 0x20 enum hyperdbg_mode */
	uint32_t vendor;       /* 0x24 enum hyperdbg_vendor */
	uint32_t cpus;         /* 0x28 CPUs beneath which the image runs */
	uint32_t halted;       /* 0x2c 1 while halted */
	uint8_t build_id[20];  /* 0x30 of the running kernel */
	char release[64];      /* 0x44 utsname().release */
	uint32_t levels;       /* 0x84 page-table levels, 4 or 5 */
	uint64_t anchor;       /* 0x88 run-time address of the kernel symbol `init_task`: slide = anchor - its address in a symbol file */
	uint64_t tsc_khz;      /* 0x90 */
	uint64_t boot_time;    /* 0x98 nanoseconds since 1970 at TSC value boot_tsc */
	uint64_t boot_tsc;     /* 0xa0 */
};
HYPERDBG_ASSERT_SIZE(hyperdbg_hello_answer, 0xa8);

struct hyperdbg_status_answer {
	uint32_t halted;          /* 0x00 */
	uint32_t core;            /* 0x04 operating core while halted */
	uint32_t events;          /* 0x08 defined events */
	uint32_t cpus;            /* 0x0c */
	uint64_t exits;           /* 0x10 #VMEXITs since the image was loaded, all CPUs */
	uint64_t dropped;         /* 0x18 records dropped, all CPUs */
	uint32_t free_events;     /* 0x20 free regular event slots */
	uint32_t free_actions;    /* 0x24 free regular action slots */
	uint64_t free_pages;      /* 0x28 pages of the image's pool */
};
HYPERDBG_ASSERT_SIZE(hyperdbg_status_answer, 0x30);

struct hyperdbg_event_reference { uint32_t id; };
struct hyperdbg_event_range { uint32_t first; };
struct hyperdbg_action_reference { uint32_t id, action; };

enum hyperdbg_event_modify { HYPERDBG_EVENT_ENABLE = 1, HYPERDBG_EVENT_DISABLE = 2, HYPERDBG_EVENT_CLEAR = 3 };
#define HYPERDBG_ALL_EVENTS (~0u)
struct hyperdbg_event_modification {
	uint32_t id;           /* 0x00 or HYPERDBG_ALL_EVENTS */
	uint32_t modification; /* 0x04 enum hyperdbg_event_modify */
};

enum hyperdbg_address_kind { HYPERDBG_VIRTUAL = 0, HYPERDBG_PHYSICAL = 1 };
struct hyperdbg_memory_range {
	uint64_t address;
	uint32_t size; /* bytes */
	uint32_t kind; /* enum hyperdbg_address_kind; virtual = address space of the operating core, or of the calling process */
};

struct hyperdbg_register_value {
	uint64_t number; /* enum hyperdbg_register */
	uint64_t value;
};

struct hyperdbg_module_info {
	char name[56];
	uint64_t base;
	uint64_t size;
};
HYPERDBG_ASSERT_SIZE(hyperdbg_module_info, 72);
