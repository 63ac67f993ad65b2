/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * The script language in terms of GNU C: what stands before the generated programs of the fuzzer. The C compiler finds
 * the types of operations, promotes, converts and wraps (-fwrapv); the macros add what C leaves open: the order of
 * evaluation, and what ends a run.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "oracle_state.h"

typedef uint8_t u8;
typedef uint64_t u64;
typedef int64_t s64;
#define bool _Bool

enum { OUT_OF_FUEL = 1, STACK_OVERFLOW, BY_ZERO, BAD_ADDRESS, BAD_SHIFT, BAD_INDEX = 8, BAD_FLOAT, BAD_ARGUMENT };

static struct oracle_state* o;

static __attribute__((noreturn)) void fail(int error) {
  o->error = error;
  longjmp(o->leave, 1);
}

static void fuel(u64 amount) {
  o->fuel_used += amount;
  if (o->fuel_used > o->fuel_limit) fail(OUT_OF_FUEL);
}

static void begin_caller(void) {
  if (++o->depth > o->deepest) o->deepest = o->depth;
  if (o->depth > 2000) fail(STACK_OVERFLOW);
  fuel(1);
}

#define BIN(a, op, b)     \
  ({                      \
    __auto_type l_ = (a); \
    __auto_type r_ = (b); \
    l_ op r_;             \
  })
#define CMP(a, op, b) ((s64)BIN(a, op, b))
#define FLOAT_BIN(a, op, b)         \
  ({                                \
    __auto_type f_ = BIN(a, op, b); \
    finite_only(f_);                \
    f_;                             \
  })
#define finite_only(f)                           \
  do {                                           \
    if (!__builtin_isfinite(f)) fail(BAD_FLOAT); \
  } while (0)

#define DIVISION(a, op, b)                                                                           \
  ({                                                                                                 \
    __auto_type l_ = (a);                                                                            \
    __auto_type r_ = (b);                                                                            \
    __typeof__(l_ op r_) dividend_ = l_, divisor_ = r_;                                              \
    const int signed_ = (__typeof__(dividend_))-1 < 0;                                               \
    const u64 least_ = ~0ull << (8 * sizeof dividend_ - 1);                                          \
    if (divisor_ == 0) fail(BY_ZERO);                                                                \
    if (signed_ && divisor_ == (__typeof__(dividend_))-1 && (u64)dividend_ == least_) fail(BY_ZERO); \
    dividend_ op divisor_;                                                                           \
  })

#define SHIFT(a, op, b)                             \
  ({                                                \
    __auto_type l_ = (a);                           \
    u64 count_ = (u64)(b);                          \
    if (count_ >= 8 * sizeof(+l_)) fail(BAD_SHIFT); \
    l_ op count_;                                   \
  })

/* A floating-point number as an integer type: what is too large ends the run. */
#define TO_INTEGER(type, a)                                                                               \
  ({                                                                                                      \
    double d_ = (double)(a);                                                                              \
    const int signed_ = (type)-1 < 0;                                                                     \
    const double above_ = 2.0 * (double)(1ull << (8 * sizeof(type) - 1 - signed_));                       \
    const int fits_ =                                                                                     \
        d_ < above_ && (signed_ && sizeof(type) == 8 ? d_ >= -above_ : d_ > (signed_ ? -above_ : 0) - 1); \
    if (!fits_) fail(BAD_FLOAT);                                                                          \
    (type) d_;                                                                                            \
  })
#define TO_FLOAT(a)        \
  ({                       \
    float f_ = (float)(a); \
    finite_only(f_);       \
    f_;                    \
  })

static void* at(void* base, u64 size, u64 offset, u64 width) {
  if (offset > size - width) fail(BAD_INDEX);
  return (char*)base + offset;
}

/* Where `size` bytes lie: in the buffer, or in a variable of the program. */
static int is_there(u64 address, u64 size) {
  const u64 near = 1 << 20;
  if (address - o->buffer < ORACLE_BUFFER) return address - o->buffer <= ORACLE_BUFFER - size;
  return address >= near && address - (o->buffer - near) >= 2 * near;
}
static void* memory(u64 address, u64 size) {
  if (!is_there(address, size)) fail(BAD_ADDRESS);
  return (void*)address;
}
static u64 read_memory(u64 address, u64 size) {
  u64 value = 0;
  memcpy(&value, memory(address, size), size);
  return value;
}
static u64 write_memory(u64 address, u64 value, u64 size) {
  if (!is_there(address, size)) return 0;
  memcpy((void*)address, &value, size);
  return 1;
}
static void copy(u64 to, u64 from, u64 size) {
  u8 bytes[512];
  if (size == 0 || size > sizeof bytes) fail(BAD_ARGUMENT);
  fuel(size / 8);
  memcpy(bytes, memory(from, size), size);
  memcpy(memory(to, size), bytes, size);
}

static u64 mask_of(unsigned width) {
  return width == 64 ? ~0ull : (1ull << width) - 1;
}
static s64 read_register(unsigned number, unsigned shift, unsigned width) {
  return (s64)(o->registers[number] >> shift & mask_of(width));
}
static void write_register(unsigned number, unsigned shift, unsigned width, u64 value) {
  const u64 mask = mask_of(width) << shift;
  o->registers[number] = (o->registers[number] & ~mask) | (value << shift & mask);
}

/* Strings of the buffer end in it: the fuzzer's last byte of it is zero and nobody writes there. */
static u64 length(u64 address) {
  u64 count = 0;
  o->fuel_is_exact = 0;
  for (; is_there(address + count, 1) && *(char*)(address + count) != 0; ++count) {
  }
  return is_there(address + count, 1) ? count : 0;
}
static s64 compare(u64 left, u64 right, u64 most, int terminated) {
  o->fuel_is_exact = 0;
  for (u64 i = 0; i < most; ++i) {
    const u8 a = *(u8*)memory(left + i, 1), b = *(u8*)memory(right + i, 1);
    if (a != b) return a < b ? -1 : 1;
    if (terminated && a == 0) break;
  }
  return 0;
}

static u64 add(u64* place, u64 value) {
  return *place += value;
}
static u64 exchange(u64* place, u64 value) {
  const u64 old = *place;
  *place = value;
  return old;
}
static u64 exchange_add(u64* place, u64 value) {
  const u64 old = *place;
  *place += value;
  return old;
}
static u64 compare_exchange(u64* place, u64 value, u64 expected) {
  const u64 old = *place;
  if (old == expected) *place = value;
  return old;
}

static void result(u64 value) {
  if (o->result_count < ORACLE_RESULTS) o->results[o->result_count] = value;
  o->result_count++; /* of all: only the first are kept */
}
static u64 bits_of(double value) {
  u64 bits;
  memcpy(&bits, &value, 8);
  return bits;
}
static __attribute__((format(printf, 1, 2))) void out(const char* format, ...) {
  const u64 room = ORACLE_OUTPUT - o->output_size;
  va_list arguments;
  va_start(arguments, format);
  const int size = vsnprintf(o->output + o->output_size, room, format, arguments);
  va_end(arguments);
  o->output_size += (u64)size < room ? (unsigned)size : (unsigned)room - 1;
}

/* A program named `name`, whose script itself is run_##name. */
#define PROGRAM(name)                                                            \
  __attribute__((visibility("default"))) void name(struct oracle_state* state) { \
    o = state;                                                                   \
    if (setjmp(o->leave) == 0) run_##name();                                     \
  }
