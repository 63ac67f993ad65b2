// SPDX-License-Identifier: MIT
#include "symbols/symbol_table.hpp"

#include <gtest/gtest.h>

namespace hyperdbg {
namespace {

constexpr const char* lines =
    "0000000000000000 A fixed_percpu_data\n"
    "ffffffff81000000 T _stext\n"
    "ffffffff81000000 t local_alias\n"
    "ffffffff81000100 t helper\n"
    "ffffffff81000200 T do_work\n"
    "ffffffff81000300 T helper\n"
    "ffffffffc0002000 t probe_write\t[lab]\n"
    "ffffffffc0001000 t do_work\t[lab]\n"
    "not a line\n"
    "ffffffff8200zzzz T broken\n"
    "ffffffff82000000\n";

TEST(SymbolTable, finds_by_name) {
  const SymbolTable table(lines);
  EXPECT_EQ(table.size(), 8u);
  EXPECT_EQ(table.skipped_lines(), 3u);
  EXPECT_EQ(table.find("do_work")->address, 0xffffffff81000200);
  EXPECT_EQ(table.find("nt!do_work")->address, 0xffffffff81000200);
  EXPECT_EQ(table.find("vmlinux!do_work")->address, 0xffffffff81000200);
  EXPECT_EQ(table.find("lab!do_work")->address, 0xffffffffc0001000);
  EXPECT_EQ(table.find("probe_write")->module, "lab");
  EXPECT_EQ(table.find("helper")->address, 0xffffffff81000300) << "the global one";
  EXPECT_FALSE(table.find("vmlinux!probe_write"));
  EXPECT_FALSE(table.find("other!do_work"));
  EXPECT_FALSE(table.find(""));
}

TEST(SymbolTable, finds_the_nearest_below) {
  const SymbolTable table(lines);
  EXPECT_EQ(table.nearest(0xffffffff81000000)->symbol.name, "_stext");
  const auto inside = table.nearest(0xffffffff81000123);
  EXPECT_EQ(qualified_name(inside->symbol, inside->offset), "vmlinux!helper+0x23");
  EXPECT_FALSE(table.nearest(0xffffffff80ffffff));
  EXPECT_FALSE(table.nearest(0xffffffff81020000)) << "too far from any name";
  EXPECT_FALSE(table.nearest(0x10)) << "per-CPU offsets are no addresses";
}

TEST(SymbolTable, slides_the_kernel_only) {
  const SymbolTable table(lines, 0x1000000);
  EXPECT_EQ(table.find("do_work")->address, 0xffffffff82000200);
  EXPECT_EQ(table.find("lab!do_work")->address, 0xffffffffc0001000);
  EXPECT_EQ(table.find("fixed_percpu_data")->address, 0u);
}

TEST(SymbolTable, searches_with_wildcards) {
  const SymbolTable table(lines);
  EXPECT_EQ(table.search("h?lp*").size(), 2u);
  EXPECT_EQ(table.search("do_work").size(), 1u);
  EXPECT_EQ(table.search("lab!*").size(), 2u);
  EXPECT_EQ(table.search("*!do_work").size(), 2u);
  EXPECT_TRUE(table.search("nothing*").empty());
  EXPECT_EQ(table.complete("nt!do_", 10), std::vector<std::string>{"nt!do_work"});
  EXPECT_EQ(table.complete("hel", 10), std::vector<std::string>{"helper"});
}

TEST(SymbolTable, of_nothing_finds_nothing) {
  const SymbolTable table;
  EXPECT_FALSE(table.find("x"));
  EXPECT_FALSE(table.nearest(~0ull));
  EXPECT_TRUE(table.search("*").empty());
}

TEST(Wildcards, match) {
  EXPECT_TRUE(matches_wildcards("*", ""));
  EXPECT_TRUE(matches_wildcards("a*b*c", "a__b_bc"));
  EXPECT_FALSE(matches_wildcards("a*b", "a_bc"));
  EXPECT_FALSE(matches_wildcards("?", ""));
}

}  // namespace
}  // namespace hyperdbg
