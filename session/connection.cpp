// SPDX-License-Identifier: MIT
#include "session/connection.hpp"

#include <algorithm>
#include <array>
#include <random>

namespace hyperdbg {
namespace {

Bytes make_packet(std::uint16_t kind, std::uint32_t sequence, ByteView payload) {
  const hyperdbg_packet header = encode_header(kind, sequence, payload.data(), static_cast<u32>(payload.size()));
  Bytes packet;
  packet.reserve(sizeof header + payload.size());
  append(packet, object_bytes(header));
  append(packet, payload);
  return packet;
}

// A new debugger must not meet the answer that its predecessor got under the same number.
std::uint32_t first_sequence() {
  return std::random_device{}() | 1;
}

}  // namespace

Connection::Connection(std::unique_ptr<Transport> transport, Timing timing)
    : transport_(std::move(transport)),
      timing_(timing),
      buffer_(PacketReader::buffer_size),
      reader_(buffer_.data(), PacketReader::buffer_size),
      sequence_(first_sequence()),
      unasked_(timing.missing_packet) {}

Expected<Answer> Connection::request(std::uint32_t kind, ByteView payload) {
  if (closed_) return std::unexpected(*closed_);
  if (payload.size() + sizeof(hyperdbg_request) > HYPERDBG_MAXIMUM_PAYLOAD)
    return fail("err, buffer is above the maximum buffer size that can be sent to debuggee ({} > {})", payload.size(),
                HYPERDBG_MAXIMUM_PAYLOAD - sizeof(hyperdbg_request));
  Bytes body;
  append(body, object_bytes(hyperdbg_request{kind, static_cast<std::uint32_t>(payload.size())}));
  append(body, payload);
  sequence_ = sequence_ == ~0u ? 1 : sequence_ + 1;  // 0 means "whatever was sent last" in PACKET_RESEND
  pending_ = Pending{sequence_, make_packet(HYPERDBG_PACKET_REQUEST, sequence_, body), std::nullopt};
  auto waited = wait_for_answer();
  auto answer = waited ? finish(kind) : Expected<Answer>(std::unexpected(waited.error()));
  pending_.reset();
  wait_for_missing();
  deliver();
  return answer;
}

Expected<void> Connection::wait_for_answer() {
  for (int attempt = 0; attempt < timing_.attempts; ++attempt) {
    TRY_EXPECTED(transport_->send(pending_->packet));
    const auto sent = Clock::now();
    last_byte_ = sent;
    // Arriving bytes prolong the wait (an answer may be long), but a flood of messages must not hide a lost request.
    while (Clock::now() - last_byte_ < timing_.quiet && Clock::now() - sent < 5 * timing_.quiet) {
      if (cancelled_ && cancelled_()) return fail_with(ErrorKind::cancelled, "cancelled");
      transport_->wait(std::min(timing_.quiet, std::chrono::milliseconds(50)));
      TRY_EXPECTED(receive());
      if (pending_->answer) return {};
    }
  }
  return fail_with(ErrorKind::no_answer,
                   "err, the debuggee does not answer. is the line right, and is the debuggee still running?");
}

// What came before an answer is told before it, also if it has to be sent again.
void Connection::wait_for_missing() {
  while (unasked_.waits() && !closed_ && !(cancelled_ && cancelled_())) {
    transport_->wait(std::min(timing_.missing_packet, std::chrono::milliseconds(50)));
    static_cast<void>(receive());
  }
}

Expected<Answer> Connection::finish(std::uint32_t kind) {
  if (kind == HYPERDBG_REQUEST_HELLO) unasked_.restart();  // the image may be another one than before
  attached_ = true;
  return std::move(*pending_->answer);
}

void Connection::pump() {
  if (closed_) return;
  static_cast<void>(receive());  // a closed line is remembered and reported by deliver()
  deliver();
}

Expected<void> Connection::receive() {
  auto received = receive_some();
  if (!received && !closed_) closed_ = received.error();
  return received;
}

Expected<void> Connection::receive_some() {
  std::array<std::uint8_t, 4096> bytes;
  for (;;) {
    const std::size_t size = TRY_EXPECTED(transport_->receive(bytes.data(), bytes.size()));
    if (size == 0) break;
    last_byte_ = Clock::now();
    for (std::size_t done = 0; done < size;) {
      u32 taken = 0;
      handle(reader_.push(bytes.data() + done, static_cast<u32>(size - done), taken));
      done += taken;
    }
  }
  if (reader_.in_packet() && Clock::now() - last_byte_ > timing_.rest_of_packet) {
    reader_.reset();
    ask_again(0);
  }
  for (const std::uint32_t missing : unasked_.take_missing()) ask_again(missing);
  unasked_.check(Clock::now());
  return {};
}

void Connection::handle(PacketReader::Outcome outcome) {
  for (; outcome != PacketReader::Outcome::nothing; outcome = reader_.next()) {
    if (outcome == PacketReader::Outcome::damaged) {
      ask_again(reader_.damaged_sequence());
    } else {
      handle_packet();
    }
  }
}

void Connection::ask_again(std::uint32_t sequence) {
  // Even if sending fails the request's own timeout still repairs it.
  if (attached_) static_cast<void>(transport_->send(make_packet(HYPERDBG_PACKET_RESEND, 0, object_bytes(sequence))));
}

void Connection::handle_packet() {
  const hyperdbg_packet& header = reader_.header();
  switch (header.kind) {
    case HYPERDBG_PACKET_ANSWER: {
      if (!pending_ || pending_->answer || header.sequence != pending_->sequence)
        return;  // repeated, or somebody else's
      const ByteView body(reader_.payload(), header.length);
      const auto answer = object_at<hyperdbg_answer>(body);
      if (!answer || answer->size > body.size() - sizeof *answer) return;
      const ByteView payload = body.subspan(sizeof *answer, answer->size);
      pending_->answer = Answer{answer->status, Bytes(payload.begin(), payload.end())};
      return;
    }
    case HYPERDBG_PACKET_RESEND:
      return handle_resend();
    default:
      return handle_unasked(header);
  }
}

void Connection::handle_resend() {
  const auto wanted = object_at<std::uint32_t>(ByteView(reader_.payload(), reader_.header().length));
  if (wanted && pending_ && !pending_->answer && (*wanted == 0 || *wanted == pending_->sequence))
    static_cast<void>(transport_->send(pending_->packet));
}

void Connection::handle_unasked(const hyperdbg_packet& header) {
  unasked_.take(header.sequence, {header.kind, Bytes(reader_.payload(), reader_.payload() + header.length)},
                Clock::now());
}

void Connection::deliver() {
  // The listener may send requests of its own, which come back here: the outermost call delivers everything.
  if (delivering_ || listener_ == nullptr) return;
  delivering_ = true;
  while (const auto packet = unasked_.next()) deliver(*packet);
  if (unasked_.take_uncertain() && !closed_) listener_->on_uncertain();
  if (closed_ && !std::exchange(told_closed_, true)) listener_->on_disconnected(*closed_);
  delivering_ = false;
}

void Connection::deliver(const PacketOrder::Packet& packet) {
  switch (packet.kind) {
    case HYPERDBG_PACKET_RECORDS:
      return listener_->on_records(packet.payload);
    case HYPERDBG_PACKET_HALTED:
      if (const auto halted = object_at<hyperdbg_halted>(packet.payload)) listener_->on_halted(*halted);
      return;
    case HYPERDBG_PACKET_RUNNING:
      return listener_->on_running();
    case HYPERDBG_PACKET_FAULT:
      return listener_->on_fault(text_of(packet.payload));
    case HYPERDBG_PACKET_LEFT:
      return listener_->on_left();
    default:
      return;  // of a later version; the version check at attach says so
  }
}

}  // namespace hyperdbg
