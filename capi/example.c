/* SPDX-License-Identifier: MIT */
/*
 * The fragments of HyperDbg's manual ("Actions", "How to create an action?") as they stand there, around them what makes
 * a program of them: CPUIDs with leaf 12345 run custom code that counts in the safe buffer and returns it.
 */
#include <cpuid.h>
#include <stdio.h>

#include "capi/hyperdbg.h"

typedef PVOID
DebuggerRunCustomCodeFunc(PVOID PreAllocatedBufferAddress, PGUEST_REGS Regs, PVOID Context);

static void show(void *context, const char *text)
{
	(void)context;
	fputs(text, stdout);
}

static BOOLEAN add_nops(PDEBUGGER_EVENT Event1)
{
    char CustomCodeBuffer[8];
    CustomCodeBuffer[0] = 0x90; //nop
    CustomCodeBuffer[1] = 0x90; //nop
    CustomCodeBuffer[2] = 0x90; //nop
    CustomCodeBuffer[3] = 0x90; //nop
    CustomCodeBuffer[4] = 0x90; //nop
    CustomCodeBuffer[5] = 0x90; //nop
    CustomCodeBuffer[6] = 0x90; //nop
    CustomCodeBuffer[7] = 0xc3; //ret

    //
    // Add action for RUN_CUSTOM_CODE
    //
    
    DEBUGGER_EVENT_REQUEST_CUSTOM_CODE CustomCode = {0};

    CustomCode.CustomCodeBufferSize        = sizeof(CustomCodeBuffer);
    CustomCode.CustomCodeBufferAddress     = CustomCodeBuffer;
    CustomCode.OptionalRequestedBufferSize = 0x100;

    return
    DebuggerAddActionToEvent(Event1, RUN_CUSTOM_CODE, TRUE, &CustomCode, NULL);
}

/* inc byte [rcx]; mov rax, rcx; ret */
static BOOLEAN add_counter(PDEBUGGER_EVENT event)
{
	unsigned char code[] = { 0xfe, 0x01, 0x48, 0x89, 0xc8, 0xc3 };
	DEBUGGER_EVENT_REQUEST_CUSTOM_CODE request = { sizeof(code), code, 0 };

	return DebuggerAddActionToEvent(event, RUN_CUSTOM_CODE, FALSE, &request, NULL);
}

static BOOLEAN add_log(PDEBUGGER_EVENT event)
{
	DEBUGGER_EVENT_ACTION_LOG_CONFIGURATION log = { "@rax, $context" };

	return DebuggerAddActionToEvent(event, LOG_THE_STATES, TRUE, NULL, &log);
}

static int run(hyperdbg_session *session)
{
	PDEBUGGER_EVENT event = hyperdbg_create_event(session, "!cpuid 12345 stage post");
	unsigned int a, b, c, d;
	int i;

	if (!event)
		return 1;
	printf("without actions: enabled=%d\n", hyperdbg_event_enabled(event));
	__cpuid_count(0x12345, 0, a, b, c, d); /* nobody sees it */
	if (!add_nops(event) || !add_counter(event) || !add_log(event))
		return 1;
	printf("with actions: enabled=%d\n", hyperdbg_event_enabled(event));
	for (i = 0; i < 3; i++)
		__cpuid_count(0x12345, 0, a, b, c, d);
	hyperdbg_pump(session);
	if (DebuggerAddActionToEvent(event, BREAK_TO_DEBUGGER, TRUE, NULL, NULL))
		return 1;
	printf("break: %s\n", hyperdbg_error(session));
	return !hyperdbg_clear_event(event);
}

int main(void)
{
	hyperdbg_session *session = hyperdbg_open_local();
	int failed;

	if (!session) {
		fprintf(stderr, "%s\n", hyperdbg_error(NULL));
		return 1;
	}
	hyperdbg_listen(session, show, NULL);
	failed = run(session);
	if (failed)
		fprintf(stderr, "%s\n", hyperdbg_error(session));
	hyperdbg_close(session);
	return !hyperdbg_unload() || failed;
}
