// SPDX-License-Identifier: MIT
#include "lab/symbols.hpp"

#include <fmt/format.h>

#include <fstream>
#include <functional>
#include <iterator>
#include <sstream>
#include <string>

namespace hyperdbg::lab {

namespace fs = std::filesystem;

namespace {

// What the files were made of: changes with their form and with each build of the project's modules.
std::string origin_of(const Files& files) {
  std::string origin = "# form 2\n";
  for (const char* name : {"hyperdbg.ko", "probe.ko"}) {
    std::ifstream module(files.modules() / name, std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(module), {}};
    origin += fmt::format("# {} {:016x}\n", name, std::hash<std::string>()(bytes));
  }
  return origin;
}

// The stamp lists what was fetched: if one of those is gone, everything is fetched again.
bool is_complete(const fs::path& stamp, const std::string& origin) {
  std::ifstream stream(stamp);
  const std::string text{std::istreambuf_iterator<char>(stream), {}};
  if (!text.starts_with(origin)) return false;
  std::istringstream list(text.substr(origin.size()));
  for (std::string name; std::getline(list, name);)
    if (!fs::exists(stamp.parent_path() / name)) return false;
  return true;
}

}  // namespace

Expected<void> ensure_symbols(const Files& files, Guest& guest) {
  const fs::path stamp = files.symbols() / (files.release + ".files");
  const std::string origin = origin_of(files);
  if (is_complete(stamp, origin)) return {};

  TRY_EXPECTED(guest.ask_guest("/lib/hyperdbg/save-symbols 2>&1", Milliseconds(120000)));
  fs::create_directories(files.symbols());
  std::string names;
  for (const auto& entry : fs::directory_iterator(guest.emulator().shared())) {
    std::error_code error;
    fs::copy_file(entry.path(), files.symbols() / entry.path().filename(), fs::copy_options::overwrite_existing, error);
    if (error) return fail("cannot write {}: {}", files.symbols().string(), error.message());
    names += entry.path().filename().string() + "\n";
  }
  if (names.empty()) return fail("the guest saved no symbol files");
  std::ofstream(stamp) << origin << names;
  return {};
}

}  // namespace hyperdbg::lab
