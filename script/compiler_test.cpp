// SPDX-License-Identifier: MIT
#include "script/compiler.hpp"

#include <gtest/gtest.h>

#include <random>

#include "script/cache.hpp"
#include "script/metadata.hpp"
#include "script/runtime/user_runtime.hpp"

namespace hyperdbg::script {
namespace {

CompileOptions options_with_slot(std::uint32_t slot) {
  CompileOptions options;
  options.global_slot = [slot](std::string_view) { return std::expected<std::uint32_t, std::string>(slot); };
  return options;
}

Compiler& compiler() {
  return *Compiler::load().value();
}

TEST(Compiler, CompilesTheSameScriptOnce) {
  const std::uint64_t before = compiler().compilations();
  for (int i = 0; i < 10000; ++i) ASSERT_TRUE(compiler().compile(".once = .once + 1;", options_with_slot(1)));
  EXPECT_EQ(compiler().compilations(), before + 1);
}

TEST(Compiler, CompilesAgainForOtherSlots) {
  const auto first = compiler().compile(".slots = 1;", options_with_slot(1)).value();
  const auto second = compiler().compile(".slots = 1;", options_with_slot(2)).value();
  EXPECT_NE(first.blob, second.blob);
  EXPECT_EQ(compiler().compile(".slots = 1;", options_with_slot(1)).value().blob, first.blob);
}

TEST(Compiler, CompilesAgainForOtherAddresses) {
  CompileOptions options;
  std::uint64_t address = 0x1000;
  options.symbol = [&](std::string_view) { return std::optional(address); };
  const auto first = compiler().compile("print(vmlinux!moved);", options).value();
  address = 0x2000;
  EXPECT_NE(compiler().compile("print(vmlinux!moved);", options).value().blob, first.blob);
}

TEST(Compiler, ASlotThatIsRefusedIsADiagnostic) {
  CompileOptions options;
  options.global_slot = [](std::string_view) {
    return std::expected<std::uint32_t, std::string>(std::unexpected("there are 512 globals already"));
  };
  const auto result = compiler().compile("x = 1;\n  .full = x;", options);
  ASSERT_FALSE(result);
  EXPECT_EQ(render(result.error()), "Line 2:\n  .full = x;\n  ^\nthere are 512 globals already\n");
}

// Found by a random script: check() had nothing to say about one that can never run.
TEST(Compiler, CheckCountsGlobalsAndAggregations) {
  std::string globals, aggregations;
  for (int i = 0; i < HYPERDBG_MAXIMUM_GLOBALS; ++i) globals += ".g" + std::to_string(i) + "x = 1; ";
  for (int i = 0; i < HYPERDBG_MAXIMUM_AGGREGATIONS; ++i)
    aggregations += "aggregate_count(\"a" + std::to_string(i) + "\"); ";
  EXPECT_TRUE(check(globals + aggregations, {}).empty());
  EXPECT_EQ(check(globals + "\n.one_more = 1; .another = 2;", {}).front().message, "a script has at most 512 globals");
  EXPECT_EQ(check(aggregations + "\naggregate_count(\"one more\");", {}).front().message,
            "a script has at most 32 aggregations");
}

TEST(Compiler, AsksForNoSlotsWhenTheScriptIsWrong) {
  CompileOptions options;
  int asked = 0;
  options.global_slot = [&](std::string_view) { return std::expected<std::uint32_t, std::string>(asked++); };
  EXPECT_FALSE(compiler().compile(".x = 1; y = z;", options));
  EXPECT_EQ(asked, 0);
  EXPECT_TRUE(compiler().compile(".x = 1; .x = .y;", options));
  EXPECT_EQ(asked, 2);
}

TEST(Compiler, RendersPlaceAndHint) {
  const auto diagnostics = check("print(1);\n\tif (1) x = 5;", {});
  EXPECT_EQ(render(diagnostics),
            "Line 2:\n\tif (1) x = 5;\n\t       ^\n"
            "Syntax Error: Invalid Syntax: expected `{` before `x`\nhint: the body of `if` needs braces\n");
}

TEST(Compiler, RendersOfAVeryLongLineWhatIsAroundThePlace) {
  const std::string many(400, ';');
  const auto diagnostics = check(many + "x = y;" + many, {});
  ASSERT_EQ(diagnostics.size(), 1u);
  EXPECT_EQ(diagnostics[0].column, 405u);
  const std::string text = render(diagnostics), before(116, ';'), after(118, ';');
  EXPECT_TRUE(text.starts_with("Line 1:\n..." + before + "x = y;" + after + "...\n" + std::string(123, ' ') + "^\n"))
      << text;
}

TEST(Compiler, PutsTheCaretBelowItsPlaceBehindCharactersOfSeveralBytes) {
  const auto diagnostics = check("x = strlen(\"äö\") + y;", {});
  ASSERT_FALSE(diagnostics.empty());
  EXPECT_TRUE(render(diagnostics[0]).contains("x = strlen(\"äö\") + y;\n" + std::string(19, ' ') + "^\n"))
      << render(diagnostics[0]);
}

TEST(Compiler, TakesTextThatBeginsWithAByteOrderMark) {
  EXPECT_TRUE(check("\xef\xbb\xbfprint(1);", {}).empty());
  EXPECT_FALSE(check("print(1);\xef\xbb\xbf", {}).empty());
}

TEST(Compiler, OfMoreErrorsThanAPersonReadsTheRestIsCounted) {
  std::string wrong;
  for (int i = 0; i < 5000; ++i) wrong += "x = ;\n";
  const auto diagnostics = check(wrong, {});
  ASSERT_EQ(diagnostics.size(), 100u);
  EXPECT_TRUE(diagnostics.back().message.ends_with("... and 4900 more errors")) << diagnostics.back().message;
}

TEST(Compiler, FormatsAreKeptOnce) {
  const auto script =
      compiler().compile(R"(print(1); printf("a %d\n", 1); print(2); printf("a %d\n", 2);)", {}).value();
  EXPECT_EQ(decode_metadata(script.metadata).value(), (std::vector<std::string>{"%llx\n", "a %d\n"}));
}

TEST(Compiler, OfAStructureEachWrongMemberIsToldAndTheOthersAreThere) {
  const auto diagnostics = check(
      "struct S { int x; nosuch y;\nstruct T { int 4; int k; } t; };\n"
      "struct S s; s.x = 1; s.t.k = 2;\ns.z = 1;",
      {});
  std::vector<std::uint32_t> lines;
  for (const Diagnostic& diagnostic : diagnostics) lines.push_back(diagnostic.line);
  EXPECT_EQ(lines, (std::vector<std::uint32_t>{1, 2, 4})) << render(diagnostics);
}

TEST(Compiler, OneMistakeIsToldOnce) {
  const auto lines_of = [](std::string_view text) {
    std::vector<std::uint32_t> lines;
    for (const Diagnostic& diagnostic : check(text, {})) lines.push_back(diagnostic.line);
    return lines;
  };
  using Lines = std::vector<std::uint32_t>;
  EXPECT_EQ(lines_of("int t[3];\nt[0] = 1;\nint y = ;\nprint(y + t[1]);"), (Lines{1, 3}));
  std::string lists;
  for (int i = 0; i < 99; ++i) lists += "int t" + std::to_string(i) + "[1] = {1 2};\n";
  EXPECT_EQ(lines_of(lists + "int good[1][1][1] = {{{1}}};").size(), 99u);
  EXPECT_EQ(lines_of("x = nosuch[2].one;\nx = nosuch;\nx = other;\nint f(int n) { return nosuch; }"), (Lines{1, 3, 4}));
}

TEST(Compiler, DeepTextIsRefusedNotCrashing) {
  const std::string deep(100000, '(');
  EXPECT_FALSE(check("x = " + deep, {}).empty());
  std::string structures, dimensions = "int t";
  for (int i = 0; i < 20000; ++i) structures += "struct S" + std::to_string(i) + "{", dimensions += "[1]";
  EXPECT_FALSE(check(structures, {}).empty());
  EXPECT_FALSE(check(dimensions + " = {0};", {}).empty());
  EXPECT_FALSE(check("x = " + std::string(100000, '~') + "1;", {}).empty());
  std::string chain = "x = 1";
  for (int i = 0; i < 100000; ++i) chain += " + 1";
  const auto diagnostics = check(chain + ";", {});
  ASSERT_FALSE(diagnostics.empty());
  EXPECT_EQ(diagnostics[0].message, "Internal Error: Please split the expression to many smaller expressions.");
  std::string blocks;
  for (int i = 0; i < 100000; ++i) blocks += "if (1) {";
  EXPECT_FALSE(check(blocks, {}).empty());
  std::string branches = "if (@rax == 1) { @rbx = 1; }";
  for (int i = 0; i < 3000; ++i) branches += " elsif (@rax == 2) { @rbx = 1; }";
  EXPECT_TRUE(check(branches, {}).empty());
}

// Whatever is typed: diagnostics or a program, never a crash. Places lie inside of the text.
TEST(Compiler, RandomTextIsHandled) {
  static constexpr const char* words[] = {
      "x",      "y1z",    ".g",      "@rax", "@zf", "$pid",   "if",       "elsif",  "else",
      "while",  "do",     "for",     "(",    ")",   "{",      "}",        ";",      ",",
      "=",      "==",     "+",       "-",    "*",   "/",      "<<",       "&&",     "||",
      "!",      "~",      "++",      "5",    "0n1", "db",     "poi",      "eq",     "print",
      "printf", "\"%d\"", "break",   "int",  "[",   "->",     "#",        "/*",     "//",
      "\n",     "L\"w\"", "0y2",     "a_b",  "\\",  "return", "continue", "memcpy", "vmlinux!known",
      "&",      "1.5",    "event_sc"};
  std::mt19937 random(1);
  for (int round = 0; round < 20000; ++round) {
    std::string text;
    for (unsigned i = random() % 24; i > 0; --i) text += std::string(words[random() % std::size(words)]) + " ";
    for (const Diagnostic& one : check(text, {})) {
      ASSERT_FALSE(one.message.empty()) << text;
      ASSERT_LE(one.line, 1 + static_cast<std::uint32_t>(std::ranges::count(text, '\n'))) << text;
      ASSERT_LE(one.column, text.size() + 1) << text;
    }
  }
}

TEST(ScriptCache, ForgetsTheOldest) {
  ScriptCache cache(2);
  cache.insert("one", {});
  cache.insert("two", {});
  EXPECT_NE(cache.find("one", {}), nullptr);
  cache.insert("three", {});
  EXPECT_NE(cache.find("one", {}), nullptr);
  EXPECT_EQ(cache.find("two", {}), nullptr);
  EXPECT_NE(cache.find("three", {}), nullptr);
  cache.insert("three", {});
  EXPECT_NE(cache.find("one", {}), nullptr);
}

}  // namespace
}  // namespace hyperdbg::script
