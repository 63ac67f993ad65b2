// SPDX-License-Identifier: MIT
#include "script/library.hpp"

#include <dlfcn.h>

#include <array>
#include <filesystem>
#include <string_view>
#include <system_error>

#include "abi/version.h"

namespace hyperdbg::script {
namespace {

constexpr const char* file_name = "hyperdbg-compiler.so";

std::array<std::filesystem::path, 3> candidates() {
  std::error_code error;
  const auto folder = std::filesystem::read_symlink("/proc/self/exe", error).parent_path();
  return {folder / file_name, folder.parent_path() / "lib/hyperdbg" / file_name,
          std::filesystem::path("/usr/lib/hyperdbg") / file_name};
}

std::expected<const CompilerModule*, std::string> open(const std::filesystem::path& path) {
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!library) return std::unexpected("the script compiler cannot be opened: " + std::string(dlerror()));
  const auto entry = reinterpret_cast<CompilerModuleFunction*>(dlsym(library, compiler_module_symbol));
  const CompilerModule* module = entry ? entry() : nullptr;
  if (module && std::string_view(module->version) == HYPERDBG_VERSION &&
      module->expression_size == sizeof(Expression) && module->statement_size == sizeof(Statement))
    return module;
  dlclose(library);
  return std::unexpected("the script compiler " + path.string() + " belongs to another version of HyperDbg; " +
                         "install both from one release");
}

}  // namespace

std::expected<const CompilerModule*, std::string> open_compiler_module() {
  std::string searched;
  for (const std::filesystem::path& path : candidates()) {
    std::error_code error;
    if (std::filesystem::exists(path, error)) return open(path);
    searched += (searched.empty() ? "" : ", ") + path.parent_path().string();
  }
  return std::unexpected("the script compiler " + std::string(file_name) + " was not found in " + searched);
}

}  // namespace hyperdbg::script
