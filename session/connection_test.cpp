// SPDX-License-Identifier: MIT
#include "session/connection.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <random>

#include "abi/status.h"

namespace hyperdbg {
namespace {

using namespace std::chrono_literals;

// The image's end of a line that can be made to fail: it counts how often a request was executed.
class FakeLine final : public Transport {
 public:
  struct State {
    std::vector<std::uint8_t> to_debugger;
    int executed = 0;
    std::uint32_t last_sequence = 0;
    Bytes last_packet;
    int resends_asked = 0;
    bool silent = false;
    bool closed = false;
    // What happens to the nth packet towards the debugger.
    std::function<void(int, Bytes&)> damage;
    // Packets that go before the next answer.
    std::vector<Bytes> before_answer;
    int sent = 0;

    void send(Bytes packet) {
      last_packet = packet;
      if (damage) damage(sent, packet);
      ++sent;
      to_debugger.insert(to_debugger.end(), packet.begin(), packet.end());
    }
  };

  explicit FakeLine(State& state) : state_(state) {}

  Expected<void> send(ByteView bytes) override {
    for (std::size_t done = 0; done < bytes.size();) {
      u32 taken = 0;
      auto outcome = reader_.push(bytes.data() + done, static_cast<u32>(bytes.size() - done), taken);
      for (; outcome != PacketReader::Outcome::nothing; outcome = reader_.next())
        if (outcome == PacketReader::Outcome::packet) handle();
      done += taken;
    }
    return {};
  }

  Expected<std::size_t> receive(std::uint8_t* bytes, std::size_t capacity) override {
    if (state_.closed) return fail_with(ErrorKind::disconnected, "err, the remote connection is closed");
    const std::size_t size = std::min(capacity, state_.to_debugger.size());
    std::copy_n(state_.to_debugger.begin(), size, bytes);
    state_.to_debugger.erase(state_.to_debugger.begin(),
                             state_.to_debugger.begin() + static_cast<std::ptrdiff_t>(size));
    return size;
  }

  void wait(std::chrono::milliseconds) override {}
  int descriptor() const override { return -1; }

  static Bytes packet(std::uint16_t kind, std::uint32_t sequence, ByteView payload) {
    const auto header = encode_header(kind, sequence, payload.data(), static_cast<u32>(payload.size()));
    Bytes bytes;
    append(bytes, object_bytes(header));
    append(bytes, payload);
    return bytes;
  }

 private:
  void handle() {
    if (reader_.header().kind == HYPERDBG_PACKET_RESEND) {
      ++state_.resends_asked;
      state_.send(state_.last_packet);
      return;
    }
    if (state_.silent) return;
    if (reader_.header().sequence != state_.last_sequence) ++state_.executed;
    state_.last_sequence = reader_.header().sequence;
    for (const Bytes& before : std::exchange(state_.before_answer, {})) state_.send(before);
    const ByteView request(reader_.payload(), reader_.header().length);
    Bytes answer;
    const auto payload = request.subspan(sizeof(hyperdbg_request));
    append(answer, object_bytes(hyperdbg_answer{HYPERDBG_OK, static_cast<std::uint32_t>(payload.size())}));
    append(answer, payload);
    state_.send(packet(HYPERDBG_PACKET_ANSWER, reader_.header().sequence, answer));
  }

  State& state_;
  Bytes buffer_ = Bytes(PacketReader::buffer_size);
  PacketReader reader_{buffer_.data(), PacketReader::buffer_size};
};

struct Heard final : TargetListener {
  std::vector<std::string> calls;
  void on_records(ByteView records) override { calls.push_back("records " + std::string(text_of(records))); }
  void on_halted(const hyperdbg_halted& halted) override { calls.push_back(fmt::format("halted {}", halted.core)); }
  void on_running() override { calls.push_back("running"); }
  void on_fault(std::string_view report) override { calls.push_back("fault " + std::string(report)); }
  void on_left() override { calls.push_back("left"); }
  void on_disconnected(const Error& why) override { calls.push_back(why.message); }
  void on_uncertain() override { calls.push_back("uncertain"); }
};

struct ConnectionTest : testing::Test {
  FakeLine::State line;
  Heard heard;
  Connection connection{std::make_unique<FakeLine>(line), {5ms, 4, 5ms, 20ms}};

  ConnectionTest() { connection.set_listener(&heard); }
  std::string ask(std::string_view text) {
    const auto answer = connection.request(HYPERDBG_REQUEST_STATUS, view_of(text));
    return answer ? std::string(text_of(answer->payload)) : answer.error().message;
  }
  void attach() { static_cast<void>(connection.request(HYPERDBG_REQUEST_HELLO, {})); }
  static Bytes unasked(std::uint16_t kind, std::uint32_t sequence, std::string_view text) {
    return FakeLine::packet(kind, sequence, view_of(text));
  }
};

TEST_F(ConnectionTest, answers_requests) {
  EXPECT_EQ(ask("one"), "one");
  EXPECT_EQ(ask("two"), "two");
  EXPECT_EQ(line.executed, 2);
}

TEST_F(ConnectionTest, repairs_a_lost_answer_without_a_second_execution) {
  line.damage = [](int number, Bytes& packet) {
    if (number == 0) packet.clear();
  };
  EXPECT_EQ(ask("x"), "x");
  EXPECT_EQ(line.executed, 1);
}

TEST_F(ConnectionTest, asks_again_for_a_damaged_answer) {
  attach();
  line.damage = [first = line.sent](int number, Bytes& packet) {
    if (number == first) packet.back() ^= 1;
  };
  EXPECT_EQ(ask("payload"), "payload");
  EXPECT_EQ(line.resends_asked, 1);
  EXPECT_EQ(line.executed, 2);  // with HELLO
}

TEST_F(ConnectionTest, ignores_a_repeated_answer) {
  line.damage = [](int, Bytes& packet) {
    const Bytes copy = packet;
    append(packet, copy);
  };
  EXPECT_EQ(ask("a"), "a");
  EXPECT_EQ(ask("b"), "b");
}

TEST_F(ConnectionTest, gives_up_after_some_attempts) {
  line.silent = true;
  const auto answer = connection.request(HYPERDBG_REQUEST_STATUS, {});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::no_answer);
}

TEST_F(ConnectionTest, can_be_cancelled) {
  line.silent = true;
  connection.set_cancelled([] { return true; });
  EXPECT_EQ(connection.request(HYPERDBG_REQUEST_STATUS, {}).error().kind, ErrorKind::cancelled);
}

TEST_F(ConnectionTest, hands_over_what_came_before_the_answer_in_order_and_once) {
  line.before_answer = {unasked(HYPERDBG_PACKET_RECORDS, 1, "a"), unasked(HYPERDBG_PACKET_RECORDS, 1, "a"),
                        unasked(HYPERDBG_PACKET_RUNNING, 2, "")};
  EXPECT_EQ(ask("x"), "x");
  EXPECT_EQ(heard.calls, (std::vector<std::string>{"records a", "running"}));
}

TEST_F(ConnectionTest, puts_late_packets_back_into_their_order) {
  line.before_answer = {unasked(HYPERDBG_PACKET_RECORDS, 1, "a"), unasked(HYPERDBG_PACKET_RECORDS, 3, "c"),
                        unasked(HYPERDBG_PACKET_RECORDS, 2, "b"), unasked(HYPERDBG_PACKET_RECORDS, 2, "b"),
                        unasked(HYPERDBG_PACKET_RECORDS, 4, "d")};
  ask("x");
  EXPECT_EQ(heard.calls, (std::vector<std::string>{"records a", "records b", "records c", "records d"}));
}

TEST_F(ConnectionTest, asks_for_a_lost_packet_and_goes_on_without_it) {
  line.before_answer = {unasked(HYPERDBG_PACKET_RECORDS, 1, "a"), unasked(HYPERDBG_PACKET_RECORDS, 3, "c")};
  const auto packets = std::exchange(line.before_answer, {});
  attach();
  line.before_answer = packets;
  ask("x");
  EXPECT_GE(line.resends_asked, 1);
  EXPECT_EQ(heard.calls, (std::vector<std::string>{"records a", "records c", "uncertain"}));
}

TEST_F(ConnectionTest, accepts_an_image_that_started_anew) {
  line.before_answer = {unasked(HYPERDBG_PACKET_RECORDS, 5, "a"), unasked(HYPERDBG_PACKET_LEFT, 6, "")};
  ask("x");
  line.before_answer = {unasked(HYPERDBG_PACKET_RECORDS, 1, "b")};
  ask("x");
  EXPECT_EQ(heard.calls, (std::vector<std::string>{"records a", "left", "records b"}));
}

TEST_F(ConnectionTest, reports_a_closed_line_once) {
  line.closed = true;
  connection.pump();
  connection.pump();
  EXPECT_EQ(heard.calls, (std::vector<std::string>{"err, the remote connection is closed"}));
  EXPECT_EQ(connection.request(HYPERDBG_REQUEST_STATUS, {}).error().kind, ErrorKind::disconnected);
}

TEST_F(ConnectionTest, does_not_answer_garbage_before_it_is_attached) {
  const std::string console = "[    0.000000] Linux version 6.1 HDBG\r\nlogin: ";
  line.to_debugger.assign(console.begin(), console.end());
  connection.pump();
  EXPECT_EQ(line.resends_asked, 0);
  EXPECT_EQ(ask("x"), "x");
}

TEST_F(ConnectionTest, refuses_what_does_not_fit_a_packet) {
  const auto answer = connection.request(HYPERDBG_REQUEST_STATUS, Bytes(HYPERDBG_MAXIMUM_PAYLOAD));
  ASSERT_FALSE(answer);
  EXPECT_NE(answer.error().message.find("above the maximum"), std::string::npos);
}

TEST_F(ConnectionTest, survives_a_bad_line) {
  connection.timing().attempts = 1000;
  connection.timing().quiet = 2ms;
  connection.timing().rest_of_packet = 1ms;
  attach();
  std::mt19937 random(3);
  line.damage = [&](int, Bytes& packet) {
    const auto kind = random() % 6;
    if (kind == 0) packet.clear();
    if (kind == 1 && !packet.empty()) packet[random() % packet.size()] ^= static_cast<std::uint8_t>(1 << random() % 8);
    if (kind == 2) packet.resize(random() % (packet.size() + 1));
  };
  for (int i = 0; i < 200; ++i) ASSERT_EQ(ask(std::to_string(i)), std::to_string(i));
  EXPECT_EQ(line.executed, 201);
}

}  // namespace
}  // namespace hyperdbg
