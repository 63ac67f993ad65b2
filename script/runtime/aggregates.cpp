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
  constexpr const char* words[] = {"", "count", "sum", "min", "max", "avg", "hist", "lhist"};
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

std::string stack(std::span<const std::uint8_t> bytes, const Aggregates::Options& options) {
  std::string text;
  for (std::size_t i = 0; i < bytes.size() / 8 && word_at(bytes, i) != 0; ++i) {
    const std::uint64_t address = word_at(bytes, i);
    const auto name = options.name_of ? options.name_of(address) : std::nullopt;
    text += fmt::format("\n        {}", name ? *name : fmt::format("{:x}", address));
  }
  return text.empty() ? "\n        (no stack)" : text;
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
    if (aggregation.keys[i] == HYPERDBG_KEY_NUMBER)
      word = fmt::format("{:x}", word_at(part, 0));
    else if (aggregation.keys[i] == HYPERDBG_KEY_TEXT)
      word.assign(reinterpret_cast<const char*>(part.data()),
                  strnlen(reinterpret_cast<const char*>(part.data()), part.size()));
    else
      stacks += (aggregation.keys[i] == HYPERDBG_KEY_USER_STACK ? "\n      user stack:" : "\n      kernel stack:") +
                stack(part, options);
    if (!word.empty()) line += (line.empty() ? "" : ", ") + word;
  }
  return line + stacks;
}

}  // namespace

void Aggregates::define(std::uint32_t number, const hyperdbg_aggregation_info& info) {
  if (is_valid(info.aggregation)) known_[number].info = info;
}

void Aggregates::add(const Entry& entry, std::span<const std::uint8_t> key) {
  const auto known = known_.find(entry.number);
  if (known == known_.end() || entry.count == 0 || key.size() != key_size(known->second.info.aggregation)) return;
  merge(known->second.keys[Key(key.begin(), key.end())][entry.bucket], entry);
}

std::optional<std::uint32_t> Aggregates::find(std::string_view name) const {
  for (const auto& [number, known] : known_)
    if (name == known.info.aggregation.name) return number;
  return std::nullopt;
}

// The largest value first; of histograms, the one with the most updates.
std::vector<Aggregates::Row> Aggregates::sorted(const Known& known) {
  const hyperdbg_aggregation& aggregation = known.info.aggregation;
  const auto weight = [&](const Row& row) {
    if (!is_histogram(aggregation)) return value_of(aggregation.kind, row.second->begin()->second);
    std::int64_t updates = 0;
    for (const auto& [bucket, entry] : *row.second) updates += static_cast<std::int64_t>(entry.count);
    return updates;
  };
  std::vector<Row> rows;
  for (const auto& [key, buckets] : known.keys) rows.emplace_back(&key, &buckets);
  std::ranges::stable_sort(rows, [&](const Row& a, const Row& b) { return weight(a) > weight(b); });
  return rows;
}

std::string Aggregates::shown(const Known& known, const Options& options) {
  const hyperdbg_aggregation& aggregation = known.info.aggregation;
  std::string text = fmt::format("{}, {}:\n", aggregation.name, word_of(aggregation.kind));
  const std::vector<Row> rows = sorted(known);
  const std::size_t count = std::min(rows.size(), options.top);
  for (std::size_t i = 0; i < count; ++i) {
    const std::string key = key_text(aggregation, *rows[i].first, options);
    const auto end = std::min(key.find('\n'), key.size());
    if (is_histogram(aggregation)) {
      if (!key.empty()) text += "  " + key + '\n';
      text += histogram(aggregation, *rows[i].second);
    } else {
      text += fmt::format("  {:<40} {:>12}{}\n", key.substr(0, end),
                          value_of(aggregation.kind, rows[i].second->begin()->second), key.substr(end));
    }
  }
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
