// SPDX-License-Identifier: MIT
#pragma once
#include <algorithm>
#include <chrono>
#include <deque>
#include <memory>
#include <optional>

#include "base/packet.hpp"
#include "session/target.hpp"
#include "session/transport.hpp"

namespace hyperdbg {

/*
 * Debugger Mode: requests and answers over a line that may lose, damage and repeat bytes. One request is under way at a
 * time; it is sent again with the same sequence number until it is answered, so the image never executes it twice.
 * Packets that arrive unasked meanwhile are handed to the listener before request() returns, in their order.
 */
class Connection final : public Target {
 public:
  struct Timing {
    std::chrono::milliseconds quiet{1000};  // nothing arrived for so long: ask again
    int attempts = 10;
    std::chrono::milliseconds rest_of_packet{2000};  // a packet's rest has to come within this
  };

  explicit Connection(std::unique_ptr<Transport> transport) : Connection(std::move(transport), Timing{}) {}
  Connection(std::unique_ptr<Transport> transport, Timing timing);

  Expected<Answer> request(std::uint32_t kind, ByteView payload) override;
  void pump() override;
  void hurry() override { timing_.attempts = std::min(timing_.attempts, 2); }
  int descriptor() const override { return transport_->descriptor(); }

  // Before the first answer nobody is known to listen: garbage (a console) is not answered with PACKET_RESEND.
  bool attached() const { return attached_; }
  Timing& timing() { return timing_; }

 private:
  struct Unasked {
    std::uint16_t kind;
    Bytes payload;
  };
  struct Pending {
    std::uint32_t sequence;
    Bytes packet;
    std::optional<Answer> answer;
  };
  using Clock = std::chrono::steady_clock;

  Expected<void> receive();
  Expected<void> receive_some();
  void handle(PacketReader::Outcome outcome);
  void handle_packet();
  void handle_unasked(const hyperdbg_packet& header);
  void handle_resend();
  void ask_again(std::uint32_t sequence);
  void deliver();
  void deliver(const Unasked& packet);
  Expected<void> wait_for_answer();
  Expected<Answer> finish(std::uint32_t kind);
  bool is_new(std::uint32_t sequence);
  void forget_numbers();

  std::unique_ptr<Transport> transport_;
  Timing timing_;
  Bytes buffer_;
  PacketReader reader_;
  std::uint32_t sequence_;
  std::optional<Pending> pending_;
  std::deque<Unasked> unasked_;
  std::uint32_t expected_ = 0;  // next sequence number of the image's unasked packets, 0 before the first
  std::deque<std::uint32_t> missing_;
  Clock::time_point last_byte_ = Clock::now();
  std::optional<Error> closed_;
  bool attached_ = false;
  bool delivering_ = false;
  bool uncertain_ = false;
};

}  // namespace hyperdbg
