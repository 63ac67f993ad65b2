// SPDX-License-Identifier: MIT
#pragma once
#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "session/bytes.hpp"

namespace hyperdbg {

/*
 * Puts the image's unasked packets back into their order. What comes early waits for the missing ones, which are asked
 * for, but not for ever: then it goes on without them, and the state of the debuggee is uncertain.
 */
class PacketOrder {
 public:
  using Clock = std::chrono::steady_clock;
  struct Packet {
    std::uint16_t kind;
    Bytes payload;
  };

  explicit PacketOrder(std::chrono::milliseconds patience) : patience_(patience) {}

  void take(std::uint32_t sequence, Packet packet, Clock::time_point now);
  std::optional<Packet> next();
  // Gives up on what has been missing for too long.
  void check(Clock::time_point now);

  // Something came early and waits.
  bool waits() const { return !early_.empty(); }
  // Numbers that became known to be missing since the last call.
  std::vector<std::uint32_t> take_missing() { return std::exchange(missing_, {}); }
  // True once after packets were lost for good.
  bool take_uncertain() { return std::exchange(uncertain_, false); }
  // The image may be another one than before.
  void restart();

 private:
  static constexpr std::uint32_t window = 16;

  void accept(Packet packet);
  void accept_early();
  void skip_to(std::uint32_t sequence);

  std::chrono::milliseconds patience_;
  std::uint32_t expected_ = 0;  // 0 before the first
  std::map<std::uint32_t, Packet> early_;
  Clock::time_point since_;  // the first of them waits
  std::deque<Packet> ready_;
  std::vector<std::uint32_t> missing_;
  bool uncertain_ = false;
};

}  // namespace hyperdbg
