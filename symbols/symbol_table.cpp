// SPDX-License-Identifier: MIT
#include "symbols/symbol_table.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <bit>
#include <cctype>
#include <charconv>

namespace hyperdbg {
namespace {

constexpr std::uint64_t kernel_half = 1ull << 63;
constexpr std::size_t longest_name = 512;  // KSYM_NAME_LEN

std::uint32_t hash(std::string_view name) {
  std::uint64_t value = 0xcbf29ce484222325;
  for (const unsigned char c : name) value = (value ^ c) * 0x100000001b3;
  return static_cast<std::uint32_t>(value ^ (value >> 32));
}

// Which of several names for one address a person wants to see: global functions, then local ones, then the rest.
int rank(char type) {
  switch (type) {
    case 'T':
      return 0;
    case 't':
      return 1;
    case 'W':
    case 'D':
    case 'B':
    case 'R':
      return 2;
    default:
      return 3;
  }
}

std::string_view next_word(std::string_view& line) {
  const auto first = std::min(line.find_first_not_of(" \t"), line.size());
  line.remove_prefix(first);
  const auto end = std::min(line.find_first_of(" \t"), line.size());
  const auto word = line.substr(0, end);
  line.remove_prefix(end);
  return word;
}

}  // namespace

bool is_kernel_module(std::string_view name) {
  return name.empty() || name == "vmlinux" || name == "nt" || name == "kernel";
}

bool matches_wildcards(std::string_view pattern, std::string_view text) {
  std::size_t p = 0, t = 0, star = std::string_view::npos, resume = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = t;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

std::string qualified_name(const Symbol& symbol, std::uint64_t offset) {
  std::string name(symbol.module);
  name += '!';
  name += symbol.name;
  if (offset != 0) name += fmt::format("+0x{:x}", offset);
  return name;
}

SymbolTable::SymbolTable(std::string text, std::uint64_t slide, std::optional<ModuleBases> saved)
    : text_(std::move(text)), modules_{"vmlinux"} {
  parse(slide, saved);
  put_in_order();
}

void SymbolTable::put_in_order() {
  const auto by_address = [](const Entry& a, const Entry& b) {
    if (a.address != b.address) return a.address < b.address;
    return rank(a.type) < rank(b.type);
  };
  if (!std::ranges::is_sorted(entries_, by_address)) std::ranges::stable_sort(entries_, by_address);
  build_hash();
}

void SymbolTable::parse(std::uint64_t slide, const std::optional<ModuleBases>& saved) {
  const std::string_view text(text_);
  entries_.reserve(text.size() / 40);
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    const auto line = text.substr(at, end - at);
    if (!line.empty() && line[0] != '#' && !parse_line(line, slide, saved)) ++skipped_;
    at = end + 1;
  }
}

bool SymbolTable::parse_line(std::string_view line, std::uint64_t slide, const std::optional<ModuleBases>& saved) {
  const auto address_word = next_word(line);
  std::uint64_t address = 0;
  const auto [end, error] =
      std::from_chars(address_word.data(), address_word.data() + address_word.size(), address, 16);
  if (error != std::errc{} || end != address_word.data() + address_word.size()) return false;
  const auto type = next_word(line);
  const auto name = next_word(line);
  if (type.size() != 1 || name.empty() || name.size() > longest_name) return false;
  const auto module = next_word(line);
  Entry entry{address, static_cast<std::uint32_t>(name.data() - text_.data()), static_cast<std::uint16_t>(name.size()),
              0, type[0]};
  const bool of_module = module.size() > 2 && module.front() == '[' && module.back() == ']';
  if (!of_module) {
    if (address >= kernel_half) entry.address += slide;
    entries_.push_back(entry);
    return true;
  }
  const auto module_name = module.substr(1, module.size() - 2);
  if (saved) {
    const auto base = saved->find(module_name);
    if (base == saved->end() || address < base->second) return false;
    entry.address -= base->second;
  }
  entry.module = module_index(module_name);
  (saved ? saved_ : entries_).push_back(entry);
  return true;
}

void SymbolTable::set_modules(std::vector<ModuleRange> modules) {
  if (modules == ranges_) return;
  ranges_ = std::move(modules);
  if (saved_.empty()) return;
  std::vector<const ModuleRange*> range_of(modules_.size());
  for (const ModuleRange& range : ranges_) {
    const auto index = std::ranges::find(modules_, range.name) - modules_.begin();
    if (static_cast<std::size_t>(index) < modules_.size()) range_of[static_cast<std::size_t>(index)] = &range;
  }
  std::erase_if(entries_, [](const Entry& entry) { return entry.module != 0; });
  for (Entry entry : saved_) {
    const ModuleRange* range = range_of[entry.module];
    if (range == nullptr || range->base == 0 || entry.address >= range->size) continue;
    entry.address += range->base;
    entries_.push_back(entry);
  }
  put_in_order();
}

std::uint16_t SymbolTable::module_index(std::string_view name) {
  if (modules_.back() == name) return static_cast<std::uint16_t>(modules_.size() - 1);
  const auto found = std::ranges::find(modules_, name);
  if (found != modules_.end()) return static_cast<std::uint16_t>(found - modules_.begin());
  if (modules_.size() == 0xffff) return 0xffff - 1;
  modules_.emplace_back(name);
  return static_cast<std::uint16_t>(modules_.size() - 1);
}

void SymbolTable::build_hash() {
  slots_.assign(std::bit_ceil(entries_.size() * 2 + 1), 0);
  const std::size_t mask = slots_.size() - 1;
  for (std::uint32_t i = 0; i < entries_.size(); ++i) {
    std::size_t slot = hash(name_of(entries_[i])) & mask;
    while (slots_[slot] != 0) slot = (slot + 1) & mask;
    slots_[slot] = i + 1;
  }
}

Symbol SymbolTable::symbol(const Entry& entry) const {
  return {entry.address, name_of(entry), modules_[entry.module], entry.type};
}

std::optional<Symbol> SymbolTable::find(std::string_view name) const {
  if (entries_.empty()) return std::nullopt;
  std::string_view module;
  const auto mark = name.find('!');
  if (mark != std::string_view::npos) {
    module = name.substr(0, mark);
    name = name.substr(mark + 1);
  }
  const Entry* best = nullptr;
  const auto better = [&](const Entry& entry) {  // kernel before modules, global before local, then the first met
    if (best == nullptr) return true;
    if ((entry.module == 0) != (best->module == 0)) return entry.module == 0;
    return rank(entry.type) < rank(best->type);
  };
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t slot = hash(name) & mask; slots_[slot] != 0; slot = (slot + 1) & mask) {
    const Entry& entry = entries_[slots_[slot] - 1];
    if (name_of(entry) != name) continue;
    const bool wanted = mark == std::string_view::npos ||
                        (is_kernel_module(module) ? entry.module == 0 : modules_[entry.module] == module);
    if (wanted && better(entry)) best = &entry;
  }
  if (best == nullptr) return std::nullopt;
  return symbol(*best);
}

std::optional<NearestSymbol> SymbolTable::nearest(std::uint64_t address, std::uint64_t farthest) const {
  if (address < kernel_half) return std::nullopt;
  auto next = std::ranges::upper_bound(entries_, address, {}, &Entry::address);
  if (next == entries_.begin()) return std::nullopt;
  // Of several names for one address the first in order is the preferred one.
  const std::uint64_t below = std::prev(next)->address;
  const auto entry = std::ranges::lower_bound(entries_, below, {}, &Entry::address);
  if (address - below > farthest || below < kernel_half) return std::nullopt;
  return NearestSymbol{symbol(*entry), address - below};
}

std::vector<Symbol> SymbolTable::search(std::string_view pattern) const {
  std::string_view module;
  if (const auto mark = pattern.find('!'); mark != std::string_view::npos) {
    module = pattern.substr(0, mark);
    pattern = pattern.substr(mark + 1);
  }
  const auto wanted = [&](const Entry& entry) {
    return is_kernel_module(module) ? entry.module == 0 : matches_wildcards(module, modules_[entry.module]);
  };
  std::vector<Symbol> found;
  for (const Entry& entry : entries_)
    if (wanted(entry) && matches_wildcards(pattern, name_of(entry))) found.push_back(symbol(entry));
  return found;
}

std::vector<std::string> SymbolTable::complete(std::string_view prefix, std::size_t limit) const {
  std::string_view written_module;
  std::string_view name = prefix;
  if (const auto mark = prefix.find('!'); mark != std::string_view::npos) {
    written_module = prefix.substr(0, mark + 1);
    name = prefix.substr(mark + 1);
  }
  const std::string_view module = written_module.substr(0, written_module.empty() ? 0 : written_module.size() - 1);
  std::vector<std::string> found;
  for (const Entry& entry : entries_) {
    if (found.size() == limit) break;
    if (!name_of(entry).starts_with(name)) continue;
    if (is_kernel_module(module) ? entry.module != 0 : modules_[entry.module] != module) continue;
    found.push_back(std::string(written_module) + std::string(name_of(entry)));
  }
  std::ranges::sort(found);
  const auto repeated = std::ranges::unique(found);
  found.erase(repeated.begin(), repeated.end());
  return found;
}

const ModuleRange* SymbolTable::module_of(std::uint64_t address) const {
  for (const ModuleRange& range : ranges_)
    if (address >= range.base && address - range.base < range.size) return &range;
  return nullptr;
}

}  // namespace hyperdbg
