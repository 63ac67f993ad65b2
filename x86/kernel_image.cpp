// SPDX-License-Identifier: MIT
#include "x86/kernel_image.hpp"

#include <elf.h>
#include <lzma.h>
#include <zstd.h>

#include <cstring>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace hyperdbg::x86 {
namespace {

template <class T>
T read_at(std::span<const u8> bytes, std::size_t offset) {
  if (offset > bytes.size() || bytes.size() - offset < sizeof(T)) throw std::runtime_error("file is cut off");
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof(value));
  return value;
}

std::span<const u8> part_of(std::span<const u8> bytes, u64 offset, u64 size) {
  if (offset > bytes.size() || bytes.size() - offset < size) throw std::runtime_error("file is cut off");
  return bytes.subspan(offset, size);
}

bool starts_with(std::span<const u8> bytes, std::string_view magic) {
  return bytes.size() >= magic.size() && std::memcmp(bytes.data(), magic.data(), magic.size()) == 0;
}

std::vector<u8> unpack_xz(std::span<const u8> payload, std::size_t size) {
  std::vector<u8> result(size);
  std::size_t in = 0;
  std::size_t out = 0;
  u64 memory_limit = 1u << 30;
  const auto status = lzma_stream_buffer_decode(&memory_limit, 0, nullptr, payload.data(), &in, payload.size(),
                                                result.data(), &out, result.size());
  if (status != LZMA_OK || out != size) throw std::runtime_error("damaged xz payload");
  return result;
}

std::vector<u8> unpack_zstd(std::span<const u8> payload, std::size_t size) {
  std::vector<u8> result(size);
  const std::size_t frame = ZSTD_findFrameCompressedSize(payload.data(), payload.size());
  if (ZSTD_isError(frame) || ZSTD_decompress(result.data(), size, payload.data(), frame) != size)
    throw std::runtime_error("damaged zstd payload");
  return result;
}

// Linux, Documentation/arch/x86/boot.rst: offsets of the setup header. The payload ends with its unpacked size.
std::vector<u8> unpack_payload(std::span<const u8> image) {
  const u64 setup_sectors = read_at<u8>(image, 0x1f1);
  const u64 start = (setup_sectors + 1) * 512 + read_at<u32>(image, 0x248);
  const auto payload = part_of(image, start, read_at<u32>(image, 0x24c));
  if (payload.size() < 4) throw std::runtime_error("empty payload");
  const u32 size = read_at<u32>(payload, payload.size() - 4);
  if (starts_with(payload, "\xfd\x37zXZ")) return unpack_xz(payload.first(payload.size() - 4), size);
  if (starts_with(payload, "\x28\xb5\x2f\xfd")) return unpack_zstd(payload, size);
  throw std::runtime_error("the kernel is compressed with neither xz nor zstd");
}

}  // namespace

std::vector<u8> read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot open " + path.string());
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::vector<u8> unpack_kernel(std::vector<u8> file) {
  const bool is_bzimage = file.size() > 0x250 && starts_with(std::span(file).subspan(0x202), "HdrS");
  return is_bzimage ? unpack_payload(file) : file;
}

std::vector<CodeSection> code_sections(std::span<const u8> file) {
  if (!starts_with(file, ELFMAG)) return {{"all", file}};
  const auto header = read_at<Elf64_Ehdr>(file, 0);
  const auto names = read_at<Elf64_Shdr>(file, header.e_shoff + header.e_shstrndx * sizeof(Elf64_Shdr));
  std::vector<CodeSection> result;
  for (unsigned i = 0; i < header.e_shnum; ++i) {
    const auto section = read_at<Elf64_Shdr>(file, header.e_shoff + i * sizeof(Elf64_Shdr));
    if ((section.sh_flags & SHF_EXECINSTR) == 0 || section.sh_type == SHT_NOBITS) continue;
    const auto name = part_of(file, names.sh_offset, names.sh_size).subspan(section.sh_name);
    result.push_back({reinterpret_cast<const char*>(name.data()), part_of(file, section.sh_offset, section.sh_size)});
  }
  return result;
}

}  // namespace hyperdbg::x86
