// SPDX-License-Identifier: MIT
#include "symbols/symbol_file.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <random>
#include <vector>

#include <fmt/format.h>

#include "symbols/btf.hpp"

namespace hyperdbg {
namespace {

std::vector<std::uint8_t> note(const std::string& name, std::uint32_t type, std::size_t size) {
  const std::uint32_t header[] = {static_cast<std::uint32_t>(name.size() + 1), static_cast<std::uint32_t>(size), type};
  std::vector<std::uint8_t> bytes(sizeof header);
  std::memcpy(bytes.data(), header, sizeof header);
  bytes.insert(bytes.end(), name.begin(), name.end());
  bytes.resize((bytes.size() + 4) & ~std::size_t{3});
  for (std::size_t i = 0; i < size; ++i) bytes.push_back(static_cast<std::uint8_t>(i));
  bytes.resize((bytes.size() + 3) & ~std::size_t{3});
  return bytes;
}

TEST(BuildId, is_found_among_other_notes) {
  auto notes = note("Linux", 0, 6);
  const auto wanted = note("GNU", 3, 20);
  notes.insert(notes.end(), wanted.begin(), wanted.end());
  const auto id = build_id_of_notes(notes);
  ASSERT_TRUE(id);
  EXPECT_EQ(to_hex(*id), "000102030405060708090a0b0c0d0e0f10111213");
}

TEST(BuildId, survives_bad_notes) {
  const auto good = note("GNU", 3, 20);
  for (std::size_t size = 0; size < good.size(); ++size)
    EXPECT_FALSE(build_id_of_notes(std::span(good).first(size))) << size;
  auto huge = good;
  std::memset(huge.data(), 0xff, 8);
  EXPECT_FALSE(build_id_of_notes(huge));
}

TEST(SymbolFile, is_made_of_kallsyms_and_read_with_another_base) {
  const std::string kallsyms =
      "ffffffff9a000000 T _stext\nffffffff9b000000 D init_task\nffffffffc0000000 t module_one\t[one]\n";
  const auto file = make_symbol_file(kallsyms);
  ASSERT_TRUE(file);
  EXPECT_TRUE(file->starts_with("# anchor init_task ffffffff9b000000\n"));
  const auto table = parse_symbol_file(*file, 0xffffffff82000000);
  ASSERT_TRUE(table);
  EXPECT_EQ(table->find("_stext")->address, 0xffffffff81000000);
  EXPECT_FALSE(table->find("module_one"));
}

TEST(SymbolFile, refuses_bad_input_with_a_reason) {
  for (const char* text : {"", "ffffffff81000000 T _stext\n", "# anchor init_task\n", "# anchor init_task zz\nff T a\n",
                           "# anchor init_task 12x\nff T a\n", "# anchor init_task ffffffff81000000\n",
                           "# anchor init_task ffffffff81000000\ngarbage\n"}) {
    const auto table = parse_symbol_file(text, 0);
    ASSERT_FALSE(table) << text;
    EXPECT_FALSE(table.error().empty());
  }
  EXPECT_FALSE(make_symbol_file("0000000000000000 D init_task\n"));
  EXPECT_FALSE(make_symbol_file("ffffffff81000000 T _stext\n"));
}

TEST(SymbolFile, names_the_missing_file_and_the_remedy) {
  const auto table = load_symbol_file("/nonexistent", BuildId{1, 2, 3}, 0);
  ASSERT_FALSE(table);
  EXPECT_NE(table.error().find("/nonexistent/010203"), std::string::npos);
  EXPECT_NE(table.error().find("hyperdbg symbols save"), std::string::npos);
}

TEST(SymbolFile, survives_random_text) {
  std::mt19937 random(7);
  for (int round = 0; round < 200; ++round) {
    std::string text = "# anchor init_task ffffffff81000000\n";
    for (int i = 0; i < 500; ++i) text += "0123456789abcdef \tTt[]\n#!\0x"[random() % 27];
    static_cast<void>(parse_symbol_file(text, random()));
  }
}

TEST(SymbolFile, loads_a_large_kernel_quickly) {
  std::string text = "# anchor init_task ffffffff81000000\n";
  for (int i = 0; i < 170000; ++i)
    text += fmt::format("{:016x} t some_function_of_the_kernel_{}\n", 0xffffffff81000000 + 64ull * i, i);
  const auto start = std::chrono::steady_clock::now();
  const auto table = parse_symbol_file(text, 0xffffffff81000000);
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - start);
  ASSERT_TRUE(table);
  RecordProperty("milliseconds", static_cast<int>(took.count()));
  EXPECT_EQ(table->find("some_function_of_the_kernel_99999")->address, 0xffffffff81000000 + 64ull * 99999);
}

TEST(Btf, finds_members_of_the_running_kernel) {
  const auto types = Btf::load("/sys/kernel/btf/vmlinux");
  if (!types) GTEST_SKIP() << types.error();
  EXPECT_TRUE(types->offset_of("task_struct", "comm"));
  EXPECT_EQ(types->member("task_struct", "comm")->size, 16u);
  const auto deep = types->offset_of("printk_ringbuffer", "desc_ring.count_bits");
  ASSERT_TRUE(deep);
  EXPECT_FALSE(types->offset_of("task_struct", "no_such_member"));
  EXPECT_FALSE(types->offset_of("no_such_structure", "x"));
  EXPECT_FALSE(Btf::load("/dev/null"));
}

}  // namespace
}  // namespace hyperdbg
