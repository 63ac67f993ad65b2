// SPDX-License-Identifier: MIT
#pragma once
#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>

#include "base/packet.hpp"
#include "session/packet_order.hpp"
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
    std::chrono::milliseconds missing_packet{500};   // others wait so long for one that was lost
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
  void deliver(const PacketOrder::Packet& packet);
  Expected<void> wait_for_answer();
  Expected<Answer> finish(std::uint32_t kind);
  void wait_for_missing();

  std::unique_ptr<Transport> transport_;
  Timing timing_;
  Bytes buffer_;
  PacketReader reader_;
  std::uint32_t sequence_;
  std::optional<Pending> pending_;
  PacketOrder unasked_;
  Clock::time_point last_byte_ = Clock::now();
  std::optional<Error> closed_;
  bool told_closed_ = false;
  bool attached_ = false;
  bool delivering_ = false;
};

}  // namespace hyperdbg
