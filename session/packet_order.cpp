// SPDX-License-Identifier: MIT
#include "session/packet_order.hpp"

#include "abi/wire.h"

namespace hyperdbg {

void PacketOrder::restart() {
  skip_to(0);
  uncertain_ = false;
  missing_.clear();
}

void PacketOrder::take(std::uint32_t sequence, Packet packet, Clock::time_point now) {
  if (expected_ == 0) expected_ = sequence;
  if (sequence < expected_ && expected_ - sequence <= 4 * window) return;  // repeated
  if (sequence < expected_ || sequence - expected_ > window) skip_to(sequence);
  if (sequence == expected_) {
    accept(std::move(packet));
    return accept_early();
  }
  if (early_.empty()) since_ = now;
  for (std::uint32_t lost = early_.empty() ? expected_ : early_.rbegin()->first + 1; lost < sequence; ++lost)
    missing_.push_back(lost);
  early_.insert_or_assign(sequence, std::move(packet));
}

std::optional<PacketOrder::Packet> PacketOrder::next() {
  if (ready_.empty()) return std::nullopt;
  Packet packet = std::move(ready_.front());
  ready_.pop_front();
  return packet;
}

void PacketOrder::check(Clock::time_point now) {
  if (early_.empty() || now - since_ < patience_) return;
  since_ = now;
  expected_ = early_.begin()->first;
  uncertain_ = true;
  accept_early();
}

void PacketOrder::accept(Packet packet) {
  const bool last = packet.kind == HYPERDBG_PACKET_LEFT;
  ready_.push_back(std::move(packet));
  ++expected_;
  if (last) restart();
}

void PacketOrder::accept_early() {
  while (!early_.empty() && early_.begin()->first == expected_) {
    Packet packet = std::move(early_.begin()->second);
    early_.erase(early_.begin());
    accept(std::move(packet));
  }
}

void PacketOrder::skip_to(std::uint32_t sequence) {
  for (auto& [number, packet] : early_) ready_.push_back(std::move(packet));
  early_.clear();
  expected_ = sequence;
  uncertain_ = true;
}

}  // namespace hyperdbg
