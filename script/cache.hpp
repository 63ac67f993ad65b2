// SPDX-License-Identifier: MIT
#pragma once
#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "script/compiler.hpp"

namespace hyperdbg::script {

// A compiled script and all that its code depends on besides its text.
struct CachedScript {
  CompiledScript script;
  std::vector<std::pair<std::string, std::uint32_t>> globals;  // name and slot
  std::vector<std::pair<std::string, std::uint64_t>> symbols;  // name and address
  std::vector<std::uint32_t> aggregations;                     // numbers, in the order of the script's
  std::string types;                                           // ForeignTypes::identity(), empty without any
};

// The most recently used scripts by their text.
class ScriptCache {
 public:
  explicit ScriptCache(std::size_t capacity) : capacity_(capacity) {}

  // Null if it is not there, or was compiled for other slots or addresses than `options` gives now.
  const CompiledScript* find(std::string_view text, const CompileOptions& options);
  void insert(std::string text, CachedScript script);

 private:
  using Entry = std::pair<std::string, CachedScript>;

  std::size_t capacity_;
  std::list<Entry> entries_;                                                // most recently used first
  std::unordered_map<std::string_view, std::list<Entry>::iterator> index_;  // keys point into entries_
};

}  // namespace hyperdbg::script
