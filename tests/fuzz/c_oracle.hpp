// SPDX-License-Identifier: MIT
#pragma once
#include <expected>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/fuzz/oracle_state.h"
#include "tests/fuzz/program_maker.hpp"

namespace hyperdbg::fuzz {

// Programs in C, compiled by gcc into one library and opened in this process.
class CompiledBatch {
 public:
  // Files are made in `folder`; the error is what the compiler said.
  static std::expected<CompiledBatch, std::string> create(const std::vector<TwinProgram>& programs,
                                                          const std::filesystem::path& folder);
  CompiledBatch(CompiledBatch&& other) noexcept : handle_(other.handle_) { other.handle_ = nullptr; }
  CompiledBatch& operator=(CompiledBatch&&) = delete;
  ~CompiledBatch();

  oracle_program* program(const std::string& name) const;

 private:
  explicit CompiledBatch(void* library) : handle_(library) {}

  void* handle_;
};

}  // namespace hyperdbg::fuzz
