// SPDX-License-Identifier: MIT
#include "base/message_ring.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace hyperdbg {
namespace {

struct Ring {
  explicit Ring(u64 size = 4096) : bytes(size) {
    header->size = size;
    writer.init(header.get(), bytes.data(), size);
    reader.init(header.get(), bytes.data(), size, 1);
  }

  bool write(const std::string& text, u32 capacity = 0) {
    hyperdbg_record* record = writer.reserve(HYPERDBG_RECORD_TEXT, std::max<u32>(capacity, text.size()));
    if (!record) return false;
    std::memcpy(RingWriter::payload(record), text.data(), text.size());
    writer.commit(text.size());
    return true;
  }
  std::string read() {
    const hyperdbg_record* record = reader.peek();
    if (!record) return "(nothing)";
    last_sequence = record->sequence;
    const std::string text(reinterpret_cast<const char*>(reader.payload()), record->length);
    reader.advance();
    return text;
  }

  std::unique_ptr<hyperdbg_ring> header = std::make_unique<hyperdbg_ring>();
  std::vector<u8> bytes;
  RingWriter writer;
  RingReader reader;
  u64 last_sequence = 0;
};

TEST(MessageRing, KeepsOrderOverManyTurns) {
  Ring ring;
  std::mt19937 random(1);
  u64 written = 0, read = 0;
  for (int i = 0; i < 20000; ++i) {
    if (random() % 2 && ring.write(std::to_string(written) + std::string(random() % 100, '.'), random() % 200))
      ++written;
    if (random() % 2 && read < written) {
      EXPECT_EQ(std::stoull(ring.read()), read);
      ++read;
    }
  }
  while (read < written) EXPECT_EQ(std::stoull(ring.read()), read++);
  EXPECT_EQ(ring.read(), "(nothing)");
  EXPECT_TRUE(ring.writer.empty());
  EXPECT_EQ(ring.reader.damaged(), 0u);
  EXPECT_EQ(ring.header->sequence, written + ring.writer.dropped());
}

TEST(MessageRing, AFullRingDropsTheNewestAndCounts) {
  Ring ring;
  u32 written = 0;
  while (ring.write("message " + std::to_string(written))) ++written;
  EXPECT_FALSE(ring.write("one more"));
  EXPECT_EQ(ring.header->dropped, 2u);
  EXPECT_EQ(ring.read(), "message 0");
  EXPECT_EQ(ring.last_sequence, 0u);
  EXPECT_TRUE(ring.write("again!!"));
  for (u32 i = 1; i < written; ++i) EXPECT_EQ(ring.read(), "message " + std::to_string(i));
  EXPECT_EQ(ring.read(), "again!!");
  EXPECT_EQ(ring.last_sequence, written + 2u);  // the gap is the loss
}

TEST(MessageRing, TooLongIsDroppedAndCounted) {
  Ring ring(65536);
  EXPECT_EQ(ring.writer.reserve(HYPERDBG_RECORD_TEXT, HYPERDBG_MAXIMUM_MESSAGE_SIZE - 39), nullptr);
  EXPECT_NE(ring.writer.reserve(HYPERDBG_RECORD_TEXT, HYPERDBG_MAXIMUM_MESSAGE_SIZE - 40), nullptr);
  EXPECT_EQ(ring.writer.dropped(), 1u);
}

TEST(MessageRing, ReservingWithoutCommitShowsNothing) {
  Ring ring;
  ring.writer.reserve(HYPERDBG_RECORD_TEXT, 100);
  EXPECT_EQ(ring.read(), "(nothing)");
  EXPECT_TRUE(ring.write("kept"));
  EXPECT_EQ(ring.read(), "kept");
  EXPECT_EQ(ring.last_sequence, 0u);
}

TEST(MessageRing, TheWriterStaysInsideWhateverTheReaderDoes) {
  Ring ring;
  std::mt19937_64 random(3);
  for (int i = 0; i < 20000; ++i) {  // sanitizers watch the borders
    ring.header->tail = random() % 3 ? random() : ring.header->head - random() % 8192;
    ring.header->head = random() % 2 ? random() : ring.header->head;
    ring.header->size = random();
    ring.write(std::string(random() % 500, 'x'));
  }
}

TEST(MessageRing, AnImpossibleTailCountsAsFull) {
  Ring ring;
  ring.header->tail = 8;
  EXPECT_FALSE(ring.write("x"));
  ring.header->tail = 0;
  EXPECT_TRUE(ring.write("x"));
}

TEST(MessageRing, TheReaderSkipsWhatMakesNoSense) {
  std::mt19937_64 random(5);
  for (int i = 0; i < 3000; ++i) {
    Ring ring;
    for (int n = 0; n < 20; ++n) ring.write(std::string(random() % 50, 'x'));
    if (random() % 2) ring.header->head = random() % 2 ? random() : random() % 5000;
    for (int changes = 0; changes < 3; ++changes) ring.bytes[random() % 1500] = random();
    u64 sum = 0;
    for (int n = 0; n < 200; ++n)
      if (const hyperdbg_record* record = ring.reader.peek()) {
        for (u32 at = 0; at < record->length; ++at) sum += ring.reader.payload()[at];
        ring.reader.advance();
      }
    EXPECT_EQ(ring.reader.peek(), nullptr);
    EXPECT_GE(sum + 1, 1u);
  }
}

TEST(MessageRing, TakesAsManyWholeRecordsAsFit) {
  Ring ring;
  for (int i = 0; i < 7; ++i) ring.write("x");
  u8 bytes[3 * 48 + 47];
  EXPECT_EQ(ring.reader.take(bytes, sizeof(bytes)), 3u * 48);
  hyperdbg_record last;
  std::memcpy(&last, bytes + 2 * 48, sizeof(last));
  EXPECT_EQ(last.sequence, 2u);
  EXPECT_EQ(bytes[2 * 48 + sizeof(last)], 'x');
  EXPECT_EQ(ring.reader.take(bytes, sizeof(bytes)), 3u * 48);
  EXPECT_EQ(ring.reader.take(bytes, sizeof(bytes)), 48u);
  EXPECT_EQ(ring.reader.take(bytes, sizeof(bytes)), 0u);
}

TEST(MessageRing, LossesAreToldAlthoughNothingFollows) {
  Ring ring;
  u64 written = 0;
  while (ring.write("message")) ++written;
  ring.write("lost too");
  for (u64 i = 0; i < written; ++i) EXPECT_EQ(ring.read(), "message");
  const hyperdbg_record* lost = ring.reader.peek();
  ASSERT_NE(lost, nullptr);
  EXPECT_EQ(lost->kind, HYPERDBG_RECORD_LOST);
  EXPECT_EQ(lost->core, 1);
  EXPECT_EQ(lost->sequence, written + 2);
  ring.reader.advance();
  EXPECT_EQ(ring.reader.peek(), nullptr);
  EXPECT_TRUE(ring.write("next"));
  EXPECT_EQ(ring.read(), "next");
  EXPECT_EQ(ring.last_sequence, written + 2);
}

// As the CPUs do that share the serial line: all ask whether there is something, one of them reads.
TEST(MessageRing, OthersMayAskWhetherSomethingWaits) {
  Ring ring;
  EXPECT_FALSE(ring.reader.waiting());
  std::atomic<bool> done{false};
  std::thread asking([&] {
    while (!done) static_cast<void>(ring.reader.waiting());
  });
  for (int round = 0; round < 20000; ++round) {
    ring.write(std::to_string(round));
    EXPECT_TRUE(ring.reader.waiting());
    EXPECT_EQ(ring.read(), std::to_string(round));
    EXPECT_FALSE(ring.reader.waiting());
  }
  while (ring.write("message")) {
  }
  while (ring.read() == "message") {
  }
  EXPECT_FALSE(ring.reader.waiting());  // that one told the loss
  done = true;
  asking.join();
}

TEST(MessageRing, AReaderThatComesLateFindsWhatWaits) {
  Ring ring;
  ring.write("before");
  RingReader late;
  late.init(ring.header.get(), ring.bytes.data(), ring.bytes.size(), 0);
  EXPECT_TRUE(late.waiting());
  ASSERT_NE(late.peek(), nullptr);
  late.advance();
  EXPECT_FALSE(late.waiting());
  EXPECT_EQ(late.peek(), nullptr);
}

TEST(MessageRing, AFullRingHasRoomForAFlush) {
  for (u64 length = 0; length < 200; ++length) {
    Ring ring;
    while (ring.write(std::string(length, 'x'))) {
    }
    EXPECT_NE(ring.writer.reserve(HYPERDBG_RECORD_FLUSH, 0), nullptr) << length;
  }
}

TEST(MessageRing, WriterAndReaderAtOnce) {
  Ring ring;
  constexpr u64 times = 100000;
  std::thread writing([&] {
    for (u64 i = 0; i < times; ++i) ring.write(std::to_string(i) + std::string(i % 60, ' '));
  });
  u64 read = 0, next = 0;
  while (next < times) {
    const hyperdbg_record* record = ring.reader.peek();
    if (!record) continue;
    if (record->kind == HYPERDBG_RECORD_LOST) {
      next = record->sequence;
      ring.reader.advance();
      continue;
    }
    const std::string text(reinterpret_cast<const char*>(ring.reader.payload()), record->length);
    ASSERT_EQ(std::stoull(text), record->sequence);
    ASSERT_GE(record->sequence, next);
    next = record->sequence + 1;
    ring.reader.advance();
    ++read;
  }
  writing.join();
  EXPECT_EQ(read + ring.writer.dropped(), times);
  EXPECT_EQ(ring.reader.damaged(), 0u);
}

}  // namespace
}  // namespace hyperdbg
