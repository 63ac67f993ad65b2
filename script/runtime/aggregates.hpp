// SPDX-License-Identifier: MIT
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "abi/aggregate.h"

namespace hyperdbg::script {

// What scripts have aggregated, merged over all CPUs, and how it is shown.
class Aggregates {
 public:
  void define(std::uint32_t number, const hyperdbg_aggregation_info& info);
  // An entry of one CPU's table, and what lies behind it: its key, and the value that was set. What contradicts its
  // definition is left out: it comes from the debuggee.
  void add(const hyperdbg_aggregate_entry& entry, std::span<const std::uint8_t> behind);

  bool empty() const { return known_.empty(); }
  std::optional<std::uint32_t> find(std::string_view name) const;

  struct Options {
    std::vector<std::string> names = {};  // empty: all
    std::size_t top = ~std::size_t{0};    // keys of each, those with the largest values
    std::function<std::optional<std::string>(std::uint64_t)> name_of = {};  // of a kernel's address
  };
  // Keys in hexadecimal, as everywhere, counts and values in decimal.
  std::string render(const Options& options) const;

 private:
  using Key = std::vector<std::uint8_t>;
  struct Values {
    std::map<std::uint64_t, hyperdbg_aggregate_entry> buckets;
    std::vector<std::uint8_t> last;  // that was set, on whatever CPU
  };
  struct Known {
    hyperdbg_aggregation_info info{};
    std::map<Key, Values> keys;
  };
  using Row = std::pair<const Key*, const Values*>;

  static std::int64_t value(const hyperdbg_aggregation& aggregation, const Values& values);
  static std::vector<Row> sorted(const Known& known);
  static std::string shown(const hyperdbg_aggregation& aggregation, const Row& row, const Options& options);
  static std::string shown(const Known& known, const Options& options);

  std::map<std::uint32_t, Known> known_;
};

}  // namespace hyperdbg::script
