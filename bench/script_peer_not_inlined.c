/* SPDX-License-Identifier: MIT */
/* Compiled with -fno-inline -fno-optimize-sibling-calls: a call for each call, the recursion as it is written. */
#include "bench/script_peers.h"

static int fibonacci(int n) {
  if (n <= 1) return n;
  return fibonacci(n - 1) + fibonacci(n - 2);
}

void peer_fibonacci_not_inlined(struct hyperdbg_registers* r) {
  r->rax = (uint64_t)fibonacci((int)r->rcx);
}
