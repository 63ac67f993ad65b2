// SPDX-License-Identifier: MIT
// What the compiled code is made of.
#include <gtest/gtest.h>

#include <filesystem>
#include <numeric>

#include "script/compiler.hpp"
#include "script/runtime/user_runtime.hpp"
#include "script/testing/disassembly.hpp"
#include "script/testing/script_case.hpp"

namespace hyperdbg::script {
namespace {

CompileResult compile(std::string_view text) {
  static UserRuntime runtime;
  CompileOptions options;
  options.global_slot = [](std::string_view name) { return runtime.global_slot(name); };
  options.symbol = [](std::string_view) { return std::optional<std::uint64_t>(0x1000); };
  return Compiler::load().value()->compile(text, options);
}

std::string joined(const std::vector<std::string>& lines) {
  return std::accumulate(lines.begin(), lines.end(), std::string(),
                         [](std::string all, const std::string& line) { return std::move(all) + line + '\n'; });
}

TEST(ScriptCode, CountingTakesThreeInstructions) {
  const auto script = compile(".count = .count + 1;").value();
  const auto lines = disassemble(script.code());
  EXPECT_EQ(lines.size(), 3u) << joined(lines);
}

TEST(ScriptCode, RegistersAreReachedDirectly) {
  const auto script = compile("if ($context == 1) { @ecx = @ecx & ~(1 << 5); }").value();
  const std::string code = joined(disassemble(script.code()));
  EXPECT_FALSE(code.contains("call")) << code;
  EXPECT_LE(disassemble(script.code()).size(), 6u) << code;
}

TEST(ScriptCode, WhatCannotRepeatIsNotCharged) {
  const std::string code = joined(disassemble(compile("x = @rax; if (x) { @rbx = x * 3; }").value().code()));
  EXPECT_FALSE(code.contains("dec")) << code;
}

TEST(ScriptCode, EveryUnknownLoopIsCharged) {
  const std::string code = joined(disassemble(compile("while (.x) { .y = 1; }").value().code()));
  EXPECT_TRUE(code.contains("dec")) << code;
}

TEST(ScriptCode, AnEmptyScriptReturns) {
  EXPECT_EQ(joined(disassemble(compile("").value().code())), "ret\n");
  EXPECT_EQ(compile("").value().stack_need, 8u);
}

TEST(ScriptCode, OnlyCasesWithFloatsUseVectorState) {
  std::size_t scripts = 0;
  for (const auto& entry : std::filesystem::directory_iterator(HYPERDBG_SCRIPT_CASES)) {
    if (entry.path().extension() != ".txt") continue;
    for (const ScriptCase& one : read_script_cases(entry.path().string())) {
      const auto script = compile(one.script);
      if (!script) continue;
      ++scripts;
      EXPECT_TRUE(script->uses_vectors || !uses_vector_state(script->code())) << one.name << '\n'
                                                                              << joined(disassemble(script->code()));
    }
  }
  EXPECT_GT(scripts, 80u);
}

// Zeroing, copying and filling loops are what compilers like to turn into SSE or memset.
TEST(ScriptCode, LoopsThatLookLikeVectorsStayScalar) {
  const auto script = compile(R"(
    sum = 0; mix = 0; all = 0;
    for (i = 0; i < 100; i++) { eb($buffer + i, 0); sum += i * 3; mix ^= sum; all |= mix << 2; }
    printf("%llx %llx %llx %llx", sum, mix, all, @rax * @rbx / 3);)")
                          .value();
  EXPECT_FALSE(uses_vector_state(script.code())) << joined(disassemble(script.code()));
}

// A chain of comparisons becomes a table of constants or jumps behind the code, reached by distance.
TEST(ScriptCode, TablesAreLinkedIntoTheBlob) {
  std::string text = "x = 0; ";
  for (unsigned i = 0; i < 24; ++i) {
    const std::string number = std::to_string(i);
    text += std::string(i ? "elsif" : "if") + " (@rax == 0n" + number + ") { x = 0n" +
            std::to_string((i * 7919u) % 1000u) + "; }\n";
  }
  const auto script = compile(text + "test_statement(x);").value();
  UserRuntime runtime;
  for (unsigned i = 0; i < 26; ++i) {
    runtime.registers[HYPERDBG_RAX] = i;
    const auto outcome = runtime.run(script).value();
    ASSERT_EQ(outcome.results.size(), 1u);
    EXPECT_EQ(outcome.results[0], i < 24 ? (i * 7919u) % 1000u : 0);
  }
}

TEST(ScriptCode, RunsWhereverItIsPut) {
  const auto script = compile("x = 5; while (x) { x--; .n++; } test_statement(.n);").value();
  UserRuntime runtime;
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(runtime.run(script));
}

TEST(ScriptCode, AStackThatIsTooLargeIsRefused) {
  std::string text;
  for (int i = 0; i < 700; ++i) text += "v" + std::to_string(i) + "z = db(" + std::to_string(i) + ");\n";
  text += "x = 1;\n";
  for (int i = 0; i < 700; ++i) text += "x ^= v" + std::to_string(i) + "z * x;\n";
  text += "print(x);";
  const auto script = compile(text);
  ASSERT_FALSE(script);
  EXPECT_TRUE(script.error().at(0).message.contains("bytes of stack")) << script.error().at(0).message;
}

}  // namespace
}  // namespace hyperdbg::script
