/* SPDX-License-Identifier: MIT */
#pragma once
/* Build-time constants that HyperDbg's manual lets a user change ("Instant events", customisation). */
#define HYPERDBG_MAXIMUM_REGULAR_INSTANT_EVENTS 20
#define HYPERDBG_REGULAR_CONDITION_SIZE 100 /* bytes of condition code in a regular event slot */
#define HYPERDBG_REGULAR_TEXT_SIZE 1024     /* bytes of command text kept with a regular event */
#define HYPERDBG_REGULAR_ACTION_SIZE 8192   /* bytes of code and metadata in a regular action slot */
#define HYPERDBG_BIG_ACTION_SIZE 81920      /* the same in a big action slot */
#define HYPERDBG_REGULAR_BUFFER_SIZE 4096   /* bytes of a regular safe buffer */
#define HYPERDBG_BIG_BUFFER_SIZE 81920      /* bytes of a big safe buffer */
#define HYPERDBG_MAXIMUM_BUFFER_SIZE 131072 /* no safe buffer is larger, in either mode */
#define HYPERDBG_CODE_STEPS 1000000         /* instructions that custom code with loops may execute in one run */
#define HYPERDBG_MAXIMUM_CODE_SIZE 0x4000000 /* bytes of one custom code in VMI Mode */
#define HYPERDBG_MAXIMUM_ACTIONS 16         /* actions of one event */
#define HYPERDBG_MAXIMUM_GLOBALS 512        /* .globals of all scripts together */
#define HYPERDBG_GLOBAL_NAME_SIZE 32        /* with its terminating zero */
#define HYPERDBG_SCRIPT_FUEL 1000000        /* default operations of one script run */
#define HYPERDBG_SCRIPT_STACK_SIZE 8192     /* bytes of stack one script run may use */
#define HYPERDBG_SCRIPT_ARENA_SIZE 4096     /* bytes for arrays, structures and addressed variables of one run */
#define HYPERDBG_MAXIMUM_MESSAGE_SIZE 4096  /* bytes of one record, header included */
#define HYPERDBG_MAXIMUM_STRING 512         /* bytes captured for one %s or %ws */
#define HYPERDBG_MAXIMUM_CPUS 64
#define HYPERDBG_MAXIMUM_PAYLOAD 81920      /* bytes of one packet's payload, MaxSerialPacketSize in HyperDbg */
#define HYPERDBG_TAG_START 0x1000000        /* tag of event 0 */
