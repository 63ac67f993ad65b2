// SPDX-License-Identifier: MIT
#include "cli/commands/aggregate.hpp"

#include "cli/commands/commands.hpp"
#include "cli/console.hpp"
#include "session/number.hpp"

namespace hyperdbg {
namespace {

Expected<std::uint32_t> number_of(const script::Aggregates& all, const Token& name) {
  if (const auto number = all.find(name.text)) return *number;
  return fail("err, there is no aggregation '{}'; '.aggregate' lists all", name.text);
}

Expected<void> clear(Console& console, const CommandLine& line) {
  std::uint32_t number = HYPERDBG_ALL_AGGREGATIONS;
  if (line.arguments() == 2) {
    const script::Aggregates all = TRY_EXPECTED(console.session().aggregates());
    number = TRY_EXPECTED(number_of(all, line.argument(1)));
  }
  TRY_EXPECTED(console.session().clear_aggregates(number));
  console.print("{} cleared\n", line.arguments() == 2 ? line.argument(1).text + " is" : "all aggregations are");
  return {};
}

// [NAME] [top N]
Expected<void> run(Console& console, const CommandLine& line) {
  if (line.arguments() != 0 && line.argument(0).is("clear"))
    return line.arguments() <= 2 ? clear(console, line) : incorrect_use(line);
  script::Aggregates::Options options;
  std::size_t used = 0;
  const script::Aggregates all = TRY_EXPECTED(console.session().aggregates());
  if (line.arguments() != 0 && !line.argument(0).is("top")) {
    TRY_EXPECTED(number_of(all, line.argument(0)));
    options.names.push_back(line.argument(used++).text);
  }
  if (line.arguments() == used + 2 && line.argument(used).is("top")) {
    const auto count = parse_number(line.argument(used + 1).text);
    if (!count || *count == 0)
      return fail("err, 'top' wants a number, hexadecimal, not '{}'", line.argument(used + 1).text);
    options.top = *count;
    used += 2;
  }
  if (line.arguments() != used) return incorrect_use(line);
  if (all.empty())
    return fail(
        "err, nothing is aggregated; scripts do it: !cpuid script {{ aggregate_count(\"leaves\", $context); }}");
  write_aggregates(console, all, std::move(options));
  return {};
}

}  // namespace

void write_aggregates(Console& console, const script::Aggregates& all, script::Aggregates::Options options) {
  options.name_of = console.name_of();
  console.write(all.render(options));
}

const Command aggregate_command{
    .name = ".aggregate",
    .aliases = "aggregate",
    .summary = "shows what scripts have counted, summed, sorted into histograms and set",
    .syntax = ".aggregate [NAME] [top N]    # all keys, or the N with the largest values\n.aggregate clear [NAME]",
    .examples =
        "!msrwrite script { aggregate_count(\"writes\", $context, str($pname)); }\n.aggregate\n.aggregate writes top "
        "5\n"
        "!msrwrite script { aggregate_set(\"last\", kstack(), $context); }\n.aggregate last\n"
        ".aggregate clear writes",
    .run = run,
    .needs = Needs::target,
    .details =
        "Keys are hexadecimal, values and counts decimal. Each CPU has a table of its own; full tables lose updates, "
        "which\n"
        "are counted and told. Clearing an event ('events c') shows what it has aggregated; the values stay until\n"
        "'.aggregate clear' or '.reset'.",
};

}  // namespace hyperdbg
