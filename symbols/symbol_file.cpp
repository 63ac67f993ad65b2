// SPDX-License-Identifier: MIT
#include "symbols/symbol_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <system_error>
#include <vector>

namespace hyperdbg {
namespace {

constexpr std::string_view anchor_mark = "# anchor init_task ";
constexpr std::string_view module_mark = "# module ";
constexpr const char* live_types = "/sys/kernel/btf/vmlinux";

Loaded<std::string> read_whole(const std::filesystem::path& path) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return std::unexpected(fmt::format("cannot open '{}': {}", path.string(), std::strerror(errno)));
  std::string text;
  std::size_t used = 0;
  for (;;) {
    // Files of /proc have no size, and big reads keep the number of system calls small.
    if (text.size() - used < (1u << 20)) text.resize(std::max<std::size_t>(text.size() * 2, 4u << 20));
    const ssize_t got = read(file, text.data() + used, text.size() - used);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    used += static_cast<std::size_t>(got);
  }
  close(file);
  text.resize(used);
  return text;
}

// Written beside and renamed, so that nobody ever finds half a file.
Loaded<void> write_whole(const std::filesystem::path& path, std::string_view text) {
  const std::filesystem::path beside = path.string() + ".new";
  std::ofstream file(beside, std::ios::binary | std::ios::trunc);
  file.write(text.data(), static_cast<std::streamsize>(text.size()));
  file.close();
  std::error_code error;
  if (file) std::filesystem::rename(beside, path, error);
  if (!file || error) return std::unexpected(fmt::format("cannot write '{}'", path.string()));
  return {};
}

std::string_view next_line(std::string_view& text) {
  const auto end = std::min(text.find('\n'), text.size());
  const auto line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  for (std::size_t at = 0; (at = line.find_first_not_of(" \t\r", at)) != std::string_view::npos;) {
    const auto end = std::min(line.find_first_of(" \t\r", at), line.size());
    words.push_back(line.substr(at, end - at));
    at = end;
  }
  return words;
}

// 0 if it is no address.
std::uint64_t address_in(std::string_view word) {
  if (word.starts_with("0x")) word.remove_prefix(2);
  std::uint64_t address = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), address, 16);
  return error == std::errc{} && end == word.data() + word.size() ? address : 0;
}

// Lines like "probe 16384 0 - Live 0xffffffffc0000000 (OE)". Others than live modules still have what goes after init.
ModuleBases bases_in_proc_modules(std::string_view modules) {
  ModuleBases bases;
  while (!modules.empty()) {
    const auto words = words_of(next_line(modules));
    if (words.size() < 6 || words[4] != "Live") continue;
    if (const std::uint64_t base = address_in(words[5]); base != 0) bases.emplace(words[0], base);
  }
  return bases;
}

// From the comments before the first symbol. A module whose line is damaged is one without symbols.
ModuleBases bases_in_symbol_file(std::string_view text) {
  ModuleBases bases;
  while (text.starts_with('#')) {
    const auto line = next_line(text);
    if (!line.starts_with(module_mark)) continue;
    const auto words = words_of(line.substr(module_mark.size()));
    if (words.size() != 2) continue;
    if (const std::uint64_t base = address_in(words[1]); base != 0) bases.emplace(words[0], base);
  }
  return bases;
}

// "kvm" of a line that ends in "[kvm]", or nothing.
std::string_view module_of_line(std::string_view line) {
  const auto mark = line.rfind('[');
  if (!line.ends_with(']') || mark == std::string_view::npos) return {};
  return line.substr(mark + 1, line.size() - mark - 2);
}

std::size_t round_up_to_4(std::uint32_t size) {
  return (static_cast<std::size_t>(size) + 3) & ~std::size_t{3};
}

}  // namespace

std::string to_hex(const BuildId& id) {
  std::string text;
  for (const std::uint8_t byte : id) text += fmt::format("{:02x}", byte);
  return text;
}

std::filesystem::path default_symbol_directory() {
  if (const char* chosen = std::getenv("HYPERDBG_SYMBOLS"); chosen != nullptr && *chosen != '\0') return chosen;
  const char* home = std::getenv("HOME");
  return std::filesystem::path(home == nullptr ? "/root" : home) / ".cache/hyperdbg/symbols";
}

std::filesystem::path symbol_path(const std::filesystem::path& directory, const BuildId& id) {
  return directory / (to_hex(id) + ".sym");
}

std::filesystem::path btf_path(const std::filesystem::path& directory, const BuildId& id) {
  return directory / (to_hex(id) + ".btf");
}

std::vector<std::filesystem::path> module_btf_paths(const std::filesystem::path& kernel) {
  const bool is_live = kernel == live_types;
  const std::string start = is_live ? "" : kernel.stem().string() + ".";
  std::vector<std::filesystem::path> paths;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(kernel.parent_path(), error)) {
    const std::filesystem::path& path = entry.path();
    const bool is_saved = path.extension() == ".btf" && path.filename().string().starts_with(start);
    if (path != kernel && (is_live || is_saved)) paths.push_back(path);
  }
  std::ranges::sort(paths);
  return paths;
}

Loaded<BuildId> build_id_of_notes(std::span<const std::uint8_t> notes) {
  constexpr std::uint32_t gnu_build_id = 3;
  struct Header {
    std::uint32_t name_size, content_size, type;
  };
  for (std::size_t at = 0; notes.size() - at >= sizeof(Header);) {
    Header header;
    std::memcpy(&header, notes.data() + at, sizeof header);
    const std::size_t name = at + sizeof header;
    const std::size_t content = name + round_up_to_4(header.name_size);
    const std::size_t end = content + round_up_to_4(header.content_size);
    if (end > notes.size()) break;
    const bool is_gnu = header.name_size == 4 && std::memcmp(notes.data() + name, "GNU", 4) == 0;
    BuildId id;
    if (is_gnu && header.type == gnu_build_id && header.content_size == id.size()) {
      std::memcpy(id.data(), notes.data() + content, id.size());
      return id;
    }
    at = end;
  }
  return std::unexpected("the kernel's notes hold no build-id");
}

Loaded<BuildId> running_kernel_build_id() {
  const auto notes = read_whole("/sys/kernel/notes");
  if (!notes) return std::unexpected(notes.error());
  return build_id_of_notes({reinterpret_cast<const std::uint8_t*>(notes->data()), notes->size()});
}

Loaded<SymbolTable> parse_symbol_file(std::string text, std::uint64_t anchor) {
  if (!text.starts_with(anchor_mark)) return std::unexpected("its first line is not '# anchor init_task ADDRESS'");
  std::uint64_t linked = 0;
  const char* from = text.data() + anchor_mark.size();
  const auto [end, error] = std::from_chars(from, text.data() + text.size(), linked, 16);
  if (error != std::errc{} || linked == 0 || (end != text.data() + text.size() && *end != '\n' && *end != '\r'))
    return std::unexpected("the address in its first line is no number");
  ModuleBases bases = bases_in_symbol_file(text);
  SymbolTable table(std::move(text), anchor - linked, std::move(bases));
  if (table.empty()) return std::unexpected("it holds no symbols");
  return table;
}

Loaded<SymbolTable> load_symbol_file(const std::filesystem::path& directory, const BuildId& id, std::uint64_t anchor) {
  const auto path = symbol_path(directory, id);
  auto text = read_whole(path);
  if (!text)
    return std::unexpected(fmt::format(
        "no symbols for this kernel (build-id {}): {}. run 'hyperdbg symbols save DIRECTORY' as root on the "
        "debuggee and copy the files to {}",
        to_hex(id), text.error(), directory.string()));
  auto table = parse_symbol_file(std::move(*text), anchor);
  if (!table) return std::unexpected(fmt::format("the symbol file '{}' is damaged: {}", path.string(), table.error()));
  return table;
}

Loaded<SymbolTable> load_kallsyms(const std::filesystem::path& kallsyms) {
  auto text = read_whole(kallsyms);
  if (!text) return std::unexpected(text.error());
  SymbolTable table(std::move(*text));
  const auto start = table.find("_stext");
  if (!start || start->address == 0)
    return std::unexpected(
        "the kernel hides its symbols' addresses; be root, and set /proc/sys/kernel/kptr_restrict to 1 or 0");
  return table;
}

Loaded<std::string> make_symbol_file(const std::string& kallsyms, std::string_view modules) {
  const ModuleBases bases = bases_in_proc_modules(modules);
  std::string file(anchor_mark);
  std::string lines;
  lines.reserve(kallsyms.size());
  std::string_view anchor;
  for (std::string_view rest = kallsyms; !rest.empty();) {
    const std::string_view line = next_line(rest);
    if (line.ends_with(" init_task")) anchor = line.substr(0, line.find(' '));
    // Where modules lie differs from boot to boot: without the base, an address serves this boot only.
    if (const auto module = module_of_line(line); !module.empty() && !bases.contains(module)) continue;
    lines += line;
    lines += '\n';
  }
  if (anchor.empty())
    return std::unexpected(
        "the kernel does not list the variable 'init_task'; it has to be built with CONFIG_KALLSYMS_ALL");
  if (anchor.find_first_not_of('0') == std::string_view::npos)
    return std::unexpected(
        "the kernel hides its symbols' addresses; run as root, with /proc/sys/kernel/kptr_restrict at 1 or 0");
  file += anchor;
  file += '\n';
  for (const auto& [name, base] : bases) file += fmt::format("{}{} {:x}\n", module_mark, name, base);
  return file + lines;
}

namespace {

// Beside the kernel's; those of an earlier save are not of the modules that are loaded now.
Loaded<void> save_module_types(const std::filesystem::path& kernel) {
  std::error_code error;
  for (const auto& old : module_btf_paths(kernel)) std::filesystem::remove(old, error);
  for (const auto& live : module_btf_paths(live_types)) {
    const auto types = read_whole(live);
    const std::filesystem::path saved =
        kernel.parent_path() / fmt::format("{}.{}.btf", kernel.stem().string(), live.filename().string());
    if (!types) continue;  // unloaded meanwhile
    if (auto written = write_whole(saved, *types); !written) return written;
  }
  return {};
}

}  // namespace

Loaded<SavedSymbols> save_symbols(const std::filesystem::path& directory) {
  const auto id = running_kernel_build_id();
  if (!id) return std::unexpected(id.error());
  const auto kallsyms = read_whole("/proc/kallsyms");
  if (!kallsyms) return std::unexpected(kallsyms.error());
  // A kernel without loadable modules has no such file.
  const auto text = make_symbol_file(*kallsyms, read_whole("/proc/modules").value_or(""));
  if (!text) return std::unexpected(text.error());
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) return std::unexpected(fmt::format("cannot create '{}': {}", directory.string(), error.message()));
  SavedSymbols saved{symbol_path(directory, *id), {}, SymbolTable(*text).size()};
  if (auto written = write_whole(saved.symbols, *text); !written) return std::unexpected(written.error());
  const auto types = read_whole(live_types);
  if (!types) return saved;
  saved.types = btf_path(directory, *id);
  if (auto written = write_whole(saved.types, *types); !written) return std::unexpected(written.error());
  if (auto written = save_module_types(saved.types); !written) return std::unexpected(written.error());
  return saved;
}

}  // namespace hyperdbg
