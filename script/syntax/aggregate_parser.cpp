// SPDX-License-Identifier: MIT
#include "script/syntax/aggregate_parser.hpp"

#include <utility>

#include "script/runtime/aggregation.hpp"
#include "script/syntax/constant.hpp"

namespace hyperdbg::script {

std::optional<Aggregate> AggregateParser::parse(const AggregateFunction& function) {
  Aggregate node{.aggregation = {}, .value = {}, .keys = {}};
  node.aggregation.kind = function.kind;
  if (!tokens_.expect(TokenKind::left_parenthesis, "`(`") || !parse_name(node.aggregation)) return std::nullopt;
  if (function.has_value) {
    if (!tokens_.expect(TokenKind::comma, "`,` and a value")) return std::nullopt;
    if (!parse_value(node) || !parse_bounds(function, node.aggregation)) return std::nullopt;
  }
  while (tokens_.accept(TokenKind::comma))
    if (!parse_key(node)) return std::nullopt;
  return node;
}

bool AggregateParser::parse_name(hyperdbg_aggregation& aggregation) {
  const Token name = tokens_.peek();
  if (name.kind != TokenKind::string) {
    tokens_.complain_expected("the name of the aggregation in quotes", "aggregate_count(\"calls\", $pid);");
    return false;
  }
  tokens_.take();
  if (name.contents.empty() || name.contents.size() >= sizeof aggregation.name || name.contents.contains('\0')) {
    tokens_.complain(name.place,
                     "the name of an aggregation has 1 to " + std::to_string(sizeof aggregation.name - 1) + " letters");
    return false;
  }
  name.contents.copy(aggregation.name, name.contents.size());
  return true;
}

bool AggregateParser::parse_value(Aggregate& node) {
  hyperdbg_aggregation& aggregation = node.aggregation;
  if (aggregation.kind == HYPERDBG_AGGREGATE_SET)
    return parse_captured(aggregation.value, aggregation.value_depth, node.value);
  node.value = expressions_.parse();
  return node.value != nullptr;
}

bool AggregateParser::parse_bounds(const AggregateFunction& function, hyperdbg_aggregation& aggregation) {
  std::int64_t* const bounds[] = {&aggregation.low, &aggregation.high, &aggregation.step};
  const Place place = tokens_.peek(1).place;  // of low
  for (std::size_t i = 0; i < function.bounds; ++i) {
    if (!tokens_.expect(TokenKind::comma, "`,` and the bounds: low, high, step")) return false;
    const ExpressionPtr bound = expressions_.parse();
    if (!bound) return false;
    const auto value = constant_value(*bound);
    if (!value) {
      tokens_.complain(bound->place, "the bounds of a histogram have to be constants");
      return false;
    }
    *bounds[i] = static_cast<std::int64_t>(*value);
  }
  if (is_valid(aggregation)) return true;
  tokens_.complain(place, "a histogram goes from low to a higher number in at most " +
                              std::to_string(HYPERDBG_AGGREGATE_BUCKETS) + " steps of at least 1");
  return false;
}

bool AggregateParser::parse_key(Aggregate& node) {
  hyperdbg_aggregation& aggregation = node.aggregation;
  const Place place = tokens_.peek().place;
  if (aggregation.key_count == HYPERDBG_AGGREGATE_KEYS) {
    tokens_.complain(place, "an aggregation has at most " + std::to_string(HYPERDBG_AGGREGATE_KEYS) + " keys");
    return false;
  }
  const std::uint32_t index = aggregation.key_count++;
  if (!parse_captured(aggregation.keys[index], aggregation.depths[index], node.keys.emplace_back())) return false;
  if (is_valid(aggregation)) return true;
  const std::string what = aggregation.kind == HYPERDBG_AGGREGATE_SET ? "the value and the keys" : "the keys";
  tokens_.complain(
      place,
      what + " of an aggregation take more than " + std::to_string(HYPERDBG_AGGREGATE_KEY_SIZE) + " bytes together",
      "a number takes 8, a text 32, a stack 8 for each frame: kstack(4)");
  return false;
}

// A number, str(address), kstack(), ustack(4)
bool AggregateParser::parse_captured(std::uint8_t& kind, std::uint8_t& depth, ExpressionPtr& expression) {
  const bool is_call = tokens_.at(TokenKind::word) && tokens_.peek(1).kind == TokenKind::left_parenthesis;
  const hyperdbg_aggregate_key special = is_call ? find_key_word(tokens_.peek().text) : hyperdbg_aggregate_key{};
  kind = special != 0 ? special : HYPERDBG_KEY_NUMBER;
  if (special == 0) {
    expression = expressions_.parse();
    return expression != nullptr;
  }
  tokens_.take();
  tokens_.take();
  if (special != HYPERDBG_KEY_TEXT) return parse_depth(depth) && tokens_.expect(TokenKind::right_parenthesis, "`)`");
  expression = tokens_.at(TokenKind::string) ? expressions_.parse_string() : expressions_.parse();
  return expression && tokens_.expect(TokenKind::right_parenthesis, "`)`");
}

bool AggregateParser::parse_depth(std::uint8_t& depth) {
  depth = HYPERDBG_AGGREGATE_STACK_DEPTH;
  if (tokens_.at(TokenKind::right_parenthesis)) return true;
  const ExpressionPtr wanted = expressions_.parse();
  if (!wanted) return false;
  const auto value = constant_value(*wanted);
  constexpr std::uint64_t most = HYPERDBG_AGGREGATE_KEY_SIZE / 8;
  if (!value || *value == 0 || *value > most) {
    tokens_.complain(wanted->place, "a stack has 1 to " + std::to_string(most) + " frames, a constant");
    return false;
  }
  depth = static_cast<std::uint8_t>(*value);
  return true;
}

}  // namespace hyperdbg::script
