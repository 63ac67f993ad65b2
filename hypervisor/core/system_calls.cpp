// SPDX-License-Identifier: MIT
#include "hypervisor/core/system_calls.hpp"

#include "hypervisor/core/guest.hpp"
#include "hypervisor/core/machine.hpp"
#include "x86/msr.hpp"

namespace hyperdbg {

namespace {

constexpr u32 lstar = static_cast<u32>(x86::Msr::LSTAR), efer = static_cast<u32>(x86::Msr::EFER);
constexpr u64 breakpoint_vector = 3, invalid_opcode_vector = 6;

bool watches_any(u32 kind, u32 core) {
  bool any = false;
  machine.engine.for_each_watched_key(kind, core, [&](u64) { any = true; });
  return any;
}

// SYSENTER and INT 80 may come to exit by what all CPUs share.
bool any_core_watches(u32 kind) {
  if (!machine.engine.watches(kind)) return false;
  for (u32 core = 0; core < machine.boot->cpus; ++core)
    if (watches_any(kind, core)) return true;
  return false;
}

// A byte CC in the page of the kernel's entry, the only one of which it is known that user mode's tables map it. In the
// middle of an instruction it is as good, but not in the place of a SYSRET. 0 if there is none.
u64 find_breakpoint(const Vcpu& vcpu, u64 entry) {
  constexpr u8 int3 = 0xcc;
  u8 bytes[64];
  const u64 page = page_of(entry);
  for (u64 i = 1; i <= page_size / sizeof(bytes); ++i) {  // from the entry on, round the page
    const u64 at = page + page_offset(page_offset(entry) / sizeof(bytes) * sizeof(bytes) + i * sizeof(bytes));
    if (!read_virtual(vcpu, at, bytes, sizeof(bytes))) return 0;
    for (u64 byte = 0; byte < sizeof(bytes); ++byte)
      if (bytes[byte] == int3 && !machine.sysret_sites.at(at + byte)) return at + byte;
  }
  return 0;
}

// The numbers that leave by the trap: of all CPUs, because the stub does not ask on which it runs.
hyperdbg_system_call_filter wanted_filter() {
  hyperdbg_system_call_filter filter{};
  for (u32 core = 0; core < machine.boot->cpus; ++core) {
    machine.engine.for_each_watched_key(HYPERDBG_EVENT_SYSCALL, core, [&](u64 key) {
      if (key < HYPERDBG_FILTERED_SYSTEM_CALLS) {
        filter.numbers[key / 32] |= 1u << key % 32;
        return;
      }
      filter.others = 1;
      if (key == HYPERDBG_ANY_KEY) __builtin_memset(filter.numbers, 0xff, sizeof(filter.numbers));
    });
  }
  return filter;
}

// All CPUs write the same: what is there already stays untouched, because others may be running through it.
template <class T>
bool update(Vcpu& vcpu, u64 address, const T& wanted) {
  T now;
  if (!read_virtual(vcpu, address, &now, sizeof(now))) return false;
  return __builtin_memcmp(&now, &wanted, sizeof(now)) == 0 || write_virtual(vcpu, address, &wanted, sizeof(wanted));
}

// The stub ends in a JMP rel32 to the kernel's own entry.
bool prepare_stub(Vcpu& vcpu, u64 entry) {
  const hyperdbg_boot& boot = *machine.boot;
  if (boot.isolation != 0 || boot.system_call_stub == 0) return false;
  const u64 displacement = boot.system_call_jump + 1;
  const s64 distance = static_cast<s64>(entry - (displacement + sizeof(u32)));
  if (distance != static_cast<s32>(distance)) return false;
  return update(vcpu, displacement, static_cast<s32>(distance)) &&
         update(vcpu, boot.system_call_filter, wanted_filter());
}

void watch_msr(Vcpu& vcpu, u32 msr) {
  vcpu.backend->add_intercept(vcpu, HYPERDBG_EVENT_RDMSR, msr);
  vcpu.backend->add_intercept(vcpu, HYPERDBG_EVENT_WRMSR, msr);
}

// In the guest's own EFER, SCE is what it was.
void set_way(Vcpu& vcpu, SystemCallWay way) {
  u64 guest_efer = 0;
  const bool has_efer = vcpu.backend->read_msr(vcpu, efer, guest_efer);
  vcpu.system_calls.way = way;
  if (has_efer) vcpu.backend->write_msr(vcpu, efer, guest_efer);
}

void arm_fault(Vcpu& vcpu) {
  set_way(vcpu, SystemCallWay::fault);
  watch_msr(vcpu, efer);
  vcpu.backend->add_intercept(vcpu, HYPERDBG_EVENT_EXCEPTION, invalid_opcode_vector);
}

// Whoever stands between the changed LSTAR and the trap goes on at the kernel's own entry.
void leave_trap(Vcpu& vcpu, const SystemCalls& left) {
  const u64 rip = vcpu.backend->instruction_pointer(vcpu);
  if (!left.moves_entry() || rip != left.trap) return;
  const bool set = vcpu.instruction_pointer_set;
  vcpu.backend->write_register(vcpu, HYPERDBG_RIP, left.entry);
  vcpu.instruction_pointer_set = set;
}

void leave_way(Vcpu& vcpu) {
  const SystemCalls left = vcpu.system_calls;
  if (left.moves_entry()) vcpu.backend->write_msr(vcpu, lstar, left.entry);
  set_way(vcpu, SystemCallWay::none);
  leave_trap(vcpu, left);
  vcpu.system_calls = {};
}

bool move_entry(Vcpu& vcpu, u64 entry) {
  SystemCalls& calls = vcpu.system_calls;
  if (prepare_stub(vcpu, entry)) {
    calls = {.way = SystemCallWay::stub, .hides_enable = false, .entry = entry, .trap = machine.boot->system_call_trap};
    return vcpu.backend->write_msr(vcpu, lstar, machine.boot->system_call_stub);
  }
  const u64 byte = find_breakpoint(vcpu, entry);
  if (byte == 0) return false;
  calls = {.way = SystemCallWay::breakpoint, .hides_enable = false, .entry = entry, .trap = byte};
  vcpu.backend->add_intercept(vcpu, HYPERDBG_EVENT_EXCEPTION, breakpoint_vector);
  return vcpu.backend->write_msr(vcpu, lstar, byte);
}

void arm_entry(Vcpu& vcpu) {
  u64 entry = 0;
  if (!read_system_call_entry(vcpu, entry)) return;
  const SystemCalls before = vcpu.system_calls;
  if (before.way == SystemCallWay::fault) set_way(vcpu, SystemCallWay::none);
  if (!move_entry(vcpu, entry)) {
    leave_way(vcpu);
    return arm_fault(vcpu);
  }
  if (before.trap != vcpu.system_calls.trap) leave_trap(vcpu, before);
  watch_msr(vcpu, lstar);
}

// What all CPUs share must suit all of them. One that has left runs the guest without anybody to take a #BP: until it
// is back, SYSRET faults on the others.
bool may_arm_sysret_sites(const Vcpu& vcpu) {
  if (machine.stop.somebody_left() || machine.engine.wants_faulting_calls()) return false;
  return !(vcpu.backend->has_32_bit_syscall && any_core_watches(HYPERDBG_EVENT_SYSCALL_32));
}

bool arm_sysret_sites(Vcpu& vcpu) {
  if (!any_core_watches(HYPERDBG_EVENT_SYSRET) || !may_arm_sysret_sites(vcpu)) {
    machine.sysret_sites.disarm(vcpu);
    return false;
  }
  vcpu.backend->add_intercept(vcpu, HYPERDBG_EVENT_EXCEPTION, breakpoint_vector);
  return machine.sysret_sites.arm(vcpu);
}

}  // namespace

void disarm_system_calls(Vcpu& vcpu) {
  leave_way(vcpu);
  machine.sysret_sites.disarm(vcpu);
  vcpu.backend->watch_32_bit_calls(vcpu, false);
}

void arm_system_calls(Vcpu& vcpu) {
  vcpu.backend->watch_32_bit_calls(vcpu, any_core_watches(HYPERDBG_EVENT_SYSCALL_32));
  const bool calls = watches_any(HYPERDBG_EVENT_SYSCALL, vcpu.core);
  const bool calls_32 = vcpu.backend->has_32_bit_syscall && watches_any(HYPERDBG_EVENT_SYSCALL_32, vcpu.core);
  const bool faulting_returns = !arm_sysret_sites(vcpu) && watches_any(HYPERDBG_EVENT_SYSRET, vcpu.core);
  if (faulting_returns || calls_32 || (calls && machine.engine.wants_faulting_calls())) {
    if (vcpu.system_calls.moves_entry()) leave_way(vcpu);
    arm_fault(vcpu);
  } else if (calls) {
    arm_entry(vcpu);
  } else if (vcpu.system_calls.way != SystemCallWay::none) {
    leave_way(vcpu);
  }
}

bool read_system_call_entry(const Vcpu& vcpu, u64& value) {
  if (!vcpu.system_calls.moves_entry()) return vcpu.backend->read_msr(vcpu, lstar, value);
  value = vcpu.system_calls.entry;
  return true;
}

bool write_system_call_entry(Vcpu& vcpu, u64 value) {
  const bool moved = vcpu.system_calls.moves_entry();
  if (!vcpu.backend->write_msr(vcpu, lstar, value)) return false;
  if (!moved) return true;
  vcpu.system_calls = {};
  arm_entry(vcpu);
  return true;
}

}  // namespace hyperdbg
