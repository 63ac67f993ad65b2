// SPDX-License-Identifier: MIT
#include "tests/fuzz/program_maker.hpp"

namespace hyperdbg::fuzz {
namespace {

using Kind = Type::Kind;

const TypePtr u64_type = integer_type("u64");
const TypePtr s64_type = integer_type("s64");

}  // namespace

void ProgramMaker::assignment(std::string& script, std::string& c) {
  const Place target = any_place(false);
  const Twin value = any_number(2);
  script += target.script + " = " + value.script + ";\n";
  c += "{ " + target.setup + "__auto_type n_ = " + value.c + "; " + target.store_head +
       converted({"", "n_", value.type, 0}, target.type) + target.store_tail + "; }\n";
}

void ProgramMaker::compound_assignment(std::string& script, std::string& c) {
  const Place target = any_place(false);
  const bool is_floating = target.type->is(Kind::floating);
  Twin value = is_floating ? floating(1) : integer(2);
  struct Row {
    const char *operation, *macro, *plain;
  };
  static const Row rows[] = {{"+=", "BIN", "+"},      {"-=", "BIN", "-"},      {"*=", "BIN", "*"},
                             {"&=", "BIN", "&"},      {"|=", "BIN", "|"},      {"^=", "BIN", "^"},
                             {"/=", "DIVISION", "/"}, {"%=", "DIVISION", "%"}, {"<<=", "SHIFT", "<<"},
                             {">>=", "SHIFT", ">>"}};
  const Row row = is_floating ? rows[below(3)] : any_of(rows);
  const std::string macro = is_floating ? "FLOAT_BIN" : row.macro;
  if (!is_floating && one_in(3)) {
    const bool up = one_in(2);
    script += target.script + (up ? "++;\n" : "--;\n");
    c += "{ " + target.setup + target.store_head +
         converted({"", "BIN(" + target.load + (up ? ", +" : ", -") + ", (s64)1)", s64_type, 0}, target.type) +
         target.store_tail + "; }\n";
    return;
  }
  if (macro == "SHIFT" && !one_in(10)) value = masked(value, "7");
  TypePtr type = target.type;  // of the operation: wider than a float if the value is
  if (is_floating && !value.type->is_small) type = value.type;
  script += target.script + " " + row.operation + " " + value.script + ";\n";
  c += "{ " + target.setup + "__auto_type old_ = " + target.load + "; __auto_type n_ = " + macro + "(old_, " +
       row.plain + ", " + value.c + "); " + target.store_head + converted({"", "n_", type, 0}, target.type) +
       target.store_tail + "; }\n";
}

// a = b = value: every target gets the value, converted to its type.
void ProgramMaker::chain(std::string& script, std::string& c) {
  const Place first = any_place(false);
  const Place second = any_place(false);
  const Twin value = any_number(1);
  const Twin stored{"", "n_", value.type, 0};
  script += first.script + " = " + second.script + " = " + value.script + ";\n";
  c += "{ " + first.setup + second.setup + "__auto_type n_ = " + value.c + "; " + second.store_head +
       converted(stored, second.type) + second.store_tail + "; " + first.store_head + converted(stored, first.type) +
       first.store_tail + "; }\n";
}

void ProgramMaker::initialize(const TypePtr& type, const std::string& target, std::string& script, std::string& c) {
  if (!type->is(Kind::array) && !type->is(Kind::structure)) {
    if (type->is(Kind::pointer)) {
      script += "0";
      return;
    }
    const Twin value = any_number(1);
    script += value.script;
    c += target + " = " + converted(value, type) + "; ";
    return;
  }
  const std::size_t most = type->is(Kind::array) ? type->count : type->structure->members.size();
  const std::size_t count = one_in(3) ? below(most + 1) : most;
  script += "{";
  for (std::size_t i = 0; i < count; ++i) {
    if (i != 0) script += ", ";
    if (type->is(Kind::array))
      initialize(type->element, target + "[" + std::to_string(i) + "]", script, c);
    else
      initialize(type->structure->members[i].second, target + "." + type->structure->members[i].first, script, c);
  }
  script += "}";
}

void ProgramMaker::declare_array(std::string& script, std::string& c) {
  TypePtr element = any_number_type();
  while (element->name == "bool") element = any_integer_type();
  static const unsigned counts[] = {2, 3, 4, 5, 8};
  TypePtr type = array_of(element, any_of(counts));
  if (one_in(3)) type = array_of(type, static_cast<unsigned>(2 + below(2)));
  const std::string name = unique("t");
  std::string stores = "__builtin_memset(&" + name + ", 0, sizeof " + name + "); ";
  script += declared(type, name) + " = ";
  initialize(type, name, script, stores);
  script += ";\n";
  c += "{ " + stores + "}\n";
  locals_.push_back({name, type});
}

void ProgramMaker::declare_structure(std::string& script, std::string& c) {
  if (structures_.empty()) return declare_array(script, c);
  const TypePtr type = any_of(structures_);
  const std::string name = unique("w");
  script += declared(type, name);
  const Variable* same = nullptr;
  for (const Variable* one : variables(Kind::structure, false))
    if (one->type == type) same = one;
  if (same && one_in(2)) {
    script += " = " + same->name;
    c += "copy((u64)&" + name + ", (u64)&" + same->name + ", sizeof " + name + ");\n";
  } else if (!one_in(4)) {
    std::string stores = "__builtin_memset(&" + name + ", 0, sizeof " + name + "); ";
    script += " = ";
    initialize(type, name, script, stores);
    c += "{ " + stores + "}\n";
  }
  script += ";\n";
  locals_.push_back({name, type});
}

// To a variable, to the elements of an array, or into the buffer.
void ProgramMaker::declare_pointer(std::string& script, std::string& c) {
  const std::string name = unique("p");
  const auto add = [&](const TypePtr& element, unsigned extent, const std::string& value) {
    script += declared(pointer_to(element), name) + " = " + value + ";\n";
    locals_.push_back({name, pointer_to(element), extent});
  };
  const std::uint64_t form = below(4);
  if (const auto known = variables(Kind::array, false); form == 0 && !known.empty()) {
    const Variable& array = *any_of(known);
    if (array.type->element->is(Kind::array) || array.type->count == 3 || array.type->count == 5) return;
    c += name + " = " + array.name + ";\n";
    const std::string value = one_in(2) ? array.name : "&" + array.name + "[0]";
    return add(array.type->element, array.type->count, value);
  }
  if (const auto known = variables(Kind::structure, false); form == 1 && !known.empty()) {
    const Variable& object = *any_of(known);
    c += name + " = &" + object.name + ";\n";
    return add(object.type, 1, "&" + object.name);
  }
  if (const auto known = variables(one_in(4) ? Kind::floating : Kind::integer, true); form == 2 && !known.empty()) {
    const Variable& object = *any_of(known);
    if (object.type->name == "u64" || object.type->name == "s64" || object.type->name == "bool") return;
    c += name + " = &" + object.name + ";\n";
    return add(object.type, 1, (one_in(2) ? "&" + object.name : "reference(" + object.name + ")"));
  }
  TypePtr element = any_number_type();
  while (element->name == "bool") element = any_integer_type();
  unsigned extent = 4;
  if (!structures_.empty() && one_in(2)) {
    element = any_of(structures_);
    extent = 1;
    if (!element->structure->any_bytes) return;
  }
  const Twin address = address_in_buffer();
  const std::string type = declared(pointer_to(element), "");
  c += name + " = (" + type + ")" + address.c + ";\n";
  add(element, extent, "(" + type + ") " + address.script);
}

void ProgramMaker::declaration(std::string& script, std::string& c) {
  switch (below(6)) {
    case 0:
      return declare_array(script, c);
    case 1:
      return declare_structure(script, c);
    case 2:
      return declare_pointer(script, c);
    case 3: {
      const Twin value = any_number(2);
      const std::string name = unique("n");
      const TypePtr type = value.type->is(Kind::floating) ? floating_type("double") : u64_type;
      script += name + " = (" + value.script + ") + " + (value.type->is(Kind::floating) ? "0.0" : "0") + ";\n";
      c += name + " = " +
           (value.type->is(Kind::floating) ? "FLOAT_BIN(" + value.c + ", +, 0.0)" : "(u64)(" + value.c + ")") + ";\n";
      locals_.push_back({name, type});
      return;
    }
    default: {
      const TypePtr type = any_number_type();
      const Twin value = any_number(2);
      const std::string name = unique("v");
      script += declared(type, name) + " = " + value.script + ";\n";
      c += name + " = " + converted(value, type) + ";\n";
      locals_.push_back({name, type});
    }
  }
}

void ProgramMaker::block(int depth, std::string& script, std::string& c) {
  script += "{\n";
  c += "{\n";
  for (std::uint64_t i = 1 + below(3); i > 0; --i) statement(depth, script, c);
  script += "}\n";
  c += "}\n";
}

void ProgramMaker::choice(int depth, std::string& script, std::string& c) {
  const Twin test = condition(2);
  script += "if (" + test.script + ") ";
  c += "if (" + test.c + ") ";
  block(depth, script, c);
  if (one_in(2)) {
    const Twin second = condition(1);
    script += (one_in(2) ? "elsif (" : "else if (") + second.script + ") ";
    c += "else if (" + second.c + ") ";
    block(depth, script, c);
  }
  if (one_in(2)) {
    script += "else ";
    c += "else ";
    block(depth, script, c);
  }
}

void ProgramMaker::selection(int depth, std::string& script, std::string& c) {
  Twin value = integer(2);
  if (one_in(2)) value = masked(value, "3");
  script += "switch (" + value.script + ") {\n";
  c += "switch ((s64)(" + value.c + ")) {\n";
  around_.emplace_back(Around::switch_, "");
  const std::uint64_t cases = below(5);
  const std::uint64_t with_default = below(7);
  for (std::uint64_t i = 0; i < cases; ++i) {
    const std::string label = i == with_default ? "default:\n" : "case " + std::to_string(i) + ":\n";
    script += label;
    c += label + ";";
    for (std::uint64_t count = below(3); count > 0; --count) statement(depth, script, c);
    if (!one_in(3)) {
      script += "break;\n";
      c += "break;\n";
    }
  }
  around_.pop_back();
  script += "}\n";
  c += "}\n";
}

// Most loops have a counter that only they change, so most programs end.
void ProgramMaker::loop(int depth, std::string& script, std::string& c) {
  const std::string label = std::to_string(++names_);
  const std::string counter = unique("i");
  const bool is_typed = one_in(3);
  TypePtr type = is_typed ? any_integer_type() : u64_type;
  while (type->name == "bool") type = any_integer_type();
  const std::uint64_t form = below(3);  // while, do, for
  static const std::pair<const char*, int> tests[] = {{"<", 5}, {"!=", 5}, {"<=", 5}};
  const Twin name{counter, counter, type, 0};
  Twin bound = number();
  const std::string count = std::to_string(below(9));
  bound = {count, "((s64)" + count + ")", s64_type, 0};
  if (one_in(4)) {
    bound = masked(integer(1), "7");
  }
  const std::string step = one_in(4) ? std::to_string(1 + below(3)) : "1";
  const char* const operation = one_in(6) ? any_of(tests).first : "<";
  const Twin test = one_in(20) ? condition(2) : binary("CMP", operation, 5, name, bound);
  const std::string start = (is_typed ? type->name + " " : "") + counter + " = 0";
  const std::string next = step == "1" && one_in(2) ? counter + "++" : counter + " += " + step;
  const std::string next_in_c = counter + " = (" + type->name + ")BIN(" + counter + ", +, (s64)" + step + ");\n";

  locals_.push_back({counter, type, 0, true});
  const bool endless = form == 2 && one_in(15);
  c += "{ " + counter + " = 0; ";
  if (form != 1 && !endless) c += "if (" + test.c + ") ";
  c += "for (;;) {\n";
  if (form != 2) script += start + ";\n";
  if (form == 0) script += "while (" + test.script + ") {\n";
  if (form == 1) script += "do {\n";
  if (form == 2) script += "for (" + start + "; " + (endless ? "" : test.script) + "; " + next + ") {\n";
  around_.emplace_back(Around::loop, label);
  for (std::uint64_t i = 1 + below(3); i > 0; --i) statement(depth, script, c);
  around_.pop_back();
  if (form != 2) {
    // `continue` skips it: such loops end by their fuel.
    script += next + ";\n";
    c += next_in_c;
  }
  if (endless) {
    script += "if (" + counter + " > 5) { break; }\n";
    c += "if (" + counter + " > 5) goto out" + label + ";\n";
  }
  c += "next" + label + ":;\n";
  if (form == 2) c += next_in_c;
  if (!endless) c += "if (!(" + test.c + ")) break;\n";
  c += "fuel(1); } out" + label + ":; }\n";
  script += form == 1 ? "} while (" + test.script + ");\n" : "}\n";
}

void ProgramMaker::leave(std::string& script, std::string& c) {
  const Twin test = condition(1);
  const auto under = [&](const std::string& in_script, const std::string& in_c) {
    script += "if (" + test.script + ") { " + in_script + " }\n";
    c += "if (" + test.c + ") { " + in_c + " }\n";
  };
  std::string label;
  for (const auto& [what, name] : around_)
    if (what == Around::loop) label = name;
  if (!around_.empty() && one_in(2))
    return under("break;", around_.back().first == Around::loop ? "goto out" + label + ";" : "break;");
  if (!label.empty() && one_in(2)) return under("continue;", "goto next" + label + ";");
  if (is_main_) return one_in(6) ? under("return;", "return;") : statement(0, script, c);
  if (self_.result->is(Kind::none)) return under("return;", "return;");
  const Twin value = any_number(1);
  under("return " + value.script + ";", "return " + converted(value, self_.result) + ";");
}

void ProgramMaker::output(std::string& script, std::string& c) {
  const Twin value = one_in(5) ? floating(2) : integer(2);
  const bool is_floating = value.type->is(Kind::floating);
  if (is_floating || one_in(2)) {
    script += "test_statement(" + value.script + ");\n";
    c += "result(" + (is_floating ? "bits_of(" + value.c + ")" : "(u64)(" + value.c + ")") + ");\n";
  } else {
    script += "print(" + value.script + ");\n";
    c += "out(\"%llx\\n\", (unsigned long long)(" + value.c + "));\n";
  }
}

void ProgramMaker::message(std::string& script, std::string& c) {
  struct Row {
    const char *specifier, *in_c, *type;
  };
  static const Row rows[] = {{"%d", "%d", "int"},
                             {"%i", "%i", "int"},
                             {"%u", "%u", "unsigned"},
                             {"%x", "%x", "unsigned"},
                             {"%o", "%o", "unsigned"},
                             {"%lld", "%lld", "long long"},
                             {"%llx", "%llx", "unsigned long long"},
                             {"%lu", "%lu", "unsigned long"},
                             {"%hd", "%hd", "short"},
                             {"%hx", "%hx", "unsigned short"}};
  std::string format, format_in_c, arguments, values, names;
  for (std::uint64_t i = below(5); i > 0; --i) {
    const std::string name = "a" + std::to_string(i) + "_";
    Twin value = integer(1);
    std::string type = "unsigned long long";
    std::string in_c = value.c;
    if (one_in(8)) {
      value = floating(1);
      format += "%f ";
      format_in_c += "%f ";
      type = "double";
      in_c = value.c;
    } else if (one_in(8)) {
      format += "%c ";
      format_in_c += "%c ";
      value = masked(value, "0x0f");
      value = {"0x41 + " + value.script, "BIN(0x41, +, " + value.c + ")", s64_type, 3};
      in_c = value.c;
      type = "int";
    } else {
      const Row& row = any_of(rows);
      format += std::string(row.specifier) + " ";
      format_in_c += std::string(row.in_c) + " ";
      type = row.type;
    }
    arguments += ", " + value.script;
    values += type + " " + name + " = (" + type + ")(" + in_c + "); ";
    names += ", " + name;
  }
  script += "printf(\"" + format + "|\\n\"" + arguments + ");\n";
  c += "{ " + values + "out(\"" + format_in_c + "|\\n\"" + names + "); }\n";
}

// memcpy, structures as a whole, calls whose value nobody wants.
void ProgramMaker::bulk(std::string& script, std::string& c) {
  switch (below(4)) {
    case 0: {
      const Twin to = address_in_buffer();
      const Twin from = address_in_buffer();
      const std::string size = std::to_string(one_in(20) ? 0 : 1 + below(9));
      script += "memcpy(" + to.script + ", " + from.script + ", " + size + ");\n";
      c += "{ u64 x_ = " + to.c + "; u64 y_ = " + from.c + "; copy(x_, y_, " + size + "); }\n";
      return;
    }
    case 1: {
      const auto known = variables(Kind::structure, false);
      if (known.size() < 2) break;
      const Variable* first = any_of(known);
      const Variable* second = any_of(known);
      if (first->type != second->type) break;
      script += first->name + " = " + second->name + ";\n";
      c += "copy((u64)&" + first->name + ", (u64)&" + second->name + ", sizeof " + first->name + ");\n";
      return;
    }
    case 2:
      if (!functions_.empty()) {
        const Twin value = call(any_of(functions_), 1);
        script += value.script + ";\n";
        c += value.c + ";\n";
        return;
      }
      break;
    default:
      break;
  }
  const Twin value = memory_call(1);
  if (value.script[0] == '*') return assignment(script, c);
  script += value.script + ";\n";
  c += value.c + ";\n";
}

void ProgramMaker::statement(int depth, std::string& script, std::string& c) {
  constexpr unsigned most = 60;
  if (++size_ > most) depth = 0;
  switch (below(depth <= 0 ? 12 : 18)) {
    case 0:
    case 1:
    case 2:
      return assignment(script, c);
    case 3:
    case 4:
      return compound_assignment(script, c);
    case 5:
      return chain(script, c);
    case 6:
    case 7:
      return declaration(script, c);
    case 8:
      return output(script, c);
    case 9:
      return message(script, c);
    case 10:
    case 11:
      return bulk(script, c);
    case 12:
      return leave(script, c);
    case 13:
      return selection(depth - 1, script, c);
    case 14:
    case 15:
      return choice(depth - 1, script, c);
    default:
      return loop(depth - 1, script, c);
  }
}

}  // namespace hyperdbg::fuzz
