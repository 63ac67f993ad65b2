// SPDX-License-Identifier: MIT
#include "session/address.hpp"

#include "session/number.hpp"

namespace hyperdbg {
namespace {

Expected<std::uint64_t> evaluate_term(std::string_view term, std::string_view whole, const NameSource& names) {
  if (term.starts_with('@')) return names.register_value(term.substr(1));
  if (const auto number = parse_number(term)) return *number;
  if (!term.empty() && names.symbol)
    if (const auto address = names.symbol(term)) return *address;
  return fail("err, couldn't resolve error at '{}'", whole);
}

}  // namespace

Expected<std::uint64_t> evaluate_address(std::string_view expression, const NameSource& names) {
  std::uint64_t sum = 0;
  bool minus = false;
  for (std::size_t from = 0; from <= expression.size();) {
    const std::size_t end = std::min(expression.find_first_of("+-", from), expression.size());
    if (end == from && from == 0 && end < expression.size()) {  // a leading sign
      minus = expression[end] == '-';
      from = end + 1;
      continue;
    }
    const std::uint64_t value = TRY_EXPECTED(evaluate_term(expression.substr(from, end - from), expression, names));
    sum = minus ? sum - value : sum + value;
    if (end < expression.size()) minus = expression[end] == '-';
    from = end + 1;
  }
  return sum;
}

}  // namespace hyperdbg
