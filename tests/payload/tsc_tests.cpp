// SPDX-License-Identifier: MIT
#include "hypervisor/cpu/instructions.hpp"
#include "tests/payload/test.hpp"
#include "tests/payload/tests.hpp"

// The guest's clock: the processor's, and the offset that hides halts.
namespace hyperdbg::payload {

namespace {

using x86::Msr;

template <u64 Offset>
void tsc_offset() {
  vcpu().backend->set_tsc_offset(vcpu(), Offset);
  const u64 before = cpu::rdtsc();
  const u64 seen = call(cpu::rdtsc) - Offset;
  const u64 after = cpu::rdtsc();
  expect(seen >= before, "the guest's clock is behind");
  expect(seen <= after, "the guest's clock is ahead");
}

void tsc_by_rdmsr() {
  constexpr u64 offset = 1ull << 44;
  vcpu().backend->set_tsc_offset(vcpu(), offset);
  watch(HYPERDBG_EVENT_RDMSR, static_cast<u32>(Msr::TSC));
  const u64 before = cpu::rdtsc();
  const u64 seen = call([] { return cpu::rdmsr(Msr::TSC); }) - offset;
  const u64 after = cpu::rdtsc();
  expect(seen >= before && seen <= after, "a watched RDMSR gives another time than RDTSC");
}

void tsc_stays_constant() {
  constexpr u64 offset = 1ull << 45;
  vcpu().backend->set_tsc_offset(vcpu(), offset);
  watch(HYPERDBG_EVENT_CPUID);
  const u64 steps = call([] {
    u64 last = cpu::rdtsc(), forward = 0;
    for (u32 i = 0; i < 10; ++i) {
      cpu::cpuid(0, 0);
      const u64 now = cpu::rdtsc();
      forward += now >= last && now - last < offset / 2;
      last = now;
    }
    return forward;
  });
  expect_equal(steps, 10, "how often the clock went forward a little");
}

constexpr Test rows[] = {
    {"tsc: offset 0", tsc_offset<0>},
    {"tsc: a large offset", tsc_offset<1ull << 40>},
    {"tsc: a negative offset", tsc_offset<~0ull << 20>},
    {"tsc: by RDMSR", tsc_by_rdmsr},
    {"tsc: the offset is constant", tsc_stays_constant},
};

}  // namespace

constinit const Area tsc_tests = rows;

}  // namespace hyperdbg::payload
