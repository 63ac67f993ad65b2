// SPDX-License-Identifier: MIT
#include "session/ring_reader.hpp"

#include <gtest/gtest.h>

#include <memory>

#include "session/fake_target.hpp"

namespace hyperdbg {
namespace {

struct RingTest : testing::Test {
  std::unique_ptr<hyperdbg_ring> ring = std::make_unique<hyperdbg_ring>();
  Bytes data = Bytes(256);
  RingTest() { ring->size = data.size(); }

  void write(const Bytes& record) {
    for (const std::uint8_t byte : record) data[ring->head++ % data.size()] = byte;
  }
  void pad(std::uint32_t size) {
    Bytes bytes(size);
    std::memcpy(bytes.data(), &size, 4);
    write(bytes);
  }
};

TEST_F(RingTest, gives_records_and_skips_padding_at_the_end) {
  Bytes records;
  for (int round = 0; round < 20; ++round) {
    const Bytes record = make_text_record("some text", static_cast<std::uint64_t>(round));
    const auto left = data.size() - ring->head % data.size();
    if (left < record.size()) pad(static_cast<std::uint32_t>(left));
    write(record);
    records.clear();
    ASSERT_TRUE(drain_ring(*ring, data.data(), records));
    ASSERT_EQ(records, record);
    ASSERT_EQ(ring->tail, ring->head);
  }
}

TEST_F(RingTest, skips_what_makes_no_sense) {
  for (const std::uint32_t size : {0u, 4u, 12u, 1024u, ~0u}) {
    Bytes bytes(16);
    std::memcpy(bytes.data(), &size, 4);
    bytes[4] = HYPERDBG_RECORD_TEXT;
    ring->head = ring->tail = 0;
    write(bytes);
    Bytes records;
    EXPECT_FALSE(drain_ring(*ring, data.data(), records)) << size;
    EXPECT_EQ(ring->tail, ring->head);
    EXPECT_TRUE(records.empty());
  }
  ring->size = 100;
  Bytes records;
  EXPECT_FALSE(drain_ring(*ring, data.data(), records));
}

}  // namespace
}  // namespace hyperdbg
