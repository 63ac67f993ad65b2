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
  std::string origin = "# form 3\n";
  for (const char* name : {"hyperdbg.ko", "probe.ko"}) {
    std::ifstream module(files.modules() / name, std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(module), {}};
    origin += fmt::format("# {} {:016x}\n", name, std::hash<std::string>()(bytes));
  }
  return origin;
}

fs::path stamp_of(const Files& files) {
  return files.symbols() / (files.release + ".files");
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

Expected<void> fetch_symbols(const Files& files, Guest& guest) {
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
  std::ofstream(stamp_of(files)) << origin_of(files) << names;
  return {};
}

}  // namespace

Expected<std::unique_ptr<Guest>> boot_with_symbols(const Files& files, const MachineNeeds& needs,
                                                   const EmulatorOptions& options, Milliseconds patience) {
  const bool missing = needs.mode == Mode::debugger && !is_complete(stamp_of(files), origin_of(files));
  const bool shares_files = options.kind == EmulatorKind::qemu;
  if (missing && !shares_files) {
    MachineNeeds bare;
    bare.mode = Mode::bare;
    auto other = TRY_EXPECTED(Guest::boot(files, bare, {}, patience));
    TRY_EXPECTED(fetch_symbols(files, *other));
  }
  auto guest = TRY_EXPECTED(Guest::boot(files, needs, options, patience));
  if (missing && shares_files) TRY_EXPECTED(fetch_symbols(files, *guest));
  return guest;
}

}  // namespace hyperdbg::lab
