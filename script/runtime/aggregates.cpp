// SPDX-License-Identifier: MIT
#include "script/runtime/aggregates.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "script/runtime/aggregation.hpp"

namespace hyperdbg::script {
namespace {

using Entry = hyperdbg_aggregate_entry;

bool is_histogram(const hyperdbg_aggregation& aggregation) {
  return aggregation.kind == HYPERDBG_AGGREGATE_LOG2 || aggregation.kind == HYPERDBG_AGGREGATE_LINEAR;
}

const char* word_of(std::uint32_t kind) {
  constexpr const char* words[] = {"", "count", "sum", "min", "max", "avg", "hist", "lhist", "set"};
  return words[kind];
}

std::int64_t value_of(std::uint32_t kind, const Entry& entry) {
  switch (kind) {
    case HYPERDBG_AGGREGATE_SUM:
      return entry.sum;
    case HYPERDBG_AGGREGATE_MINIMUM:
      return entry.minimum;
    case HYPERDBG_AGGREGATE_MAXIMUM:
      return entry.maximum;
    case HYPERDBG_AGGREGATE_AVERAGE:
      return entry.sum / static_cast<std::int64_t>(entry.count);
    default:
      return static_cast<std::int64_t>(entry.count);
  }
}

std::string interval(const hyperdbg_aggregation& aggregation, std::uint64_t bucket) {
  if (aggregation.kind == HYPERDBG_AGGREGATE_LOG2) {
    if (bucket <= 1) return bucket == 0 ? "(..., 0)" : "[0]";
    if (bucket == 2) return "[1]";
    const std::uint64_t from = 1ull << (bucket - 2);
    return bucket - 2 == 62 ? fmt::format("[{}, ...)", from) : fmt::format("[{}, {})", from, from * 2);
  }
  const auto [low, high, step] = std::tuple(aggregation.low, aggregation.high, aggregation.step);
  if (bucket == 0) return fmt::format("(..., {})", low);
  const std::int64_t from = low + static_cast<std::int64_t>(bucket - 1) * step;
  return from >= high ? fmt::format("[{}, ...)", high) : fmt::format("[{}, {})", from, std::min(from + step, high));
}

std::string histogram(const hyperdbg_aggregation& aggregation, const std::map<std::uint64_t, Entry>& buckets) {
  constexpr std::uint64_t width = 40;
  std::uint64_t most = 1;
  for (const auto& [bucket, entry] : buckets) most = std::max(most, entry.count);
  std::string text;
  for (std::uint64_t bucket = buckets.begin()->first; bucket <= buckets.rbegin()->first; ++bucket) {
    const auto found = buckets.find(bucket);
    const std::uint64_t count = found == buckets.end() ? 0 : found->second.count;
    const auto length = static_cast<std::size_t>(static_cast<double>(count) / static_cast<double>(most) * width);
    text += fmt::format("    {:<24} {:>10} |{:<40}|\n", interval(aggregation, bucket), count, std::string(length, '@'));
  }
  return text;
}

std::uint64_t word_at(std::span<const std::uint8_t> bytes, std::size_t index) {
  std::uint64_t word = 0;
  std::memcpy(&word, bytes.data() + index * sizeof word, sizeof word);
  return word;
}

bool is_stack(std::uint8_t kind) {
  return kind == HYPERDBG_KEY_KERNEL_STACK || kind == HYPERDBG_KEY_USER_STACK;
}

std::string stack(std::uint8_t kind, std::span<const std::uint8_t> bytes, const Aggregates::Options& options,
                  const char* which = "") {
  const std::string heading =
      fmt::format("\n      {}{} stack:", which, kind == HYPERDBG_KEY_USER_STACK ? "user" : "kernel");
  std::string text;
  for (std::size_t i = 0; i < bytes.size() / 8 && word_at(bytes, i) != 0; ++i) {
    const std::uint64_t address = word_at(bytes, i);
    const auto name = options.name_of ? options.name_of(address) : std::nullopt;
    text += fmt::format("\n        {}", name ? *name : fmt::format("{:x}", address));
  }
  return heading + (text.empty() ? "\n        (no stack)" : text);
}

std::string text_in(std::span<const std::uint8_t> bytes) {
  const auto* start = reinterpret_cast<const char*>(bytes.data());
  return {start, strnlen(start, bytes.size())};
}

// Numbers and texts in one line, stacks below.
std::string key_text(const hyperdbg_aggregation& aggregation, std::span<const std::uint8_t> key,
                     const Aggregates::Options& options) {
  std::string line;
  std::string stacks;
  for (std::uint32_t i = 0; i < aggregation.key_count; ++i) {
    const auto part = key.first(key_size(aggregation, i));
    key = key.subspan(part.size());
    std::string word;
    if (is_stack(aggregation.keys[i]))
      stacks += stack(aggregation.keys[i], part, options);
    else
      word = aggregation.keys[i] == HYPERDBG_KEY_TEXT ? text_in(part) : fmt::format("{:x}", word_at(part, 0));
    if (!word.empty()) line += (line.empty() ? "" : ", ") + word;
  }
  return line + stacks;
}

}  // namespace

void Aggregates::define(std::uint32_t number, const hyperdbg_aggregation_info& info) {
  if (is_valid(info.aggregation)) known_[number].info = info;
}

void Aggregates::add(const Entry& entry, std::span<const std::uint8_t> behind) {
  const auto known = known_.find(entry.number);
  if (known == known_.end() || entry.count == 0) return;
  const hyperdbg_aggregation& aggregation = known->second.info.aggregation;
  if (behind.size() != key_size(aggregation) + value_size(aggregation)) return;
  const auto key = behind.first(key_size(aggregation)), last = behind.subspan(key.size());
  Values& values = known->second.keys[Key(key.begin(), key.end())];
  Entry& merged = values.buckets[entry.bucket];
  if (is_later(merged, entry)) values.last.assign(last.begin(), last.end());
  merge(merged, entry);
}

std::optional<std::uint32_t> Aggregates::find(std::string_view name) const {
  for (const auto& [number, known] : known_)
    if (name == known.info.aggregation.name) return number;
  return std::nullopt;
}

std::int64_t Aggregates::value(const hyperdbg_aggregation& aggregation, const Values& values) {
  if (aggregation.value == HYPERDBG_KEY_NUMBER) return static_cast<std::int64_t>(word_at(values.last, 0));
  return value_of(aggregation.kind, values.buckets.begin()->second);
}

// The largest value first; of histograms, and of texts and stacks that are set, the one with the most updates.
std::vector<Aggregates::Row> Aggregates::sorted(const Known& known) {
  const hyperdbg_aggregation& aggregation = known.info.aggregation;
  const auto weight = [&](const Row& row) {
    if (!is_histogram(aggregation)) return value(aggregation, *row.second);
    std::int64_t updates = 0;
    for (const auto& [bucket, entry] : row.second->buckets) updates += static_cast<std::int64_t>(entry.count);
    return updates;
  };
  std::vector<Row> rows;
  for (const auto& [key, values] : known.keys) rows.emplace_back(&key, &values);
  std::ranges::stable_sort(rows, [&](const Row& a, const Row& b) { return weight(a) > weight(b); });
  return rows;
}

std::string Aggregates::shown(const hyperdbg_aggregation& aggregation, const Row& row, const Options& options) {
  const auto& [bytes, values] = row;
  const std::string key = key_text(aggregation, *bytes, options);
  if (is_histogram(aggregation))
    return (key.empty() ? "" : "  " + key + '\n') + histogram(aggregation, values->buckets);
  if (is_stack(aggregation.value)) {
    const std::string text = key + stack(aggregation.value, values->last, options, "last ");
    return (text.starts_with('\n') ? text.substr(1) : "  " + text) + '\n';
  }
  const std::string number_or_text =
      aggregation.value == HYPERDBG_KEY_TEXT ? text_in(values->last) : std::to_string(value(aggregation, *values));
  const auto end = std::min(key.find('\n'), key.size());
  return fmt::format("  {:<40} {:>12}{}\n", key.substr(0, end), number_or_text, key.substr(end));
}

std::string Aggregates::shown(const Known& known, const Options& options) {
  const hyperdbg_aggregation& aggregation = known.info.aggregation;
  std::string text = fmt::format("{}, {}:\n", aggregation.name, word_of(aggregation.kind));
  const std::vector<Row> rows = sorted(known);
  const std::size_t count = std::min(rows.size(), options.top);
  for (std::size_t i = 0; i < count; ++i) text += shown(aggregation, rows[i], options);
  if (rows.empty()) text += "  nothing yet\n";
  if (count < rows.size()) text += fmt::format("  and {} more\n", rows.size() - count);
  if (known.info.lost != 0)
    text += fmt::format("  {} updates were lost: the table of a CPU is full. '.aggregate clear' empties it\n",
                        known.info.lost);
  return text;
}

std::string Aggregates::render(const Options& options) const {
  std::string text;
  for (const auto& [number, known] : known_) {
    const bool wanted = options.names.empty() || std::ranges::count(options.names, known.info.aggregation.name) != 0;
    if (wanted) text += shown(known, options);
  }
  return text;
}

}  // namespace hyperdbg::script
