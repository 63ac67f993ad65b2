// SPDX-License-Identifier: MIT
#include "hypervisor/core/custom_code.hpp"

#include <cstring>

#include "hypervisor/core/core_fixture.hpp"
#include "hypervisor/core/cpu_area.hpp"
#include "hypervisor/core/segment_moves.hpp"
#include "hypervisor/cpu/routines.hpp"

// Custom code really runs here, as long as it needs neither steps nor the guest's tables; faults are given by hand.
namespace hyperdbg::test {
namespace {

constexpr u64 leaf = 7;

struct CustomCodeTest : CoreTest {
  u32 add(const Bytes& code, u32 buffer_size = 0, const Bytes& condition = {}) {
    hyperdbg_event event{.kind = HYPERDBG_EVENT_CPUID,
                         .stage = HYPERDBG_PRE,
                         .key = leaf,
                         .flags = 0,
                         .process = HYPERDBG_ANY_PROCESS,
                         .core = HYPERDBG_ANY_CORE,
                         .buffer_size = buffer_size,
                         .condition_size = static_cast<u32>(condition.size()),
                         .text_size = 0,
                         .action_count = 1,
                         .reserved = 0,
                         .mask = 0};
    Bytes payload = bytes_of(event);
    append(payload, condition);
    append(payload, bytes_of(hyperdbg_action{HYPERDBG_ACTION_CODE, static_cast<u32>(code.size()), 0, 0, 0}));
    append(payload, code);
    const Answer answer = ask(HYPERDBG_REQUEST_EVENT_ADD, payload);
    EXPECT_EQ(answer.status, HYPERDBG_OK);
    u32 id = ~0u;
    if (answer.payload.size() == sizeof(id)) std::memcpy(&id, answer.payload.data(), sizeof(id));
    return id;
  }
  static void append(Bytes& to, const Bytes& bytes) {
    to.insert(to.end(), bytes.begin(), bytes.end());
    to.resize((to.size() + 7) & ~std::size_t{7});
  }
  void cpuid() {
    cpu().registers.rax = leaf;
    run(ExitKind::cpuid);
  }
  struct Piece {
    hyperdbg_record record;
    hyperdbg_buffer_piece piece;
    Bytes bytes;
  };
  std::vector<Piece> pieces() {
    std::vector<Piece> all;
    for (const Bytes& bytes : records()) {
      Piece piece{};
      std::memcpy(&piece.record, bytes.data(), sizeof(piece.record));
      EXPECT_EQ(piece.record.kind, HYPERDBG_RECORD_BUFFER);
      std::memcpy(&piece.piece, bytes.data() + sizeof(piece.record), sizeof(piece.piece));
      piece.bytes.assign(bytes.begin() + sizeof(piece.record) + sizeof(piece.piece), bytes.end());
      all.push_back(piece);
    }
    return all;
  }
};

// mov [rdx+38h], rcx; mov [rdx+40h], r8; mov [rdx+48h], rdx; ret
TEST_F(CustomCodeTest, IsCalledAsDocumented) {
  add({0x48, 0x89, 0x4a, 0x38, 0x4c, 0x89, 0x42, 0x40, 0x48, 0x89, 0x52, 0x48, 0xc3});
  cpu().registers.rdi = 1;
  cpuid();
  EXPECT_EQ(cpu().registers.rdi, 0u) << "no buffer";
  EXPECT_EQ(cpu().registers.r8, leaf);
  EXPECT_EQ(cpu().registers.r9, reinterpret_cast<u64>(&cpu().registers));
}

// xor ebx, ebx; mov ebp, ebx; ...; ret: registers that a function must keep are kept for it.
TEST_F(CustomCodeTest, MayUseEveryRegister) {
  add({0x31, 0xdb, 0x89, 0xdd, 0x49, 0x89, 0xdc, 0x49, 0x89, 0xdd, 0x49, 0x89, 0xde, 0x49, 0x89, 0xdf, 0xfd, 0xc3});
  cpuid();
  EXPECT_EQ(info(0).hits, 1u);
  EXPECT_EQ(info(0).failed, 0u);
}

// Condition: mov rax, [rcx+18h]; mov qword [rcx+38h], 5; ret
const Bytes rbx_is_not_zero{0x48, 0x8b, 0x41, 0x18, 0x48, 0xc7, 0x41, 0x38, 5, 0, 0, 0, 0xc3};

TEST_F(CustomCodeTest, AConditionSeesAndChangesRegisters) {
  add({0x48, 0xff, 0x42, 0x40, 0xc3}, 0, rbx_is_not_zero);  // inc qword [rdx+40h]
  cpu().registers.rbx = 0;
  cpu().registers.r8 = 10;
  cpuid();
  EXPECT_EQ(cpu().registers.r8, 10u);
  EXPECT_EQ(cpu().registers.rdi, 5u) << "kept although the condition said no";
  EXPECT_EQ(info(0).hits, 0u);
  cpu().registers.rbx = 1;
  cpuid();
  EXPECT_EQ(cpu().registers.r8, 11u);
  EXPECT_EQ(info(0).hits, 1u);
}

// mov rax, rcx; inc byte [rax]; ret
TEST_F(CustomCodeTest, ItsBufferIsSentWhenItIsReturned) {
  add({0x48, 0x89, 0xc8, 0xfe, 0x00, 0xc3}, 5000);
  cpuid();
  cpuid();
  const auto all = pieces();
  ASSERT_EQ(all.size(), 4u);
  EXPECT_EQ(all[0].piece.size, 5000u);
  EXPECT_EQ(all[0].piece.offset + all[0].bytes.size(), all[1].piece.offset);
  EXPECT_EQ(all[1].piece.offset + all[1].bytes.size(), 5000u);
  EXPECT_EQ(all[0].bytes[0], 1);
  EXPECT_EQ(all[2].bytes[0], 2);
  EXPECT_EQ(all[3].bytes[10], 0);
}

Bytes return_constant(u64 value) {
  Bytes code{0x48, 0xb8};
  const Bytes bytes = bytes_of(value);
  code.insert(code.end(), bytes.begin(), bytes.end());
  code.push_back(0xc3);
  return code;
}

TEST_F(CustomCodeTest, AnyValidAddressWillDo) {
  std::memcpy(physical(user_physical + page_size - 2), "abcd", 4);
  add(return_constant(user_start + page_size - 2), 4);
  cpuid();
  const auto all = pieces();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].piece.address, user_start + page_size - 2);
  EXPECT_EQ(all[0].bytes, (Bytes{'a', 'b', 'c', 'd'}));
}

TEST_F(CustomCodeTest, KernelAddressesAreReadWithTheKernelsTables) {
  std::memcpy(physical(0x900000), "kern", 4);
  add(return_constant(linear_map + 0x900000), 4);
  cpuid();
  ASSERT_EQ(pieces().size(), 1u);
}

TEST_F(CustomCodeTest, NothingIsSentForAnythingElse) {
  add(return_constant(0), 4);
  add(return_constant(user_hole - 2), 4);
  add(return_constant(~0ull - 1), 4);
  add(return_constant(0x123456789abcdef0), 4);
  add(return_constant(user_start));        // valid, but no buffer was asked for
  add({0x48, 0x8d, 0x41, 0x01, 0xc3}, 4);  // lea rax, [rcx+1]: more than the buffer
  cpuid();
  EXPECT_EQ(info(5).hits, 1u);
  EXPECT_TRUE(records().empty());
}

// What a fault does, as the image's handler is told of it.
TEST_F(CustomCodeTest, AFaultGoesOnWhereTheRunEnds) {
  CodeRun run{};
  run.call.entry = 0x1000;
  run.size = 0x20;
  cpu().code_run = &run;
  cpu().code_stack = 0x7777;
  ExceptionFrame frame{};
  frame.vector = 13;
  frame.error_code = 0x18;
  frame.rip = 0x1004;
  EXPECT_TRUE(handle_code_exception(cpu(), frame));
  EXPECT_TRUE(run.failed);
  EXPECT_EQ(run.fault.fault, 13u);
  EXPECT_EQ(run.fault.offset, 4u);
  EXPECT_EQ(run.fault.error_code, 0x18u);
  EXPECT_EQ(frame.rsp, 0x7777u);
  cpu().code_run = nullptr;
}

TEST_F(CustomCodeTest, StepsAreCountedAndHltIsSeen) {
  static const u8 code[] = {0x90, 0xf4};
  CodeRun run{};
  run.call.entry = reinterpret_cast<u64>(code);
  run.size = sizeof(code);
  cpu().code_run = &run;
  ExceptionFrame frame{};
  frame.vector = 1;
  frame.rip = run.call.entry;
  frame.rflags = 0x102;
  for (u64 i = 0; i < HYPERDBG_CODE_STEPS; ++i) ASSERT_TRUE(handle_code_exception(cpu(), frame));
  EXPECT_FALSE(run.failed);
  EXPECT_TRUE(handle_code_exception(cpu(), frame));
  EXPECT_EQ(run.fault.fault, u32{HYPERDBG_CODE_ENDLESS});

  run.failed = false;
  run.steps = 0;
  frame.rip = run.call.entry + 1;
  EXPECT_TRUE(handle_code_exception(cpu(), frame));
  EXPECT_EQ(run.fault.fault, u32{HYPERDBG_CODE_HALTED});

  run.failed = false;
  frame.rip = reinterpret_cast<u64>(code_returned);
  frame.rflags = 0x102;
  EXPECT_TRUE(handle_code_exception(cpu(), frame));
  EXPECT_FALSE(run.failed);
  EXPECT_EQ(frame.rflags, 2u) << "the trap flag is off behind the code";
  cpu().code_run = nullptr;
}

TEST_F(CustomCodeTest, WhatWouldLeaveOrStopRootModeIsRefused) {
  const auto fault_of_step = [this](const Bytes& code) {
    CodeRun run{};
    run.call.entry = reinterpret_cast<u64>(code.data());
    run.size = code.size();
    cpu().code_run = &run;
    ExceptionFrame frame{};
    frame.vector = 1;
    frame.rip = run.call.entry;
    EXPECT_TRUE(handle_code_exception(cpu(), frame));
    cpu().code_run = nullptr;
    return run.failed ? run.fault.fault : 0;
  };
  constexpr u32 invalid_opcode = 6;
  EXPECT_EQ(fault_of_step({0x0f, 0x34}), invalid_opcode);        // SYSENTER
  EXPECT_EQ(fault_of_step({0x48, 0x0f, 0x35}), invalid_opcode);  // SYSEXIT
  for (const Bytes& waits :
       {Bytes{0xf4}, {0x40, 0xf4}, {0x66, 0xf3, 0x4f, 0xf4}, {0x2e, 0x0f, 0x01, 0xc9}, {0x0f, 0x01, 0xfb}})
    EXPECT_EQ(fault_of_step(waits), u32{HYPERDBG_CODE_HALTED});
  for (const Bytes& other : {Bytes{0xb0, 0xf4}, {0x0f, 0x01, 0xca}, {0x0f}, {0x0f, 0x01}, {0x66, 0x66}, {0x0f, 0x31}})
    EXPECT_EQ(fault_of_step(other), 0u);
}

// Reading CR2 is privileged, so that step() itself is left to the machine; the steps of memory are made here.
struct SegmentMoveTest : CustomCodeTest {
  static constexpr u64 table = 0x900000, user_data = 0x00cff3000000ffff, absent_data = 0x00cf73000000ffff;
  static constexpr u64 start = 0x7000;
  using Kind = SegmentStep::Kind;

  void SetUp() override {
    CustomCodeTest::SetUp();
    std::memset(physical(table), 0, page_size);
    std::memcpy(physical(table + 0x28), &user_data, sizeof(user_data));
    std::memcpy(physical(table + 0x30), &absent_data, sizeof(absent_data));
    cpu().gdtr = linear_map + table;
  }
  SegmentStep begin(const Bytes& code) {
    frame.rip = start;
    return move.begin(cpu(), frame, code.data(), code.size());
  }
  // As the routine does to which the code is sent, and the step behind it.
  SegmentStep execute(const SegmentStep& step) {
    CodeAccess code;
    code.begin(frame, step.access);
    accesses.push_back(step.access);
    void* memory = reinterpret_cast<void*>(frame.rax);
    const u64 routine = frame.rip;
    if (routine == reinterpret_cast<u64>(code_read_2)) {
      frame.rdx = *static_cast<u16*>(memory);
    } else if (routine == reinterpret_cast<u64>(code_read_4)) {
      std::memcpy(&frame.rdx, memory, 4);
      frame.rdx &= 0xffffffff;
    } else if (routine == reinterpret_cast<u64>(code_read_8)) {
      std::memcpy(&frame.rdx, memory, 8);
    } else if (routine == reinterpret_cast<u64>(code_write_2)) {
      std::memcpy(memory, &frame.rdx, 2);
    } else {
      EXPECT_EQ(routine, reinterpret_cast<u64>(code_write_8));
      std::memcpy(memory, &frame.rdx, 8);
    }
    return move.go_on(cpu(), frame, code.finish(frame));
  }
  Kind run(const Bytes& code) {
    accesses.clear();
    SegmentStep step = begin(code);
    while (step.kind == Kind::access) step = execute(step);
    EXPECT_EQ(frame.rip, start + (step.kind == Kind::done ? code.size() : 0));
    last = step;
    return step.kind;
  }
  const x86::SegmentRegister& segment(x86::Segment which) { return cpu().segments[which]; }

  SegmentMove move;
  ExceptionFrame frame{};
  SegmentStep last;
  std::vector<MemoryAccess> accesses;
};

// mov ds, eax; mov rbx, ds; mov cx, ds; nop
TEST_F(SegmentMoveTest, GeneralRegisters) {
  frame.rax = 0x2b;
  frame.rbx = ~0ull;
  frame.rcx = 0x1122334455667788;
  EXPECT_EQ(run({0x8e, 0xd8}), Kind::done);
  const x86::SegmentRegister& ds = segment(x86::Segment::ds);
  EXPECT_EQ(ds.selector, 0x2b);
  EXPECT_EQ(ds.attributes, 0xcf3);
  EXPECT_EQ(ds.limit, ~0u);
  EXPECT_EQ(run({0x48, 0x8c, 0xdb}), Kind::done);
  EXPECT_EQ(frame.rbx, 0x2bu);
  EXPECT_EQ(run({0x66, 0x8c, 0xd9}), Kind::done);
  EXPECT_EQ(frame.rcx, 0x112233445566002bu) << "sixteen bits";
  EXPECT_EQ(run({0x90}), Kind::other);

  frame.rax = 3;
  EXPECT_EQ(run({0x8e, 0xd8}), Kind::done) << "null";
  EXPECT_EQ(ds.selector, 3);
  EXPECT_EQ(ds.attributes, 0);
  for (const u64 selector : {0x40, 0x2f, 0x38}) {  // a hole, the local table, another hole
    frame.rax = selector;
    EXPECT_EQ(run({0x8e, 0xc0}), Kind::fault);
    EXPECT_EQ(last.fault, 13u);
    EXPECT_EQ(last.error_code, selector & ~3ull);
  }
  frame.rax = 0x33;
  EXPECT_EQ(run({0x8e, 0xc0}), Kind::fault);
  EXPECT_EQ(last.fault, 11u) << "not present";
  EXPECT_FALSE(cpu().segments.contains(x86::Segment::es));
}

TEST_F(SegmentMoveTest, Memory) {
  u16 cells[8] = {0x2b, 0x40, 0xffff, 0xffff, 0xffff, 0xffff, 0xffff, 0xffff};
  frame.rbx = reinterpret_cast<u64>(cells);
  frame.r9 = 2;
  EXPECT_EQ(run({0x8e, 0x1b}), Kind::done);  // mov ds, [rbx]
  EXPECT_EQ(segment(x86::Segment::ds).selector, 0x2b);
  EXPECT_EQ(frame.rbx, reinterpret_cast<u64>(cells));
  EXPECT_EQ(run({0x8c, 0x5b, 0x08}), Kind::done);  // mov [rbx+8], ds
  EXPECT_EQ(cells[4], 0x2b);
  EXPECT_EQ(cells[5], 0xffff) << "sixteen bits";
  EXPECT_EQ(run({0x48, 0x8c, 0x5b, 0x0c}), Kind::done);  // with REX.W
  EXPECT_EQ(cells[6], 0x2b);
  EXPECT_EQ(cells[7], 0xffff) << "sixteen bits";
  EXPECT_EQ(run({0x42, 0x8e, 0x44, 0x4b, 0xfe}), Kind::fault);  // mov es, [rbx+r9*2-2]
  EXPECT_EQ(last.fault, 13u);
  EXPECT_EQ(last.error_code, 0x40);
  EXPECT_EQ(run({0x8c, 0x53, 0x02}), Kind::done);  // mov [rbx+2], ss
  EXPECT_EQ(cells[1], 0x18);
}

TEST_F(SegmentMoveTest, Addresses) {
  frame.rbx = 0xffffffff00000010;
  frame.rax = 0x5555;
  frame.rdx = 0x6666;
  EXPECT_EQ(begin({0x8e, 0x1d, 0x10, 0, 0, 0}).access.address, start + 6 + 0x10) << "of the next instruction";
  EXPECT_EQ(begin({0x67, 0x8e, 0x5b, 0xe0}).access.address, 0xfffffff0u) << "mov ds, [ebx-20h]";
  EXPECT_EQ(begin({0x26, 0x8e, 0x1b}).access.address, frame.rbx) << "ES has no base";
  EXPECT_FALSE(begin({0x8e, 0x1b}).access.on_stack);
  EXPECT_TRUE(begin({0x8e, 0x5d, 0x00}).access.on_stack) << "mov ds, [rbp]";
  frame.rsp = 0x1230;
  EXPECT_EQ(begin({0x8e, 0x5c, 0x24, 0x08}).access.address, 0x1238u) << "mov ds, [rsp+8]";
}

TEST_F(SegmentMoveTest, TheStack) {
  u64 stack[4] = {1, 2, 0x99990000002b, 4};
  frame.rsp = reinterpret_cast<u64>(&stack[2]);
  EXPECT_EQ(run({0x0f, 0xa1}), Kind::done);  // pop fs
  EXPECT_EQ(frame.rsp, reinterpret_cast<u64>(&stack[3]));
  EXPECT_EQ(segment(x86::Segment::fs).selector, 0x2b);
  EXPECT_EQ(last.loaded, x86::Segment::fs) << "its base must be shown";
  EXPECT_TRUE(accesses[0].on_stack);
  EXPECT_EQ(run({0x0f, 0xa0}), Kind::done);  // push fs
  EXPECT_EQ(frame.rsp, reinterpret_cast<u64>(&stack[2]));
  EXPECT_EQ(stack[2], 0u) << "the fake guest's FS";
  stack[2] = 0x8888888877770000;
  EXPECT_EQ(run({0x66, 0x0f, 0xa9}), Kind::done);  // pop gs, sixteen bits
  EXPECT_EQ(frame.rsp, reinterpret_cast<u64>(&stack[2]) + 2);
  EXPECT_EQ(last.loaded, x86::Segment::gs);
  EXPECT_EQ(run({0x66, 0x0f, 0xa8}), Kind::done);  // push gs
  EXPECT_EQ(frame.rsp, reinterpret_cast<u64>(&stack[2]));
  EXPECT_EQ(stack[2], 0x8888888877770000);
  stack[2] = 0x40;
  EXPECT_EQ(run({0x0f, 0xa1}), Kind::fault);
  EXPECT_EQ(frame.rsp, reinterpret_cast<u64>(&stack[2])) << "as it was";
}

TEST_F(SegmentMoveTest, FarPointers) {
  alignas(8) u8 memory[16] = {0x11, 0x22, 0x2b, 0, 0x2b, 0, 0x77, 0x88, 0x2b, 0};
  frame.rbx = reinterpret_cast<u64>(memory);
  frame.r10 = frame.rcx = ~0ull;
  EXPECT_EQ(run({0x66, 0x0f, 0xb4, 0x0b}), Kind::done);  // lfs cx, [rbx]
  EXPECT_EQ(frame.rcx, 0xffffffffffff2211u);
  EXPECT_EQ(segment(x86::Segment::fs).selector, 0x2b);
  EXPECT_EQ(run({0x44, 0x0f, 0xb5, 0x13}), Kind::done);  // lgs r10d, [rbx]
  EXPECT_EQ(frame.r10, 0x2b2211u);
  EXPECT_EQ(last.loaded, x86::Segment::gs);
  EXPECT_EQ(run({0x48, 0x0f, 0xb4, 0x1b}), Kind::done);  // lfs rbx, [rbx]
  EXPECT_EQ(frame.rbx, 0x8877002b002b2211u) << "the address itself";
  ASSERT_EQ(accesses.size(), 2u);
  EXPECT_EQ(accesses[1].address, accesses[0].address + 8);

  memory[4] = 0x40;
  frame.rbx = reinterpret_cast<u64>(memory);
  frame.rcx = 5;
  EXPECT_EQ(run({0x0f, 0xb4, 0x0b}), Kind::fault);
  EXPECT_EQ(frame.rcx, 5u) << "not written";
  EXPECT_EQ(run({0x0f, 0xb4, 0xcb}), Kind::other) << "#UD";
}

TEST_F(SegmentMoveTest, TheStackSegmentIsRootModes) {
  for (const Bytes& code : {Bytes{0x8e, 0xd0}, Bytes{0x8e, 0x13}, Bytes{0x0f, 0xb2, 0x23}}) {
    EXPECT_EQ(run(code), Kind::fault);
    EXPECT_EQ(last.fault, u32{HYPERDBG_CODE_STACK_SEGMENT});
  }
  EXPECT_EQ(run({0x8e, 0xc8}), Kind::other) << "mov cs, eax: #UD";
  EXPECT_EQ(run({0xf0, 0x8e, 0xd0}), Kind::other) << "LOCK: #UD";
}

// In the step of an access the code is in a routine of the image; the fault is that of its own instruction.
TEST_F(SegmentMoveTest, AFaultOfAnAccessIsTheInstructions) {
  for (const bool on_stack : {false, true}) {
    CodeRun run{};
    run.call.entry = start - 4;
    run.size = 0x20;
    cpu().code_run = &run;
    frame = {};
    frame.rip = start;
    frame.vector = 13;
    run.access.begin(frame, {.address = 1ull << 63, .size = 2, .on_stack = on_stack});
    EXPECT_EQ(frame.rip, reinterpret_cast<u64>(code_read_2));
    EXPECT_TRUE(handle_code_exception(cpu(), frame));
    EXPECT_TRUE(run.failed);
    EXPECT_EQ(run.fault.fault, on_stack ? 12u : 13u);
    EXPECT_EQ(run.fault.rip, start);
    EXPECT_EQ(run.fault.offset, 4u);
  }
  cpu().code_run = nullptr;
}

TEST_F(CustomCodeTest, AFaultOfAHandlerIsNotTheCodes) {
  CodeRun run{};
  cpu().code_run = &run;
  ExceptionFrame frame{};
  frame.vector = 14;
  frame.rsp = cpu_area::base_of(0) + cpu_area::fault_stack_top - 0x100;
  EXPECT_FALSE(handle_code_exception(cpu(), frame));
  frame.rsp = 0;
  frame.vector = 18;
  EXPECT_FALSE(handle_code_exception(cpu(), frame));
  cpu().code_run = nullptr;
}

TEST_F(CustomCodeTest, TheKernelsTablesAreLinkedWhereTheyAreTouched) {
  constexpr u64 own_root = 0xd000;
  std::memset(physical(own_root), 0, page_size);
  hyperdbg_boot_cpu boot = *cpu().boot;
  boot.cr3 = own_root;
  const hyperdbg_boot_cpu* before = cpu().boot;
  cpu().boot = &boot;
  KernelWindow window;
  EXPECT_FALSE(window.open(cpu(), user_start)) << "the lower half is the image's";
  EXPECT_FALSE(window.open(cpu(), 0xffffe00000000000)) << "nothing there";
  EXPECT_TRUE(window.open(cpu(), linear_map + 5));
  EXPECT_EQ(physical<u64>(own_root)[linear_map >> 39 & 511], physical<u64>(cpu().cr3)[linear_map >> 39 & 511]);
  EXPECT_FALSE(window.open(cpu(), linear_map + 5)) << "it is there: a fault of another kind";
  window.close();
  EXPECT_EQ(physical<u64>(own_root)[linear_map >> 39 & 511], 0u);

  // Beside our own tables, which lead to the TSS.
  constexpr u64 own_table = 0xe000;
  std::memset(physical(own_table), 0, page_size);
  physical<u64>(own_root)[module_text >> 39 & 511] = own_table | 3;
  EXPECT_TRUE(window.open(cpu(), module_text));
  EXPECT_NE(physical<u64>(own_table)[module_text >> 30 & 511], 0u);
  window.close();
  EXPECT_EQ(physical<u64>(own_table)[module_text >> 30 & 511], 0u);
  EXPECT_EQ(physical<u64>(own_root)[module_text >> 39 & 511], own_table | 3);
  cpu().boot = before;
}

}  // namespace
}  // namespace hyperdbg::test
