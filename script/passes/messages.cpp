// SPDX-License-Identifier: MIT
#include "script/passes/messages.hpp"

#include <algorithm>
#include <string>

#include "script/runtime/format.hpp"
#include "script/syntax/walk.hpp"

namespace hyperdbg::script {
namespace {

constexpr std::size_t maximum_arguments = 32;  // 2 bits each in 64

std::string counted(std::size_t count, const char* what) {
  return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

std::uint32_t index_of(std::vector<std::string>& formats, const std::string& format) {
  const auto found = std::ranges::find(formats, format);
  const auto index = static_cast<std::uint32_t>(found - formats.begin());
  if (found == formats.end()) formats.push_back(format);
  return index;
}

// `%f` and floating-point numbers belong together.
void check_argument(const FormatPiece& piece, const Expression& argument, Diagnostics& diagnostics) {
  const bool is_floating = argument.type.is(Type::Kind::floating);
  if (argument.type.is(Type::Kind::structure)) return diagnostics.add(argument.place, "a structure cannot be printed");
  if (is_floating == (piece.conversion == 'f')) return;
  diagnostics.add(argument.place, is_floating ? "a floating-point number is printed with %f"
                                              : "%f is for floating-point numbers, this is " + name_of(argument.type));
}

void check_message(Message& message, Place place, Diagnostics& diagnostics) {
  std::size_t specifiers = 0;
  for (const FormatPiece& piece : split_format(message.format)) {
    if (piece.conversion == 0) continue;
    if (specifiers < message.arguments.size()) check_argument(piece, *message.arguments[specifiers], diagnostics);
    if (specifiers < maximum_arguments) message.kinds |= static_cast<std::uint64_t>(piece.kind) << (2 * specifiers);
    ++specifiers;
  }
  if (specifiers != message.arguments.size())
    diagnostics.add(place, "Syntax Error: Invalid Syntax: the format has " + counted(specifiers, "specifier") +
                               ", but there " + (message.arguments.size() == 1 ? "is " : "are ") +
                               counted(message.arguments.size(), "argument"));
  else if (specifiers > maximum_arguments)
    diagnostics.add(place, "one message has at most " + std::to_string(maximum_arguments) + " arguments",
                    "use a second printf");
}

}  // namespace

void number_messages(Program& program, Diagnostics& diagnostics) {
  for (const std::unique_ptr<Function>& one : program.functions)
    for_each_statement(one->body, [&](Statement& statement) {
      auto* message = std::get_if<Message>(&statement.node);
      if (!message) return;
      check_message(*message, statement.place, diagnostics);
      message->index = index_of(program.formats, message->format);
    });
}

}  // namespace hyperdbg::script
