// SPDX-License-Identifier: MIT
#include "script/syntax/include.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

namespace hyperdbg::script {
namespace {

constexpr std::uintmax_t largest_file = 1 << 20;

std::vector<std::filesystem::path> candidates(std::string_view path, std::string_view folder) {
  const std::filesystem::path wanted(path);
  if (wanted.is_absolute()) return {wanted};
  std::error_code error;
  return {std::filesystem::path(folder) / wanted, wanted,
          std::filesystem::read_symlink("/proc/self/exe", error).parent_path() / wanted};
}

void unwrap(std::string& text) {
  const auto mark = text.find_first_not_of(" \t\r\n");
  if (mark == text.npos || text[mark] != '?') return;
  text[mark] = ' ';
  const auto open = text.find_first_not_of(" \t\r\n");
  const auto close = text.find_last_not_of(" \t\r\n");
  if (open == text.npos || text[open] != '{' || text[close] != '}') return;
  text[open] = text[close] = ' ';
}

}  // namespace

std::expected<IncludedFile, std::string> read_included(std::string_view path, std::string_view folder) {
  for (const std::filesystem::path& candidate : candidates(path, folder)) {
    std::error_code error;
    if (!std::filesystem::is_regular_file(candidate, error)) continue;
    if (std::filesystem::file_size(candidate, error) > largest_file)
      return std::unexpected("the file `" + candidate.string() + "` is too large for a script");
    std::ifstream file(candidate, std::ios::binary);
    if (!file) return std::unexpected("the file `" + candidate.string() + "` cannot be read");
    IncludedFile included{candidate.string(), {std::istreambuf_iterator<char>(file), {}}};
    unwrap(included.text);
    return included;
  }
  return std::unexpected("there is no file `" + std::string(path) + "`");
}

}  // namespace hyperdbg::script
