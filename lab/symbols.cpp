// SPDX-License-Identifier: MIT
#include "lab/symbols.hpp"

#include <fstream>

namespace hyperdbg::lab {

namespace fs = std::filesystem;

Expected<void> ensure_symbols(const Files& files, Guest& guest) {
  // The stamp lists what was fetched: if one of those is gone, everything is fetched again.
  const fs::path stamp = files.symbols() / (files.release + ".files");
  bool complete = fs::exists(stamp);
  std::ifstream list(stamp);
  for (std::string name; complete && std::getline(list, name);) complete = fs::exists(files.symbols() / name);
  if (complete) return {};

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
  std::ofstream(stamp) << names;
  return {};
}

}  // namespace hyperdbg::lab
