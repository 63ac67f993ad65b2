// SPDX-License-Identifier: MIT
#include "script/runtime/format.hpp"

#include <gtest/gtest.h>

#include <cstring>

#include "abi/record.h"

namespace hyperdbg::script {
namespace {

std::string formatted(std::string_view format, std::uint64_t value) {
  return format_message(format, std::vector{FormatArgument{value, {}}});
}

TEST(Format, Numbers) {
  EXPECT_EQ(formatted("%d", ~0ull), "-1");
  EXPECT_EQ(formatted("%i", 0x1'0000'0005), "5");
  EXPECT_EQ(formatted("%u", ~0ull), "4294967295");
  EXPECT_EQ(formatted("%o", 8), "10");
  EXPECT_EQ(formatted("%x", ~0ull), "ffffffff");
  EXPECT_EQ(formatted("%c", 'A'), "A");
  EXPECT_EQ(formatted("%p", 0x1234), "0000000000001234");
  EXPECT_EQ(formatted("%ld", ~0ull), "-1");
  EXPECT_EQ(formatted("%lx", ~0ull), "ffffffffffffffff");
  EXPECT_EQ(formatted("%llu", ~0ull), "18446744073709551615");
  EXPECT_EQ(formatted("%lli", 1ull << 63), "-9223372036854775808");
  EXPECT_EQ(formatted("%hd", 0xffff), "-1");
  EXPECT_EQ(formatted("%hx", 0x12345), "2345");
}

TEST(Format, WhatIsNoSpecifierIsText) {
  EXPECT_EQ(format_message("100%", {}), "100%");
  EXPECT_EQ(format_message("%% %q %5d %hs %lls %w %", {}), "%% %q %5d %hs %lls %w %");
  EXPECT_EQ(formatted("%%d", 5), "%5");
  EXPECT_EQ(formatted("%llld", 5), "%llld");
}

TEST(Format, MissingArguments) {
  EXPECT_EQ(formatted("%d %d", 5), "5 <missing>");
}

TEST(Format, Strings) {
  EXPECT_EQ(format_message("[%s]", std::vector{FormatArgument{1, "text\n"}}), "[text\n]");
  EXPECT_EQ(format_message("[%s]", std::vector{FormatArgument{0x10, {}}}), "[<invalid address 10>]");
  EXPECT_EQ(format_message("%s", std::vector{FormatArgument{1, "\x1b[2J"}}), "\\x1b[2J");
  EXPECT_EQ(format_message("%s", std::vector{FormatArgument{1,
                                                            "\xc2\x9b"
                                                            "2J \xc2\xa9"}}),
            "\\x9b2J \xc2\xa9");
  EXPECT_EQ(formatted("%c%d", 0x1b), "\\x1b<missing>");
}

TEST(Format, WideStrings) {
  const std::string snowman("a\0\x03\x26", 4);
  EXPECT_EQ(format_message("%ws", std::vector{FormatArgument{1, snowman}}), "a\xe2\x98\x83");
  const std::string pair("\x3d\xd8\x00\xde", 4);
  EXPECT_EQ(format_message("%ls", std::vector{FormatArgument{1, pair}}), "\xf0\x9f\x98\x80");
  const std::string half("\x3d\xd8", 2);
  EXPECT_EQ(format_message("%ws", std::vector{FormatArgument{1, half}}), "\xef\xbf\xbd");
  EXPECT_EQ(format_message("%ws", std::vector{FormatArgument{1, std::string("a\0b", 3)}}), "a");
}

class Payload {
 public:
  template <class T>
  Payload& add(T value) {
    const auto* first = reinterpret_cast<const std::uint8_t*>(&value);
    bytes.insert(bytes.end(), first, first + sizeof value);
    return *this;
  }
  Payload& add_string(std::string_view text) {
    add(static_cast<std::uint16_t>(text.size()));
    bytes.insert(bytes.end(), text.begin(), text.end());
    return *this;
  }
  std::vector<std::uint8_t> bytes;
};

const std::vector<std::string> formats{"%llx\n", "%s is %d, %ws"};

TEST(FormatRecord, ValuesAndStrings) {
  Payload payload;
  payload.add(hyperdbg_message{1, 3, 0, 0b10'00'01});
  payload.add<std::uint64_t>(0x1000).add<std::uint64_t>(5).add<std::uint64_t>(0x2000);
  payload.add_string("x").add_string(std::string_view("y\0", 2));
  EXPECT_EQ(format_record(payload.bytes, formats), "x is 5, y");
  for (std::size_t size = 0; size < payload.bytes.size(); ++size)
    EXPECT_FALSE(format_record(std::span(payload.bytes).first(size), formats)) << size;
}

TEST(FormatRecord, InvalidString) {
  Payload payload;
  payload.add(hyperdbg_message{1, 3, 0, 0b10'00'01});
  payload.add<std::uint64_t>(0x1000).add<std::uint64_t>(5).add<std::uint64_t>(0x2000);
  payload.add<std::uint16_t>(HYPERDBG_STRING_INVALID).add<std::uint16_t>(HYPERDBG_STRING_INVALID);
  EXPECT_EQ(format_record(payload.bytes, formats), "<invalid address 1000> is 5, <invalid address 2000>");
}

TEST(FormatRecord, AFormatThatIsNotThere) {
  Payload payload;
  payload.add(hyperdbg_message{2, 0, 0, 0});
  EXPECT_FALSE(format_record(payload.bytes, formats));
}

}  // namespace
}  // namespace hyperdbg::script
