// SPDX-License-Identifier: MIT
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hyperdbg {

// One name. The views live as long as the table does.
struct Symbol {
  std::uint64_t address;
  std::string_view name;
  std::string_view module;  // "vmlinux" for the kernel
  char type;                // as in /proc/kallsyms
};

// A name and how far an address lies behind it.
struct NearestSymbol {
  Symbol symbol;
  std::uint64_t offset;
};

struct ModuleRange {
  std::string name;
  std::uint64_t base;
  std::uint64_t size;
  bool operator==(const ModuleRange&) const = default;
};

// Where modules lay when their symbols were saved.
using ModuleBases = std::map<std::string, std::uint64_t, std::less<>>;

/*
 * The names of a kernel and its modules, from text lines like those of /proc/kallsyms: "address type name [module]".
 * Lines of another form are counted and skipped. Made once, then only read; but where a debuggee's modules lie, and
 * with them their names, changes with `set_modules`.
 */
class SymbolTable {
 public:
  SymbolTable() = default;
  // `slide` is added to the kernel's addresses (not to the small ones, which are offsets into per-CPU areas).
  // With `saved`, the modules' addresses are those of another boot: their names stay unknown until `set_modules` tells
  // where they lie now. Without, they are real.
  explicit SymbolTable(std::string text, std::uint64_t slide = 0, std::optional<ModuleBases> saved = {});
  SymbolTable(SymbolTable&&) = default;
  SymbolTable& operator=(SymbolTable&&) = default;

  bool empty() const { return entries_.empty(); }
  std::size_t size() const { return entries_.size(); }
  std::size_t skipped_lines() const { return skipped_; }

  // "name", "vmlinux!name", "nt!name", "kernel!name" or "module!name". A bare name is the kernel's first, else any
  // module's.
  std::optional<Symbol> find(std::string_view name) const;
  // The nearest name at or below `address`, unless it is farther than `farthest` (HyperDbg's limit for unknown sizes).
  std::optional<NearestSymbol> nearest(std::uint64_t address, std::uint64_t farthest = 0xffff) const;
  // `module!pattern` or `pattern` (then of the kernel) with * and ?, by address.
  std::vector<Symbol> search(std::string_view pattern) const;
  // Names that begin with `prefix` (which may have a module), at most `limit`, for completion.
  std::vector<std::string> complete(std::string_view prefix, std::size_t limit) const;

  // The modules that are loaded now: moves their saved names there, and drops those of all others. Of a module only
  // what lies in its range is known: newer kernels place its data on its own, nobody tells where. Modules that have no
  // names still give `module+offset`.
  void set_modules(std::vector<ModuleRange> modules);
  const std::vector<ModuleRange>& modules() const { return ranges_; }
  const ModuleRange* module_of(std::uint64_t address) const;

 private:
  struct Entry {
    std::uint64_t address;
    std::uint32_t name;  // offset in text_
    std::uint16_t length;
    std::uint16_t module;  // index in modules_; 0 is the kernel
    char type;
  };

  void parse(std::uint64_t slide, const std::optional<ModuleBases>& saved);
  bool parse_line(std::string_view line, std::uint64_t slide, const std::optional<ModuleBases>& saved);
  void put_in_order();
  std::uint16_t module_index(std::string_view name);
  void build_hash();
  Symbol symbol(const Entry& entry) const;
  std::string_view name_of(const Entry& entry) const {
    return std::string_view(text_).substr(entry.name, entry.length);
  }

  std::string text_;
  std::vector<std::string> modules_;
  std::vector<Entry> entries_;        // by address
  std::vector<Entry> saved_;          // of modules; the address counts from the module's base
  std::vector<std::uint32_t> slots_;  // hash of the name -> index in entries_ plus one
  std::vector<ModuleRange> ranges_;
  std::size_t skipped_ = 0;
};

// The kernel by one of its names: empty, vmlinux, nt, kernel.
bool is_kernel_module(std::string_view name);
bool matches_wildcards(std::string_view pattern, std::string_view text);
// "vmlinux!name" (or with "+0x.." behind it).
std::string qualified_name(const Symbol& symbol, std::uint64_t offset = 0);

}  // namespace hyperdbg
