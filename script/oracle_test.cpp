// SPDX-License-Identifier: MIT
// Random expressions against an independent evaluation: looking for crashes alone would miss wrong answers.
#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "script/compiler.hpp"
#include "script/runtime/format.hpp"
#include "script/runtime/user_runtime.hpp"
#include "script/testing/script_case.hpp"

namespace hyperdbg::script {
namespace {

using u64 = std::uint64_t;
using s64 = std::int64_t;

// An expression as text, and its value computed while it was made. No value: it ends the run.
struct Made {
  std::string text;
  std::optional<u64> value;
  bool is_signed = true;
};

constexpr u64 interesting[] = {0, 1, 2, 3, 7, 0x3f, 0x40, 0xff, 0x7fffffff, 0x80000000, 0xffffffff, 1ull << 63, ~0ull};

struct World {
  u64 locals[3];     // x, y, z: unsigned
  u64 registers[3];  // @rax, @rbx, @rcx: signed
};

std::string hexadecimal(u64 value) {
  return format_message("0x%llx", std::vector{FormatArgument{value, {}}});
}

class Maker {
 public:
  Maker(std::mt19937_64& random, const World& world) : random_(random), world_(world) {}

  Made make(unsigned depth) {
    const u64 kind = depth == 0 ? 0 : random_() % 8;
    if (kind < 2) return leaf();
    return kind == 2 ? unary(depth) : binary(depth);
  }

 private:
  Made leaf() {
    const u64 which = random_() % 3;
    switch (random_() % 4) {
      case 0:
        return {std::string(1, static_cast<char>('x' + which)), world_.locals[which], false};
      case 1:
        return {std::string("@r") + static_cast<char>('a' + which) + "x", world_.registers[which], true};
      default: {
        const u64 value = random_() % 2 ? interesting[random_() % std::size(interesting)] : random_() % 100;
        return {hexadecimal(value), value, true};
      }
    }
  }

  Made unary(unsigned depth) {
    const Made inner = make(depth - 1);
    const u64 value = inner.value.value_or(0);
    Made made{"", inner.value, inner.is_signed};
    switch (random_() % 4) {
      case 0:
        made.text = "-(" + inner.text + ")";
        made.value = 0 - value;
        break;
      case 1:
        made.text = "~(" + inner.text + ")";
        made.value = ~value;
        break;
      case 2:
        made.text = "!(" + inner.text + ")";
        made.value = value == 0;
        made.is_signed = true;
        break;
      default:
        made.text = "+(" + inner.text + ")";
        break;
    }
    if (!inner.value) made.value = std::nullopt;
    return made;
  }

  Made binary(unsigned depth) {
    static constexpr const char* operators[] = {"+",  "-", "*", "/",  "%",  "&",  "|",  "^",  "<<",
                                                ">>", "<", ">", "<=", ">=", "==", "!=", "&&", "||"};
    const std::string operation = operators[random_() % std::size(operators)];
    const Made left = make(depth - 1);
    const Made right = make(depth - 1);
    Made made{"(" + left.text + " " + operation + " " + right.text + ")", std::nullopt, true};
    const bool both_signed = left.is_signed && right.is_signed;
    if (operation == "<<" || operation == ">>") {
      made.is_signed = left.is_signed;
    } else if (operation.size() == 1 && operation != "<" && operation != ">") {
      made.is_signed = both_signed;
    }
    if (left.value && (operation == "&&" || operation == "||") && (*left.value != 0) == (operation == "||"))
      made.value = operation == "||";
    else if (left.value && right.value)
      made.value = compute(operation, *left.value, *right.value, both_signed, left.is_signed);
    return made;
  }

  static std::optional<u64> compute(const std::string& operation, u64 left, u64 right, bool is_signed,
                                    bool left_signed) {
    const auto l = static_cast<s64>(left);
    const auto r = static_cast<s64>(right);
    if (operation == "+") return left + right;
    if (operation == "-") return left - right;
    if (operation == "*") return left * right;
    if (operation == "&") return left & right;
    if (operation == "|") return left | right;
    if (operation == "^") return left ^ right;
    if (operation == "<") return is_signed ? l < r : left < right;
    if (operation == ">") return is_signed ? l > r : left > right;
    if (operation == "<=") return is_signed ? l <= r : left <= right;
    if (operation == ">=") return is_signed ? l >= r : left >= right;
    if (operation == "==") return left == right;
    if (operation == "!=") return left != right;
    if (operation == "&&") return left && right;
    if (operation == "||") return left || right;
    if (operation == "<<" || operation == ">>") {
      if (right > 63) return std::nullopt;
      if (operation == "<<") return left << right;
      return left_signed ? static_cast<u64>(l >> right) : left >> right;
    }
    if (right == 0 || (is_signed && r == -1 && l == std::numeric_limits<s64>::min())) return std::nullopt;
    if (operation == "/") return is_signed ? static_cast<u64>(l / r) : left / right;
    return is_signed ? static_cast<u64>(l % r) : left % right;
  }

  std::mt19937_64& random_;
  const World& world_;
};

World random_world(std::mt19937_64& random) {
  World world{};
  for (u64& value : world.locals) value = random() % 2 ? random() : interesting[random() % std::size(interesting)];
  for (u64& value : world.registers) value = random() % 2 ? random() : interesting[random() % std::size(interesting)];
  return world;
}

void set_registers(UserRuntime& runtime, const World& world) {
  runtime.registers[HYPERDBG_RAX] = world.registers[0];
  runtime.registers[HYPERDBG_RBX] = world.registers[1];
  runtime.registers[HYPERDBG_RCX] = world.registers[2];
  // Through globals, so that the compiler does not know the locals.
  runtime.registers[HYPERDBG_R8] = world.locals[0];
  runtime.registers[HYPERDBG_R9] = world.locals[1];
  runtime.registers[HYPERDBG_R10] = world.locals[2];
}

TEST(ScriptOracle, RandomExpressionsHaveTheirValue) {
  std::mt19937_64 random(20 + static_cast<unsigned>(GTEST_FLAG_GET(random_seed)));
  unsigned aborted = 0;
  for (int round = 0; round < 250; ++round) {
    const World world = random_world(random);
    const Made made = Maker(random, world).make(5);
    const bool as_condition = random() % 4 == 0;
    const std::string use = as_condition ? "if (" + made.text + ") { test_statement(1); } else { test_statement(0); }"
                                         : "test_statement(" + made.text + ");";
    const auto script = Compiler::load().value()->compile("x = @r8; y = @r9; z = @r10; " + use, {});
    ASSERT_TRUE(script) << render(script.error());
    UserRuntime runtime;
    set_registers(runtime, world);
    const auto outcome = runtime.run(*script).value();
    if (!made.value) {
      ++aborted;
      EXPECT_NE(outcome.error, HYPERDBG_SCRIPT_OK) << made.text;
      continue;
    }
    ASSERT_EQ(outcome.error, HYPERDBG_SCRIPT_OK) << made.text << '\n' << describe(outcome);
    EXPECT_EQ(outcome.results, (std::vector<u64>{as_condition ? *made.value != 0 : *made.value})) << made.text;
  }
  EXPECT_LT(aborted, 200u);
}

}  // namespace
}  // namespace hyperdbg::script
