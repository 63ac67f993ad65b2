/* SPDX-License-Identifier: MIT */
#pragma once
#include <setjmp.h>
#include <stdint.h>

/* What a generated program in C works on: the fuzzer fills it, oracle.h's macros use it. */
enum {
  ORACLE_REGISTERS = 64,
  ORACLE_GLOBALS = 8,
  ORACLE_PSEUDO = 10,
  ORACLE_RESULTS = 4096,
  ORACLE_OUTPUT = 1 << 16,
  ORACLE_BUFFER = 256, /* bytes of $buffer */
};

/* The error codes are those of abi/script.h. */
struct oracle_state {
  uint64_t registers[ORACLE_REGISTERS]; /* by enum hyperdbg_register */
  uint64_t globals[ORACLE_GLOBALS];
  uint64_t pseudo[ORACLE_PSEUDO]; /* in the order of the generator's table */
  uint64_t buffer;                /* address of ORACLE_BUFFER bytes, the same for the script */
  uint64_t results[ORACLE_RESULTS];
  uint32_t result_count;
  char output[ORACLE_OUTPUT];
  uint32_t output_size;
  int error;
  uint64_t fuel_used, fuel_limit;
  int fuel_is_exact;       /* 0: a bulk function ran, whose price is not modelled */
  uint32_t depth, deepest; /* of recursion */
  jmp_buf leave;
};

typedef void oracle_program(struct oracle_state* state);
