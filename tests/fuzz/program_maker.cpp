// SPDX-License-Identifier: MIT
#include "tests/fuzz/program_maker.hpp"

#include <algorithm>

namespace hyperdbg::fuzz {
namespace {

using Kind = Type::Kind;

const TypePtr u64_type = integer_type("u64");
const TypePtr no_type = std::make_shared<Type>(Type{Kind::none, "void", {}, 0, {}, false});

}  // namespace

void ProgramMaker::make_structure() {
  auto structure = std::make_shared<Structure>();
  structure->name = "struct " + unique((name_ + "S").c_str());
  std::string text = structure->name + " { ";
  for (std::uint64_t i = 1 + below(5); i > 0; --i) {
    TypePtr type = any_number_type();
    if (one_in(3) && type->name != "bool") type = array_of(type, static_cast<unsigned>(2 + below(3)));
    if (one_in(8)) type = pointer_to(integer_type("int"));
    if (one_in(4) && !structures_.empty()) type = any_of(structures_);
    structure->has_pointers |= type->is(Kind::pointer) || (type->structure && type->structure->has_pointers);
    structure->any_bytes &=
        type->name != "bool" && !type->is(Kind::pointer) && (!type->structure || type->structure->any_bytes);
    structure->members.emplace_back(unique("m"), type);
    text += declared(type, structure->members.back().first) + "; ";
  }
  text += "};\n";
  head_script_ += text;
  head_c_ += text;
  structures_.push_back(std::make_shared<Type>(Type{Kind::structure, structure->name, {}, 0, structure, false}));
}

std::string ProgramMaker::variables_in_c(std::size_t first) const {
  std::string text;
  for (std::size_t i = first; i < locals_.size(); ++i) {
    const bool braces = locals_[i].type->is(Kind::array) || locals_[i].type->is(Kind::structure);
    text += declared(locals_[i].type, locals_[i].name) + (braces ? " = {0};\n" : " = 0;\n");
  }
  return text;
}

void ProgramMaker::make_function() {
  is_main_ = false;
  size_ = 40;  // functions are short
  self_ = {unique((name_ + "fn").c_str()), one_in(5) ? no_type : any_number_type(), {integer_type("int")}};
  locals_ = {{"v0", u64_type}};
  std::string parameters = "int lv";
  std::string arguments = "lv";
  std::vector<Variable> known{{"lv", self_.parameters[0], 0, true}};
  for (std::uint64_t i = below(3); i > 0; --i) {
    const TypePtr type = one_in(4) ? pointer_to(integer_type(one_in(2) ? "long" : "int")) : any_number_type();
    const std::string name = unique("q");
    self_.parameters.push_back(type);
    parameters += ", " + declared(type, name);
    arguments += ", " + name;
    known.push_back({name, type, 1});
  }
  locals_.insert(locals_.begin() + 1, known.begin(), known.end());
  const std::size_t own = locals_.size();
  const bool has_value = !self_.result->is(Kind::none);
  const std::string nothing = has_value ? "return 0;" : "return;";

  std::string script = "v0 = 1;\nif (lv <= 0) { " + nothing + " }\n";
  std::string c = "v0 = 1;\nif (lv <= 0) { " + nothing + " }\n";
  for (std::uint64_t i = 2 + below(3); i > 0; --i) statement(1, script, c);
  if (has_value && !one_in(5)) {
    const Twin value = any_number(2);
    script += "return " + value.script + ";\n";
    c += "return " + converted(value, self_.result) + ";\n";
  }
  const std::string head = self_.result->name + " " + self_.name;
  head_script_ += head + "(" + parameters + ") {\n" + script + "}\n";
  head_c_ += "static " + head + "(" + parameters + ");\n";
  head_c_ +=
      "static " + head + "_body(" + parameters + ") {\nu64 v0 = 0;\n" + variables_in_c(own) + c + nothing + "\n}\n";
  const auto is_called = [&](const auto& one) { return script.contains(one.name + "("); };
  const bool calls = is_called(self_) || std::ranges::any_of(functions_, is_called);
  const std::string inner = self_.name + "_body(" + arguments + ")";
  const std::string begin = calls ? "begin_caller(); " : "";
  const std::string end = calls ? "--o->depth; " : "";
  head_c_ += "static " + head + "(" + parameters + ") { " + begin;
  head_c_ +=
      has_value ? self_.result->name + " r_ = " + inner + "; " + end + "return r_; }\n" : inner + "; " + end + "}\n";
  functions_.push_back(self_);
}

// What every variable holds in the end.
void ProgramMaker::show_everything(std::string& script, std::string& c) {
  for (const Variable& one : locals_) {
    if (one.type->is(Kind::integer)) {
      script += "test_statement(" + one.name + ");\n";
      c += "result((u64)" + one.name + ");\n";
    } else if (one.type->is(Kind::floating)) {
      script += "test_statement(" + one.name + ");\n";
      c += "result(bits_of(" + one.name + "));\n";
    } else if (one.type->is(Kind::array) || (one.type->is(Kind::structure) && !one.type->structure->has_pointers)) {
      for (int i = 0; i < 3; ++i) {
        const Twin value = read(part_of_variable(one, true));
        script += "test_statement(" + value.script + ");\n";
        c += "result((u64)" + value.c + ");\n";
      }
    }
  }
}

TwinProgram ProgramMaker::make() {
  name_ = "z" + std::to_string(random_() % 1000000000);
  for (std::uint64_t i = below(4); i > 0; --i) make_structure();
  for (std::uint64_t i = below(4); i > 0; --i) make_function();
  is_main_ = true;
  self_ = {};
  size_ = 0;
  locals_ = {{"v0", u64_type}, {"v1", u64_type}, {"y1", integer_type("int")}, {"y2", integer_type("long")}};
  std::string script = "v0 = @r8;\nv1 = 5;\nint y1 = 7;\nlong y2 = @r9;\n";
  std::string c = "v0 = (u64)read_register(8, 0, 64); v1 = 5; y1 = 7; y2 = read_register(9, 0, 64);\n";
  for (std::uint64_t i = 3 + below(8); i > 0; --i) statement(3, script, c);
  show_everything(script, c);
  TwinProgram program{name_, head_script_ + script, head_c_};
  program.c += "static void run_" + name_ + "(void) {\n" + variables_in_c(0) + c + "}\nPROGRAM(" + name_ + ")\n";
  return program;
}

}  // namespace hyperdbg::fuzz
