// SPDX-License-Identifier: MIT
#include "tests/fuzz/c_oracle.hpp"

#include <dlfcn.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

namespace hyperdbg::fuzz {
namespace {

std::string contents(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

}  // namespace

std::expected<CompiledBatch, std::string> CompiledBatch::create(const std::vector<TwinProgram>& programs,
                                                                const std::filesystem::path& folder) {
  const std::string source = folder / "batch.c";
  const std::string library = folder / "batch.so";
  const std::string said = folder / "batch.log";
  {
    std::ofstream file(source);
    file << "#include \"oracle.h\"\n";
    for (const TwinProgram& one : programs) file << one.c;
  }
  // -O1: the optimizer of the oracle shall stay simple. Scripts wrap and alias freely, so C has to.
  const std::string command =
      "gcc -std=gnu17 -O1 -fwrapv -fno-strict-aliasing -ffp-contract=off -w -shared -fPIC "
      "-fvisibility=hidden -I " HYPERDBG_FUZZ_FOLDER " -o " +
      library + " " + source + " >" + said + " 2>&1";
  if (std::system(command.c_str()) != 0) return std::unexpected(contents(said));
  void* opened = dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
  std::filesystem::remove(library);  // the next one of this name is another file
  if (!opened) return std::unexpected(std::string(dlerror()));
  return CompiledBatch(opened);
}

CompiledBatch::~CompiledBatch() {
  if (handle_) dlclose(handle_);
}

oracle_program* CompiledBatch::program(const std::string& name) const {
  return reinterpret_cast<oracle_program*>(dlsym(handle_, name.c_str()));
}

}  // namespace hyperdbg::fuzz
