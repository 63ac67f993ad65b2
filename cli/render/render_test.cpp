// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "cli/render/disassembly.hpp"
#include "cli/render/events.hpp"
#include "cli/render/registers.hpp"

namespace hyperdbg {
namespace {

// The example of the manual.
TEST(Render, registers) {
  Registers r{};
  r[HYPERDBG_RAX] = 0xffff948cc1ba4780;
  r[HYPERDBG_RBX] = 0xffff948cc02f19e0;
  r[HYPERDBG_RCX] = 0x24;
  r[HYPERDBG_RIP] = 0xfffff80168d91262;
  r[HYPERDBG_R10] = 0x48564653;
  r[HYPERDBG_CS] = 0x10;
  r[HYPERDBG_SS] = 0x18;
  r[HYPERDBG_DS] = r[HYPERDBG_ES] = r[HYPERDBG_GS] = 0x2b;
  r[HYPERDBG_FS] = 0x53;
  r[HYPERDBG_RFLAGS] = 0x40246;
  EXPECT_EQ(render_registers(r),
            "RAX=ffff948cc1ba4780 RBX=ffff948cc02f19e0 RCX=0000000000000024\n"
            "RDX=0000000000000000 RSI=0000000000000000 RDI=0000000000000000\n"
            "RIP=fffff80168d91262 RSP=0000000000000000 RBP=0000000000000000\n"
            "R8 =0000000000000000 R9 =0000000000000000 R10=0000000048564653\n"
            "R11=0000000000000000 R12=0000000000000000 R13=0000000000000000\n"
            "R14=0000000000000000 R15=0000000000000000 IOPL=00\n"
            "OF 0  DF 0  IF 1  SF  0\n"
            "ZF 1  PF 1  CF 0  AXF 0\n"
            "CS 0010 SS 0018 DS 002b ES 002b FS 0053 GS 002b\n"
            "RFLAGS=0000000000040246\n");
}

TEST(Render, instructions_that_are_none) {
  const std::uint8_t bytes[] = {0x06};
  EXPECT_EQ(render_instruction(0x10, bytes, {}).line, "00000000`00000010    06                                  ??\n");
  EXPECT_EQ(render_instruction(0x10, {}, {}).length, 1u);
}

TEST(Render, long_commands_are_cut) {
  ListedEvent event{};
  event.info.id = 0x1a;
  event.text = "!cpuid script {\n" + std::string(100, 'x') + "}";
  const std::string line = render_events({event});
  EXPECT_TRUE(line.starts_with("1a\t(disabled)\t    !cpuid script { xxx"));
  EXPECT_TRUE(line.ends_with("xxx...\n"));
}

}  // namespace
}  // namespace hyperdbg
