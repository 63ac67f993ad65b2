/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * The C interface of HyperDbg for Linux: a session with the hypervisor, events, and actions that are given to them. Link
 * with -lhyperdbg. Not thread-safe: one thread makes all calls of a session.
 */
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* --- What "How to create an action?" and "Actions" of HyperDbg's manual declare, by the same names. --- */

typedef void VOID, *PVOID;
typedef uint8_t BOOLEAN;
typedef uint32_t UINT32;
typedef uint64_t UINT64, ULONG64;
#ifndef TRUE
#define TRUE 1
#define FALSE 0
#endif

typedef enum _DEBUGGER_EVENT_ACTION_TYPE_ENUM {
	BREAK_TO_DEBUGGER, /* Debugger Mode only */
	LOG_THE_STATES,
	RUN_CUSTOM_CODE

} DEBUGGER_EVENT_ACTION_TYPE_ENUM;

/* The guest's general registers, in RDX of custom code and in RCX of a condition. */
typedef struct _GUEST_REGS {
	ULONG64 rax; /* 0x00 */
	ULONG64 rcx; /* 0x08 */
	ULONG64 rdx; /* 0x10 */
	ULONG64 rbx; /* 0x18 */
	ULONG64 rsp; /* 0x20 */
	ULONG64 rbp; /* 0x28 */
	ULONG64 rsi; /* 0x30 */
	ULONG64 rdi; /* 0x38 */
	ULONG64 r8;  /* 0x40 */
	ULONG64 r9;  /* 0x48 */
	ULONG64 r10; /* 0x50 */
	ULONG64 r11; /* 0x58 */
	ULONG64 r12; /* 0x60 */
	ULONG64 r13; /* 0x68 */
	ULONG64 r14; /* 0x70 */
	ULONG64 r15; /* 0x78 */
} GUEST_REGS, *PGUEST_REGS;

/* The code ends in RET itself: nothing is appended here. It is copied. */
typedef struct _DEBUGGER_EVENT_REQUEST_CUSTOM_CODE {
	UINT32 CustomCodeBufferSize;        /* bytes */
	PVOID CustomCodeBufferAddress;
	UINT32 OptionalRequestedBufferSize; /* bytes of the event's safe buffer, 0 for none; one per event */

} DEBUGGER_EVENT_REQUEST_CUSTOM_CODE, *PDEBUGGER_EVENT_REQUEST_CUSTOM_CODE;

/* What LOG_THE_STATES shows, as behind `log` on the command line: "@rax, $pid, dq @rsp l 4". */
typedef struct _DEBUGGER_EVENT_ACTION_LOG_CONFIGURATION {
	const char *List;
} DEBUGGER_EVENT_ACTION_LOG_CONFIGURATION, *PDEBUGGER_EVENT_ACTION_LOG_CONFIGURATION;

typedef struct _DEBUGGER_EVENT DEBUGGER_EVENT, *PDEBUGGER_EVENT;

/*
 * Adds an action behind those that the event has; the first one enables an event that had none. FALSE: hyperdbg_error()
 * of its session says why, and nothing was added. SendTheResultsImmediately is about the buffers that custom code
 * returns: FALSE collects them like the messages of an event with `imm no`; a log follows the `imm` of its event.
 */
BOOLEAN DebuggerAddActionToEvent(PDEBUGGER_EVENT Event, DEBUGGER_EVENT_ACTION_TYPE_ENUM ActionType,
				 BOOLEAN SendTheResultsImmediately,
				 PDEBUGGER_EVENT_REQUEST_CUSTOM_CODE InTheCaseOfCustomCode,
				 PDEBUGGER_EVENT_ACTION_LOG_CONFIGURATION InTheCaseOfLogTheStates);

/* --- Sessions and events. --- */

typedef struct hyperdbg_session hyperdbg_session;

/* VMI Mode on this machine: loads module and hypervisor if need be. NULL: hyperdbg_error(NULL) says why. */
hyperdbg_session *hyperdbg_open_local(void);
/* Lets go; the hypervisor and its events stay. Frees the session's events. */
void hyperdbg_close(hyperdbg_session *session);
/* Takes the hypervisor off this machine; no session may be open. FALSE: hyperdbg_error(NULL). */
BOOLEAN hyperdbg_unload(void);

/* What went wrong last, a sentence; valid until the next call. */
const char *hyperdbg_error(const hyperdbg_session *session);

/* An event without actions, so disabled: a command such as "!cpuid 12345 stage post". NULL: it was refused. */
PDEBUGGER_EVENT hyperdbg_create_event(hyperdbg_session *session, const char *command);
/* Its number, as `events` shows it. */
UINT32 hyperdbg_event_number(const DEBUGGER_EVENT *event);
/* 1 enabled, 0 disabled, -1 there is none any more. */
int hyperdbg_event_enabled(PDEBUGGER_EVENT event);
BOOLEAN hyperdbg_enable_event(PDEBUGGER_EVENT event, BOOLEAN enabled);
/* Removes it; the pointer is then invalid. */
BOOLEAN hyperdbg_clear_event(PDEBUGGER_EVENT event);

/* What events print and buffers that code returns, as text; and lines about what went wrong. Called by hyperdbg_pump(). */
typedef void hyperdbg_listener(void *context, const char *text);
void hyperdbg_listen(hyperdbg_session *session, hyperdbg_listener *listener, void *context);
/* Handles what has come, and what was collected. Never waits. */
void hyperdbg_pump(hyperdbg_session *session);

#ifdef __cplusplus
}
#endif
