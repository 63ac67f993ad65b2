// SPDX-License-Identifier: MIT
#include "hypervisor/core/records.hpp"

#include <cstring>

#include "hypervisor/core/core_fixture.hpp"
#include "hypervisor/core/script_run.hpp"

namespace hyperdbg::test {
namespace {

constexpr u64 byte_string = 1, wide_string = 2;

struct Records : CoreTest {
  // What stands behind the fixed part of a message with these arguments.
  Bytes tail_of(const std::vector<u64>& values, u64 kinds) {
    record_message(cpu(), nullptr, 0, 3, static_cast<u32>(values.size()), values.data(), kinds, 1);
    const auto all = records();
    EXPECT_EQ(all.size(), 1u);
    if (all.size() != 1) return {};
    const std::size_t fixed = sizeof(hyperdbg_record) + sizeof(hyperdbg_message) + 8 * values.size();
    EXPECT_GE(all[0].size(), fixed);
    return Bytes(all[0].begin() + static_cast<std::ptrdiff_t>(fixed), all[0].end());
  }
  Bytes text(const char* words) {
    Bytes bytes = bytes_of(static_cast<u16>(std::strlen(words)));
    bytes.insert(bytes.end(), words, words + std::strlen(words));
    return bytes;
  }
  void put(u64 address, const void* bytes, std::size_t size) {
    std::memcpy(physical(user_physical + address - user_start), bytes, size);
  }
};

TEST_F(Records, CarryTheirCircumstances) {
  cpu().spoke = false;
  machine.tsc_offset = 0ull - cpu::rdtsc();
  const u64 values[] = {10, 11};
  record_message(cpu(), nullptr, 4, 3, 2, values, 0, 1);
  EXPECT_TRUE(cpu().spoke);
  const auto all = records();
  ASSERT_EQ(all.size(), 1u);
  hyperdbg_record record;
  std::memcpy(&record, all[0].data(), sizeof(record));
  EXPECT_EQ(record.kind, u32{HYPERDBG_RECORD_MESSAGE});
  EXPECT_EQ(record.event, HYPERDBG_NO_EVENT);
  EXPECT_EQ(record.action, 4u);
  EXPECT_EQ(record.sequence, 0u);
  EXPECT_LT(record.time, 1ull << 40);  // the guest's clock, not the machine's
  EXPECT_EQ(Bytes(all[0].begin() + sizeof(record), all[0].end()),
            bytes_of(hyperdbg_message{.format = 3, .count = 2, .stage = 1, .kinds = 0}, values));
}

TEST_F(Records, CaptureStringsInOrder) {
  put(user_start, "first", 6);
  put(user_start + 0x100, "second", 7);
  Bytes expected = text("first");
  const Bytes second = text("second");
  expected.insert(expected.end(), second.begin(), second.end());
  EXPECT_EQ(tail_of({user_start, 99, user_start + 0x100}, byte_string | byte_string << 4), expected);
}

TEST_F(Records, CaptureAStringUpToTheHoleBehindIt) {
  put(user_hole - 4, "tail", 4);
  EXPECT_EQ(tail_of({user_hole - 4}, byte_string), text("tail"));
}

TEST_F(Records, MarkStringsThatAreNotThere) {
  EXPECT_EQ(tail_of({user_hole}, byte_string), bytes_of(u16{HYPERDBG_STRING_INVALID}));
  EXPECT_EQ(tail_of({0x8000000000000000}, byte_string), bytes_of(u16{HYPERDBG_STRING_INVALID}));
  EXPECT_EQ(tail_of({user_hole - 1}, wide_string), bytes_of(u16{HYPERDBG_STRING_INVALID}));
}

TEST_F(Records, CaptureWideStringsWithZeroBytesInside) {
  put(user_start, u"\u0100a\0", 6);
  EXPECT_EQ(tail_of({user_start}, wide_string), bytes_of(u16{4}, u'\u0100', u'a'));
  put(user_hole - 2, u"b", 2);
  EXPECT_EQ(tail_of({user_hole - 2}, wide_string), bytes_of(u16{2}, u'b'));
}

TEST_F(Records, CaptureNoMoreThanTheLimit) {
  std::memset(physical(user_physical), 'x', page_size);
  EXPECT_EQ(tail_of({user_start}, byte_string).size(), 2u + HYPERDBG_MAXIMUM_STRING);
}

// 32 strings of the longest kind do not fit into one record; whoever reads it finds fewer, and no byte too many.
TEST_F(Records, StayWithinTheLargestRecord) {
  std::memset(physical(user_physical), 'x', page_size);
  const Bytes tail = tail_of(std::vector<u64>(32, user_start), 0x5555555555555555);
  EXPECT_LE(tail.size() + sizeof(hyperdbg_record) + sizeof(hyperdbg_message) + 32 * 8,
            std::size_t{HYPERDBG_MAXIMUM_MESSAGE_SIZE});
}

TEST_F(Records, ThatWouldBeTooLongAreDropped) {
  const std::vector<u64> values(600);
  record_message(cpu(), nullptr, 0, 0, 600, values.data(), 0, 0);
  EXPECT_TRUE(records().empty());
  EXPECT_EQ(cpu().ring.dropped(), 1u);
}

TEST_F(Records, FindingTheRingFullAreCounted) {
  const u32 id = add_event(HYPERDBG_EVENT_CPUID, 1, HYPERDBG_PRE, says(""));
  Event* event = machine.engine.find(id);
  for (u32 i = 0; i < 10000; ++i) record_text(cpu(), event, "a sentence of some length that fills the ring soon");
  const u64 kept = records().size();
  EXPECT_GT(kept, 1000u);
  EXPECT_EQ(kept + info(id).dropped, 10000u);
  EXPECT_EQ(cpu().ring.dropped(), info(id).dropped);
  // The gap shows in the sequence numbers.
  record_text(cpu(), event, "later");
  hyperdbg_record record;
  const auto all = records();
  ASSERT_EQ(all.size(), 1u);
  std::memcpy(&record, all[0].data(), sizeof(record));
  EXPECT_EQ(record.sequence, 10000u);
}

TEST_F(Records, OfAnEvaluationBelongToNoEvent) {
  record_script_failure(cpu(), HYPERDBG_RECORD_SCRIPT_ERROR, nullptr, 0, HYPERDBG_SCRIPT_BAD_SHIFT, 1 << 12 | 2, 64);
  const auto all = records();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(Bytes(all[0].begin() + sizeof(hyperdbg_record), all[0].end()),
            bytes_of(hyperdbg_script_failure{HYPERDBG_SCRIPT_BAD_SHIFT, 1 << 12 | 2, 64}));
}

}  // namespace
}  // namespace hyperdbg::test
