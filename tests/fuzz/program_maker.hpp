// SPDX-License-Identifier: MIT
#pragma once
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "tests/fuzz/twin.hpp"

namespace hyperdbg::fuzz {

// The same program twice; the one in C is called `name`.
struct TwinProgram {
  std::string name;
  std::string script, c;
};

/*
 * Makes random programs of the whole language. They are right, mostly end, and show what they computed; some run into
 * what ends a run: a division by zero, a bad index, endless loops and recursion. Addresses are never shown, because
 * they differ between the two.
 */
class ProgramMaker {
 public:
  explicit ProgramMaker(std::uint64_t seed) : random_(seed) {}

  TwinProgram make();

 private:
  using Random = std::mt19937_64;
  enum class Around { nothing, loop, switch_ };

  std::uint64_t below(std::uint64_t limit) { return random_() % limit; }
  bool one_in(std::uint64_t count) { return below(count) == 0; }
  template <class Items>
  const auto& any_of(const Items& items) {
    return items[below(std::size(items))];
  }
  std::string unique(const char* prefix) { return prefix + std::to_string(++names_); }

  // program_maker.cpp
  void make_structure();
  void make_function();
  std::string variables_in_c(std::size_t first) const;
  void show_everything(std::string& script, std::string& c);

  // make_expression.cpp
  TypePtr any_integer_type();
  TypePtr any_number_type();
  Twin number();
  Twin integer(int depth);
  Twin integer_leaf();
  Twin integer_operation(int depth);
  Twin integer_call(int depth);
  Twin memory_call(int depth);
  Twin floating(int depth);
  Twin any_number(int depth) { return one_in(8) ? floating(depth) : integer(depth); }
  Twin condition(int depth);
  Twin binary(const char* macro, const char* operation, int level, Twin left, Twin right);
  Twin cast(const TypePtr& type, Twin value);
  Twin call(const Callee& callee, int depth);
  Twin address_in_buffer();
  Twin string_or_buffer();
  std::string converted(const Twin& value, const TypePtr& to) const;
  std::string in_parentheses(const Twin& twin, int highest);
  Twin masked(const Twin& value, const std::string& mask);

  // make_place.cpp
  Place any_place(bool integer);
  Place variable_place(const Variable& variable);
  Place register_place();
  Place global_place();
  Place dereferenced();
  bool descend(const TypePtr& type, bool bounded, bool integer, std::string& script, std::string& offset,
               TypePtr& found);
  Place part_of_variable(const Variable& variable, bool integer);
  Place part_behind(const Variable& pointer, bool integer);
  Twin read(const Place& place);
  std::vector<const Variable*> variables(Type::Kind kind, bool writable);

  // make_statement.cpp
  void statement(int depth, std::string& script, std::string& c);
  void block(int depth, std::string& script, std::string& c);
  void assignment(std::string& script, std::string& c);
  void compound_assignment(std::string& script, std::string& c);
  void chain(std::string& script, std::string& c);
  void declaration(std::string& script, std::string& c);
  void declare_array(std::string& script, std::string& c);
  void declare_structure(std::string& script, std::string& c);
  void declare_pointer(std::string& script, std::string& c);
  void initialize(const TypePtr& type, const std::string& target, std::string& script, std::string& c);
  void choice(int depth, std::string& script, std::string& c);
  void selection(int depth, std::string& script, std::string& c);
  void loop(int depth, std::string& script, std::string& c);
  void leave(std::string& script, std::string& c);
  void output(std::string& script, std::string& c);
  void message(std::string& script, std::string& c);
  void bulk(std::string& script, std::string& c);

  Random random_;
  std::string name_;
  unsigned names_ = 10;  // the first ones have fixed numbers
  std::vector<TypePtr> structures_;
  std::vector<Callee> functions_;
  std::string head_script_, head_c_;

  // Of the function that is being made.
  std::vector<Variable> locals_;
  Callee self_;
  bool is_main_ = true;
  std::vector<std::pair<Around, std::string>> around_;  // and the label of a loop
  unsigned size_ = 0;                                   // statements so far
};

}  // namespace hyperdbg::fuzz
