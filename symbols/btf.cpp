// SPDX-License-Identifier: MIT
#include "symbols/btf.hpp"

#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <fmt/format.h>

#include <cstring>
#include <optional>

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

Loaded<Btf> Btf::load(const std::filesystem::path& path) {
  libbpf_set_print(say_nothing);
  btf* types = btf__parse_raw(path.c_str());
  if (types == nullptr) return std::unexpected(fmt::format("cannot read types from '{}'", path.string()));
  return Btf(types);
}

Loaded<Btf::Member> Btf::member(const std::string& structure, const std::string& member) const {
  const __s32 id = btf__find_by_name_kind(types_.get(), structure.c_str(), BTF_KIND_STRUCT);
  if (id < 0) return std::unexpected(fmt::format("no structure '{}' in the kernel's types", structure));
  Found at{static_cast<__u32>(id), 0};
  for (std::size_t from = 0; from <= member.size();) {
    const std::size_t end = std::min(member.find('.', from), member.size());
    const auto next = find_member(types_.get(), at.type, std::string_view(member).substr(from, end - from));
    if (!next) return std::unexpected(fmt::format("no member '{}' in the kernel's 'struct {}'", member, structure));
    at = {next->type, at.bits + next->bits};
    from = end + 1;
  }
  const __s64 size = btf__resolve_size(types_.get(), at.type);
  return Member{at.bits / 8, size < 0 ? 0 : static_cast<std::uint64_t>(size)};
}

Loaded<std::uint64_t> Btf::offset_of(const std::string& structure, const std::string& name) const {
  const auto found = member(structure, name);
  if (!found) return std::unexpected(found.error());
  return found->offset;
}

Loaded<std::uint64_t> Btf::size_of(const std::string& structure) const {
  const __s32 id = btf__find_by_name_kind(types_.get(), structure.c_str(), BTF_KIND_STRUCT);
  if (id < 0) return std::unexpected(fmt::format("no structure '{}' in the kernel's types", structure));
  return static_cast<std::uint64_t>(btf__resolve_size(types_.get(), static_cast<__u32>(id)));
}

}  // namespace hyperdbg
