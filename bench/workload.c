// SPDX-License-Identifier: MIT
// What an ordinary program asks of a machine, in fixed amounts of work, timed by the guest's own clock. Prints one
// line:
//   work=NAME rounds=N nanoseconds=N
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PAGE = 4096, CHASE_BYTES = 64 << 20, CHASE_PAGES = CHASE_BYTES / PAGE, LINE = 64 };

static volatile uint64_t sink;

static uint64_t nanoseconds(void) {
  struct timespec now;

  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static uint64_t next_random(uint64_t* state) {
  *state = *state * 6364136223846793005u + 1442695040888963407u;
  return *state >> 33;
}

static void compute(void) {
  uint64_t state = 1, sum = 0;

  for (int i = 0; i < 200000; ++i) sum += next_random(&state) % 1000;
  sink = sum;
}

static void call_kernel(void) {
  for (int i = 0; i < 2000; ++i) sink += (uint64_t)syscall(SYS_getppid);
}

static void calls_round(void* unused) {
  (void)unused;
  call_kernel();
}

static void make_processes(void) {
  for (int i = 0; i < 4; ++i) {
    const pid_t child = fork();

    if (child < 0) {
      perror("fork");
      exit(1);
    }
    if (child == 0) _exit(0);
    waitpid(child, NULL, 0);
  }
}

static void mixed_round(void* unused) {
  (void)unused;
  compute();
  call_kernel();
  make_processes();
}

// One random cycle over all pages (Sattolo), each step in a page that the TLB has most likely lost: a page walk each.
// The line within the page varies, or all steps would compete for a few sets of the cache.
static char* build_chain(void) {
  char* memory = mmap(NULL, CHASE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  uint32_t* order = malloc(CHASE_PAGES * sizeof(*order));
  uint64_t state = 7;

  if (memory == MAP_FAILED || !order) {
    fputs("no memory for the chain\n", stderr);
    exit(1);
  }
  madvise(memory, CHASE_BYTES, MADV_NOHUGEPAGE);
  for (uint32_t i = 0; i < CHASE_PAGES; ++i) order[i] = i;
  for (uint32_t i = CHASE_PAGES - 1; i > 0; --i) {
    const uint32_t other = (uint32_t)(next_random(&state) % i), kept = order[i];

    order[i] = order[other];
    order[other] = kept;
  }
  for (uint32_t i = 0; i < CHASE_PAGES; ++i) {
    char* from = memory + (size_t)i * PAGE + i % (PAGE / LINE) * LINE;
    char* to = memory + (size_t)order[i] * PAGE + order[i] % (PAGE / LINE) * LINE;

    memcpy(from, &to, sizeof(to));
  }
  free(order);
  return memory;
}

static void chase_round(void* chain) {
  char* at = chain;

  for (uint32_t i = 0; i < CHASE_PAGES; ++i) memcpy(&at, at, sizeof(at));
  sink = (uint64_t)(uintptr_t)at;
}

static void run(const char* name, void (*round)(void*), void* argument, unsigned long rounds) {
  uint64_t start;

  round(argument);  // the first one pays for page faults and cold caches
  start = nanoseconds();
  for (unsigned long i = 0; i < rounds; ++i) round(argument);
  printf("work=%s rounds=%lu nanoseconds=%" PRIu64 "\n", name, rounds, nanoseconds() - start);
}

int main(int count, char** arguments) {
  const unsigned long rounds = count == 3 ? strtoul(arguments[2], NULL, 10) : 0;

  if (rounds > 0 && strcmp(arguments[1], "mixed") == 0)
    run("mixed", mixed_round, NULL, rounds);
  else if (rounds > 0 && strcmp(arguments[1], "tlb") == 0)
    run("tlb", chase_round, build_chain(), rounds);
  else if (rounds > 0 && strcmp(arguments[1], "calls") == 0)
    run("calls", calls_round, NULL, rounds);
  else
    return fputs("usage: bench-workload mixed|tlb|calls ROUNDS\n", stderr), 2;
  return 0;
}
