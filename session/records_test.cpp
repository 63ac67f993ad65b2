// SPDX-License-Identifier: MIT
#include "session/records.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "abi/event.h"
#include "script/metadata.hpp"
#include "session/fake_target.hpp"

namespace hyperdbg {
namespace {

struct RecordsTest : testing::Test {
  std::string text;
  std::vector<std::string> notices;
  int fetches = 0;
  std::uint32_t forwarded = 99;
  Bytes sent;
  RecordFormatter records{[this](ActionKey) -> Expected<Bytes> {
                            ++fetches;
                            return script::encode_metadata({"leaf %llx\n"});
                          },
                          {[this](std::uint32_t, std::string_view more) { text += more; },
                           [this](std::uint32_t event, ByteView bytes) {
                             if (event == forwarded) sent.insert(sent.end(), bytes.begin(), bytes.end());
                             return event == forwarded;
                           },
                           [this](std::string_view line) { notices.emplace_back(line); }}};
};

TEST_F(RecordsTest, fetches_unknown_formats_once) {
  records.handle(make_message_record(3, 0, {1}, 0));
  records.handle(make_message_record(3, 0, {0x40000001}, 1));
  EXPECT_EQ(text, "leaf 1\nleaf 40000001\n");
  EXPECT_EQ(fetches, 1);
  EXPECT_TRUE(notices.empty());
}

TEST_F(RecordsTest, tells_losses) {
  records.handle(make_text_record("a", 5, 1));
  records.handle(make_text_record("b", 6, 1));
  records.handle(make_text_record("c", 9, 1));
  EXPECT_EQ(notices, (std::vector<std::string>{"a", "b", "2 messages were lost on core 0x1", "c"}));
}

TEST_F(RecordsTest, collects_for_imm_no) {
  records.handle(make_message_record(0, 0, {1}, 0, HYPERDBG_EVENT_ACCUMULATE));
  records.handle(make_message_record(0, 0, {2}, 1, HYPERDBG_EVENT_ACCUMULATE));
  EXPECT_EQ(text, "");
  records.flush();
  EXPECT_EQ(text, "leaf 1\nleaf 2\n");
  records.handle(make_message_record(0, 0, {3}, 2, HYPERDBG_EVENT_ACCUMULATE));
  EXPECT_EQ(records.discard(), 1u);
}

TEST_F(RecordsTest, shows_what_was_collected_after_a_while) {
  records.handle(make_message_record(0, 0, {1}, 0, HYPERDBG_EVENT_ACCUMULATE));
  records.flush_when_quiet();
  EXPECT_EQ(text, "");
  std::this_thread::sleep_for(std::chrono::milliseconds(110));
  records.flush_when_quiet();
  EXPECT_EQ(text, "leaf 1\n");
}

Bytes make_mark(hyperdbg_record_kind kind, std::uint64_t sequence, std::uint64_t time) {
  hyperdbg_record record{};
  record.size = sizeof record;
  record.kind = kind;
  record.sequence = sequence;
  record.time = time;
  record.event = HYPERDBG_NO_EVENT;
  Bytes bytes;
  append(bytes, object_bytes(record));
  return bytes;
}

TEST_F(RecordsTest, a_flush_of_a_script_voids_what_nobody_has_read) {
  records.handle(make_message_record(0, 0, {1}, 0));
  records.handle(make_message_record(0, 0, {2}, 1, HYPERDBG_EVENT_ACCUMULATE));
  Bytes bytes = make_message_record(0, 0, {3}, 2);
  append(bytes, make_text_record("a warning", 3));
  append(bytes, make_mark(HYPERDBG_RECORD_FLUSH, 4, 4));
  append(bytes, make_message_record(0, 0, {5}, 5));
  records.handle(bytes);
  EXPECT_EQ(text, "leaf 1\nleaf 5\n");
  EXPECT_EQ(notices,
            (std::vector<std::string>{"a warning", "flushing buffers was successful, total 2 messages were cleared."}));
}

TEST_F(RecordsTest, tells_losses_behind_the_last_message) {
  records.handle(make_message_record(0, 0, {1}, 7));
  records.handle(make_mark(HYPERDBG_RECORD_LOST, 10, 0));
  records.handle(make_message_record(0, 0, {2}, 10));
  EXPECT_EQ(notices, (std::vector<std::string>{"2 messages were lost on core 0x0"}));
}

TEST_F(RecordsTest, names_what_it_cannot_read) {
  records.handle(make_message_record(0x1a, 7, {1}, 0));
  ASSERT_EQ(notices.size(), 1u);
  EXPECT_EQ(notices[0], "a message of the script of event 0x1a could not be read");
}

TEST_F(RecordsTest, stops_at_damaged_records) {
  Bytes bytes = make_text_record("good", 0);
  Bytes bad = make_text_record("bad", 1);
  bad[0] = 3;
  append(bytes, bad);
  records.handle(bytes);
  EXPECT_EQ(notices, (std::vector<std::string>{"good"}));
  for (std::size_t size = 0; size < 40; ++size) records.handle(Bytes(size, 0xff));
}

}  // namespace
}  // namespace hyperdbg
