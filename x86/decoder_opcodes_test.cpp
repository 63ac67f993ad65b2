// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <initializer_list>
#include <set>
#include <string>
#include <vector>

#include "x86/decoder_referee.hpp"

// Every opcode of every map, with the prefixes and ModRM bytes that can make a difference.
namespace hyperdbg::x86 {
namespace {

using Bytes = std::vector<u8>;

class Opcodes : public testing::TestWithParam<CodeSize> {
 protected:
  // Appends what may follow an opcode: 12 bytes that differ from each other, so that a byte taken from the wrong place
  // shows.
  void check(const Bytes& start, u8 modrm) {
    std::array<u8, 24> bytes;
    std::size_t size = 0;
    for (const u8 byte : start) bytes[size++] = byte;
    bytes[size++] = modrm;
    for (u8 byte = 0x8d; size < bytes.size(); byte += 0x17) bytes[size++] = byte;
    const std::string difference = thorough_ ? referee_.compare_all(bytes) : referee_.compare(bytes);
    valid_ += referee_.length() != 0;
    if (difference.empty()) return;
    ++failures_;
    // One example of each kind.
    if (kinds_.insert(difference.substr(difference.find("-bit"))).second && kinds_.size() <= 100)
      ADD_FAILURE() << difference;
  }

  void check_every_modrm(const Bytes& start) {
    for (unsigned modrm = 0; modrm < 256; ++modrm) check(start, static_cast<u8>(modrm));
  }

  void check_modrm_classes(const Bytes& start) {
    for (unsigned modrm = 0; modrm < 256; ++modrm) {
      const unsigned rm = modrm & 7;
      if (!thorough_ && (modrm & 0x08) != 0) continue;
      if (rm == 1 || rm == 4 || rm == 5) check(start, static_cast<u8>(modrm));
    }
  }

  void TearDown() override {
    EXPECT_GT(valid_, 20u);
    EXPECT_EQ(failures_, 0u);
  }

  bool is_64() const { return GetParam() == CodeSize::bits64; }

  Referee referee_{GetParam()};
  bool thorough_ = true;  // operands too; off for the vector encodings outside 64-bit mode, to save time
  unsigned valid_ = 0;
  unsigned failures_ = 0;
  std::set<std::string> kinds_;
};

Bytes operator+(Bytes left, const Bytes& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

const std::vector<Bytes> prefixes = {{},           {0x66},       {0xf2},       {0xf3},       {0x67},      {0x48},
                                     {0x66, 0x48}, {0x66, 0xf2}, {0x66, 0xf3}, {0xf3, 0x48}, {0x2e, 0x47}};

void for_each_opcode(const auto& action) {
  for (unsigned opcode = 0; opcode < 256; ++opcode) action(static_cast<u8>(opcode));
}

TEST_P(Opcodes, OneByteMap) {
  for (const Bytes& prefix : prefixes) for_each_opcode([&](u8 opcode) { check_every_modrm(prefix + Bytes{opcode}); });
}

TEST_P(Opcodes, Map0f) {
  for (const Bytes& prefix : prefixes)
    for_each_opcode([&](u8 opcode) { check_every_modrm(prefix + Bytes{0x0f, opcode}); });
}

TEST_P(Opcodes, Map0f38) {
  for (const Bytes& prefix : prefixes)
    for_each_opcode([&](u8 opcode) { check_modrm_classes(prefix + Bytes{0x0f, 0x38, opcode}); });
}

TEST_P(Opcodes, Map0f3a) {
  for (const Bytes& prefix : prefixes)
    for_each_opcode([&](u8 opcode) { check_modrm_classes(prefix + Bytes{0x0f, 0x3a, opcode}); });
}

TEST_P(Opcodes, Map3dnow) {
  for_each_opcode([&](u8 opcode) {
    check({0x0f, 0x0f, 0xc1, opcode}, 0);
    check({0x0f, 0x0f, 0x44, 0x99, 0x80, opcode}, 0);
    check({0x67, 0x0f, 0x0f, 0x84, 0x99, 1, 2, 3, 4, opcode}, 0);
  });
}

TEST_P(Opcodes, Vex) {
  thorough_ = is_64();
  for (const u8 map : {0, 1, 2, 3})
    for (unsigned fields = 0; fields < 16; ++fields) {
      const u8 w_l_pp = static_cast<u8>((fields & 7) | (fields & 8) << 4);
      for_each_opcode([&](u8 opcode) {
        check_modrm_classes({0xc4, static_cast<u8>(0xe0 | map), static_cast<u8>(w_l_pp | 0x78), opcode});
        check_modrm_classes(
            {0xc4, static_cast<u8>((is_64() ? 0 : 0xe0) | map), static_cast<u8>(w_l_pp | 0x20), opcode});
        if (map == 1 && w_l_pp < 8) check_modrm_classes({0xc5, static_cast<u8>(w_l_pp | 0xf8), opcode});
      });
    }
}

TEST_P(Opcodes, Xop) {
  thorough_ = is_64();
  for (const u8 map : {8, 9, 10})
    for (unsigned fields = 0; fields < 16; ++fields) {
      const u8 w_l_pp = static_cast<u8>((fields & 7) | (fields & 8) << 4);
      for_each_opcode([&](u8 opcode) {
        check_modrm_classes({0x8f, static_cast<u8>(0xe0 | map), static_cast<u8>(w_l_pp | 0x78), opcode});
        check_modrm_classes(
            {0x8f, static_cast<u8>((is_64() ? 0 : 0xe0) | map), static_cast<u8>(w_l_pp | 0x28), opcode});
      });
    }
}

TEST_P(Opcodes, Evex) {
  thorough_ = is_64();
  for (const u8 map : {1, 2, 3, 5, 6})
    for (unsigned fields = 0; fields < 8; ++fields) {
      const u8 w_pp = static_cast<u8>((fields & 3) | (fields & 4) << 5);
      for (const u8 last : {0x08, 0x29, 0x4a, 0x18}) {
        for_each_opcode([&](u8 opcode) {
          check_modrm_classes({0x62, static_cast<u8>(0xf0 | map), static_cast<u8>(w_pp | 0x7c), last, opcode});
          if (last != 0x08) return;
          // The same without the bit that is always set, which Zydis takes for Knights Corner.
          check_modrm_classes({0x62, static_cast<u8>(0xf0 | map), static_cast<u8>(w_pp | 0x78), last, opcode});
          const u8 map_byte = static_cast<u8>((is_64() ? 0 : 0xf0) | map);
          check_modrm_classes({0x62, map_byte, static_cast<u8>(w_pp | 0x64), 0x41, opcode});
        });
      }
    }
}

TEST_P(Opcodes, PrefixesInAnyOrder) {
  const u8 choices[] = {0x66, 0x67, 0xf0, 0xf2, 0xf3, 0x2e, 0x64, 0x36, 0x65, 0x48, 0x41};
  for (const u8 first : choices)
    for (const u8 second : choices)
      for (const u8 third : choices)
        for (const Bytes& opcode : {Bytes{0x89}, {0x81}, {0xe8}, {0xa1}, {0xb8}, {0x0f, 0x10}, {0x0f, 0xaf}, {0xff}})
          check_modrm_classes(Bytes{first, second, third} + opcode);
}

TEST_P(Opcodes, Truncations) {
  std::array<u8, 20> bytes;
  for (const Bytes& escape : {Bytes{},
                              {0x66},
                              {0xf2, 0x48},
                              {0x0f},
                              {0x0f, 0x38},
                              {0x0f, 0x3a},
                              {0xc5, 0xf8},
                              {0xc5, 0xf9},
                              {0xc4, 0xe3, 0x79},
                              {0x8f, 0xea, 0x78},
                              {0x62, 0xf1, 0x7d, 0x48},
                              {0x62, 0xf3, 0x7d, 0x48}})
    for (unsigned opcode = 0; opcode < 256; ++opcode)
      for (const u8 modrm : {0xc8, 0x01, 0x05, 0x44, 0x84, 0x8c, 0x04}) {
        bytes.fill(0x25);
        std::copy(escape.begin(), escape.end(), bytes.begin());
        bytes[escape.size()] = static_cast<u8>(opcode);
        bytes[escape.size() + 1] = modrm;
        const std::string difference = referee_.compare_truncations(bytes);
        valid_ += referee_.length() != 0;
        if (!difference.empty() && ++failures_ <= 20) ADD_FAILURE() << difference;
      }
}

INSTANTIATE_TEST_SUITE_P(CodeSizes, Opcodes, testing::Values(CodeSize::bits16, CodeSize::bits32, CodeSize::bits64),
                         [](const auto& test) { return std::to_string(16 << static_cast<int>(test.param)) + "bits"; });

}  // namespace
}  // namespace hyperdbg::x86
