// SPDX-License-Identifier: MIT
#pragma once
#include <optional>

#include "script/syntax/aggregates.hpp"
#include "script/syntax/expression_parser.hpp"

namespace hyperdbg::script {

// aggregate_sum("name", value, key...), up to its closing parenthesis. Nothing means that a complaint was made.
class AggregateParser {
 public:
  AggregateParser(TokenStream& tokens, ExpressionParser& expressions) : tokens_(tokens), expressions_(expressions) {}

  std::optional<Aggregate> parse(const AggregateFunction& function);

 private:
  bool parse_name(hyperdbg_aggregation& aggregation);
  bool parse_value(Aggregate& node);
  // low, high, step of a linear histogram
  bool parse_bounds(const AggregateFunction& function, hyperdbg_aggregation& aggregation);
  bool parse_key(Aggregate& node);
  // A key, or the value of aggregate_set; no expression is needed for a stack.
  bool parse_captured(std::uint8_t& kind, std::uint8_t& depth, ExpressionPtr& expression);
  bool parse_depth(std::uint8_t& depth);

  TokenStream& tokens_;
  ExpressionParser& expressions_;
};

}  // namespace hyperdbg::script
