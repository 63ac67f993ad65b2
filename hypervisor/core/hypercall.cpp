// SPDX-License-Identifier: MIT
#include "hypervisor/core/hypercall.hpp"

#include "hypervisor/core/guest.hpp"
#include "hypervisor/core/halt.hpp"
#include "hypervisor/core/machine.hpp"
#include "hypervisor/core/requests.hpp"

namespace hyperdbg {

namespace {

constexpr u64 negative_errno(u64 code) {
  return ~code + 1;
}
constexpr u64 out_of_memory = 12, bad_address = 14, invalid = 22, no_such_call = 38;

alignas(8) constinit u8 request_bytes[sizeof(hyperdbg_request) + HYPERDBG_MAXIMUM_PAYLOAD] = {};

// The calling task is between user mode and us, so its address space is the one that virtual addresses mean.
u64 exchange(Vcpu& vcpu, u64 request, u64 size, u64 answer, u64 capacity) {
  if (size > sizeof(request_bytes)) return negative_errno(invalid);
  if (!read_virtual(vcpu, request, request_bytes, size)) return negative_errno(bad_address);
  const std::span<const u8> bytes = handle_request(vcpu, {request_bytes, size});
  if (bytes.size() > capacity) return negative_errno(invalid);
  if (!write_virtual(vcpu, answer, bytes.data(), bytes.size())) return negative_errno(bad_address);
  return bytes.size();
}

template <class F>
u64 while_stopped(Vcpu& vcpu, F function) {
  machine.stop.acquire(vcpu);
  machine.engine.reap();
  const u64 result = function();
  machine.stop.release();
  resume_cpu(vcpu);
  return result;
}

// The kernel says why it stopped. Without a debugger nobody would ever continue it.
u64 kernel_stopped(Vcpu& vcpu, u64 reason, u64 text) {
  if (!machine.link.attached()) return 0;
  char copy[200] = {};
  read_virtual_some(vcpu, text, copy, sizeof(copy) - 1);
  halt(vcpu, {.reason = static_cast<hyperdbg_halt_reason>(reason), .text = copy});
  return 0;
}

}  // namespace

bool hypercall_is_ours(const Vcpu& vcpu, bool privileged) {
  const u64 rip = vcpu.backend->instruction_pointer(vcpu);
  return privileged && rip >= machine.boot->text_start && rip < machine.boot->text_end &&
         vcpu.registers.r10 == machine.boot->secret;
}

std::span<const u8> request_buffer() {
  return request_bytes;
}

void run_hypercall(Vcpu& vcpu) {
  hyperdbg_registers& r = vcpu.registers;
  switch (r.rax) {
    case HYPERDBG_CALL_REQUEST:
      r.rax = while_stopped(vcpu, [&] { return exchange(vcpu, r.rcx, r.rdx, r.r8, r.r9); });
      finish_request(vcpu);
      break;
    case HYPERDBG_CALL_DONATE:
      r.rax = while_stopped(
          vcpu, [&] { return machine.accept_pages(r.rcx) == HYPERDBG_OK ? 0 : negative_errno(out_of_memory); });
      break;
    case HYPERDBG_CALL_STOPPED:
      r.rax = kernel_stopped(vcpu, r.rcx, r.rdx);
      break;
    case HYPERDBG_CALL_HALT:
      r.rax = machine.debugger_mode() ? 0 : negative_errno(invalid);
      if (r.rax == 0) halt(vcpu, {.reason = HYPERDBG_HALT_REQUEST});
      break;
    default:
      r.rax = negative_errno(no_such_call);
  }
}

}  // namespace hyperdbg
