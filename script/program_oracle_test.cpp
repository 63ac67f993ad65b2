// SPDX-License-Identifier: MIT
// Random programs: compiled code against a walk over the tree, results, registers, globals and fuel.
#include <gtest/gtest.h>

#include <random>
#include <string>

#include "script/compiler.hpp"
#include "script/passes/analyse.hpp"
#include "script/runtime/user_runtime.hpp"
#include "script/testing/interpreter.hpp"
#include "script/testing/script_case.hpp"

namespace hyperdbg::script {
namespace {

constexpr std::uint64_t most_repetitions = 3000;

class ProgramMaker {
 public:
  explicit ProgramMaker(std::mt19937_64& random) : random_(random) {}

  std::string make() {
    std::string text = "x = @r8; y = @r9; z = 5;\n";
    for (int i = 0; i < 4; ++i) text += statement(3);
    return text + "test_statement(x); test_statement(y); test_statement(z);\n";
  }

 private:
  std::uint64_t below(std::uint64_t limit) { return random_() % limit; }

  std::string place() {
    static constexpr const char* places[] = {"x", "y", "z", ".g", ".h", "@rax", "@ecx", "@dx", "@bh", "@r8l"};
    return places[below(std::size(places))];
  }
  std::string expression(unsigned depth) {
    static constexpr const char* operators[] = {"+", "-", "*", "&", "|", "^", "<", ">", "<=", "==", "!=", "&&", "||"};
    if (depth == 0 || below(3) == 0) return below(3) ? place() : "0n" + std::to_string(below(20));
    switch (below(6)) {
      case 0:
        return "(" + expression(depth - 1) + " >> " + std::to_string(below(8)) + ")";
      case 1:
        return "(" + expression(depth - 1) + " / (" + expression(depth - 1) + " | 1))";
      case 2:
        return std::string(below(2) ? "-" : "!") + "(" + expression(depth - 1) + ")";
      case 3:
        if (below(8) == 0) return "(" + expression(depth - 1) + " % " + place() + ")";
        [[fallthrough]];
      default:
        return "(" + expression(depth - 1) + " " + operators[below(std::size(operators))] + " " +
               expression(depth - 1) + ")";
    }
  }

  std::string block(unsigned depth) {
    std::string text = "{ ";
    for (std::uint64_t i = 1 + below(3); i > 0; --i) text += statement(depth);
    return text + "}\n";
  }

  std::string statement(unsigned depth) {
    static constexpr const char* compound[] = {"+=", "-=", "*=", "^=", "|=", "&="};
    switch (below(depth == 0 ? 4 : 10)) {
      case 0:
        return place() + " = " + expression(2) + ";\n";
      case 1:
        return place() + " " + compound[below(std::size(compound))] + " " + expression(2) + ";\n";
      case 2:
        return place() + (below(2) ? "++;\n" : "--;\n");
      case 3:
        return place() + " = " + place() + " = " + expression(1) + ";\n";
      case 4:
        return "if (" + expression(2) + ") " + block(depth - 1) + "elsif (" + expression(1) + ") " + block(depth - 1) +
               "else " + block(depth - 1);
      case 5:
        return "if (" + expression(2) + ") { return; }\n";
      case 6:
        return "test_statement(" + expression(2) + ");\n";
      default:
        return loop(depth - 1);
    }
  }

  // Its counter is its own most of the time, so that most programs end.
  std::string loop(unsigned depth) {
    const std::string counter = below(8) ? "i" + std::to_string(++loops_) : place();
    const std::string bound = below(2) ? "0n" + std::to_string(below(12)) : "(" + place() + " & 7)";
    static constexpr const char* tests[] = {"<", "!=", "<="};
    const std::string condition = counter + " " + tests[below(8) ? 0 : below(3)] + " " + bound;
    const std::string step = below(4) ? counter + "++" : counter + " += 0n" + std::to_string(1 + below(3));
    std::string body = "{ ";
    for (std::uint64_t i = 1 + below(2); i > 0; --i) body += statement(depth);
    if (below(4) == 0) body += "if (" + expression(1) + ") { break; }\n";
    if (below(4) == 0) body += "if (" + expression(1) + ") { continue; }\n";
    body += statement(depth);
    switch (below(3)) {
      case 0:
        return counter + " = 0;\nwhile (" + condition + ") " + body + step + "; }\n";
      case 1:
        return counter + " = 0;\ndo " + body + step + "; } while (" + condition + ");\n";
      default:
        return "for (" + counter + " = 0; " + condition + "; " + step + ") " + body + "}\n";
    }
  }

  std::mt19937_64& random_;
  unsigned loops_ = 0;
};

void compare(const Interpreted& expected, const UserRuntime& runtime, const UserRuntime::Outcome& outcome,
             const Program& program, const std::string& text) {
  if (expected.failed) {
    EXPECT_NE(outcome.error, HYPERDBG_SCRIPT_OK) << text;
    return;
  }
  ASSERT_EQ(outcome.error, HYPERDBG_SCRIPT_OK) << describe(outcome) << '\n' << text;
  EXPECT_EQ(outcome.results, expected.results) << text;
  EXPECT_EQ(static_cast<std::uint64_t>(outcome.fuel_used), expected.repetitions) << text;
  for (std::size_t i = 0; i < expected.registers.size(); ++i)
    EXPECT_EQ(runtime.registers[i], expected.registers[i]) << "register " << i << '\n' << text;
  for (std::size_t i = 0; i < program.globals.size(); ++i)
    EXPECT_EQ(runtime.global(program.globals[i]), expected.globals[i]) << program.globals[i] << '\n' << text;
}

TEST(ScriptOracle, RandomProgramsDoTheSame) {
  std::mt19937_64 random(3 + static_cast<unsigned>(GTEST_FLAG_GET(random_seed)));  // --gtest_random_seed=N: others
  unsigned compared = 0;
  for (int round = 0; round < 120 && !testing::Test::HasFailure(); ++round) {
    const std::string text = ProgramMaker(random).make();
    UserRuntime runtime;
    CompileOptions options;
    options.global_slot = [&](std::string_view name) { return runtime.global_slot(name); };
    const auto program = analyse(text, options);
    ASSERT_TRUE(program) << render(program.error()) << text;
    std::array<std::uint64_t, 16> registers{};
    for (std::size_t i = 0; i < registers.size(); ++i) registers[i] = runtime.registers[i] = random() >> random() % 64;
    const Interpreted expected = interpret(*program, registers, most_repetitions);
    if (expected.gave_up) continue;
    ++compared;
    const auto script = Compiler::load().value()->compile(text, options);
    ASSERT_TRUE(script) << render(script.error()) << text;
    const auto outcome = runtime.run(*script).value();
    compare(expected, runtime, outcome, *program, text);
  }
  EXPECT_GT(compared, 60u);
}

}  // namespace
}  // namespace hyperdbg::script
