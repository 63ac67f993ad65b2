// SPDX-License-Identifier: MIT
#include "assembler/assembler.hpp"

#include <gtest/gtest.h>

namespace hyperdbg::assembler {
namespace {

using Bytes = std::vector<std::uint8_t>;

std::optional<std::uint64_t> address_of(std::string_view name) {
  if (name == "vmlinux!init_task") return 0xffffffff82a0aa40;
  if (name == "vmlinux!init_task+10") return 0xffffffff82a0aa50;
  return std::nullopt;
}

Bytes bytes_of(std::string_view text) {
  const auto result = assemble(text, address_of);
  if (result) return *result;
  ADD_FAILURE() << script::render(result.error());
  return {};
}

std::string errors_of(std::string_view text) {
  const auto result = assemble(text, address_of);
  return result ? "no error" : script::render(result.error());
}

// The text and the bytes of "How to create an action?".
TEST(Assembler, GivesExactlyTheManualsBytes) {
  constexpr std::string_view text = R"(
		mov    rbx, QWORD PTR [rdx+0x40];
		cmp    rbx, 0x47424448;
		
		je     ChangeIt;
		jmp    Return;
		
		ChangeIt:
		mov    QWORD PTR [rdx+0x40], 0x32424448;
		
		Return:
		ret;
)";
  EXPECT_EQ(bytes_of(text), (Bytes{0x48, 0x8b, 0x5a, 0x40, 0x48, 0x81, 0xfb, 0x48, 0x44, 0x42, 0x47, 0x74,
                                   0x02, 0xeb, 0x08, 0x48, 0xc7, 0x42, 0x40, 0x48, 0x44, 0x42, 0x32, 0xc3}));
}

TEST(Assembler, SeparatesStatementsAndDropsComments) {
  EXPECT_EQ(bytes_of("nop; xor rax, rax; nop"), (Bytes{0x90, 0x48, 0x31, 0xc0, 0x90}));
  EXPECT_EQ(bytes_of("nop # one\nnop // two\n/* three */ nop"), (Bytes{0x90, 0x90, 0x90}));
}

TEST(Assembler, ReadsNumbers) {
  EXPECT_EQ(bytes_of("mov eax, 16"), (Bytes{0xb8, 16, 0, 0, 0}));
  EXPECT_EQ(bytes_of("mov eax, 0x16"), (Bytes{0xb8, 0x16, 0, 0, 0}));
  EXPECT_EQ(bytes_of("mov eax, 16h"), (Bytes{0xb8, 0x16, 0, 0, 0}));
}

TEST(Assembler, PutsAddressesForNames) {
  const Bytes expected{0x48, 0xb8, 0x50, 0xaa, 0xa0, 0x82, 0xff, 0xff, 0xff, 0xff};
  EXPECT_EQ(bytes_of("movabs rax, <vmlinux!init_task + 10>"), expected);
  EXPECT_EQ(errors_of("nop\nmov rax, <vmlinux!nobody>"),
            "Line 2:\nmov rax, <vmlinux!nobody>\n         ^\ncouldn't resolve the address of `vmlinux!nobody`\n"
            "hint: `x vmlinux!nobody*` searches the symbols\n");
}

TEST(Assembler, PointsAtMistakes) {
  const std::string unknown = errors_of("nop; mvo rax, 1; nop");
  EXPECT_NE(unknown.find("nop; mvo rax, 1; nop\n     ^"), unknown.npos) << unknown;
  EXPECT_NE(unknown.find("invalid instruction mnemonic"), unknown.npos) << unknown;
  const std::string label = errors_of("nop\nje Nowhere");
  EXPECT_NE(label.find("Line 2:\nje Nowhere\n   ^\nthere is no label `Nowhere`"), label.npos) << label;
  EXPECT_NE(errors_of("jmp 0x1234").find("through a register"), std::string::npos);
  EXPECT_NE(errors_of("nop\n.data\n.byte 1").find("one section"), std::string::npos);
  EXPECT_NE(errors_of("").find("no instruction"), std::string::npos);
  EXPECT_NE(errors_of("   # nothing\n").find("no instruction"), std::string::npos);
}

// The caret stands in what the person wrote, not in what LLVM was given.
TEST(Assembler, ColumnsAreThoseOfTheOriginal) {
  const std::string error = errors_of("mov rax, <vmlinux!init_task>; bogus");
  EXPECT_NE(error.find("mov rax, <vmlinux!init_task>; bogus\n                              ^"), error.npos) << error;
}

TEST(Assembler, SurvivesNonsense) {
  for (std::string_view text :
       {"<<<<>>>>", ".macro", ".include \"x\"", "a:a:a:", "mov rax, <", "\"", ".if 1", ".rept 3"})
    EXPECT_NE(errors_of(text), "no error") << text;
  EXPECT_EQ(bytes_of("mov eax, 1 << 4"), (Bytes{0xb8, 16, 0, 0, 0}));
}

}  // namespace
}  // namespace hyperdbg::assembler
