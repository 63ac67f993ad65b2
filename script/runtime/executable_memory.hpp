// SPDX-License-Identifier: MIT
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace hyperdbg::script {

// A copy of code in pages of its own: first writable, then executable, never both.
class ExecutableMemory {
 public:
  static std::optional<ExecutableMemory> create(std::span<const std::uint8_t> code);

  ExecutableMemory(ExecutableMemory&& other) noexcept : address_(other.address_), size_(other.size_) {
    other.address_ = nullptr;
  }
  ExecutableMemory& operator=(ExecutableMemory&&) = delete;
  ~ExecutableMemory();

  const void* address() const { return address_; }

 private:
  ExecutableMemory(void* address, std::size_t size) : address_(address), size_(size) {}

  void* address_;
  std::size_t size_;
};

}  // namespace hyperdbg::script
