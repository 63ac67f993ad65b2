// SPDX-License-Identifier: MIT
#include "x86/decoder.hpp"

#include <gtest/gtest.h>

#include <array>
#include <vector>

// Single instructions: what a caller of the decoder relies on.
namespace hyperdbg::x86 {
namespace {

Instruction decoded(const std::vector<u8>& bytes, CodeSize code_size = CodeSize::bits64,
                    Branches branches = Branches::intel) {
  const Decoded result = decode(bytes.data(), bytes.size(), code_size, branches);
  EXPECT_TRUE(result.ok());
  return result.instruction;
}

DecodeStatus status_of(const std::vector<u8>& bytes, CodeSize code_size = CodeSize::bits64) {
  return decode(bytes.data(), bytes.size(), code_size).status;
}

// Register n holds 0x1000 * (n + 1).
u64 register_value(u8 number) {
  return 0x1000ull * (number + 1);
}

TEST(Decoder, InterceptedInstructions) {
  EXPECT_EQ(decoded({0x0f, 0xa2}).length, 2);                    // cpuid
  EXPECT_EQ(decoded({0x0f, 0x32}).length, 2);                    // rdmsr
  EXPECT_EQ(decoded({0xf3, 0x48, 0x0f, 0x30}).length, 4);        // wrmsr with prefixes that do nothing
  EXPECT_EQ(decoded({0x0f, 0x01, 0xd9}).length, 3);              // vmmcall
  EXPECT_EQ(decoded({0x66, 0x66, 0x0f, 0x01, 0xd9}).length, 5);  // the same, padded
  EXPECT_EQ(decoded({0xf4}).length, 1);                          // hlt
  EXPECT_EQ(decoded({0x0f, 0x01, 0xf9}).length, 3);              // rdtscp
}

TEST(Decoder, ControlRegistersAreNeverMemory) {
  const Instruction store = decoded({0x44, 0x0f, 0x20, 0x05});  // mov rbp, cr8 with ModRM.mod = 0
  EXPECT_EQ(store.length, 4);
  EXPECT_FALSE(store.has_memory);
  EXPECT_EQ(store.reg, 8);
  EXPECT_EQ(store.rm, 5);
  EXPECT_EQ(store.operand_size, 8);
  const Instruction load = decoded({0x41, 0x0f, 0x23, 0xf9});  // mov dr7, r9
  EXPECT_EQ(load.reg, 7);
  EXPECT_EQ(load.rm, 9);
}

TEST(Decoder, Ports) {
  EXPECT_EQ(decoded({0xec}).operand_size, 1);
  EXPECT_EQ(decoded({0x66, 0xef}).operand_size, 2);
  EXPECT_EQ(decoded({0x48, 0xed}).operand_size, 4);
  const Instruction in = decoded({0xe4, 0x80});
  EXPECT_EQ(static_cast<u8>(in.immediate), 0x80);
  EXPECT_EQ(in.immediate_size, 1);
  EXPECT_EQ(decoded({0xf3, 0x6e}).repeat, RepeatPrefix::rep);
}

TEST(Decoder, MemoryOperands) {
  const Instruction indexed = decoded({0x42, 0x8b, 0x44, 0xa3, 0xf8});  // mov eax, [rbx+r12*4-8]
  EXPECT_EQ(indexed.memory.base, 3);
  EXPECT_EQ(indexed.memory.index, 12);
  EXPECT_EQ(indexed.memory.segment, Segment::ds);
  EXPECT_EQ(effective_address(indexed, 0, register_value), 0x4000u + 0xd000 * 4 - 8);

  const Instruction stack = decoded({0x48, 0x89, 0x04, 0x24});  // mov [rsp], rax
  EXPECT_EQ(stack.memory.segment, Segment::ss);
  EXPECT_EQ(stack.memory.index, no_register);
  EXPECT_EQ(stack.operand_size, 8);

  const Instruction relative = decoded({0x8b, 0x05, 0xfa, 0xff, 0xff, 0xff});  // mov eax, [rip-6]
  EXPECT_TRUE(relative.memory.rip_relative);
  EXPECT_EQ(effective_address(relative, 0xffffffff81000000, register_value), 0xffffffff81000000);
}

TEST(Decoder, AddressesWrapToTheirSize) {
  const Instruction wrapped = decoded({0x67, 0x8b, 0x80, 0x00, 0xf0, 0xff, 0xff});  // mov eax, [eax-0x1000]
  EXPECT_EQ(effective_address(wrapped, 0, [](u8) { return 0xffffffff00000000ull; }), 0xfffff000u);
  const Instruction real_mode = decoded({0x8b, 0x42, 0x10}, CodeSize::bits16);  // mov ax, [bp+si+16]
  EXPECT_EQ(real_mode.memory.segment, Segment::ss);
  EXPECT_EQ(effective_address(real_mode, 0, [](u8) { return 0xffffull; }), 0x000eu);
}

TEST(Decoder, SegmentOverrides) {
  EXPECT_EQ(decoded({0x65, 0x8b, 0x04, 0x25, 0, 0, 0, 0}).memory.segment, Segment::gs);
  EXPECT_EQ(decoded({0x65, 0x2e, 0x8b, 0x00}).memory.segment, Segment::gs);
  EXPECT_EQ(decoded({0x65, 0x2e, 0x8b, 0x00}, CodeSize::bits32).memory.segment, Segment::cs);
}

TEST(Decoder, RexCountsDirectlyBeforeTheOpcode) {
  EXPECT_EQ(decoded({0x48, 0x66, 0xb8, 1, 2}).immediate_size, 2);
  EXPECT_EQ(decoded({0x66, 0x48, 0xb8, 1, 2, 3, 4, 5, 6, 7, 8}).immediate, 0x0807060504030201);
  EXPECT_EQ(decoded({0x4f, 0x40, 0x50}).opcode_register, 0);
  EXPECT_EQ(decoded({0x41, 0x50}).opcode_register, 8);
  EXPECT_EQ(decoded({0x48}, CodeSize::bits32).length, 1);  // dec eax
}

TEST(Decoder, Immediates) {
  EXPECT_EQ(decoded({0x48, 0xc7, 0xc0, 0xff, 0xff, 0xff, 0xff}).immediate, -1);
  EXPECT_EQ(decoded({0x48, 0xa1, 1, 2, 3, 4, 5, 6, 7, 8}).memory.displacement, 0x0807060504030201);
  EXPECT_EQ(decoded({0x67, 0xa1, 1, 2, 3, 4}).length, 6);
  EXPECT_EQ(decoded({0xf7, 0xc8, 1, 2, 3, 4}).length, 6);  // test, in its second encoding
  EXPECT_EQ(decoded({0xf7, 0xd0}).length, 2);              // not
  const Instruction enter = decoded({0xc8, 0x34, 0x12, 0x05});
  EXPECT_EQ(enter.immediate, 0x1234);
  EXPECT_EQ(enter.second_immediate, 5);
  const Instruction jump = decoded({0xea, 0x78, 0x56, 0x34, 0x12, 0x10, 0x80}, CodeSize::bits32);
  EXPECT_EQ(jump.immediate, 0x12345678);
  EXPECT_EQ(jump.second_immediate, 0x8010);
}

TEST(Decoder, VendorsDisagreeOnNearBranches) {
  for (const std::vector<u8>& branch :
       {std::vector<u8>{0x66, 0xe8, 1, 2, 3, 4}, {0x66, 0xe9, 1, 2, 3, 4}, {0x66, 0x0f, 0x84, 1, 2, 3, 4}}) {
    EXPECT_EQ(decoded(branch).immediate_size, 4);
    EXPECT_EQ(decoded(branch, CodeSize::bits64, Branches::amd).immediate_size, 2);
    EXPECT_EQ(decoded(branch, CodeSize::bits32).immediate_size, 2);
  }
  EXPECT_EQ(decoded({0xe8, 1, 2, 3, 4}, CodeSize::bits64, Branches::amd).immediate_size, 4);
}

TEST(Decoder, OtherEncodings) {
  EXPECT_EQ(decoded({0x0f, 0x0f, 0xc1, 0x9e}).opcode, 0x9e);  // pfadd
  EXPECT_EQ(decoded({0xc5, 0xf8, 0x77}).encoding, Encoding::vex);
  EXPECT_EQ(decoded({0xc5, 0xf9, 0x6f, 0x00}).operand_size_prefix, true);
  EXPECT_EQ(decoded({0xc5, 0x00}, CodeSize::bits32).encoding, Encoding::legacy);          // lds
  EXPECT_EQ(decoded({0x8f, 0xea, 0x78, 0x10, 0xc0, 1, 2, 3, 4}).map, OpcodeMap::xop_a);   // bextr
  EXPECT_EQ(decoded({0x62, 0xf1, 0x7c, 0x48, 0x10, 0x40, 0x01}).memory.displacement, 1);  // vmovups zmm0, [rax+64]
  EXPECT_TRUE(decoded({0x62, 0xf1, 0x7c, 0x48, 0x10, 0x40, 0x01}).memory.scaled_displacement);
  EXPECT_TRUE(decoded({0xc4, 0xe2, 0x69, 0x90, 0x04, 0x88}).memory.vector_index);  // vpgatherdd
}

TEST(Decoder, Refusals) {
  EXPECT_EQ(status_of({0x06}), DecodeStatus::invalid);
  EXPECT_EQ(status_of({0x06}, CodeSize::bits32), DecodeStatus::ok);
  EXPECT_EQ(status_of({0x66, 0xc5, 0xf8, 0x77}), DecodeStatus::invalid);  // prefix before VEX
  EXPECT_EQ(status_of({0x0f, 0x04}), DecodeStatus::invalid);
  EXPECT_EQ(status_of({}), DecodeStatus::too_short);
}

TEST(Decoder, FifteenBytesAreTheLimit) {
  std::vector<u8> bytes(14, 0x66);
  EXPECT_EQ(status_of(bytes), DecodeStatus::too_short);
  bytes.push_back(0x90);
  EXPECT_EQ(decoded(bytes).length, 15);
  bytes.insert(bytes.begin(), 0x66);
  EXPECT_EQ(status_of(bytes), DecodeStatus::too_long);
  std::vector<u8> immediate(11, 0x66);
  immediate.insert(immediate.end(), {0x81, 0xc0, 1, 2});
  EXPECT_EQ(decoded(immediate).length, 15);
  immediate.insert(immediate.begin(), 0x66);
  EXPECT_EQ(status_of(immediate), DecodeStatus::too_long);
}

}  // namespace
}  // namespace hyperdbg::x86
