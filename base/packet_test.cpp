// SPDX-License-Identifier: MIT
#include "base/packet.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "base/crc32c.hpp"

namespace hyperdbg {
namespace {

using Bytes = std::vector<u8>;
using Outcome = PacketReader::Outcome;

Bytes packet(u32 sequence, const std::string& payload) {
  const hyperdbg_packet header = encode_header(HYPERDBG_PACKET_RECORDS, sequence, payload.data(), payload.size());
  Bytes bytes(sizeof header + payload.size());
  std::memcpy(bytes.data(), &header, sizeof header);
  if (!payload.empty()) std::memcpy(bytes.data() + sizeof header, payload.data(), payload.size());
  return bytes;
}

Bytes operator+(Bytes left, const Bytes& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

struct Receiver {
  explicit Receiver(u32 capacity = PacketReader::buffer_size) : buffer(capacity), reader(buffer.data(), capacity) {}

  void handle(Outcome outcome) {
    for (; outcome != Outcome::nothing; outcome = reader.next()) {
      if (outcome == Outcome::damaged) {
        damaged.push_back(reader.damaged_sequence());
      } else {
        EXPECT_EQ(reinterpret_cast<std::uintptr_t>(reader.payload()) % 8, 0u);
        packets.push_back(std::to_string(reader.header().sequence) + ":" +
                          std::string(reinterpret_cast<const char*>(reader.payload()), reader.header().length));
      }
    }
  }
  void byte_by_byte(const Bytes& bytes) {
    for (u8 byte : bytes) handle(reader.push(byte));
  }
  void at_once(const Bytes& bytes) {
    for (u32 done = 0; done < bytes.size();) {
      u32 taken = 0;
      handle(reader.push(bytes.data() + done, bytes.size() - done, taken));
      done += taken;
    }
  }

  Bytes buffer;
  PacketReader reader;
  std::vector<std::string> packets;
  std::vector<u32> damaged;
};

using Strings = std::vector<std::string>;

TEST(PacketReader, reads_packets_back_to_back) {
  for (bool at_once : {false, true}) {
    Receiver receiver;
    const Bytes stream = packet(1, "one") + packet(2, "") + packet(3, "three");
    at_once ? receiver.at_once(stream) : receiver.byte_by_byte(stream);
    EXPECT_EQ(receiver.packets, (Strings{"1:one", "2:", "3:three"}));
    EXPECT_TRUE(receiver.damaged.empty());
    EXPECT_FALSE(receiver.reader.in_packet() && receiver.reader.next() != Outcome::nothing);
  }
}

TEST(PacketReader, hands_a_repeated_packet_out_twice) {
  Receiver receiver;
  receiver.at_once(packet(7, "again") + packet(7, "again"));
  EXPECT_EQ(receiver.packets, (Strings{"7:again", "7:again"}));
}

TEST(PacketReader, finds_every_flipped_bit_and_the_packet_behind_it) {
  const Bytes good = packet(5, "payload of some bytes");
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    Bytes bad = good;
    bad[bit / 8] ^= 1 << (bit % 8);
    Receiver receiver;
    receiver.at_once(bad + packet(6, "next"));
    ASSERT_EQ(receiver.packets, (Strings{"6:next"})) << "bit " << bit;
    ASSERT_FALSE(receiver.damaged.empty()) << "bit " << bit;
    ASSERT_EQ(receiver.damaged[0], bit < offsetof(hyperdbg_packet, payload_crc) * 8 ? 0u : 5u) << "bit " << bit;
  }
}

TEST(PacketReader, finds_packets_that_a_truncated_one_swallowed) {
  const Bytes whole = packet(1, std::string(200, 'x'));
  for (std::size_t size = 1; size < whole.size(); ++size) {
    const Bytes cut(whole.begin(), whole.begin() + size);
    Bytes stream = cut;
    for (int i = 0; i < 10; ++i) stream = stream + packet(10 + i, "after the cut");
    for (bool at_once : {false, true}) {
      Receiver receiver;
      at_once ? receiver.at_once(stream) : receiver.byte_by_byte(stream);
      ASSERT_EQ(receiver.packets.size(), 10u) << "cut at " << size;
      ASSERT_FALSE(receiver.damaged.empty()) << "cut at " << size;
    }
  }
}

TEST(PacketReader, skips_garbage_and_reports_it_once) {
  Receiver receiver;
  const std::string text = "[    0.000000] HDBHDBGHDBGnoise HDBG and more boot messages of a console on the line\r\n";
  receiver.at_once(Bytes(text.begin(), text.end()) + packet(1, "a") + Bytes(3, 'H') + packet(2, "b"));
  EXPECT_EQ(receiver.packets, (Strings{"1:a", "2:b"}));
  EXPECT_EQ(receiver.damaged, (std::vector<u32>{0, 0}));
}

TEST(PacketReader, refuses_a_length_that_is_too_large) {
  hyperdbg_packet header = encode_header(HYPERDBG_PACKET_REQUEST, 9, nullptr, 0);
  header.length = HYPERDBG_MAXIMUM_PAYLOAD + 1;
  header.header_crc = crc32c(&header, offsetof(hyperdbg_packet, header_crc));
  Bytes bytes(sizeof header);
  std::memcpy(bytes.data(), &header, sizeof header);
  Receiver receiver;
  receiver.at_once(bytes + packet(10, "fine"));
  EXPECT_EQ(receiver.packets, (Strings{"10:fine"}));
  EXPECT_EQ(receiver.damaged, (std::vector<u32>{0}));

  Receiver small(64);
  small.at_once(packet(1, std::string(41, 'x')) + packet(2, std::string(40, 'y')));
  EXPECT_EQ(small.packets, (Strings{"2:" + std::string(40, 'y')}));
}

TEST(PacketReader, accepts_the_largest_packet) {
  Receiver receiver;
  const std::string payload(HYPERDBG_MAXIMUM_PAYLOAD, 'z');
  receiver.at_once(packet(1, payload) + packet(2, payload));
  EXPECT_EQ(receiver.packets, (Strings{"1:" + payload, "2:" + payload}));
}

TEST(PacketReader, reset_forgets_a_packet_whose_rest_never_came) {
  Receiver receiver;
  const Bytes whole = packet(1, "lost");
  receiver.at_once(Bytes(whole.begin(), whole.end() - 1));
  EXPECT_TRUE(receiver.reader.in_packet());
  receiver.reader.reset();
  EXPECT_FALSE(receiver.reader.in_packet());
  receiver.at_once(packet(2, "fresh"));
  EXPECT_EQ(receiver.packets, (Strings{"2:fresh"}));
}

TEST(PacketReader, survives_random_bytes) {
  std::mt19937 random(42);
  Receiver receiver(4096);
  for (int round = 0; round < 2000; ++round) {
    Bytes bytes = packet(round, std::string(random() % 300, 'r'));
    for (u32 flips = random() % 3; flips > 0; --flips) bytes[random() % bytes.size()] ^= 1 << random() % 8;
    if (random() % 4 == 0) bytes.resize(random() % bytes.size());
    receiver.at_once(bytes);
  }
  receiver.reader.reset();
  receiver.at_once(packet(9999, "end"));
  EXPECT_EQ(receiver.packets.back(), "9999:end");
}

}  // namespace
}  // namespace hyperdbg
