// SPDX-License-Identifier: MIT
#include "hypervisor/core/sysret_sites.hpp"

#include "hypervisor/core/backend.hpp"
#include "hypervisor/core/guest.hpp"
#include "hypervisor/core/system_calls.hpp"
#include "hypervisor/cpu/instructions.hpp"
#include "x86/decoder.hpp"
#include "x86/msr.hpp"

namespace hyperdbg {

namespace {

constexpr u8 int3 = 0xcc;
constexpr u64 reach = page_size;  // bytes from an entry to its SYSRET; Linux has a few hundred

class Lock {
 public:
  explicit Lock(bool& taken) : taken_(taken) {
    while (__atomic_test_and_set(&taken_, __ATOMIC_ACQUIRE)) cpu::pause();
  }
  ~Lock() { __atomic_clear(&taken_, __ATOMIC_RELEASE); }
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;

 private:
  bool& taken_;
};

u64 entry_of(const Vcpu& vcpu, x86::Msr msr) {
  u64 entry = 0;
  const bool known = msr == x86::Msr::LSTAR ? read_system_call_entry(vcpu, entry)
                                            : vcpu.backend->read_msr(vcpu, static_cast<u32>(msr), entry);
  return known ? entry : 0;
}

// The kernel leaves below where it entered, and has nothing but instructions between.
bool find_behind(const Vcpu& vcpu, u64 entry, SysretSite& site) {
  constexpr u8 sysret = 0x07;
  u8 bytes[x86::maximum_instruction_length];
  for (u64 at = entry; at - entry < reach;) {
    const u64 count = read_virtual_some(vcpu, at, bytes, sizeof(bytes));
    const x86::Decoded decoded = x86::decode(bytes, count, x86::CodeSize::bits64);
    if (!decoded.ok()) return false;
    const x86::Instruction& instruction = decoded.instruction;
    if (instruction.map == x86::OpcodeMap::map_0f && instruction.opcode == sysret) {
      site = {.address = at, .length = instruction.length, .wide = instruction.wide, .first_byte = bytes[0]};
      return true;
    }
    at += instruction.length;
  }
  return false;
}

}  // namespace

u32 SysretSites::find(const Vcpu& vcpu) {
  u32 found = 0;
  for (const x86::Msr msr : {x86::Msr::LSTAR, x86::Msr::CSTAR, x86::Msr::SYSENTER_EIP}) {
    const u64 entry = entry_of(vcpu, msr);
    if (entry == 0) continue;
    SysretSite& site = sites_[found];
    if (!find_behind(vcpu, entry, site)) return 0;
    bool known = false;
    for (u32 i = 0; i < found; ++i) known |= sites_[i].address == site.address;
    if (!known) ++found;
  }
  return found;
}

bool SysretSites::arm(Vcpu& vcpu) {
  const Lock lock(changing_);
  if (count_ != 0) return true;
  const u32 found = find(vcpu);
  __atomic_store_n(&count_, found, __ATOMIC_RELEASE);  // first: whoever comes to a byte CC knows whose it is
  for (u32 i = 0; i < found; ++i) {
    if (write_virtual(vcpu, sites_[i].address, &int3, sizeof(int3))) continue;
    restore(vcpu, i);
    return false;
  }
  return found != 0;
}

void SysretSites::disarm(Vcpu& vcpu) {
  const Lock lock(changing_);
  if (count_ != 0) restore(vcpu, count_);
}

void SysretSites::restore(Vcpu& vcpu, u32 written) {
  for (u32 i = 0; i < written; ++i) {
    u8 now = 0;
    const SysretSite& site = sites_[i];
    if (read_virtual(vcpu, site.address, &now, sizeof(now)) && now == int3)
      (void)write_virtual(vcpu, site.address, &site.first_byte, sizeof(site.first_byte));
  }
  __atomic_store_n(&count_, 0, __ATOMIC_RELEASE);
}

const SysretSite* SysretSites::at(u64 address) const {
  for (u32 i = 0; i < count(); ++i)
    if (sites_[i].address == address) return &sites_[i];
  return nullptr;
}

}  // namespace hyperdbg
