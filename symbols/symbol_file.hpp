// SPDX-License-Identifier: MIT
#pragma once
#include <array>
#include <cstdint>
#include <expected>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "symbols/symbol_table.hpp"

namespace hyperdbg {

using BuildId = std::array<std::uint8_t, 20>;

// A value, or a sentence that names the file and the remedy.
template <class T>
using Loaded = std::expected<T, std::string>;

/*
 * Symbols never travel over a slow line. The debuggee's owner saves them once with `hyperdbg symbols save DIR`; the
 * debugger finds them by the kernel's build-id: `<build-id>.sym` and `<build-id>.btf` (a copy of
 * /sys/kernel/btf/vmlinux), `<build-id>.MODULE.btf` for each module with types. The first holds lines of kallsyms,
 * after "# anchor init_task ADDRESS" and, for each module that was loaded, "# module NAME BASE".
 */
std::string to_hex(const BuildId& id);
std::filesystem::path default_symbol_directory();  // $HYPERDBG_SYMBOLS, else ~/.cache/hyperdbg/symbols
std::filesystem::path symbol_path(const std::filesystem::path& directory, const BuildId& id);
std::filesystem::path btf_path(const std::filesystem::path& directory, const BuildId& id);
// Those of modules beside a kernel's, here or in /sys/kernel/btf, by name.
std::vector<std::filesystem::path> module_btf_paths(const std::filesystem::path& kernel);

// The build-id in ELF notes, as /sys/kernel/notes has them.
Loaded<BuildId> build_id_of_notes(std::span<const std::uint8_t> notes);
Loaded<BuildId> running_kernel_build_id();

// Symbols for a debuggee whose `init_task` lies at `anchor`.
Loaded<SymbolTable> load_symbol_file(const std::filesystem::path& directory, const BuildId& id, std::uint64_t anchor);
// Symbols of the running kernel, with real addresses (root only).
Loaded<SymbolTable> load_kallsyms(const std::filesystem::path& kallsyms = "/proc/kallsyms");

struct SavedSymbols {
  std::filesystem::path symbols;
  std::filesystem::path types;  // empty if the kernel offers no BTF
  std::size_t count;
};
// Writes the files for the running kernel.
Loaded<SavedSymbols> save_symbols(const std::filesystem::path& directory);

// Parts of the above, for tests.
// `modules` as in /proc/modules; symbols of modules that it does not place are left out.
Loaded<std::string> make_symbol_file(const std::string& kallsyms, std::string_view modules = {});
Loaded<SymbolTable> parse_symbol_file(std::string text, std::uint64_t anchor);

}  // namespace hyperdbg
