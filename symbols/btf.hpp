// SPDX-License-Identifier: MIT
#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "symbols/symbol_file.hpp"

struct btf;

namespace hyperdbg {

// The file, and the type's number in it.
using BtfId = std::uint64_t;

// One type, with typedefs and qualifiers taken off.
struct BtfType {
  enum class Kind { none, integer, floating, pointer, array, structure, union_, enumeration, function, forward };
  Kind kind = Kind::none;
  BtfId id = 0;
  std::string name = {};   // of its tag; empty if it has none
  std::uint64_t size = 0;  // bytes
  bool is_signed = false;
  bool is_bool = false;
  BtfId element = 0;        // of a pointer or array
  std::uint64_t count = 0;  // elements of an array; 0 for one at a structure's end
};

// As declared: the members of an unnamed structure inside are that structure's, under one member without a name.
struct BtfMember {
  std::string name;
  BtfId type = 0;
  std::uint64_t bit_offset = 0;
  unsigned bit_size = 0;  // 0: no bit-field
};

enum class BtfName { structure, union_, enumeration, type };

// The kernel's own type information: where the members of its structures lie, whatever the version. Modules have files
// that continue the kernel's; they are read when a name is not among the kernel's own.
class Btf {
 public:
  // A file of type information alone (/sys/kernel/btf/vmlinux), or an ELF file with a .BTF section.
  // A module's file that cannot be read is left out.
  static Loaded<Btf> load(const std::filesystem::path& path, std::vector<std::filesystem::path> modules = {});

  BtfType type(BtfId id) const;
  std::vector<BtfMember> members(BtfId id) const;
  // The kernel's before the modules', those in the order of load().
  std::optional<BtfId> find(BtfName kind, std::string_view name) const;
  std::optional<std::int64_t> enumerator(std::string_view name) const;
  // All names of a kind, in no order.
  std::vector<std::string_view> names(BtfName kind) const;

  struct Member {
    std::uint64_t offset;  // bytes
    std::uint64_t size;    // bytes
  };
  // `member` may go deeper: "text_blk_lpos.begin". Members of unnamed structures and unions inside are found too.
  Loaded<Member> member(const std::string& structure, const std::string& member) const;
  Loaded<std::uint64_t> offset_of(const std::string& structure, const std::string& name) const;
  Loaded<std::uint64_t> size_of(const std::string& structure) const;

 private:
  struct Free {
    void operator()(btf* types) const;
  };
  // By name, because libbpf looks through all types each time. Names point into the file's types.
  struct Index {
    std::unordered_map<std::string_view, std::uint32_t> names[4];  // by BtfName
    std::unordered_map<std::string_view, std::int64_t> enumerators;

    void add(const btf* types, std::uint32_t first);
  };
  struct File {
    std::unique_ptr<btf, Free> types;
    Index index;  // of what it adds to the kernel's
  };

  Btf() = default;
  void index_kernel() const;
  void add_modules() const;
  BtfId id_in(std::size_t file, std::uint32_t number) const;
  const btf* kernel() const { return files_.front().types.get(); }
  const btf* file_of(BtfId id) const;
  // What `look` finds first.
  template <class Look>
  auto first(Look look) const -> decltype(look(0));

  std::uint32_t kernel_count_ = 0;   // of its types
  mutable std::vector<File> files_;  // the kernel's first
  mutable bool indexed_ = false;
  mutable std::vector<std::filesystem::path> modules_;  // not read yet
};

}  // namespace hyperdbg
