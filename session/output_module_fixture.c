// SPDX-License-Identifier: MIT
// What a user's module for `output create NAME module PATH` looks like. This one appends to the file that its test names.
#include <stdio.h>
#include <stdlib.h>

void hyperdbg_event_forwarding(const char *buffer, unsigned length);

void hyperdbg_event_forwarding(const char *buffer, unsigned length)
{
	FILE *file = fopen(getenv("OUTPUT_MODULE_FILE"), "a");

	fprintf(file, "%u:", length);
	fwrite(buffer, 1, length, file);
	fclose(file);
}
