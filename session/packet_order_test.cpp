// SPDX-License-Identifier: MIT
#include "session/packet_order.hpp"

#include <gtest/gtest.h>

#include "abi/wire.h"

namespace hyperdbg {
namespace {

using namespace std::chrono_literals;

struct PacketOrderTest : testing::Test {
  PacketOrder order{100ms};
  PacketOrder::Clock::time_point now{};

  void take(std::uint32_t sequence, std::uint16_t kind = HYPERDBG_PACKET_RECORDS) {
    order.take(sequence, {kind, Bytes{static_cast<std::uint8_t>(sequence)}}, now);
  }
  std::vector<int> ready() {
    std::vector<int> all;
    while (const auto packet = order.next()) all.push_back(packet->payload.at(0));
    return all;
  }
};

TEST_F(PacketOrderTest, early_ones_wait_for_the_missing) {
  for (const std::uint32_t sequence : {7u, 10u, 9u, 12u}) take(sequence);
  EXPECT_EQ(ready(), (std::vector{7}));
  EXPECT_EQ(order.take_missing(), (std::vector{8u, 9u, 11u}));
  take(8);
  EXPECT_EQ(ready(), (std::vector{8, 9, 10}));
  EXPECT_TRUE(order.waits());
  take(11);
  EXPECT_EQ(ready(), (std::vector{11, 12}));
  EXPECT_FALSE(order.waits());
  EXPECT_FALSE(order.take_uncertain());
  EXPECT_TRUE(order.take_missing().empty());
}

TEST_F(PacketOrderTest, repeated_ones_are_dropped) {
  for (const std::uint32_t sequence : {3u, 3u, 4u, 3u, 6u, 6u, 5u, 5u}) take(sequence);
  EXPECT_EQ(ready(), (std::vector{3, 4, 5, 6}));
}

TEST_F(PacketOrderTest, goes_on_without_what_does_not_come) {
  for (const std::uint32_t sequence : {1u, 3u, 5u}) take(sequence);
  now += 99ms;
  order.check(now);
  EXPECT_EQ(ready(), (std::vector{1}));
  now += 1ms;
  order.check(now);
  EXPECT_EQ(ready(), (std::vector{3}));
  EXPECT_TRUE(order.take_uncertain());
  EXPECT_FALSE(order.take_uncertain());
  take(2);  // too late
  take(4);
  EXPECT_EQ(ready(), (std::vector{4, 5}));
}

TEST_F(PacketOrderTest, a_jump_is_not_waited_for) {
  for (const std::uint32_t sequence : {1u, 3u, 40u}) take(sequence);
  EXPECT_EQ(ready(), (std::vector{1, 3, 40}));
  EXPECT_TRUE(order.take_uncertain());
}

TEST_F(PacketOrderTest, an_image_may_start_anew) {
  take(200);
  take(201, HYPERDBG_PACKET_LEFT);
  take(1);
  EXPECT_EQ(ready(), (std::vector{200, 201, 1}));
  order.restart();
  take(90);
  EXPECT_EQ(ready(), (std::vector{90}));
  EXPECT_FALSE(order.take_uncertain());
  take(2);  // it was reset, and nobody said so
  EXPECT_EQ(ready(), (std::vector{2}));
  EXPECT_TRUE(order.take_uncertain());
}

}  // namespace
}  // namespace hyperdbg
