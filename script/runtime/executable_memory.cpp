// SPDX-License-Identifier: MIT
#include "script/runtime/executable_memory.hpp"

#include <sys/mman.h>

#include <cstring>

namespace hyperdbg::script {

std::optional<ExecutableMemory> ExecutableMemory::create(std::span<const std::uint8_t> code) {
  const std::size_t size = code.size() + 1;  // never empty
  void* address = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (address == MAP_FAILED) return std::nullopt;
  ExecutableMemory memory(address, size);
  std::memcpy(address, code.data(), code.size());
  if (mprotect(address, size, PROT_READ | PROT_EXEC) != 0) return std::nullopt;
  return memory;
}

ExecutableMemory::~ExecutableMemory() {
  if (address_) munmap(address_, size_);
}

}  // namespace hyperdbg::script
