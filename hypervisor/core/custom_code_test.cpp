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

// Reading CR2 is privileged, so that step() itself is left to the machine: mov ds, eax; mov rbx, ds; mov cx, ds; nop.
TEST_F(CustomCodeTest, SegmentMovesAreDoneWithTheGuests) {
  constexpr u64 table = 0x900000, user_data = 0x00cff3000000ffff;
  std::memset(physical(table), 0, page_size);
  std::memcpy(physical(table + 0x28), &user_data, sizeof(user_data));
  cpu().gdtr = linear_map + table;
  ExceptionFrame frame{};
  const auto move = [&](const Bytes& code) { return move_segment(cpu(), frame, code.data(), code.size()); };
  frame.rax = 0x2b;
  frame.rbx = ~0ull;
  frame.rcx = 0x1122334455667788;
  EXPECT_EQ(move({0x8e, 0xd8}).length, 2);
  const x86::SegmentRegister& ds = cpu().segments[x86::Segment::ds];
  EXPECT_EQ(ds.selector, 0x2b);
  EXPECT_EQ(ds.attributes, 0xcf3);
  EXPECT_EQ(ds.limit, ~0u);
  EXPECT_EQ(move({0x48, 0x8c, 0xdb}).length, 3);
  EXPECT_EQ(frame.rbx, 0x2bu);
  EXPECT_EQ(move({0x66, 0x8c, 0xd9}).length, 3);
  EXPECT_EQ(frame.rcx, 0x112233445566002bu) << "sixteen bits";
  EXPECT_EQ(move({0x90}).length, 0);
  EXPECT_EQ(move({0x8e, 0xd0}).length, 0) << "SS is not for them";
  EXPECT_EQ(move({0x8e, 0x1a}).length, 0) << "nor is memory";

  frame.rax = 3;
  EXPECT_EQ(move({0x8e, 0xd8}).fault, 0) << "null";
  EXPECT_EQ(ds.selector, 3);
  EXPECT_EQ(ds.attributes, 0);
  for (const u64 selector : {0x40, 0x2f, 0x33}) {  // a hole, the local table, another hole
    frame.rax = selector;
    const SegmentMove refused = move({0x8e, 0xc0});
    EXPECT_EQ(refused.fault, 13);
    EXPECT_EQ(refused.error_code, selector & ~3ull);
  }
  EXPECT_FALSE(cpu().segments.contains(x86::Segment::es));
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
