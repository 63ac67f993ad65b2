// SPDX-License-Identifier: MIT
#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "symbols/symbol_file.hpp"

struct btf;

namespace hyperdbg {

// The kernel's own type information: where the members of its structures lie, whatever the version.
class Btf {
 public:
  static Loaded<Btf> load(const std::filesystem::path& path);

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
  explicit Btf(btf* types) : types_(types) {}

  std::unique_ptr<btf, Free> types_;
};

}  // namespace hyperdbg
