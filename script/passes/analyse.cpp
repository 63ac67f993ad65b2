// SPDX-License-Identifier: MIT
#include "script/passes/analyse.hpp"

#include <utility>

#include "abi/limits.h"
#include "script/passes/messages.hpp"
#include "script/passes/places.hpp"
#include "script/passes/resolve.hpp"
#include "script/syntax/parser.hpp"

namespace hyperdbg::script {
namespace {

Program find_mistakes(std::string_view text, const CompileOptions& options, Diagnostics& diagnostics) {
  Program program = parse(text, options.folder, options.types, diagnostics);
  resolve(program, options.symbol, options.types, diagnostics);
  number_messages(program, diagnostics);
  if (diagnostics.empty()) place_all_variables(program);
  return program;
}

std::expected<std::uint32_t, std::string> slot_of(const std::string& name, const CompileOptions& options) {
  if (!options.global_slot) return std::unexpected("there are no globals here: `." + name + "`");
  const auto slot = options.global_slot(name);
  if (slot && *slot >= HYPERDBG_MAXIMUM_GLOBALS) return std::unexpected("`." + name + "` has an impossible slot");
  return slot;
}

void allot_globals(Program& program, const CompileOptions& options, Diagnostics& diagnostics) {
  for (std::size_t i = 0; i < program.globals.size(); ++i) {
    const auto slot = slot_of(program.globals[i], options);
    if (!slot) diagnostics.add(program.global_places[i], slot.error());
    program.global_slots.push_back(slot.value_or(0));
  }
}

void allot_aggregations(Program& program, const CompileOptions& options, Diagnostics& diagnostics) {
  for (std::size_t i = 0; i < program.aggregations.size(); ++i) {
    std::expected<std::uint32_t, std::string> number = std::unexpected("there are no aggregations here");
    if (options.aggregation) number = options.aggregation(program.aggregations[i]);
    if (!number) diagnostics.add(program.aggregation_places[i], number.error());
    program.aggregation_numbers.push_back(number.value_or(0));
  }
}

}  // namespace

std::expected<Program, std::vector<Diagnostic>> analyse(std::string_view text, const CompileOptions& options) {
  Diagnostics diagnostics(text);
  Program program = find_mistakes(text, options, diagnostics);
  if (diagnostics.empty()) allot_globals(program, options, diagnostics);
  if (diagnostics.empty()) allot_aggregations(program, options, diagnostics);
  if (!diagnostics.empty()) return std::unexpected(diagnostics.take());
  return program;
}

std::vector<Diagnostic> check(std::string_view text, const CompileOptions& options) {
  Diagnostics diagnostics(text);
  find_mistakes(text, options, diagnostics);
  return diagnostics.take();
}

}  // namespace hyperdbg::script
