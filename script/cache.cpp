// SPDX-License-Identifier: MIT
#include "script/cache.hpp"

#include <algorithm>

namespace hyperdbg::script {
namespace {

std::string_view types_of(const CompileOptions& options) {
  return options.types ? options.types->identity() : std::string_view();
}

bool same_aggregations(const CachedScript& cached, const CompileOptions& options) {
  for (std::size_t i = 0; i < cached.aggregations.size(); ++i) {
    if (!options.aggregation) return false;
    const auto number = options.aggregation(cached.script.aggregations[i]);
    if (!number || *number != cached.aggregations[i]) return false;
  }
  return true;
}

bool still_valid(const CachedScript& cached, const CompileOptions& options) {
  const auto same_slot = [&](const auto& global) {
    if (!options.global_slot) return false;
    const auto slot = options.global_slot(global.first);
    return slot && *slot == global.second;
  };
  const auto same_address = [&](const auto& symbol) {
    return options.symbol && options.symbol(symbol.first) == symbol.second;
  };
  if (cached.types != types_of(options) || !same_aggregations(cached, options)) return false;
  return std::ranges::all_of(cached.globals, same_slot) && std::ranges::all_of(cached.symbols, same_address);
}

}  // namespace

const CompiledScript* ScriptCache::find(std::string_view text, const CompileOptions& options) {
  const auto found = index_.find(text);
  if (found == index_.end() || !still_valid(found->second->second, options)) return nullptr;
  entries_.splice(entries_.begin(), entries_, found->second);
  return &found->second->second.script;
}

void ScriptCache::insert(std::string text, CachedScript script) {
  if (const auto old = index_.find(text); old != index_.end()) {
    const auto entry = old->second;
    index_.erase(old);
    entries_.erase(entry);
  }
  entries_.emplace_front(std::move(text), std::move(script));
  index_.emplace(entries_.front().first, entries_.begin());
  if (entries_.size() <= capacity_) return;
  index_.erase(entries_.back().first);
  entries_.pop_back();
}

}  // namespace hyperdbg::script
