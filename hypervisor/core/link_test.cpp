// SPDX-License-Identifier: MIT
#include "hypervisor/core/link.hpp"

#include <cstring>
#include <random>

#include "hypervisor/core/core_fixture.hpp"
#include "hypervisor/core/script_run.hpp"

namespace hyperdbg::test {
namespace {

struct Link : CoreTest {
  DebuggerLink& link = machine.link;

  // As a CPU that owns the stop does; true when there was something to answer.
  bool serve(const Bytes& answer = {1, 2, 3}) {
    if (!link.poll()) return false;
    link.answer(answer);
    return true;
  }
  Bytes status(u32 sequence) { return packet(HYPERDBG_PACKET_REQUEST, sequence, request(HYPERDBG_REQUEST_STATUS)); }
  Bytes resend(u32 sequence) { return packet(HYPERDBG_PACKET_RESEND, 0, bytes_of(sequence)); }
  void send(u8 word) { link.send(HYPERDBG_PACKET_HALTED, {&word, 1}); }
};

TEST_F(Link, AnswersWithTheNumberOfTheRequest) {
  line.hear(status(77));
  ASSERT_TRUE(serve());
  const auto packets = heard();
  ASSERT_EQ(packets.size(), 1u);
  EXPECT_EQ(packets[0].kind, u32{HYPERDBG_PACKET_ANSWER});
  EXPECT_EQ(packets[0].sequence, 77u);
  EXPECT_EQ(packets[0].payload, (Bytes{1, 2, 3}));
  EXPECT_TRUE(link.attached());
}

TEST_F(Link, HandsOutWhatWasAsked) {
  line.hear(status(1));
  ASSERT_TRUE(link.poll());
  EXPECT_EQ(Bytes(link.request().begin(), link.request().end()), request(HYPERDBG_REQUEST_STATUS));
}

TEST_F(Link, AnswersARepeatedRequestAgainWithoutExecutingIt) {
  line.hear(status(5));
  ASSERT_TRUE(serve({9}));
  line.hear(status(5));
  EXPECT_FALSE(serve({8}));
  const auto packets = heard();
  ASSERT_EQ(packets.size(), 2u);
  EXPECT_EQ(packets[1].payload, Bytes{9});
  line.hear(status(6));
  EXPECT_TRUE(serve({8}));
}

TEST_F(Link, TakesARequestByteByByte) {
  for (const u8 byte : status(1)) {
    ASSERT_FALSE(serve());
    line.hear({byte});
  }
  EXPECT_TRUE(serve());
}

TEST_F(Link, AsksAgainForWhatArrivedDamaged) {
  Bytes damaged = status(9);
  damaged.back() ^= 1;
  line.hear(damaged);
  EXPECT_FALSE(serve());
  auto packets = heard();
  ASSERT_EQ(packets.size(), 1u);
  EXPECT_EQ(packets[0].kind, u32{HYPERDBG_PACKET_RESEND});
  EXPECT_EQ(packets[0].payload, bytes_of(u32{9}));
  line.hear(status(9));
  EXPECT_TRUE(serve());
}

TEST_F(Link, FindsARequestBehindGarbage) {
  Bytes garbage(300, 'H');
  line.hear(garbage);
  line.hear(status(2));
  EXPECT_TRUE(serve());
}

TEST_F(Link, FindsARequestBehindATruncatedOne) {
  const Bytes whole = status(2);
  line.hear(Bytes(whole.begin(), whole.end() - 3));
  EXPECT_FALSE(serve());
  line.hear(status(3));
  line.hear(status(3));
  EXPECT_TRUE(serve());
}

// Whatever a bad line makes of requests: a good one that is repeated is answered in the end.
TEST_F(Link, OutlivesABadLine) {
  std::mt19937 random(2);
  for (u32 round = 1; round <= 300; ++round) {
    Bytes damaged = packet(HYPERDBG_PACKET_REQUEST, round, request(HYPERDBG_REQUEST_READ_MEMORY, Bytes(random() % 64)));
    for (u32 flips = random() % 4; flips > 0; --flips) damaged[random() % damaged.size()] ^= 1 << random() % 8;
    damaged.erase(damaged.begin() + static_cast<std::ptrdiff_t>(random() % damaged.size()));
    line.hear(damaged);
    while (serve()) {
    }
  }
  line.out.clear();
  // A damaged length may wait for as many bytes as a packet can have.
  u32 repeats = 0;
  while (!serve({4}) && repeats++ < HYPERDBG_MAXIMUM_PAYLOAD / 32) line.hear(status(1000));
  bool answered = false;
  for (const Packet& each : heard()) answered |= each.kind == HYPERDBG_PACKET_ANSWER && each.payload == Bytes{4};
  EXPECT_TRUE(answered);
}

TEST_F(Link, SendsAgainWhatIsAskedFor) {
  send('a');
  send('b');
  heard();
  line.hear(resend(1));
  EXPECT_FALSE(serve());
  auto packets = heard();
  ASSERT_EQ(packets.size(), 1u);
  EXPECT_EQ(packets[0].sequence, 1u);
  EXPECT_EQ(packets[0].payload, Bytes{'a'});
  line.hear(resend(0));  // whatever was last
  EXPECT_FALSE(serve());
  packets = heard();
  ASSERT_EQ(packets.size(), 1u);
  EXPECT_EQ(packets[0].payload, Bytes{'b'});
}

TEST_F(Link, ForgetsTheOldestAndSendsNothingInItsPlace) {
  for (u32 i = 0; i < 100; ++i) send(static_cast<u8>(i));
  heard();
  line.hear(resend(1));
  line.hear(resend(101));
  EXPECT_FALSE(serve());
  EXPECT_TRUE(heard().empty());
  line.hear(resend(69));
  EXPECT_FALSE(serve());
  EXPECT_EQ(heard().at(0).payload, Bytes{68});
}

TEST_F(Link, KeepsWhatItSentWholeWhenTheHistoryWrapsAround) {
  const Bytes large(20000, 0xab);
  for (u32 i = 0; i < 5; ++i) link.send(HYPERDBG_PACKET_RECORDS, large);
  heard();
  line.hear(resend(5));
  EXPECT_FALSE(serve());
  EXPECT_EQ(heard().at(0).payload, large);
  line.hear(resend(1));  // overwritten meanwhile
  EXPECT_FALSE(serve());
  EXPECT_TRUE(heard().empty());
}

TEST_F(Link, GivesUpOnALineThatTakesNothingUntilSomebodySpeaks) {
  line.takes = 10;
  send('a');
  line.takes = ~0ull;
  send('b');  // not tried
  EXPECT_EQ(line.out.size(), 10u);
  line.out.clear();
  line.hear(status(1));
  ASSERT_TRUE(serve());
  EXPECT_EQ(heard().size(), 1u);
  line.hear(resend(1));
  EXPECT_FALSE(serve());
  EXPECT_EQ(heard().at(0).payload, Bytes{'a'});
}

TEST_F(Link, KeepsRecordsWhileTheLineIsDead) {
  attach();
  line.takes = 0;
  for (const char* text : {"one", "two"}) {
    record_text(cpu(), nullptr, text);
    link.send_records(cpu());
  }
  line.takes = ~0ull;
  line.hear(status(1));
  ASSERT_TRUE(serve());
  heard();
  link.send_records(cpu());
  const auto packets = heard();
  ASSERT_EQ(packets.size(), 1u);
  EXPECT_EQ(std::memcmp(packets[0].payload.data() + sizeof(hyperdbg_record), "two", 3), 0);
  line.hear(resend(1));  // the first was under way when the line died
  EXPECT_FALSE(serve());
  EXPECT_EQ(std::memcmp(heard().at(0).payload.data() + sizeof(hyperdbg_record), "one", 3), 0);
}

TEST_F(Link, SendsRecordsAsSoonAsADeadLineTakesBytes) {
  attach();
  line.takes = 10;
  for (const char* text : {"one", "two"}) {
    record_text(cpu(), nullptr, text);
    link.send_records(cpu());
  }
  EXPECT_EQ(line.out.size(), 10u);
  line.out.clear();
  line.takes = ~0ull;
  record_text(cpu(), nullptr, "three");
  link.send_records(cpu());
  const auto packets = heard();
  ASSERT_EQ(packets.size(), 1u) << "two and three; the first is asked for again";
  EXPECT_EQ(packets[0].sequence, 2u);
  EXPECT_TRUE(cpu().ring.empty());
}

TEST_F(Link, KeepsRecordsForTheFirstDebugger) {
  record_text(cpu(), nullptr, "early");
  link.send_records(cpu());
  EXPECT_TRUE(line.out.empty());
  attach();
  link.send_records(cpu());
  EXPECT_EQ(heard().size(), 1u);
}

TEST_F(Link, SendsTheRecordsOfAllCpusWhole) {
  attach();
  record_text(cpu(0), nullptr, "zero");
  record_text(cpu(1), nullptr, "one");
  link.send_records(cpu());
  const auto packets = heard();
  ASSERT_EQ(packets.size(), 1u);
  hyperdbg_record first, second;
  std::memcpy(&first, packets[0].payload.data(), sizeof(first));
  ASSERT_LT(first.size + sizeof(second), packets[0].payload.size());
  std::memcpy(&second, packets[0].payload.data() + first.size, sizeof(second));
  EXPECT_EQ(first.core, 0u);
  EXPECT_EQ(second.core, 1u);
  EXPECT_EQ(packets[0].payload.size(), first.size + second.size);
}

TEST_F(Link, SplitsManyRecordsOverPackets) {
  attach();
  const std::string text(1000, 't');
  for (u32 i = 0; i < 50; ++i) record_text(cpu(), nullptr, text.c_str());
  link.send_records(cpu());
  u64 count = 0;
  for (const Packet& each : heard()) {
    for (std::size_t at = 0; at < each.payload.size(); ++count) {
      hyperdbg_record record;
      ASSERT_LE(at + sizeof(record), each.payload.size());
      std::memcpy(&record, each.payload.data() + at, sizeof(record));
      ASSERT_EQ(record.sequence, count);
      at += record.size;
    }
  }
  EXPECT_EQ(count, 50u);
}

TEST_F(Link, ReportsAFaultEvenWhileTheLineIsTaken) {
  line.takes = 0;
  send('a');
  line.takes = ~0ull;
  link.send_fault("fault", 5);
  const auto packets = heard();
  ASSERT_EQ(packets.size(), 1u);
  EXPECT_EQ(packets[0].kind, u32{HYPERDBG_PACKET_FAULT});
  EXPECT_EQ(packets[0].payload, (Bytes{'f', 'a', 'u', 'l', 't'}));
}

TEST_F(Link, SaysThatItLeaves) {
  link.listen();
  EXPECT_TRUE(line.interrupt);
  link.close();
  EXPECT_EQ(heard().at(0).kind, u32{HYPERDBG_PACKET_LEFT});
  EXPECT_FALSE(line.interrupt);
  EXPECT_FALSE(link.active());
}

TEST_F(Link, ExplainsTheNmiOfAByteThatPollingTook) {
  link.listen();
  line.hear({0});
  link.quiet();
  EXPECT_FALSE(line.interrupt);
  EXPECT_TRUE(link.explains_nmi());
  EXPECT_FALSE(link.explains_nmi());  // one only
}

}  // namespace
}  // namespace hyperdbg::test
