// SPDX-License-Identifier: MIT
#pragma once
#include <span>

#include "abi/wire.h"
#include "base/late.hpp"
#include "base/packet.hpp"
#include "hypervisor/core/apic.hpp"
#include "hypervisor/core/uart.hpp"

namespace hyperdbg {

struct Vcpu;

// The debugger's end of the line in Debugger Mode: whole packets over a polled UART. Answers are sent by the owner of
// the stop; records may be sent by any CPU, one at a time.
class DebuggerLink {
 public:
  // `interrupt_apic_id`: the CPU that a received byte interrupts (by NMI) while the debuggee runs.
  void open(u16 port, u32 divisor, u64 io_apic, u32 irq, u32 interrupt_apic_id);
  void close();
  bool active() const { return active_; }

  // A debugger has spoken, and not said that it goes away. Without one records stay in their rings.
  bool attached() const { return attached_; }
  void detach() { attached_ = false; }

  // Received bytes raise an NMI (while running), or are polled (while halted).
  void listen();
  void quiet();
  // An NMI that found no byte: true once if the byte was taken by polling before.
  bool explains_nmi();
  bool has_byte() const { return uart_.has_byte(); }

  // Reads what is there. True when a request is complete; repeated ones and PACKET_RESEND are dealt with here.
  bool poll();
  std::span<const u8> request() const { return request_; }

  void answer(std::span<const u8> bytes);
  void send(hyperdbg_packet_kind kind, std::span<const u8> payload);
  void send_fault(const char* text, u32 size);

  // Sends the records of all CPUs. Another CPU that is doing it already sees ours too; we only wait for our turn when
  // our ring is crowded, because the line is what limits us then, and nothing should be lost.
  void send_records(const Vcpu& vcpu);

 private:
  struct Sent {
    u32 sequence, offset, size;
  };
  static constexpr u32 history_size = 64 * 1024, history_entries = 32;

  bool take_packet();
  void answer_again();
  void resend(u32 sequence);
  void remember(const hyperdbg_packet& header, std::span<const u8> payload);
  void put(std::span<const u8> bytes);
  u32 gather_records();
  static bool records_waiting();
  bool try_lock() { return __atomic_exchange_n(&busy_, 1, __ATOMIC_ACQUIRE) == 0; }
  void lock();
  bool wait_for_turn(const Vcpu& vcpu);
  bool others_wait() const { return __atomic_load_n(&waiting_, __ATOMIC_RELAXED) != 0; }
  // Before the holder looks for records again: who found the line taken leaves its own to it.
  void unlock() { __atomic_store_n(&busy_, 0, __ATOMIC_SEQ_CST); }

  Uart uart_{0};
  UartInterrupt interrupt_;
  bool active_ = false, attached_ = false, listening_ = false, byte_taken_silently_ = false;
  // The last byte did not go out: neither the rest of that packet is tried, nor records until the line takes bytes.
  bool line_dead_ = false;
  u32 busy_ = 0;
  u32 waiting_ = 0;       // CPUs, for their turn to send records
  u32 sequence_ = 0;      // of our own packets
  u32 last_request_ = 0;  // sequence number of the request answered last
  u32 answer_size_ = 0;
  u32 history_used_ = 0, history_next_ = 0;
  Sent sent_[history_entries] = {};
  std::span<const u8> request_;
  alignas(8) u8 receive_[PacketReader::buffer_size] = {};
  alignas(8) u8 answer_[sizeof(hyperdbg_packet) + HYPERDBG_MAXIMUM_PAYLOAD] = {};
  alignas(8) u8 history_[history_size] = {};
  alignas(8) u8 records_[2 * HYPERDBG_MAXIMUM_MESSAGE_SIZE] = {};
  Late<PacketReader> reader_;
};

}  // namespace hyperdbg
