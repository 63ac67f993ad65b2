// SPDX-License-Identifier: MIT
#include "hypervisor/core/requests.hpp"

#include "abi/version.h"
#include "hypervisor/core/aggregations.hpp"
#include "hypervisor/core/checksum.hpp"
#include "hypervisor/core/guest.hpp"
#include "hypervisor/core/halt.hpp"
#include "hypervisor/core/image_pages.hpp"
#include "hypervisor/core/machine.hpp"
#include "hypervisor/core/script_run.hpp"
#include "hypervisor/cpu/instructions.hpp"

namespace hyperdbg {

namespace {

using Payload = std::span<const u8>;

constexpr u32 nothing = ~0u;
struct Pending {
  bool resume, halt;
  u32 core = nothing;
};
constinit Pending pending{};

alignas(8) constinit u8 answer_bytes[sizeof(hyperdbg_answer) + HYPERDBG_MAXIMUM_PAYLOAD] = {};

struct Reply {
  Status status = HYPERDBG_OK;
  u32 size = 0;
};

std::span<u8> answer_payload() {
  return std::span(answer_bytes).subspan(sizeof(hyperdbg_answer));
}

template <class T>
Reply reply_with(const T& value) {
  __builtin_memcpy(answer_payload().data(), &value, sizeof(value));
  return {HYPERDBG_OK, sizeof(value)};
}

template <class T>
bool take(Payload payload, T& value) {
  if (payload.size() < sizeof(value)) return false;
  __builtin_memcpy(&value, payload.data(), sizeof(value));
  return true;
}

u32 online_cpus() {
  u32 count = 0;
  for (u64 mask = machine.stop.online_mask(); mask != 0; mask &= mask - 1) ++count;
  return count;
}

Reply hello(Vcpu&, Payload payload) {
  hyperdbg_hello theirs;
  if (!take(payload, theirs)) return {HYPERDBG_MALFORMED};
  const hyperdbg_boot& boot = *machine.boot;
  hyperdbg_hello_answer ours{};
  ours.abi = HYPERDBG_ABI;
  __builtin_memcpy(ours.version, HYPERDBG_VERSION, sizeof(HYPERDBG_VERSION));
  ours.mode = boot.mode;
  ours.vendor = boot.vendor;
  ours.cpus = online_cpus();
  ours.halted = halted() ? 1 : 0;
  __builtin_memcpy(ours.build_id, boot.build_id, sizeof(ours.build_id));
  __builtin_memcpy(ours.release, boot.release, sizeof(ours.release));
  ours.levels = boot.levels;
  ours.anchor = boot.anchor;
  ours.tsc_khz = boot.tsc_khz;
  ours.boot_time = boot.boot_time;
  ours.boot_tsc = boot.boot_tsc;
  return reply_with(ours);
}

Reply status(Vcpu&, Payload) {
  hyperdbg_status_answer answer{};
  answer.halted = halted() ? 1 : 0;
  answer.core = halted() ? operating_core() : 0;
  answer.events = machine.engine.event_count();
  answer.cpus = online_cpus();
  for (u32 core = 0; core < machine.boot->cpus; ++core) {
    answer.exits += machine.vcpu(core).exits;
    answer.dropped += machine.vcpu(core).ring.dropped();
  }
  answer.free_events = machine.engine.free_events();
  answer.free_actions = machine.engine.free_actions();
  answer.free_pages = machine.pool->count();
  return reply_with(answer);
}

Reply read_memory(Vcpu& vcpu, Payload payload) {
  hyperdbg_memory_range range;
  if (!take(payload, range) || range.size > answer_payload().size()) return {HYPERDBG_MALFORMED};
  u8* to = answer_payload().data();
  const u64 size = range.kind == HYPERDBG_PHYSICAL
                       ? machine.guest->read_physical(PhysicalAddress{range.address}, to, range.size)
                       : read_virtual_some(vcpu, range.address, to, range.size);
  if (size == 0 && range.size != 0) return {HYPERDBG_INVALID_ADDRESS};
  return {HYPERDBG_OK, static_cast<u32>(size)};
}

Reply write_memory(Vcpu& vcpu, Payload payload) {
  hyperdbg_memory_range range;
  if (!take(payload, range) || range.size != payload.size() - sizeof(range)) return {HYPERDBG_MALFORMED};
  const u8* from = payload.data() + sizeof(range);
  const bool done = range.kind == HYPERDBG_PHYSICAL ? write_physical(range.address, from, range.size)
                                                    : write_virtual(vcpu, range.address, from, range.size);
  return {done ? HYPERDBG_OK : HYPERDBG_EDIT_INVALID_ADDRESS};
}

Reply read_registers(Vcpu& vcpu, Payload) {
  if (!halted()) return {HYPERDBG_NOT_HALTED};
  u64 values[HYPERDBG_REGISTER_COUNT];
  for (u32 number = 0; number < HYPERDBG_REGISTER_COUNT; ++number)
    values[number] = vcpu.backend->read_register(vcpu, number);
  return reply_with(values);
}

Reply write_register(Vcpu& vcpu, Payload payload) {
  hyperdbg_register_value wanted;
  if (!halted()) return {HYPERDBG_NOT_HALTED};
  if (!take(payload, wanted) || wanted.number >= HYPERDBG_REGISTER_COUNT) return {HYPERDBG_MALFORMED};
  const bool done = vcpu.backend->write_register(vcpu, static_cast<u32>(wanted.number), wanted.value);
  return {done ? HYPERDBG_OK : HYPERDBG_READ_ONLY_REGISTER};
}

Reply switch_core(Vcpu&, Payload payload) {
  u32 core = 0;
  if (!halted()) return {HYPERDBG_NOT_HALTED};
  if (!take(payload, core)) return {HYPERDBG_MALFORMED};
  if (core >= machine.boot->cpus) return {HYPERDBG_INVALID_CORE};
  if (!machine.stop.online(core)) return {HYPERDBG_CORE_NOT_PRESENT};
  pending.core = core;
  return {};
}

Reply resume(Vcpu&, Payload) {
  if (!halted()) return {HYPERDBG_NOT_HALTED};
  pending.resume = true;
  return {};
}

Reply stop(Vcpu&, Payload) {
  if (!machine.debugger_mode()) return {HYPERDBG_NOT_SUPPORTED};
  if (halted()) return {HYPERDBG_ALREADY_HALTED};
  pending.halt = true;
  return {};
}

Reply evaluate(Vcpu& vcpu, Payload payload) {
  hyperdbg_action action;
  if (!halted()) return {HYPERDBG_NOT_HALTED};
  if (!take(payload, action) || action.kind != HYPERDBG_ACTION_SCRIPT) return {HYPERDBG_MALFORMED};
  if (action.code_size == 0 || action.code_size > payload.size() - sizeof(action)) return {HYPERDBG_MALFORMED};
  if (!valid_script(action)) return {HYPERDBG_MALFORMED};
  if (action.code_size > HYPERDBG_REGULAR_ACTION_SIZE) return {HYPERDBG_ACTION_TOO_BIG};
  const CodePages pages = evaluation_pages();
  if (pages.writable == nullptr) return {HYPERDBG_REGULAR_ACTION_NOT_FOUND};
  __builtin_memcpy(pages.writable, payload.data() + sizeof(action), action.code_size);
  const Blob blob{pages.executable, action.code_size, action.fuel, action.flags};
  return {run_evaluation(vcpu, blob) ? HYPERDBG_OK : HYPERDBG_SCRIPT_FAILED};
}

Reply translate(Vcpu& vcpu, Payload payload) {
  u64 address = 0, physical = 0;
  if (!take(payload, address)) return {HYPERDBG_MALFORMED};
  if (!translate_virtual(vcpu, address, physical)) return {HYPERDBG_INVALID_ADDRESS};
  return reply_with(physical);
}

Reply modules(Vcpu&, Payload) {
  const auto& list = *reinterpret_cast<const hyperdbg_modules*>(HYPERDBG_MODULES_AREA);
  u64 size = u64{list.count} * sizeof(hyperdbg_module_info);
  if (size > answer_payload().size())
    size = answer_payload().size() / sizeof(hyperdbg_module_info) * sizeof(hyperdbg_module_info);
  __builtin_memcpy(answer_payload().data(), list.entries, size);
  return {HYPERDBG_OK, static_cast<u32>(size)};
}

Reply detach(Vcpu&, Payload) {
  machine.link.detach();
  return {};
}

Reply test_fault(Vcpu&, Payload) {
  *reinterpret_cast<volatile u64*>(HYPERDBG_CPU_AREA) = 0;  // a guard page
  return {};
}

Reply test_checksum(Vcpu&, Payload) {
  if (!halted()) return {HYPERDBG_NOT_HALTED};
  return reply_with(image_checksums());
}

struct Handler {
  u32 kind;
  Reply (*handle)(Vcpu&, Payload);
};
constexpr Handler handlers[] = {
    {HYPERDBG_REQUEST_HELLO, hello},
    {HYPERDBG_REQUEST_STATUS, status},
    {HYPERDBG_REQUEST_READ_MEMORY, read_memory},
    {HYPERDBG_REQUEST_WRITE_MEMORY, write_memory},
    {HYPERDBG_REQUEST_READ_REGISTERS, read_registers},
    {HYPERDBG_REQUEST_WRITE_REGISTER, write_register},
    {HYPERDBG_REQUEST_SWITCH_CORE, switch_core},
    {HYPERDBG_REQUEST_CONTINUE, resume},
    {HYPERDBG_REQUEST_HALT, stop},
    {HYPERDBG_REQUEST_EVALUATE, evaluate},
    {HYPERDBG_REQUEST_TRANSLATE, translate},
    {HYPERDBG_REQUEST_MODULES, modules},
    {HYPERDBG_REQUEST_DETACH, detach},
    {HYPERDBG_REQUEST_TEST_FAULT, test_fault},
    {HYPERDBG_REQUEST_TEST_CHECKSUM, test_checksum},
};

Reply dispatch(Vcpu& vcpu, u32 kind, Payload payload) {
  if (kind == HYPERDBG_REQUEST_RESET && payload.empty()) reset_aggregations();
  if (handles_aggregations(kind)) {
    const AnswerPayload answer = handle_aggregations(kind, payload, answer_payload());
    return {answer.status, answer.size};
  }
  if (Engine::handles(kind)) {
    const AnswerPayload answer = machine.engine.handle(kind, payload, answer_payload(), vcpu.core);
    machine.publish_pool();
    return {answer.status, answer.size};
  }
  for (const Handler& handler : handlers) {
    if (handler.kind == kind) return handler.handle(vcpu, payload);
  }
  return {HYPERDBG_NOT_SUPPORTED};
}

Reply check_and_dispatch(Vcpu& vcpu, std::span<const u8> bytes) {
  hyperdbg_request request;
  if (!take(bytes, request) || request.size != bytes.size() - sizeof(request)) return {HYPERDBG_MALFORMED};
  return dispatch(vcpu, request.kind, bytes.subspan(sizeof(request)));
}

}  // namespace

std::span<const u8> handle_request(Vcpu& vcpu, std::span<const u8> bytes) {
  const Reply reply = check_and_dispatch(vcpu, bytes);
  const hyperdbg_answer header{.status = static_cast<u32>(reply.status), .size = reply.size};
  __builtin_memcpy(answer_bytes, &header, sizeof(header));
  return {answer_bytes, sizeof(header) + reply.size};
}

std::span<const u8> answer_buffer() {
  return answer_bytes;
}

void finish_request(Vcpu& vcpu) {
  const Pending todo = pending;
  pending = {};
  if (todo.resume) continue_debuggee();
  if (todo.core != nothing) switch_operating_core(todo.core);
  if (todo.halt) halt(vcpu, {.reason = HYPERDBG_HALT_REQUEST});
}

}  // namespace hyperdbg
