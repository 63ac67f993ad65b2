// SPDX-License-Identifier: MIT
#include "symbols/symbol_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <system_error>

namespace hyperdbg {
namespace {

constexpr std::string_view anchor_mark = "# anchor init_task ";

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
  SymbolTable table(std::move(text), anchor - linked);
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

Loaded<std::string> make_symbol_file(const std::string& kallsyms) {
  std::string file(anchor_mark);
  std::string lines;
  lines.reserve(kallsyms.size());
  std::string_view anchor;
  for (std::size_t at = 0; at < kallsyms.size();) {
    const auto end = std::min(kallsyms.find('\n', at), kallsyms.size());
    const std::string_view line = std::string_view(kallsyms).substr(at, end - at);
    at = end + 1;
    if (line.ends_with(" init_task")) anchor = line.substr(0, line.find(' '));
    // Where modules lie differs from boot to boot, so their names are of no use in a file that serves all boots.
    if (line.ends_with("]") && line.find('[') != std::string_view::npos) continue;
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
  return file + lines;
}

Loaded<SavedSymbols> save_symbols(const std::filesystem::path& directory) {
  const auto id = running_kernel_build_id();
  if (!id) return std::unexpected(id.error());
  const auto kallsyms = read_whole("/proc/kallsyms");
  if (!kallsyms) return std::unexpected(kallsyms.error());
  const auto text = make_symbol_file(*kallsyms);
  if (!text) return std::unexpected(text.error());
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) return std::unexpected(fmt::format("cannot create '{}': {}", directory.string(), error.message()));
  SavedSymbols saved{symbol_path(directory, *id), {}, SymbolTable(*text).size()};
  if (auto written = write_whole(saved.symbols, *text); !written) return std::unexpected(written.error());
  const auto types = read_whole("/sys/kernel/btf/vmlinux");
  if (!types) return saved;
  saved.types = btf_path(directory, *id);
  if (auto written = write_whole(saved.types, *types); !written) return std::unexpected(written.error());
  return saved;
}

}  // namespace hyperdbg
