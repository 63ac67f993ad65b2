// SPDX-License-Identifier: MIT
#include <cstdio>

#include "tests/fuzz/program_maker.hpp"

namespace hyperdbg::fuzz {
namespace {

using Kind = Type::Kind;

const TypePtr u64_type = integer_type("u64");  // implicit variables; never declared in a script
const TypePtr s64_type = integer_type("s64");
const TypePtr double_type = floating_type("double");

std::string spelled(std::uint64_t value, std::uint64_t form) {
  char text[80];
  switch (form) {
    case 0:
      std::snprintf(text, sizeof text, "0n%llu", static_cast<unsigned long long>(value));
      return text;
    case 1:
      std::snprintf(text, sizeof text, "0t%llo", static_cast<unsigned long long>(value));
      return text;
    case 2:
      std::snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(value));
      return text;
    default:
      std::snprintf(text, sizeof text, "0%llx", static_cast<unsigned long long>(value));
      return text;
  }
}

}  // namespace

TypePtr ProgramMaker::any_integer_type() {
  static const char* const names[] = {"bool",           "char",   "signed char", "unsigned char",      "short",
                                      "unsigned short", "int",    "unsigned",    "unsigned int",       "long",
                                      "unsigned long",  "signed", "long long",   "unsigned long long", "long int",
                                      "signed long"};
  return integer_type(any_of(names));
}

TypePtr ProgramMaker::any_number_type() {
  return one_in(5) ? floating_type(one_in(2) ? "float" : "double") : any_integer_type();
}

std::string ProgramMaker::in_parentheses(const Twin& twin, int highest) {
  return twin.level > highest || one_in(6) ? "(" + twin.script + ")" : twin.script;
}

// (value & mask)
Twin ProgramMaker::masked(const Twin& value, const std::string& mask) {
  return {"(" + in_parentheses(value, 6) + " & " + mask + ")", "BIN(" + value.c + ", &, (s64)" + mask + ")", value.type,
          0};
}

Twin ProgramMaker::number() {
  std::uint64_t value = below(10);
  if (one_in(4)) value = below(1000);
  if (one_in(8)) value = random_() >> below(64);
  if (one_in(20)) value = 1ull << below(64);
  return {spelled(value, below(4)), "((s64)" + std::to_string(value) + "ull)", s64_type, 0};
}

std::string ProgramMaker::converted(const Twin& value, const TypePtr& to) const {
  const bool was_floating = value.type->is(Kind::floating);
  if (to->is(Kind::pointer)) return "((" + declared(to, "") + ")(" + value.c + "))";
  if (to->is(Kind::floating)) {
    if (to->is_small && was_floating && !value.type->is_small) return "TO_FLOAT(" + value.c + ")";
    return "((" + to->name + ")(" + value.c + "))";
  }
  if (to->is_small) return "((bool)((" + value.c + ") != 0))";
  if (was_floating) return "TO_INTEGER(" + to->name + ", " + value.c + ")";
  return "((" + to->name + ")(" + value.c + "))";
}

Twin ProgramMaker::cast(const TypePtr& type, Twin value) {
  return {"(" + declared(type, "") + ") " + in_parentheses(value, 0), converted(value, type), type, 1};
}

Twin ProgramMaker::binary(const char* macro, const char* operation, int level, Twin left, Twin right) {
  Twin twin;
  twin.script = in_parentheses(left, level) + " " + operation + " " + in_parentheses(right, level - 1);
  twin.c = std::string(macro) + "(" + left.c + ", " + operation + ", " + right.c + ")";
  twin.level = level;
  twin.type = std::string(macro) == "CMP" ? s64_type : left.type;  // an integer of some kind: C knows which
  return twin;
}

Twin ProgramMaker::integer_leaf() {
  switch (below(9)) {
    case 0:
    case 1:
      return number();
    case 2: {
      static const char* const names[] = {"$context", "$event_id", "$event_tag", "$event_stage", "$core",
                                          "$pid",     "$tid",      "$proc",      "$thread",      "$stage"};
      const std::uint64_t which = below(std::size(names));
      return {names[which], "((s64)o->pseudo[" + std::to_string(which == 9 ? 3 : which) + "])", s64_type, 0};
    }
    case 3:
      if (const TypePtr type = any_number_type(); one_in(3) || structures_.empty())
        return {"sizeof(" + type->name + ")", "((s64)sizeof(" + type->name + "))", s64_type, 0};
      else
        return {"sizeof(" + any_of(structures_)->name + ")", "", s64_type, 0};
    default:
      return read(any_place(true));
  }
}

Twin ProgramMaker::integer(int depth) {
  if (depth <= 0 || one_in(3)) {
    Twin leaf = integer_leaf();
    if (leaf.c.empty()) leaf.c = "((s64)" + leaf.script + ")";
    return leaf;
  }
  return one_in(5) ? integer_call(depth - 1) : integer_operation(depth - 1);
}

Twin ProgramMaker::integer_operation(int depth) {
  static const std::pair<const char*, int> plain[] = {{"+", 3}, {"-", 3}, {"*", 2}, {"&", 6}, {"|", 8}, {"^", 7}};
  static const char* const comparisons[] = {"<", ">", "<=", ">=", "==", "!="};
  switch (below(12)) {
    case 0: {
      Twin value = integer(depth);
      static const char* const operators[] = {"-", "~", "+"};
      const std::string operation = any_of(operators);
      return {operation + "(" + value.script + ")", "(" + operation + "(" + value.c + "))", value.type, 1};
    }
    case 1: {
      Twin value = any_number(depth);
      return {"!(" + value.script + ")", "((s64)!(" + value.c + "))", s64_type, 1};
    }
    case 2: {
      Twin divisor = integer(depth);
      if (!one_in(8))
        divisor = {"(" + in_parentheses(divisor, 8) + " | 1)", "BIN(" + divisor.c + ", |, (s64)1)", divisor.type, 0};
      return binary("DIVISION", one_in(2) ? "/" : "%", 2, integer(depth), divisor);
    }
    case 3: {
      Twin count = integer(depth);
      if (!one_in(12)) count = masked(count, "7");
      return binary("SHIFT", one_in(2) ? "<<" : ">>", 4, integer(depth), count);
    }
    case 4:
    case 5:
      return one_in(6) ? binary("CMP", any_of(comparisons), 5, floating(depth), floating(depth))
                       : binary("CMP", any_of(comparisons), 5, integer(depth), integer(depth));
    case 6: {
      const bool both = one_in(2);
      Twin left = any_number(depth);
      Twin right = any_number(depth);
      const std::string operation = both ? "&&" : "||";
      const int level = both ? 9 : 10;
      return {in_parentheses(left, level) + " " + operation + " " + in_parentheses(right, level - 1),
              "((s64)((" + left.c + ") " + operation + " (" + right.c + ")))", s64_type, level};
    }
    case 7:
      return cast(any_integer_type(), any_number(depth));
    default: {
      const auto& [operation, level] = any_of(plain);
      return binary("BIN", operation, level, integer(depth), integer(depth));
    }
  }
}

Twin ProgramMaker::condition(int depth) {
  Twin twin = one_in(3) ? any_number(depth) : integer_operation(depth);
  return twin;
}

Twin ProgramMaker::floating(int depth) {
  if (depth <= 0 || one_in(3)) {
    const auto known = variables(Kind::floating, false);
    if (known.empty() || one_in(3)) {
      const std::string text = std::to_string(below(100)) + "." + std::to_string(below(1000));
      return {text, text, double_type, 0};
    }
    return read(variable_place(*any_of(known)));
  }
  static const std::pair<const char*, int> operators[] = {{"+", 3}, {"-", 3}, {"*", 2}, {"/", 2}};
  switch (below(5)) {
    case 0:
      return cast(floating_type(one_in(2) ? "float" : "double"), any_number(depth - 1));
    case 1: {
      Twin value = floating(depth - 1);
      return {"-(" + value.script + ")", "(-(" + value.c + "))", value.type, 1};
    }
    default: {
      const auto& [operation, level] = any_of(operators);
      Twin left = floating(depth - 1);
      Twin right = floating(depth - 1);
      const TypePtr type = left.type->is_small && right.type->is_small ? left.type : double_type;
      Twin result = binary("FLOAT_BIN", operation, level, left, right);
      result.type = type;
      return result;
    }
  }
}

Twin ProgramMaker::call(const Callee& callee, int depth) {
  Twin twin{callee.name + "(", "({ ", callee.result, 0};
  std::string names;
  for (std::size_t i = 0; i < callee.parameters.size(); ++i) {
    const TypePtr& type = callee.parameters[i];
    Twin argument;
    if (i == 0) {  // how deep a recursion may go
      argument = {"0n" + std::to_string(below(5)), "", s64_type, 0};
      argument.c = "((s64)" + argument.script.substr(2) + ")";
      if (callee.name == self_.name)
        argument = one_in(40) ? Twin{"lv", "lv", s64_type, 0} : Twin{"lv - 1", "(lv - 1)", s64_type, 3};
    } else if (type->is(Kind::pointer)) {
      argument = {"0", "0", type, 0};
      for (const Variable* one : variables(Kind::integer, true))
        if (one->type->name == type->name && one->type->name != "u64")
          argument = {"&" + one->name, "&" + one->name, type, 1};
    } else {
      argument = any_number(depth);
    }
    const std::string name = "a" + std::to_string(i) + "_";
    twin.script += (i != 0 ? ", " : "") + argument.script;
    twin.c += declared(type, name) + " = " + converted(argument, type) + "; ";
    names += (i != 0 ? ", " : "") + name;
  }
  twin.script += ")";
  twin.c += callee.name + "(" + names + "); })";
  return twin;
}

Twin ProgramMaker::integer_call(int depth) {
  if (one_in(2)) return memory_call(depth);
  if (!is_main_ && one_in(2) && self_.result->is(Kind::integer)) return call(self_, depth);
  if (!functions_.empty() && !one_in(3)) {
    const Callee& callee = any_of(functions_);
    if (callee.result->is(Kind::integer)) return call(callee, depth);
    if (callee.result->is(Kind::floating)) return cast(any_integer_type(), call(callee, depth));
  }
  Twin value = integer(depth);
  if (one_in(2)) return {"not(" + value.script + ")", "(~(u64)(" + value.c + "))", u64_type, 0};
  return {"neg(" + value.script + ")", "(-(u64)(" + value.c + "))", u64_type, 0};
}

// Mostly inside of it, some beyond its end or before its start.
Twin ProgramMaker::address_in_buffer() {
  const Twin offset = masked(integer(1), one_in(10) ? "0x1ff" : "0x7f");
  Twin address{"($buffer + " + offset.script + ")", "(o->buffer + (u64)" + offset.c + ")", s64_type, 0};
  if (one_in(60)) {
    const std::string nowhere = std::to_string(below(1000));
    address = {"0n" + nowhere, nowhere, s64_type, 0};
  }
  address.c = "((u64)" + address.c + ")";
  return address;
}

Twin ProgramMaker::string_or_buffer() {
  static const char* const texts[] = {"\"ab\"", "\"hello\"", "\"\"", "\"x\\n\"", "\"abcdefghijk\""};
  if (one_in(3)) return address_in_buffer();
  const std::string text = any_of(texts);
  return {text, "((u64)" + text + ")", u64_type, 0};
}

Twin ProgramMaker::memory_call(int depth) {
  struct Keyword {
    const char* name;
    int size, low, width;
  };
  static const Keyword reads[] = {{"db", 1, 0, 8},   {"dw", 2, 0, 16},  {"dd", 4, 0, 32}, {"dq", 8, 0, 64},
                                  {"poi", 8, 0, 64}, {"low", 8, 0, 16}, {"hi", 8, 16, 16}};
  static const Keyword writes[] = {{"eb", 1, 0, 0}, {"ed", 4, 0, 0}, {"eq", 8, 0, 0}};
  const auto text = [](int value) { return std::to_string(value); };
  const Twin address = address_in_buffer();
  switch (below(10)) {
    case 0: {
      const Keyword& one = any_of(writes);
      const Twin value = integer(depth);
      return {std::string(one.name) + "(" + address.script + ", " + value.script + ")",
              "({ u64 w_ = " + address.c + "; write_memory(w_, (u64)(" + value.c + "), " + text(one.size) + "); })",
              u64_type, 0};
    }
    case 1:
      return {"*" + address.script, "read_memory(" + address.c + ", 8)", u64_type, 1};
    case 2: {
      const Twin string = string_or_buffer();
      return {"strlen(" + string.script + ")", "length(" + string.c + ")", u64_type, 0};
    }
    case 3: {
      const Twin left = string_or_buffer();
      const Twin right = string_or_buffer();
      const std::string two = left.script + ", " + right.script;
      const std::string most = text(static_cast<int>(below(6)));
      const std::string in_c = "({ u64 x_ = " + left.c + "; u64 y_ = " + right.c + "; compare(x_, y_, ";
      if (one_in(2)) return {"strcmp(" + two + ")", in_c + "~0ull, 1); })", s64_type, 0};
      return {"strncmp(" + two + ", " + most + ")", in_c + most + ", 1); })", s64_type, 0};
    }
    case 4: {
      const Twin other = address_in_buffer();
      const std::string count = text(static_cast<int>(below(9)));
      return {"memcmp(" + address.script + ", " + other.script + ", " + count + ")",
              "({ u64 x_ = " + address.c + "; u64 y_ = " + other.c + "; compare(x_, y_, " + count + ", 0); })",
              s64_type, 0};
    }
    case 5: {
      static const std::pair<const char*, const char*> rows[] = {{"interlocked_exchange(", "exchange("},
                                                                 {"interlocked_exchange_add(", "exchange_add("}};
      const auto& [script, c] = any_of(rows);
      const std::string slot = text(static_cast<int>(below(4)));
      const Twin value = integer(depth);
      return {script + std::string(one_in(2) ? "&" : "") + ".g" + slot + ", " + value.script + ")",
              c + ("&o->globals[" + slot) + "], (u64)(" + value.c + "))", u64_type, 0};
    }
    case 6: {
      const std::string slot = text(static_cast<int>(below(4)));
      const Twin value = integer(depth);
      const Twin expected = integer(depth);
      return {"interlocked_compare_exchange(&.g" + slot + ", " + value.script + ", " + expected.script + ")",
              "({ u64 x_ = (u64)(" + value.c + "); u64 y_ = (u64)(" + expected.c + "); compare_exchange(&o->globals[" +
                  slot + "], x_, y_); })",
              u64_type, 0};
    }
    case 7:
      if (const auto known = variables(Kind::integer, true); !known.empty()) {
        const Variable& variable = *any_of(known);
        if (variable.type->name == "u64") {
          const bool up = one_in(2);
          return {(up ? "interlocked_increment(&" : "interlocked_decrement(&") + variable.name + ")",
                  "add(&" + variable.name + (up ? ", 1)" : ", -1ull)"), u64_type, 0};
        }
      }
      [[fallthrough]];
    default: {
      const Keyword& one = any_of(reads);
      return {std::string(one.name) + "(" + address.script + ")",
              "(read_memory(" + address.c + ", " + text(one.size) + ") >> " + text(one.low) + " & mask_of(" +
                  text(one.width) + "))",
              u64_type, 0};
    }
  }
}

}  // namespace hyperdbg::fuzz
