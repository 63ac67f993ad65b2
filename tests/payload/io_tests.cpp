// SPDX-License-Identifier: MIT
#include "hypervisor/cpu/instructions.hpp"
#include "tests/payload/test.hpp"
#include "tests/payload/tests.hpp"

namespace hyperdbg::payload {

namespace {

constexpr u16 first = debugger_port, last = debugger_port + 7;

// The operand's size is in the mnemonic, so that no two of them look alike to the optimizer.
template <class T>
void guest_in(u16 port) {
  T value;
  if constexpr (sizeof(T) == 1) asm volatile("inb %1, %0" : "=a"(value) : "d"(port));
  if constexpr (sizeof(T) == 2) asm volatile("inw %1, %0" : "=a"(value) : "d"(port));
  if constexpr (sizeof(T) == 4) asm volatile("inl %1, %0" : "=a"(value) : "d"(port));
}
template <class T>
void guest_out(u16 port) {
  if constexpr (sizeof(T) == 1) asm volatile("outb %0, %1" ::"a"(T{}), "d"(port));
  if constexpr (sizeof(T) == 2) asm volatile("outw %0, %1" ::"a"(T{}), "d"(port));
  if constexpr (sizeof(T) == 4) asm volatile("outl %0, %1" ::"a"(T{}), "d"(port));
}

void expect_io(const Exit& exit, const IoInfo& expected, u8 length, Where where = Where::current()) {
  expect_exit(exit, ExitKind::io, where);
  expect_equal(exit.io.port, expected.port, "the port", where);
  expect_equal(exit.io.size, expected.size, "the size", where);
  expect_equal(exit.io.in, expected.in, "the direction", where);
  expect_equal(exit.io.string, expected.string, "whether it is a string instruction", where);
  expect_equal(exit.length, length, "the length", where);
}

template <class T>
void in_exits() {
  constexpr u8 length = sizeof(T) == 2 ? 2 : 1;  // with the operand-size prefix
  expect_io(run(guest_in<T>, {first}), {.port = first, .size = sizeof(T), .in = true, .string = false}, length);
}
template <class T>
void out_exits() {
  constexpr u8 length = sizeof(T) == 2 ? 2 : 1;
  expect_io(run(guest_out<T>, {first}), {.port = first, .size = sizeof(T), .in = false, .string = false}, length);
}

template <u16 Port>
void edge_exits() {
  expect_io(run(guest_in<u8>, {Port}), {.port = Port, .size = 1, .in = true, .string = false}, 1);
}
template <u16 Port, class T>
void no_exit() {
  expect_end(run(guest_in<T>, {Port}));
}
// An access that only its first or its last byte brings to a hidden port.
template <u16 Port, class T>
void overlap_exits() {
  const Exit exit = run(guest_in<T>, {Port});
  expect_exit(exit, ExitKind::io);
  expect_equal(exit.io.port, Port, "the port");
  expect_equal(exit.io.size, sizeof(T), "the size");
}

void immediate_port() {
  // Ports in the instruction are below 100h and never hidden; the exit would have to name them.
  expect_end(run([] {
    u8 value;
    asm volatile("inb $0x61, %0" : "=a"(value));
  }));
}

template <bool Repeat>
void ins_exits() {
  const Exit exit = run(
      [](u64 port, u8* to) {
        u64 count = 4;
        if (Repeat) {
          asm volatile("rep insb" : "+D"(to), "+c"(count) : "d"(port) : "memory");
        } else {
          asm volatile("insb" : "+D"(to) : "d"(port) : "memory");
        }
      },
      {first, reinterpret_cast<u64>(test_page(0))});
  expect_io(exit, {.port = first, .size = 1, .in = true, .string = true}, Repeat ? 2 : 1);
}

template <bool Repeat>
void outs_exits() {
  const Exit exit = run(
      [](u64 port, u8* from) {
        u64 count = 4;
        if (Repeat) {
          asm volatile("rep outsw" : "+S"(from), "+c"(count) : "d"(port) : "memory");
        } else {
          asm volatile("outsw" : "+S"(from) : "d"(port) : "memory");
        }
      },
      {first, reinterpret_cast<u64>(test_page(0))});
  expect_io(exit, {.port = first, .size = 2, .in = false, .string = true}, Repeat ? 3 : 2);
}

// Nobody answers at a hidden port: all ones, in as much of RAX as the instruction writes.
template <class T>
void reads_ones(u64 expected) {
  const u64 rax = call(
      [](u64 port) {
        u64 value = 0x1111111111111111;
        if constexpr (sizeof(T) == 1) asm volatile("inb %%dx, %%al" : "+a"(value) : "d"(port));
        if constexpr (sizeof(T) == 2) asm volatile("inw %%dx, %%ax" : "+a"(value) : "d"(port));
        if constexpr (sizeof(T) == 4) asm volatile("inl %%dx, %%eax" : "+a"(value) : "d"(port));
        return value;
      },
      {first});
  expect_equal(rax, expected, "RAX");
  expect_equal(exits(ExitKind::io), 1, "the number of exits");
}
void reads_ones_8() {
  reads_ones<u8>(0x11111111111111ff);
}
void reads_ones_16() {
  reads_ones<u16>(0x111111111111ffff);
}
void reads_ones_32() {
  reads_ones<u32>(0xffffffff);
}

void written_to_nobody() {
  call([] {
    for (u16 port = first; port <= last; ++port) guest_out<u8>(port);
  });
  expect_equal(exits(ExitKind::io), 8, "the number of exits");
}

void in_user_mode() {
  call_user([] { guest_in<u8>(first); });
  expect_equal(caught.vector, 13, "the vector");
  expect_equal(exits(ExitKind::io), 0, "the number of exits");
}

constexpr Test rows[] = {
    {"io: 8 bits in", in_exits<u8>},
    {"io: 16 bits in", in_exits<u16>},
    {"io: 32 bits in", in_exits<u32>},
    {"io: 8 bits out", out_exits<u8>},
    {"io: 16 bits out", out_exits<u16>},
    {"io: 32 bits out", out_exits<u32>},
    {"io: the last hidden port", edge_exits<last>},
    {"io: the port below", no_exit<first - 1, u8>},
    {"io: the port above", no_exit<last + 1, u8>},
    {"io: 16 bits that end in the first", overlap_exits<first - 1, u16>},
    {"io: 32 bits that end in the first", overlap_exits<first - 3, u32>},
    {"io: 32 bits that end below the first", no_exit<first - 4, u32>},
    {"io: 16 bits that begin in the last", overlap_exits<last, u16>},
    {"io: a port in the instruction", immediate_port},
    {"io: string in", ins_exits<false>},
    {"io: repeated string in", ins_exits<true>},
    {"io: string out", outs_exits<false>},
    {"io: repeated string out", outs_exits<true>},
    {"io: a hidden port reads as ones, 8 bits", reads_ones_8},
    {"io: a hidden port reads as ones, 16 bits", reads_ones_16},
    {"io: a hidden port reads as ones, 32 bits", reads_ones_32},
    {"io: all hidden ports are written", written_to_nobody},
    {"io: the guest's own protection comes first", in_user_mode},
};

}  // namespace

constinit const Area io_tests = rows;

}  // namespace hyperdbg::payload
