// SPDX-License-Identifier: MIT
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <random>

#include "x86/decoder_referee.hpp"

extern "C" int LLVMFuzzerTestOneInput(const hyperdbg::u8* data, std::size_t size);

// Ten million random inputs, in shards that ctest runs side by side.
namespace hyperdbg::x86 {
namespace {

constexpr u64 seed = 0x6879706572646267;
constexpr unsigned inputs_of_a_shard = 1'250'000;

// Random bytes, most of which start like an instruction with prefixes.
class Generator {
 public:
  explicit Generator(u64 shard) : random_(seed + shard) {}

  // At most 15 bytes, in a block that ends where they end, so that the sanitizer sees a byte read too many.
  std::span<const u8> next() {
    const u64 choice = random_();
    const u64 content[2] = {random_(), random_()};
    std::memcpy(bytes_.data(), content, sizeof(content));
    if ((choice & 7) != 0) shape(choice >> 3);
    const std::size_t count = (choice >> 32) % 8 == 0 ? (choice >> 40) % 16 : 15;
    u8* block = blocks_[count].get();
    std::copy_n(bytes_.begin(), count, block);
    return {block, count};
  }

 private:
  void shape(u64 choice) {
    static constexpr u8 prefixes[16] = {0x66, 0x66, 0x67, 0xf0, 0xf2, 0xf3, 0x2e, 0x36,
                                        0x3e, 0x26, 0x64, 0x65, 0x40, 0x41, 0x48, 0x4f};
    static constexpr unsigned prefix_counts[8] = {0, 0, 0, 0, 1, 1, 2, 4};
    const unsigned count = prefix_counts[choice & 7];
    for (unsigned i = 0; i < count; ++i) bytes_[i] = prefixes[(choice >> (8 + 4 * i)) & 15];
    shape_opcode(bytes_.data() + count, (choice >> 3) & 15);
  }

  static void shape_opcode(u8* bytes, u64 choice) {
    switch (choice) {
      case 0:
      case 1:
      case 2:
        return start(bytes, {0x0f});
      case 3:
        return start(bytes, {0x0f, 0x38});
      case 4:
        return start(bytes, {0x0f, 0x3a});
      case 5:
        return start(bytes, {0xc5});
      case 6:
        return shape_vector(bytes, 0xc4, 1 + bytes[5] % 3);
      case 7:
        return shape_vector(bytes, 0x8f, 8 + bytes[5] % 3);
      case 8:
      case 9:
        shape_vector(bytes, 0x62, 1 + bytes[5] % 6);
        bytes[1] = (bytes[1] & 0xf0) | (1 + bytes[5] % 6);
        bytes[2] |= 0x04;
        return;
      default:
        return;
    }
  }

  static void start(u8* bytes, std::initializer_list<u8> opcode) { std::copy(opcode.begin(), opcode.end(), bytes); }

  // Half of them with the unused vvvv and the inverted bits that instructions without them need.
  static void shape_vector(u8* bytes, u8 first, u8 map) {
    bytes[0] = first;
    bytes[1] = (bytes[1] & 0xe0) | map;
    if ((bytes[6] & 1) == 0) return;
    bytes[1] |= 0xe0;
    bytes[2] |= 0x78;
  }

  using Blocks = std::array<std::unique_ptr<u8[]>, 16>;

  static Blocks make_blocks() {
    Blocks blocks;
    for (std::size_t size = 0; size < blocks.size(); ++size) blocks[size].reset(new u8[size]);
    return blocks;
  }

  std::mt19937_64 random_;
  std::array<u8, 32> bytes_{};
  Blocks blocks_ = make_blocks();
};

struct Shard {
  u64 number;
  const char* name;
  CodeSize code_size;
  Branches branches = Branches::intel;
};

class DecoderRandom : public testing::TestWithParam<Shard> {};

TEST_P(DecoderRandom, AgreesWithZydis) {
  const Shard& shard = GetParam();
  Generator generator(shard.number);
  Referee referee(shard.code_size, shard.branches);
  unsigned valid = 0;
  unsigned differences = 0;
  for (unsigned i = 0; i < inputs_of_a_shard && differences < 20; ++i) {
    const auto bytes = generator.next();
    std::string difference = i % 4 == 0 ? referee.compare_all(bytes) : referee.compare(bytes);
    valid += referee.length() != 0;
    if (difference.empty() && i % 16 == 1) difference = referee.compare_truncations(bytes);
    if (difference.empty()) continue;
    ++differences;
    ADD_FAILURE() << difference;
  }
  fmt::print("seed {:#x}, shard {}: {} inputs, {} valid\n", seed, shard.name, inputs_of_a_shard, valid);
  EXPECT_GT(valid, inputs_of_a_shard / 4);
}

TEST(DecoderFuzzer, RunsOnRandomBytes) {
  Generator generator(0);
  for (unsigned i = 0; i < 10'000; ++i) {
    const auto bytes = generator.next();
    EXPECT_EQ(LLVMFuzzerTestOneInput(bytes.data(), bytes.size()), 0);
  }
}

INSTANTIATE_TEST_SUITE_P(Shards, DecoderRandom,
                         testing::Values(Shard{1, "bits64_1", CodeSize::bits64}, Shard{2, "bits64_2", CodeSize::bits64},
                                         Shard{3, "bits64_3", CodeSize::bits64}, Shard{4, "bits64_4", CodeSize::bits64},
                                         Shard{5, "bits64_amd_1", CodeSize::bits64, Branches::amd},
                                         Shard{6, "bits64_amd_2", CodeSize::bits64, Branches::amd},
                                         Shard{7, "bits32", CodeSize::bits32}, Shard{8, "bits16", CodeSize::bits16}),
                         [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace hyperdbg::x86
