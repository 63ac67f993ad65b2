/* SPDX-License-Identifier: MIT */
#include "bench/script_peers.h"

void peer_nothing(struct hyperdbg_registers* r) {
  (void)r;
}

void peer_sum(struct hyperdbg_registers* r) {
  uint64_t x = 0, n = r->rcx;
  for (uint64_t i = 0; i < n; i++) x = x + i * 3;
  r->rax = x;
}

void peer_mixed(struct hyperdbg_registers* r) {
  uint64_t x = 0, n = r->rcx;
  for (uint64_t i = 0; i < n; i++) x = (x ^ i) * 3;
  r->rax = x;
}

void peer_condition(struct hyperdbg_registers* r) {
  if (r->rcx == 0x55)
    r->rax = r->rdx & ~(1ull << 5);
  else
    r->rbx = r->rbx + 1;
}

static int fibonacci(int n) {
  if (n <= 1) return n;
  return fibonacci(n - 1) + fibonacci(n - 2);
}

void peer_fibonacci(struct hyperdbg_registers* r) {
  r->rax = (uint64_t)fibonacci((int)r->rcx);
}
