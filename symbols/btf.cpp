// SPDX-License-Identifier: MIT
#include "symbols/btf.hpp"

#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <fmt/format.h>

#include <cstring>
#include <optional>
#include <utility>

namespace hyperdbg {
namespace {

struct Found {
  __u32 type;
  std::uint64_t bits;
};

int say_nothing(libbpf_print_level, const char*, va_list) {
  return 0;
}

const btf_type* without_qualifiers(const btf* types, __u32& id) {
  const btf_type* type = btf__type_by_id(types, id);
  while (type != nullptr && (btf_is_mod(type) || btf_is_typedef(type))) {
    id = type->type;
    type = btf__type_by_id(types, id);
  }
  return type;
}

std::optional<Found> find_member(const btf* types, __u32 structure, std::string_view name) {
  const btf_type* type = without_qualifiers(types, structure);
  if (type == nullptr || !btf_is_composite(type)) return std::nullopt;
  const btf_member* members = btf_members(type);
  for (__u32 i = 0; i < btf_vlen(type); ++i) {
    const char* member_name = btf__name_by_offset(types, members[i].name_off);
    const std::uint64_t bits = btf_member_bit_offset(type, i);
    if (member_name != nullptr && name == member_name) return Found{members[i].type, bits};
    if (member_name != nullptr && *member_name != '\0') continue;
    if (const auto inside = find_member(types, members[i].type, name)) return Found{inside->type, bits + inside->bits};
  }
  return std::nullopt;
}

}  // namespace

void Btf::Free::operator()(btf* types) const {
  btf__free(types);
}

Loaded<Btf> Btf::load(const std::filesystem::path& path, std::vector<std::filesystem::path> modules) {
  libbpf_set_print(say_nothing);
  btf* types = btf__parse(path.c_str(), nullptr);
  if (types == nullptr) return std::unexpected(fmt::format("cannot read types from '{}'", path.string()));
  Btf all;
  all.files_.push_back({.types = std::unique_ptr<btf, Free>(types), .index = {}});
  all.kernel_count_ = btf__type_cnt(types);
  all.modules_ = std::move(modules);
  return all;
}

BtfId Btf::id_in(std::size_t file, std::uint32_t number) const {
  return number < kernel_count_ ? number : BtfId{file} << 32 | number;
}

const btf* Btf::file_of(BtfId id) const {
  return files_[id >> 32].types.get();
}

namespace {

std::string text_at(const btf* types, __u32 offset) {
  const char* text = btf__name_by_offset(types, offset);
  return text != nullptr ? text : "";
}

void describe(const btf_type& type, BtfType& found) {
  using Kind = BtfType::Kind;
  switch (btf_kind(&type)) {
    case BTF_KIND_INT:
      found.kind = Kind::integer;
      found.is_signed = (btf_int_encoding(&type) & BTF_INT_SIGNED) != 0;
      found.is_bool = (btf_int_encoding(&type) & BTF_INT_BOOL) != 0;
      break;
    case BTF_KIND_FLOAT:
      found.kind = Kind::floating;
      break;
    case BTF_KIND_PTR:
      found.kind = Kind::pointer;
      found.element = type.type;
      break;
    case BTF_KIND_ARRAY:
      found.kind = Kind::array;
      found.element = btf_array(&type)->type;
      found.count = btf_array(&type)->nelems;
      break;
    case BTF_KIND_STRUCT:
      found.kind = Kind::structure;
      break;
    case BTF_KIND_UNION:
      found.kind = Kind::union_;
      break;
    case BTF_KIND_ENUM:
    case BTF_KIND_ENUM64:
      found.kind = Kind::enumeration;
      found.is_signed = btf_kflag(&type);
      break;
    case BTF_KIND_FUNC_PROTO:
      found.kind = Kind::function;
      break;
    case BTF_KIND_FWD:
      found.kind = Kind::forward;
      break;
    default:
      break;
  }
}

std::optional<BtfName> name_kind(const btf_type& type) {
  switch (btf_kind(&type)) {
    case BTF_KIND_STRUCT:
      return BtfName::structure;
    case BTF_KIND_UNION:
      return BtfName::union_;
    case BTF_KIND_ENUM:
    case BTF_KIND_ENUM64:
      return BtfName::enumeration;
    case BTF_KIND_TYPEDEF:
      return BtfName::type;
    default:
      return std::nullopt;
  }
}

}  // namespace

BtfType Btf::type(BtfId id) const {
  const btf* types = file_of(id);
  auto number = static_cast<__u32>(id);
  const btf_type* type = without_qualifiers(types, number);
  BtfType found;
  found.id = id_in(id >> 32, number);
  if (type == nullptr || number == 0) return found;
  describe(*type, found);
  found.element = id_in(id >> 32, static_cast<__u32>(found.element));
  found.name = text_at(types, type->name_off);
  const __s64 size = btf__resolve_size(types, number);
  found.size = size < 0 ? 0 : static_cast<std::uint64_t>(size);
  return found;
}

std::vector<BtfMember> Btf::members(BtfId id) const {
  const btf* types = file_of(id);
  auto number = static_cast<__u32>(id);
  const btf_type* type = without_qualifiers(types, number);
  std::vector<BtfMember> found;
  if (type == nullptr || !btf_is_composite(type)) return found;
  for (__u32 i = 0; i < btf_vlen(type); ++i) {
    const btf_member& member = btf_members(type)[i];
    found.push_back({text_at(types, member.name_off), id_in(id >> 32, member.type), btf_member_bit_offset(type, i),
                     btf_member_bitfield_size(type, i)});
  }
  return found;
}

void Btf::Index::add(const btf* types, std::uint32_t first) {
  for (__u32 id = first; id < btf__type_cnt(types); ++id) {
    const btf_type* type = btf__type_by_id(types, id);
    const auto kind = name_kind(*type);
    if (!kind) continue;
    const char* name = btf__name_by_offset(types, type->name_off);
    if (name != nullptr && *name != '\0') names[static_cast<int>(*kind)].try_emplace(name, id);
    if (btf_is_enum(type)) {
      for (__u32 i = 0; i < btf_vlen(type); ++i)
        enumerators.try_emplace(btf__name_by_offset(types, btf_enum(type)[i].name_off), btf_enum(type)[i].val);
    } else if (btf_is_enum64(type)) {
      for (__u32 i = 0; i < btf_vlen(type); ++i)
        enumerators.try_emplace(btf__name_by_offset(types, btf_enum64(type)[i].name_off),
                                static_cast<std::int64_t>(btf_enum64_value(&btf_enum64(type)[i])));
    }
  }
}

void Btf::index_kernel() const {
  if (std::exchange(indexed_, true)) return;
  files_.front().index.add(kernel(), 1);
}

void Btf::add_modules() const {
  for (const std::filesystem::path& path : std::exchange(modules_, {})) {
    File file{.types = std::unique_ptr<btf, Free>(btf__parse_split(path.c_str(), files_.front().types.get())),
              .index = {}};
    if (!file.types) continue;
    file.index.add(file.types.get(), kernel_count_);
    files_.push_back(std::move(file));
  }
}

template <class Look>
auto Btf::first(Look look) const -> decltype(look(0)) {
  index_kernel();
  if (auto found = look(0)) return found;
  add_modules();
  for (std::size_t file = 1; file < files_.size(); ++file)
    if (auto found = look(file)) return found;
  return std::nullopt;
}

std::optional<BtfId> Btf::find(BtfName kind, std::string_view name) const {
  return first([&](std::size_t file) -> std::optional<BtfId> {
    const auto& names = files_[file].index.names[static_cast<int>(kind)];
    const auto found = names.find(name);
    return found == names.end() ? std::nullopt : std::optional(id_in(file, found->second));
  });
}

std::optional<std::int64_t> Btf::enumerator(std::string_view name) const {
  return first([&](std::size_t file) -> std::optional<std::int64_t> {
    const auto& enumerators = files_[file].index.enumerators;
    const auto found = enumerators.find(name);
    return found == enumerators.end() ? std::nullopt : std::optional(found->second);
  });
}

std::vector<std::string_view> Btf::names(BtfName kind) const {
  index_kernel();
  add_modules();
  std::vector<std::string_view> all;
  for (const File& file : files_)
    for (const auto& [name, id] : file.index.names[static_cast<int>(kind)]) all.push_back(name);
  return all;
}

Loaded<Btf::Member> Btf::member(const std::string& structure, const std::string& member) const {
  const __s32 id = btf__find_by_name_kind(kernel(), structure.c_str(), BTF_KIND_STRUCT);
  if (id < 0) return std::unexpected(fmt::format("no structure '{}' in the kernel's types", structure));
  Found at{static_cast<__u32>(id), 0};
  for (std::size_t from = 0; from <= member.size();) {
    const std::size_t end = std::min(member.find('.', from), member.size());
    const auto next = find_member(kernel(), at.type, std::string_view(member).substr(from, end - from));
    if (!next) return std::unexpected(fmt::format("no member '{}' in the kernel's 'struct {}'", member, structure));
    at = {next->type, at.bits + next->bits};
    from = end + 1;
  }
  const __s64 size = btf__resolve_size(kernel(), at.type);
  return Member{at.bits / 8, size < 0 ? 0 : static_cast<std::uint64_t>(size)};
}

Loaded<std::uint64_t> Btf::offset_of(const std::string& structure, const std::string& name) const {
  const auto found = member(structure, name);
  if (!found) return std::unexpected(found.error());
  return found->offset;
}

Loaded<std::uint64_t> Btf::size_of(const std::string& structure) const {
  const __s32 id = btf__find_by_name_kind(kernel(), structure.c_str(), BTF_KIND_STRUCT);
  if (id < 0) return std::unexpected(fmt::format("no structure '{}' in the kernel's types", structure));
  return static_cast<std::uint64_t>(btf__resolve_size(kernel(), static_cast<__u32>(id)));
}

}  // namespace hyperdbg
