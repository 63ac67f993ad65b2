// SPDX-License-Identifier: MIT
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

#include "x86/decoder_referee.hpp"
#include "x86/kernel_image.hpp"

// Real code, decoded from its first byte to its last.
namespace hyperdbg::x86 {
namespace {

namespace fs = std::filesystem;

struct Sweep {
  u64 instructions = 0;
  u64 rejected = 0;  // bytes that Zydis rejects: data between functions
  u64 differences = 0;
};

void sweep(std::span<const u8> code, Sweep& result) {
  Referee referee(CodeSize::bits64);
  for (std::size_t position = 0; position < code.size();) {
    const auto bytes = code.subspan(position, std::min<std::size_t>(16, code.size() - position));
    const std::string difference = referee.compare_all(bytes);
    if (!difference.empty() && ++result.differences <= 20)
      ADD_FAILURE() << fmt::format("+{:x}: ", position) << difference;
    ++(referee.length() == 0 ? result.rejected : result.instructions);
    position += std::max<u8>(referee.length(), 1);
  }
}

void sweep_file(const fs::path& path) {
  SCOPED_TRACE(path);
  const std::vector<u8> file = unpack_kernel(read_file(path));
  Sweep result;
  for (const CodeSection& section : code_sections(file)) {
    SCOPED_TRACE(section.name);
    sweep(section.bytes, result);
  }
  fmt::print("{}: {} instructions, {} bytes that are none\n", path.string(), result.instructions, result.rejected);
  EXPECT_GT(result.instructions, 1000u);
  EXPECT_LT(result.rejected, result.instructions);  // tables may stand between functions, but this is code
  EXPECT_EQ(result.differences, 0u);
}

std::vector<fs::path> split_paths(const std::string& text) {
  std::vector<fs::path> result;
  std::istringstream stream(text);
  for (std::string path; std::getline(stream, path, ':');)
    if (!path.empty()) result.emplace_back(path);
  return result;
}

void add_kernels(const fs::path& folder, std::vector<fs::path>& result) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error))
    if (entry.path().filename().string().starts_with("vmlinu")) result.push_back(entry.path());
}

// Several folders may hold the same kernel.
void keep_one_of_each_name(std::vector<fs::path>& paths) {
  const auto by_name = [](const fs::path& left, const fs::path& right) { return left.filename() < right.filename(); };
  const auto same_name = [](const fs::path& left, const fs::path& right) {
    return left.filename() == right.filename() && left.filename() != "vmlinuz" && left.filename() != "vmlinux";
  };
  std::stable_sort(paths.begin(), paths.end(), by_name);
  paths.erase(std::unique(paths.begin(), paths.end(), same_name), paths.end());
}

std::vector<fs::path> find_kernels() {
  std::vector<fs::path> result;
  const fs::path lab = fs::path(HYPERDBG_SOURCE_DIR) / ".lab" / "kernels";
  std::error_code error;
  for (const auto& kernel : fs::directory_iterator(lab, error)) {
    add_kernels(kernel.path(), result);
    add_kernels(kernel.path() / "boot", result);
  }
  add_kernels("/boot", result);
  keep_one_of_each_name(result);
  return result;
}

TEST(DecoderCorpus, Kernels) {
  const char* chosen = std::getenv("HYPERDBG_DECODER_CORPUS");
  const std::vector<fs::path> paths = chosen != nullptr ? split_paths(chosen) : find_kernels();
  if (paths.empty())
    GTEST_SKIP() << "no kernel in .lab/kernels or /boot; name files in HYPERDBG_DECODER_CORPUS, separated by colons";
  for (const fs::path& path : paths) sweep_file(path);
}

TEST(DecoderCorpus, Busybox) {
  for (const char* path : {"/bin/busybox", "/usr/bin/busybox"})
    if (fs::exists(path)) return sweep_file(path);
  GTEST_SKIP() << "no busybox; Debian's package is busybox-static";
}

}  // namespace
}  // namespace hyperdbg::x86
