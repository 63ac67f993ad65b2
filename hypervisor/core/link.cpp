// SPDX-License-Identifier: MIT
#include "hypervisor/core/link.hpp"

#include "hypervisor/core/machine.hpp"
#include "hypervisor/cpu/instructions.hpp"

namespace hyperdbg {

void DebuggerLink::open(u16 port, u32 divisor, u64 io_apic, u32 irq, u32 interrupt_apic_id) {
  uart_ = Uart{port};
  uart_.initialize(divisor);
  interrupt_.route(io_apic, irq, interrupt_apic_id);
  reader_.construct(receive_, static_cast<u32>(sizeof(receive_)));
  active_ = true;
  // The I/O APIC may hold an edge from before, when the pin was masked, and deliver it now: no byte will explain that
  // NMI.
  byte_taken_silently_ = true;
}

void DebuggerLink::close() {
  if (!active_) return;
  send(HYPERDBG_PACKET_LEFT, {});
  uart_.set_receive_interrupt(false);
  interrupt_.restore();
  active_ = false;
}

void DebuggerLink::listen() {
  listening_ = true;
  uart_.set_receive_interrupt(true);
}

void DebuggerLink::quiet() {
  if (!listening_) return;
  listening_ = false;
  uart_.set_receive_interrupt(false);
  // A byte that came while the interrupt was open has an NMI under way, and polling will take the byte first.
  if (uart_.has_byte()) byte_taken_silently_ = true;
}

bool DebuggerLink::explains_nmi() {
  const bool explained = byte_taken_silently_;
  byte_taken_silently_ = false;
  return explained;
}

bool DebuggerLink::poll() {
  PacketReader::Outcome outcome = reader_->next();
  for (;;) {
    while (outcome != PacketReader::Outcome::nothing) {
      if (outcome == PacketReader::Outcome::damaged) {
        const u32 wanted = reader_->damaged_sequence();
        send(HYPERDBG_PACKET_RESEND, {reinterpret_cast<const u8*>(&wanted), sizeof(wanted)});
      } else if (take_packet()) {
        return true;
      }
      outcome = reader_->next();
    }
    if (!uart_.has_byte()) return false;
    outcome = reader_->push(uart_.read());
  }
}

// True when the packet is a request that has not been seen yet.
bool DebuggerLink::take_packet() {
  const hyperdbg_packet& header = reader_->header();
  attached_ = true;
  line_dead_ = false;
  if (header.kind == HYPERDBG_PACKET_RESEND && header.length == sizeof(u32)) {
    u32 sequence;
    __builtin_memcpy(&sequence, reader_->payload(), sizeof(sequence));
    resend(sequence);
    return false;
  }
  if (header.kind != HYPERDBG_PACKET_REQUEST) return false;
  if (header.sequence == last_request_ && answer_size_ != 0) {
    answer_again();
    return false;
  }
  last_request_ = header.sequence;
  request_ = {reader_->payload(), header.length};
  return true;
}

void DebuggerLink::answer(std::span<const u8> bytes) {
  const hyperdbg_packet header =
      encode_header(HYPERDBG_PACKET_ANSWER, last_request_, bytes.data(), static_cast<u32>(bytes.size()));
  __builtin_memcpy(answer_, &header, sizeof(header));
  __builtin_memcpy(answer_ + sizeof(header), bytes.data(), bytes.size());
  answer_size_ = static_cast<u32>(sizeof(header) + bytes.size());
  answer_again();
}

void DebuggerLink::answer_again() {
  lock();
  put({answer_, answer_size_});
  unlock();
}

void DebuggerLink::send(hyperdbg_packet_kind kind, std::span<const u8> payload) {
  lock();
  const hyperdbg_packet header = encode_header(kind, kind == HYPERDBG_PACKET_RESEND ? 0 : ++sequence_, payload.data(),
                                               static_cast<u32>(payload.size()));
  remember(header, payload);
  put({reinterpret_cast<const u8*>(&header), sizeof(header)});
  put(payload);
  unlock();
}

// The machine is stopped: whoever held the line will not let it go.
void DebuggerLink::send_fault(const char* text, u32 size) {
  unlock();
  line_dead_ = false;
  send(HYPERDBG_PACKET_FAULT, {reinterpret_cast<const u8*>(text), size});
}

void DebuggerLink::remember(const hyperdbg_packet& header, std::span<const u8> payload) {
  const u32 size = static_cast<u32>(sizeof(header) + payload.size());
  if (header.sequence == 0 || size > history_size) return;
  if (history_used_ + size > history_size) history_used_ = 0;
  const u32 end = history_used_ + size;
  for (Sent& old : sent_) {
    if (old.size != 0 && old.offset < end && history_used_ < old.offset + old.size) old.size = 0;
  }
  sent_[history_next_] = {.sequence = header.sequence, .offset = history_used_, .size = size};
  history_next_ = (history_next_ + 1) % history_entries;
  __builtin_memcpy(history_ + history_used_, &header, sizeof(header));
  if (!payload.empty()) {
    __builtin_memcpy(history_ + history_used_ + sizeof(header), payload.data(), payload.size());
  }
  history_used_ = end;
}

// 0 asks for whatever was sent last; an answer is asked for by repeating its request.
void DebuggerLink::resend(u32 sequence) {
  if (sequence == 0) sequence = sequence_;
  for (const Sent& entry : sent_) {
    if (entry.size == 0 || entry.sequence != sequence) continue;
    lock();
    put({history_ + entry.offset, entry.size});
    unlock();
    return;
  }
}

void DebuggerLink::put(std::span<const u8> bytes) {
  for (const u8 byte : bytes) {
    if (line_dead_) return;
    if (!uart_.write(byte)) line_dead_ = true;
  }
}

void DebuggerLink::lock() {
  while (!try_lock()) cpu::pause();
}

bool DebuggerLink::records_waiting() {
  for (u32 core = 0; core < machine.boot->cpus; ++core) {
    if (machine.reader(core).waiting()) return true;
  }
  return false;
}

// Fills records_ with whole records; the lock is held.
u32 DebuggerLink::gather_records() {
  u32 used = 0;
  for (u32 core = 0; core < machine.boot->cpus; ++core)
    used += machine.reader(core).take(records_ + used, static_cast<u32>(sizeof(records_)) - used);
  return used;
}

// False: it is not needed, or the machine is about to stop.
bool DebuggerLink::wait_for_turn(const Vcpu& vcpu) {
  if (!vcpu.ring.crowded()) return false;
  __atomic_add_fetch(&waiting_, 1, __ATOMIC_RELAXED);
  bool mine = try_lock();
  while (!mine && !machine.stop.requested()) {
    cpu::pause();
    mine = try_lock();
  }
  __atomic_sub_fetch(&waiting_, 1, __ATOMIC_RELAXED);
  return mine;
}

void DebuggerLink::send_records(const Vcpu& vcpu) {
  while (attached_ && records_waiting()) {           // without a debugger they stay in the rings
    if (vcpu.ring.empty() && others_wait()) return;  // whoever has the line next goes on
    if (!try_lock() && !wait_for_turn(vcpu)) return;
    if (line_dead_ && !uart_.takes_byte()) return unlock();  // what is in the rings stays there
    line_dead_ = false;
    const u32 used = gather_records();
    const hyperdbg_packet header = encode_header(HYPERDBG_PACKET_RECORDS, ++sequence_, records_, used);
    remember(header, {records_, used});
    put({reinterpret_cast<const u8*>(&header), sizeof(header)});
    put({records_, used});
    unlock();
  }
}

}  // namespace hyperdbg
