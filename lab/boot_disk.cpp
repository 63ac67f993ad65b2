// SPDX-License-Identifier: MIT
#include "lab/boot_disk.hpp"

#include <elf.h>
#include <string.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <vector>

namespace hyperdbg::lab {
namespace {

constexpr std::size_t sector_size = 512;
constexpr std::size_t table_at = 510 - 4 * 12;  // in the first sector
constexpr std::size_t entry_at = table_at - 4;
// Bochs counts a disk in cylinders of 16 heads and 63 sectors.
constexpr std::size_t cylinder_size = 16 * 63 * sector_size;

constexpr std::uint32_t parameters_address = 0x90000;
constexpr std::uint32_t command_line_address = parameters_address + 0x1000;
constexpr std::size_t parameters_size = 0x2000;  // with the command line
// The BIOS keeps its tables at the end of memory.
constexpr std::uint64_t reserved_at_end = 16 << 20;

// Linux, Documentation/x86/boot.rst, "The Real-Mode Kernel Header": offsets in the file and in the boot parameters.
namespace header {
constexpr std::size_t first = 0x1f1;
constexpr std::size_t magic = 0x202;
constexpr std::size_t end_of_header = 0x201;  // one byte, counted from 0x202
constexpr std::size_t type_of_loader = 0x210;
constexpr std::size_t initramfs_address = 0x218;
constexpr std::size_t initramfs_size = 0x21c;
constexpr std::size_t command_line = 0x228;
constexpr std::size_t kernel_span = 0x260;  // memory from its address on, with what is no part of the file
}  // namespace header

Expected<std::string> read_file(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(stream), {}};
  if (bytes.empty()) return fail("cannot read {}", path.string());
  return bytes;
}

void put32(std::string& bytes, std::size_t at, std::uint64_t value) {
  const auto narrow = static_cast<std::uint32_t>(value);
  memcpy(bytes.data() + at, &narrow, sizeof(narrow));
}

Expected<std::string> boot_parameters(const std::string& packed, const std::string& line) {
  if (packed.size() < 0x1000 || packed.compare(header::magic, 4, "HdrS") != 0) {
    return fail("the kernel's file has no setup header");
  }
  std::string parameters(parameters_size, '\0');
  const std::size_t end = header::magic + static_cast<unsigned char>(packed[header::end_of_header]);
  parameters.replace(header::first, end - header::first, packed, header::first, end - header::first);
  parameters[header::type_of_loader] = '\xff';
  put32(parameters, header::command_line, command_line_address);
  const std::size_t at = command_line_address - parameters_address;
  if (line.size() >= parameters_size - at) return fail("the kernel's command line is too long: {}", line);
  parameters.replace(at, line.size(), line);
  return parameters;
}

struct Kernel {
  std::uint32_t address;
  std::uint32_t entry;
  std::string bytes;
};

template <class Structure>
Structure get(const std::string& bytes, std::size_t at) {
  Structure value;
  memcpy(&value, bytes.data() + at, sizeof(value));
  return value;
}

// The kernel as it lies in memory. A processor of x86-64 and a linker of Linux's wrote the file: it is not doubted.
Expected<Kernel> lay_out(const std::string& file) {
  if (file.size() < sizeof(Elf64_Ehdr) || !file.starts_with(ELFMAG)) return fail("the unpacked kernel is no ELF file");
  const auto elf = get<Elf64_Ehdr>(file, 0);
  std::vector<Elf64_Phdr> segments;
  for (unsigned i = 0; i < elf.e_phnum; i++) {
    const auto segment = get<Elf64_Phdr>(file, elf.e_phoff + i * sizeof(Elf64_Phdr));
    if (segment.p_type == PT_LOAD) segments.push_back(segment);
  }
  Kernel kernel{UINT32_MAX, static_cast<std::uint32_t>(elf.e_entry), {}};
  for (const Elf64_Phdr& segment : segments) {
    kernel.address = std::min(kernel.address, static_cast<std::uint32_t>(segment.p_paddr));
  }
  for (const Elf64_Phdr& segment : segments) {
    const std::size_t at = segment.p_paddr - kernel.address;
    kernel.bytes.resize(std::max(kernel.bytes.size(), at + segment.p_filesz));
    kernel.bytes.replace(at, segment.p_filesz, file, segment.p_offset, segment.p_filesz);
  }
  // Most of its end are variables that start as zero, as memory does.
  kernel.bytes.resize(kernel.bytes.find_last_not_of('\0') + 1);
  return kernel;
}

// Adds pieces at the next sector and lists them in the first one.
class Disk {
 public:
  Disk(std::string first_sector, std::uint32_t entry) : bytes_(std::move(first_sector)) {
    put32(bytes_, entry_at, entry);
  }

  void add(const std::string& piece, std::uint32_t address) {
    const std::size_t sectors = (piece.size() + sector_size - 1) / sector_size;
    put32(bytes_, entry_, bytes_.size() / sector_size);
    put32(bytes_, entry_ + 4, sectors);
    put32(bytes_, entry_ + 8, address);
    entry_ += 12;
    bytes_ += piece;
    bytes_.resize((bytes_.size() + sector_size - 1) / sector_size * sector_size);
  }

  std::string finish() {
    bytes_.resize((bytes_.size() + cylinder_size - 1) / cylinder_size * cylinder_size);
    return std::move(bytes_);
  }

 private:
  std::string bytes_;
  std::size_t entry_ = table_at;
};

}  // namespace

Expected<void> write_boot_disk(const BootFiles& files, const std::string& command_line, std::uint64_t memory,
                               const std::filesystem::path& to) {
  const std::string packed = TRY_EXPECTED(read_file(files.packed));
  std::string parameters = TRY_EXPECTED(boot_parameters(packed, command_line));
  const std::string unpacked = TRY_EXPECTED(read_file(files.kernel));
  const Kernel kernel = TRY_EXPECTED(lay_out(unpacked));
  const std::string initramfs = TRY_EXPECTED(read_file(files.initramfs));
  const std::uint64_t span = kernel.address + get<std::uint32_t>(parameters, header::kernel_span);
  if (span + initramfs.size() + reserved_at_end > memory) return fail("the guest's memory is too small for its files");
  const auto at = static_cast<std::uint32_t>((memory - reserved_at_end - initramfs.size()) & ~std::uint64_t{0xfff});
  put32(parameters, header::initramfs_address, at);
  put32(parameters, header::initramfs_size, initramfs.size());

  std::string sector = TRY_EXPECTED(read_file(files.sector));
  if (sector.size() != sector_size) return fail("{} is not one sector", files.sector.string());
  Disk disk(std::move(sector), kernel.entry);
  disk.add(parameters, parameters_address);
  disk.add(kernel.bytes, kernel.address);
  disk.add(initramfs, at);
  std::ofstream stream(to, std::ios::binary);
  stream << disk.finish();
  if (!stream.flush()) return fail("cannot write {}", to.string());
  return {};
}

}  // namespace hyperdbg::lab
