// SPDX-License-Identifier: MIT
#include "hypervisor/events/code_traits.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace hyperdbg {
namespace {

CodeTraits of(std::vector<u8> code) {
  return examine_code(code);
}

// The example of "How to create an action?".
const std::vector<u8> change_it{0x48, 0x8b, 0x5a, 0x40, 0x48, 0x81, 0xfb, 0x48, 0x44, 0x42, 0x47, 0x74,
                                0x02, 0xeb, 0x08, 0x48, 0xc7, 0x42, 0x40, 0x48, 0x44, 0x42, 0x32, 0xc3};

TEST(CodeTraits, forward_jumps_end) {
  EXPECT_FALSE(of(change_it).watched);
  EXPECT_FALSE(of(change_it).touches_state);
  EXPECT_FALSE(of({0x90, 0xc3}).watched);
  EXPECT_FALSE(of({0x31, 0xc0, 0xc3, 0xc3}).watched);
}

TEST(CodeTraits, what_may_not_end_is_watched) {
  EXPECT_TRUE(of({}).watched);
  EXPECT_TRUE(of({0x90}).watched) << "runs into what lies behind";
  EXPECT_TRUE(of({0xeb, 0xfe, 0xc3}).watched) << "jump to itself";
  EXPECT_TRUE(of({0x90, 0xe2, 0xfd, 0xc3}).watched) << "loop";
  EXPECT_TRUE(of({0x74, 0x01, 0xb8, 0xeb, 0xfe, 0x90, 0x90, 0xc3}).watched) << "into the middle of an instruction";
  EXPECT_TRUE(of({0x74, 0x05, 0xc3}).watched) << "behind the end";
  EXPECT_TRUE(of({0xff, 0xe0, 0xc3}).watched) << "indirect";
  EXPECT_TRUE(of({0xe8, 0x00, 0x00, 0x00, 0x00, 0xc3}).watched) << "call";
  EXPECT_TRUE(of({0x50, 0xc3}).watched) << "push rax; ret";
  EXPECT_TRUE(of({0x48, 0x89, 0x04, 0x24, 0xc3}).watched) << "mov [rsp], rax; ret";
  EXPECT_TRUE(of({0x48, 0x89, 0xe0, 0xc3}).watched) << "mov rax, rsp";
  EXPECT_TRUE(of({0x48, 0x94, 0xc3}).watched) << "xchg rsp, rax";
  EXPECT_TRUE(of({0xbc, 0, 0, 0, 0, 0xc3}).watched) << "mov esp, 0";
  EXPECT_TRUE(of({0xf4, 0xc3}).watched) << "hlt";
  EXPECT_TRUE(of({0x0f, 0x01, 0xc9, 0xc3}).watched) << "mwait";
  EXPECT_TRUE(of({0x0f, 0x01, 0xfb, 0xc3}).watched) << "mwaitx";
  EXPECT_TRUE(of({0xf3, 0xaa, 0xc3}).watched) << "rep stosb";
  EXPECT_TRUE(of({0x06, 0xc3}).watched) << "not an instruction";
}

TEST(CodeTraits, an_and_with_a_constant_is_no_use_of_the_stack) {
  EXPECT_FALSE(of({0x48, 0x83, 0xe0, 0x01, 0xc3}).watched);  // and rax, 1
  EXPECT_FALSE(of({0x83, 0x62, 0x08, 0xfe, 0xc3}).watched);  // and dword [rdx+8], ~1
  EXPECT_TRUE(of({0x48, 0x83, 0xe4, 0xf0, 0xc3}).watched);   // and rsp, ~15
  EXPECT_FALSE(of({0xaa, 0xc3}).watched) << "stosb without a count";
}

TEST(CodeTraits, state_of_the_processor) {
  EXPECT_TRUE(of({0x0f, 0x23, 0xc0, 0xc3}).touches_state);                             // mov dr0, rax
  EXPECT_TRUE(of({0x0f, 0x22, 0xd0, 0xc3}).touches_state);                             // mov cr2, rax
  EXPECT_TRUE(of({0x0f, 0x30, 0xc3}).touches_state);                                   // wrmsr
  EXPECT_TRUE(of({0x8e, 0xd8, 0xc3}).touches_state);                                   // mov ds, eax
  EXPECT_TRUE(of({0x65, 0x48, 0x8b, 0x04, 0x25, 0x88, 1, 0, 0, 0xc3}).touches_state);  // mov rax, gs:[0x188]
  for (const std::vector<u8>& move : {std::vector<u8>{0x8e, 0x1b, 0xc3},               // mov ds, [rbx]
                                      {0x8c, 0x5b, 0x08, 0xc3},                        // mov [rbx+8], ds
                                      {0x0f, 0xa0, 0xc3},                              // push fs
                                      {0x66, 0x0f, 0xa9, 0xc3},                        // pop gs
                                      {0x0f, 0xb2, 0x23, 0xc3},                        // lss esp, [rbx]
                                      {0x48, 0x0f, 0xb4, 0x1b, 0xc3},                  // lfs rbx, [rbx]
                                      {0x0f, 0x01, 0xf8, 0xc3},                        // swapgs
                                      {0xf3, 0x48, 0x0f, 0xae, 0xd0, 0xc3}})           // wrfsbase rax
    EXPECT_TRUE(of(move).watched && of(move).touches_state);
  EXPECT_TRUE(of({0x0f, 0x23, 0xc0, 0xc3}).watched);
  EXPECT_FALSE(of({0x0f, 0xa2, 0xc3}).touches_state);  // cpuid
}

// Two million bytes and a far target: no table of the size of the code is needed.
TEST(CodeTraits, long_code) {
  std::vector<u8> code(1 << 21, 0x90);
  code.back() = 0xc3;
  EXPECT_FALSE(of(code).watched);
  code[0] = 0xe9;
  code[1] = 0xf0;
  code[2] = 0xff;
  code[3] = 0x1f;
  code[4] = 0x00;
  EXPECT_FALSE(of(code).watched);
  code[3] = 0x3f;
  EXPECT_TRUE(of(code).watched);
}

}  // namespace
}  // namespace hyperdbg
