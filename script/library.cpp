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

std::array<std::filesystem::path, 3> candidates(const std::string& file_name) {
  std::error_code error;
  const auto folder = std::filesystem::read_symlink("/proc/self/exe", error).parent_path();
  return {folder / file_name, folder.parent_path() / "lib/hyperdbg" / file_name,
          std::filesystem::path("/usr/lib/hyperdbg") / file_name};
}

}  // namespace

void* Library::symbol(const char* name) const {
  return dlsym(handle, name);
}

std::expected<Library, std::string> open_library(const std::string& file_name, const std::string& what) {
  std::string searched;
  for (const std::filesystem::path& path : candidates(file_name)) {
    std::error_code error;
    if (std::filesystem::exists(path, error)) {
      void* handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
      if (!handle) return std::unexpected(what + " cannot be opened: " + dlerror());
      return Library{path.string(), handle};
    }
    searched += (searched.empty() ? "" : ", ") + path.parent_path().string();
  }
  return std::unexpected(what + " " + file_name + " was not found in " + searched);
}

std::expected<const CompilerModule*, std::string> open_compiler_module() {
  const auto library = open_library("hyperdbg-compiler.so", "the script compiler");
  if (!library) return std::unexpected(library.error());
  const auto entry = reinterpret_cast<CompilerModuleFunction*>(library->symbol(compiler_module_symbol));
  const CompilerModule* module = entry ? entry() : nullptr;
  if (module && std::string_view(module->version) == HYPERDBG_VERSION &&
      module->expression_size == sizeof(Expression) && module->statement_size == sizeof(Statement))
    return module;
  dlclose(library->handle);
  return std::unexpected("the script compiler " + library->path +
                         " belongs to another version of HyperDbg; install both "
                         "from one release");
}

}  // namespace hyperdbg::script
