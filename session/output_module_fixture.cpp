// SPDX-License-Identifier: MIT
// What a user's module for `output create NAME module PATH` looks like. This one appends to the file that its test
// names.
#include <cstdio>
#include <cstdlib>

extern "C" void hyperdbg_event_forwarding(const char* buffer, unsigned length);

void hyperdbg_event_forwarding(const char* buffer, unsigned length) {
  std::FILE* file = std::fopen(std::getenv("OUTPUT_MODULE_FILE"), "a");
  std::fprintf(file, "%u:", length);
  std::fwrite(buffer, 1, length, file);
  std::fclose(file);
}
