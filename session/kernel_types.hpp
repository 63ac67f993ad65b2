// SPDX-License-Identifier: MIT
#pragma once
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "script/syntax/types.hpp"
#include "symbols/btf.hpp"

namespace hyperdbg {

// A kernel's types for scripts, out of its BTF and its modules'. The file is read when a script first asks for a type,
// and a structure's members when a script looks into it.
class KernelTypes final : public script::ForeignTypes {
 public:
  explicit KernelTypes(std::filesystem::path file) : file_(std::move(file)), identity_(file_.string()) {}

  std::optional<script::Type> tagged(script::Tag tag, std::string_view name) override;
  std::optional<script::Type> named(std::string_view name) override;
  std::optional<std::int64_t> enumerator(std::string_view name) override;
  void complete(const script::Structure& structure) override;
  std::string hint(script::Tag tag, std::string_view name) override;
  std::string_view identity() const override { return identity_; }
  // Of a member of a structure; nothing if the types are not known.
  std::optional<std::uint64_t> offset_of(const std::string& structure, const std::string& member);

 private:
  const Btf* types();
  script::Type type_of(BtfId id, std::string_view alias = {});
  std::shared_ptr<const script::Structure> structure_of(const BtfType& type, std::string_view alias);
  void add_members(script::Structure& structure, BtfId id, std::uint64_t offset);

  std::filesystem::path file_;
  std::string identity_;
  std::optional<Loaded<Btf>> types_;
  std::map<BtfId, std::unique_ptr<script::Structure>> structures_;
};

}  // namespace hyperdbg
