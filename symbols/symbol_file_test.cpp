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

constexpr const char* two_modules =
    "ffffffff9a000000 T _stext\nffffffff9b000000 D init_task\n"
    "ffffffffc0200010 t work\t[one]\nffffffffc0202008 d data\t[one]\n0000000000032000 d of_each_cpu\t[one]\n"
    "ffffffffc0300000 t work\t[two]\nffffffffc0400000 t bpf_prog\t[bpf]\n";
constexpr const char* proc_modules =
    "one 16384 0 - Live 0xffffffffc0200000 (OE)\ntwo 8192 1 one, Live 0xffffffffc0300000\n";

TEST(SymbolFile, slides_each_module_by_its_own_base) {
  const auto file = make_symbol_file(two_modules, proc_modules);
  ASSERT_TRUE(file);
  EXPECT_NE(file->find("\n# module one ffffffffc0200000\n# module two ffffffffc0300000\n"), std::string::npos);
  EXPECT_EQ(file->find("bpf_prog"), std::string::npos) << "nobody tells where it lies";
  auto table = parse_symbol_file(*file, 0xffffffff82000000);
  ASSERT_TRUE(table);
  EXPECT_FALSE(table->find("one!work")) << "nobody has told yet where it lies";

  table->set_modules({{"one", 0xffffffffc0500000, 0x4000}, {"two", 0xffffffffc0100000, 0x2000}});
  EXPECT_EQ(table->find("one!work")->address, 0xffffffffc0500010);
  EXPECT_EQ(table->find("one!data")->address, 0xffffffffc0502008);
  EXPECT_EQ(table->find("two!work")->address, 0xffffffffc0100000);
  EXPECT_EQ(table->find("_stext")->address, 0xffffffff81000000);
  EXPECT_FALSE(table->find("one!of_each_cpu"));
  EXPECT_EQ(qualified_name(table->nearest(0xffffffffc0500015)->symbol, 5), "one!work+0x5");
  EXPECT_EQ(table->search("*!work").size(), 2u);
}

TEST(SymbolFile, drops_the_names_of_modules_that_are_gone) {
  auto table = parse_symbol_file(*make_symbol_file(two_modules, proc_modules), 0xffffffff82000000);
  ASSERT_TRUE(table);
  table->set_modules({{"one", 0xffffffffc0500000, 0x1000}, {"other", 0xffffffffc0600000, 0x1000}});
  EXPECT_TRUE(table->find("one!work"));
  EXPECT_FALSE(table->find("one!data")) << "behind the range that is known";
  EXPECT_FALSE(table->find("two!work"));
  table->set_modules({{"two", 0xffffffffc0700000, 0x1000}, {"one", 0, 0x1000}});
  EXPECT_FALSE(table->find("one!work"));
  EXPECT_EQ(table->find("two!work")->address, 0xffffffffc0700000);
  table->set_modules({});
  EXPECT_FALSE(table->find("two!work"));
  EXPECT_EQ(table->size(), 2u);
}

TEST(SymbolFile, ignores_damaged_module_lines) {
  for (const char* line :
       {"# module", "# module one", "# module one zz", "# module one 0", "# module one 12 34",
        "# module one ffffffffc0300000", "# module other ffffffffc0200000", "#module one c0000000"}) {
    auto table = parse_symbol_file(std::string("# anchor init_task ffffffff81000000\n") + line +
                                       "\nffffffff81000000 D init_task\nffffffffc0200010 t work\t[one]\n",
                                   0xffffffff81000000);
    ASSERT_TRUE(table) << line;
    table->set_modules({{"one", 0xffffffffc0500000, 0x4000}});
    EXPECT_FALSE(table->find("one!work")) << line;
    EXPECT_TRUE(table->find("init_task")) << line;
  }
  const auto file = make_symbol_file(
      two_modules, "one\none 16384 0 - Live\none 1 0 - Loading 0xffffffffc0200000\ntwo 1 0 - Live 0x0\n\n");
  ASSERT_TRUE(file);
  EXPECT_EQ(file->find("[one]"), std::string::npos);
  EXPECT_EQ(file->find("[two]"), std::string::npos);
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
    std::string text = "# anchor init_task ffffffff81000000\n# module a 10\n";
    for (int i = 0; i < 500; ++i) text += "0123456789abcdef \tTt[]\n#!\0x"[random() % 27];
    text += "\nff t b [a]\n";
    auto table = parse_symbol_file(text, random());
    if (table) table->set_modules({{"a", random(), random()}});
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
