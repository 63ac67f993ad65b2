// SPDX-License-Identifier: MIT
#include "tests/fuzz/program_maker.hpp"

namespace hyperdbg::fuzz {
namespace {

using Kind = Type::Kind;

const TypePtr u64_type = integer_type("u64");
const TypePtr s64_type = integer_type("s64");

Place behind_address(std::string script, const std::string& address, const TypePtr& type,
                     const std::string& temporary) {
  Place place;
  const std::string width = "sizeof(" + declared(type, "") + ")";
  const std::string object = "*(" + declared(pointer_to(type), "") + ")memory(" + temporary + ", " + width + ")";
  place.script = std::move(script);
  place.setup = "u64 " + temporary + " = " + address + "; ";
  place.load = "(" + object + ")";
  place.store_head = object + " = ";
  place.type = type;
  return place;
}

// The indexes may have effects: from left to right.
std::string in_order(const std::string& start, const std::string& additions) {
  return "({ u64 f_ = " + start + "; " + additions + "f_; })";
}

}  // namespace

std::vector<const Variable*> ProgramMaker::variables(Kind kind, bool writable) {
  std::vector<const Variable*> found;
  for (const Variable& one : locals_)
    if (one.type->is(kind) && !(writable && one.is_counter)) found.push_back(&one);
  return found;
}

Place ProgramMaker::variable_place(const Variable& variable) {
  return {variable.name, "", variable.name, variable.name + " = ", "", variable.type};
}

Place ProgramMaker::register_place() {
  struct Row {
    const char* name;
    int number, shift, width;
  };
  static const Row rows[] = {
      {"@rax", 0, 0, 64},   {"@eax", 0, 0, 32},   {"@ax", 0, 0, 16},   {"@ah", 0, 8, 8},    {"@al", 0, 0, 8},
      {"@rcx", 1, 0, 64},   {"@rdx", 2, 0, 64},   {"@dh", 2, 8, 8},    {"@rbx", 3, 0, 64},  {"@rsp", 4, 0, 64},
      {"@spl", 4, 0, 8},    {"@esi", 6, 0, 32},   {"rdi", 7, 0, 64},   {"@r8", 8, 0, 64},   {"@r9d", 9, 0, 32},
      {"@r10w", 10, 0, 16}, {"@r11h", 11, 8, 8},  {"@r15l", 15, 0, 8}, {"@rip", 16, 0, 64}, {"@rflags", 17, 0, 64},
      {"@zf", 17, 6, 1},    {"@iopl", 17, 12, 2}, {"@cs", 18, 0, 16},  {"@cr3", 30, 0, 64}, {"@dr7", 38, 0, 64}};
  const Row& row = any_of(rows);
  const std::string part =
      std::to_string(row.number) + ", " + std::to_string(row.shift) + ", " + std::to_string(row.width);
  return {row.name, "", "read_register(" + part + ")", "write_register(" + part + ", (u64)", ")", s64_type};
}

Place ProgramMaker::global_place() {
  const std::string number = std::to_string(below(4));
  const std::string in_c = "o->globals[" + number + "]";
  return {".g" + number, "", in_c, in_c + " = ", "", u64_type};
}

// From an aggregate down to a number. Where nobody checks bounds (`bounded`), indexes stay inside.
bool ProgramMaker::descend(const TypePtr& type, bool bounded, bool integer, std::string& script, std::string& offset,
                           TypePtr& found) {
  if (type->is(Kind::array)) {
    Twin index = number();
    const std::string most = std::to_string(type->count - 1);
    const bool power = (type->count & (type->count - 1)) == 0;
    if (power && !one_in(3)) {
      index = masked(this->integer(1), most);
    } else if (bounded || !one_in(12)) {
      const std::string text = std::to_string(below(type->count));
      index = {text, text, s64_type, 0};
    }
    script += "[" + index.script + "]";
    offset += "f_ += (u64)(" + index.c + ") * sizeof(" + declared(type->element, "") + "); ";
    return descend(type->element, bounded, integer, script, offset, found);
  }
  if (type->is(Kind::structure)) {
    const auto& [name, member] = any_of(type->structure->members);
    script += "." + name;
    offset += "f_ += __builtin_offsetof(" + type->name + ", " + name + "); ";
    return descend(member, bounded, integer, script, offset, found);
  }
  found = type;
  return type->is(Kind::integer) || (!integer && type->is(Kind::floating));
}

Place ProgramMaker::part_of_variable(const Variable& variable, bool integer) {
  std::string script = variable.name;
  std::string offset;
  TypePtr type;
  if (!descend(variable.type, false, integer, script, offset, type)) return variable_place(locals_.front());
  const std::string temporary = unique("m");
  const std::string name = declared(type, "");
  const std::string object = "*(" + declared(pointer_to(type), "") + ")at(&" + variable.name + ", sizeof " +
                             variable.name + ", " + temporary + ", sizeof(" + name + "))";
  return {script, "u64 " + temporary + " = " + in_order("0", offset) + "; ", "(" + object + ")", object + " = ", "",
          type};
}

// p->x, p[i], *p, *(p + i)
Place ProgramMaker::part_behind(const Variable& pointer, bool integer) {
  const TypePtr& element = pointer.type->element;
  const std::string last = std::to_string(pointer.extent - 1);
  std::string script;
  std::string offset;
  TypePtr found;
  if (element->is(Kind::structure)) {
    const auto& [name, member] = any_of(element->structure->members);
    script = pointer.name + "->" + name;
    offset = "f_ += __builtin_offsetof(" + element->name + ", " + name + "); ";
    if (!descend(member, true, integer, script, offset, found)) return variable_place(locals_.front());
  } else {
    const Twin index = masked(this->integer(1), last);
    found = element;
    const std::uint64_t form = below(4);
    script = form == 0   ? "*" + pointer.name
             : form == 1 ? "*(" + pointer.name + " + " + index.script + ")"
             : form == 2 ? "*(" + index.script + " + " + pointer.name + ")"
                         : pointer.name + "[" + index.script + "]";
    if (form != 0) offset = "f_ += (u64)(" + index.c + ") * sizeof(" + declared(element, "") + "); ";
    if (integer && !element->is(Kind::integer)) return variable_place(locals_.front());
  }
  return behind_address(script, in_order("(u64)" + pointer.name, offset), found, unique("m"));
}

Place ProgramMaker::dereferenced() {
  const Twin address = address_in_buffer();
  return behind_address("*" + address.script, address.c, u64_type, unique("m"));
}

// The first local is always an integer of the script's own kind, so there is something to fall back to.
Place ProgramMaker::any_place(bool integer) {
  switch (below(12)) {
    case 0:
      return register_place();
    case 1:
      return global_place();
    case 2:
      return dereferenced();
    case 3:
    case 4:
      if (const auto known = variables(Kind::array, false); !known.empty())
        return part_of_variable(*any_of(known), integer);
      break;
    case 5:
    case 6:
      if (const auto known = variables(Kind::structure, false); !known.empty())
        return part_of_variable(*any_of(known), integer);
      break;
    case 7:
    case 8:
      if (const auto known = variables(Kind::pointer, false); !known.empty())
        return part_behind(*any_of(known), integer);
      break;
    case 9:
      if (const auto known = variables(Kind::floating, true); !integer && !known.empty())
        return variable_place(*any_of(known));
      break;
    default:
      break;
  }
  const auto known = variables(Kind::integer, true);
  return variable_place(*any_of(known));
}

Twin ProgramMaker::read(const Place& place) {
  const int level = place.script[0] == '*' ? 1 : 0;
  if (place.setup.empty()) return {place.script, place.load, place.type, level};
  return {place.script, "({ " + place.setup + place.load + "; })", place.type, level};
}

}  // namespace hyperdbg::fuzz
