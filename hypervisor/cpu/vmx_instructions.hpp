// SPDX-License-Identifier: MIT
#pragma once
#include "base/types.hpp"
#include "x86/vmx/controls.hpp"
#include "x86/vmx/vmcs.hpp"

// The instructions of VT-x. Those that may fail for reasons outside of the image say so; a field that does not exist,
// or no current VMCS, is a mistake of ours and ends in UD2, that is, in a fault report.
namespace hyperdbg::cpu {

inline u64 vmread_raw(u32 field) {
  u64 value;
  asm volatile("vmread %1, %0\nja 1f\nud2\n1:" : "=r"(value) : "r"(u64{field}) : "cc");
  return value;
}
inline void vmwrite_raw(u32 field, u64 value) {
  asm volatile("vmwrite %1, %0\nja 1f\nud2\n1:" ::"r"(u64{field}), "r"(value) : "cc", "memory");
}

inline u16 vmread(x86::vmx::Field16 field) {
  return static_cast<u16>(vmread_raw(static_cast<u32>(field)));
}
inline u32 vmread(x86::vmx::Field32 field) {
  return static_cast<u32>(vmread_raw(static_cast<u32>(field)));
}
inline u64 vmread(x86::vmx::Field64 field) {
  return vmread_raw(static_cast<u32>(field));
}
inline u64 vmread(x86::vmx::FieldNatural field) {
  return vmread_raw(static_cast<u32>(field));
}
inline void vmwrite(x86::vmx::Field16 field, u16 value) {
  vmwrite_raw(static_cast<u32>(field), value);
}
inline void vmwrite(x86::vmx::Field32 field, u32 value) {
  vmwrite_raw(static_cast<u32>(field), value);
}
inline void vmwrite(x86::vmx::Field64 field, u64 value) {
  vmwrite_raw(static_cast<u32>(field), value);
}
inline void vmwrite(x86::vmx::FieldNatural field, u64 value) {
  vmwrite_raw(static_cast<u32>(field), value);
}

#define HYPERDBG_WITH_REGION(name)                                        \
  inline bool name(u64 physical) {                                        \
    bool done;                                                            \
    asm volatile(#name " %1" : "=@cca"(done) : "m"(physical) : "memory"); \
    return done;                                                          \
  }
HYPERDBG_WITH_REGION(vmxon)
HYPERDBG_WITH_REGION(vmclear)
HYPERDBG_WITH_REGION(vmptrld)
#undef HYPERDBG_WITH_REGION

inline void vmxoff() {
  asm volatile("vmxoff" ::: "cc", "memory");
}

inline void invept(x86::vmx::InvalidationType type, u64 ept_pointer) {
  const u64 descriptor[2] = {ept_pointer, 0};
  asm volatile("invept %0, %1\nja 1f\nud2\n1:" ::"m"(descriptor), "r"(type) : "cc", "memory");
}
inline void invvpid(x86::vmx::InvalidationType type, u16 vpid) {
  const u64 descriptor[2] = {vpid, 0};
  asm volatile("invvpid %0, %1\nja 1f\nud2\n1:" ::"m"(descriptor), "r"(type) : "cc", "memory");
}

}  // namespace hyperdbg::cpu
