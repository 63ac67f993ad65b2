// SPDX-License-Identifier: MIT
#include "script/emit/linker.hpp"

#include <llvm/Object/ELFObjectFile.h>
#include <llvm/Support/LEB128.h>
#include <llvm/Support/MemoryBufferRef.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <stdexcept>
#include <string>

namespace hyperdbg::script {
namespace {

using File = llvm::object::ELFObjectFile<llvm::object::ELF64LE>;
using Section = llvm::object::SectionRef;

[[noreturn]] void refuse(const std::string& what) {
  throw std::runtime_error("the generated code contains " + what);
}

template <class T>
T unwrap(llvm::Expected<T> value) {
  if (!value) throw std::runtime_error(llvm::toString(value.takeError()));
  return std::move(*value);
}

class Linker {
 public:
  explicit Linker(std::span<const char> object)
      : file_(unwrap(File::create(llvm::MemoryBufferRef({object.data(), object.size()}, "script")))) {}

  LinkedBlob run() {
    place_sections(true);
    blob_.code_size = static_cast<std::uint32_t>(blob_.bytes.size());
    place_sections(false);
    for (const Section& section : file_.sections()) relocate(section);
    read_frames();
    return std::move(blob_);
  }

 private:
  static std::uint64_t flags(const Section& section) { return llvm::object::ELFSectionRef(section).getFlags(); }
  static bool is_loaded(const Section& section) { return flags(section) & llvm::ELF::SHF_ALLOC; }

  // Code first: the entry is the first byte.
  void place_sections(bool code) {
    for (const Section& section : file_.sections()) {
      if (!is_loaded(section) || section.isText() != code || section.getSize() == 0) continue;
      if (flags(section) & llvm::ELF::SHF_WRITE || section.isBSS()) refuse("data that can be written");
      const std::uint64_t alignment = section.getAlignment().value();
      if (alignment > 16) refuse("an alignment that blobs do not have");
      blob_.bytes.resize((blob_.bytes.size() + alignment - 1) & ~(alignment - 1), code ? 0xcc : 0);
      offsets_[section.getIndex()] = blob_.bytes.size();
      const llvm::StringRef contents = unwrap(section.getContents());
      blob_.bytes.insert(blob_.bytes.end(), contents.bytes_begin(), contents.bytes_end());
    }
  }

  void relocate(const Section& section) {
    const auto target = unwrap(section.getRelocatedSection());
    if (target == file_.section_end() || !is_loaded(*target)) return;
    for (const auto& relocation : section.relocations()) apply(*target, relocation);
  }

  std::uint64_t address_of(const llvm::object::SymbolRef& symbol) {
    if (unwrap(symbol.getFlags()) & llvm::object::BasicSymbolRef::SF_Undefined)
      refuse("a call to `" + unwrap(symbol.getName()).str() + "`");
    const auto place = offsets_.find(unwrap(symbol.getSection())->getIndex());
    if (place == offsets_.end()) refuse("a reference to a section that is not loaded");
    return place->second + unwrap(symbol.getValue());
  }

  void apply(const Section& target, const llvm::object::RelocationRef& relocation) {
    const bool wide = relocation.getType() == llvm::ELF::R_X86_64_PC64;
    if (!wide && relocation.getType() != llvm::ELF::R_X86_64_PC32 && relocation.getType() != llvm::ELF::R_X86_64_PLT32)
      refuse("a relocation of type " + std::to_string(relocation.getType()));
    if (relocation.getSymbol() == file_.symbol_end()) refuse("a relocation without a symbol");
    const std::uint64_t place = offsets_.at(target.getIndex()) + relocation.getOffset();
    const std::int64_t addend = unwrap(llvm::object::ELFRelocationRef(relocation).getAddend());
    const std::uint64_t value = address_of(*relocation.getSymbol()) + static_cast<std::uint64_t>(addend) - place;
    const std::size_t size = wide ? 8 : 4;
    if (place + size > blob_.bytes.size()) refuse("a relocation outside of its section");
    std::memcpy(blob_.bytes.data() + place, &value, size);
  }

  // Each entry is the address of a function and the size of its frame as a ULEB128.
  void read_frames() {
    for (const Section& section : file_.sections()) {
      if (unwrap(section.getName()) != ".stack_sizes") continue;
      const llvm::StringRef contents = unwrap(section.getContents());
      const std::uint8_t* next = contents.bytes_begin();
      while (contents.bytes_end() - next > 8) {
        unsigned length = 0;
        const std::uint64_t frame = llvm::decodeULEB128(next + 8, &length, contents.bytes_end());
        blob_.stack_need += static_cast<std::uint32_t>(frame) + 8;
        next += 8 + length;
      }
    }
  }

  File file_;
  LinkedBlob blob_;
  std::map<std::uint64_t, std::uint64_t> offsets_;  // of a section in the blob, by its index
};

}  // namespace

LinkedBlob link_object(std::span<const char> object) {
  return Linker(object).run();
}

}  // namespace hyperdbg::script
