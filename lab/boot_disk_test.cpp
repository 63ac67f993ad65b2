// SPDX-License-Identifier: MIT
#include "lab/boot_disk.hpp"

#include <elf.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <string.h>

#include <fstream>
#include <iterator>

namespace hyperdbg::lab {
namespace {

template <class Value>
void put(std::string& bytes, std::size_t at, Value value) {
  if (bytes.size() < at + sizeof(value)) bytes.resize(at + sizeof(value));
  memcpy(bytes.data() + at, &value, sizeof(value));
}

template <class Value>
Value get(const std::string& bytes, std::size_t at) {
  Value value{};
  if (bytes.size() >= at + sizeof(value)) memcpy(&value, bytes.data() + at, sizeof(value));
  return value;
}

// A kernel of two segments with a hole between them, its entry behind its beginning, and variables at its end.
std::string small_kernel() {
  std::string file;
  Elf64_Ehdr elf{};
  memcpy(elf.e_ident, ELFMAG, SELFMAG);
  elf.e_entry = 0x1000b53;
  elf.e_phoff = sizeof(elf);
  elf.e_phnum = 2;
  Elf64_Phdr text{}, data{};
  text.p_type = data.p_type = PT_LOAD;
  text.p_offset = 0x200;
  text.p_paddr = 0x1000000;
  text.p_filesz = text.p_memsz = 4;
  data.p_offset = 0x300;
  data.p_paddr = 0x1001000;
  data.p_filesz = data.p_memsz = 0x800;
  put(file, 0, elf);
  put(file, sizeof(elf), data);
  put(file, sizeof(elf) + sizeof(data), text);
  file.resize(0xb00);
  file.replace(0x200, 4, "text");
  file.replace(0x300, 4, "data");
  return file;
}

std::string small_setup() {
  std::string file(0x1000, '\0');
  file.replace(0x202, 4, "HdrS");
  file[0x201] = 0x6a;
  put<std::uint32_t>(file, 0x260, 0x3000);
  return file;
}

class BootDisk : public testing::Test {
 protected:
  BootDisk() {
    write("sector", std::string(512, '\0'));
    write("packed", small_setup());
    write("kernel", small_kernel());
    write("initramfs", "archive");
  }
  ~BootDisk() override { std::filesystem::remove_all(directory_); }

  void write(const char* name, const std::string& bytes) { std::ofstream(directory_ / name) << bytes; }

  Expected<void> make(const std::string& command_line, std::uint64_t memory = 64 << 20) {
    const BootFiles files{directory_ / "sector", directory_ / "packed", directory_ / "kernel",
                          directory_ / "initramfs"};
    TRY_EXPECTED(write_boot_disk(files, command_line, memory, directory_ / "disk"));
    std::ifstream stream(directory_ / "disk");
    disk_.assign(std::istreambuf_iterator<char>(stream), {});
    return {};
  }

  struct Entry {
    std::uint32_t sector, sectors, address;
  };
  Entry entry(unsigned index) { return get<Entry>(disk_, 510 - 48 + 12 * index); }
  std::string piece(const Entry& entry) { return disk_.substr(entry.sector * 512, entry.sectors * 512); }

  char name_[32] = "/tmp/boot_disk_test.XXXXXX";
  std::filesystem::path directory_{mkdtemp(name_)};
  std::string disk_;
};

TEST_F(BootDisk, ListsItsPieces) {
  ASSERT_TRUE(make("quiet"));
  EXPECT_EQ(disk_.size() % (16 * 63 * 512), 0u);
  EXPECT_EQ(get<std::uint32_t>(disk_, 510 - 48 - 4), 0x1000b53u);
  const std::string parameters = piece(entry(0));
  EXPECT_EQ(entry(0).sector, 1u);
  EXPECT_STREQ(parameters.c_str() + (get<std::uint32_t>(parameters, 0x228) - entry(0).address), "quiet");

  const std::string kernel = piece(entry(1));
  EXPECT_EQ(entry(1).address, 0x1000000u);
  EXPECT_EQ(entry(1).sectors, 9u) << "zeros at the end are left out";
  EXPECT_EQ(kernel.substr(0, 4), "text");
  EXPECT_EQ(kernel.substr(0x1000, 4), "data");

  EXPECT_EQ(entry(2).address, get<std::uint32_t>(parameters, 0x218));
  EXPECT_EQ(get<std::uint32_t>(parameters, 0x21c), 7u);
  EXPECT_EQ(piece(entry(2)).substr(0, 7), "archive");
  EXPECT_EQ(entry(3).sectors, 0u);
}

TEST_F(BootDisk, SaysWhatDoesNotFit) {
  const auto error_of = [](const Expected<void>& made) { return made ? "" : made.error().message; };
  EXPECT_NE(error_of(make(std::string(5000, 'x'))).find("command line is too long"), std::string::npos);
  EXPECT_NE(error_of(make("", 32 << 20)).find("memory is too small"), std::string::npos);
  write("kernel", "no kernel");
  EXPECT_NE(error_of(make("")).find("no ELF file"), std::string::npos);
  write("packed", "short");
  EXPECT_NE(error_of(make("")).find("no setup header"), std::string::npos);
  std::filesystem::remove(directory_ / "packed");
  EXPECT_NE(error_of(make("")).find("cannot read"), std::string::npos);
}

}  // namespace
}  // namespace hyperdbg::lab
