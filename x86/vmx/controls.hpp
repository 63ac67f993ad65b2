// SPDX-License-Identifier: MIT
#pragma once
#include "base/field.hpp"

// Intel SDM vol. 3, 25.6 to 25.8 (the VMCS's controls) and appendix A "VMX Capability Reporting Facility".
namespace hyperdbg::x86::vmx {

namespace pin_based {
inline constexpr u32 EXTERNAL_INTERRUPT_EXITING = 1u << 0;
inline constexpr u32 NMI_EXITING = 1u << 3;
inline constexpr u32 VIRTUAL_NMIS = 1u << 5;
}  // namespace pin_based

namespace primary {
inline constexpr u32 INTERRUPT_WINDOW_EXITING = 1u << 2;
inline constexpr u32 USE_TSC_OFFSETTING = 1u << 3;
inline constexpr u32 RDPMC_EXITING = 1u << 11;
inline constexpr u32 RDTSC_EXITING = 1u << 12;
inline constexpr u32 CR3_LOAD_EXITING = 1u << 15;
inline constexpr u32 CR3_STORE_EXITING = 1u << 16;
inline constexpr u32 NMI_WINDOW_EXITING = 1u << 22;
inline constexpr u32 MOV_DR_EXITING = 1u << 23;
inline constexpr u32 USE_IO_BITMAPS = 1u << 25;
inline constexpr u32 USE_MSR_BITMAPS = 1u << 28;
inline constexpr u32 ACTIVATE_SECONDARY_CONTROLS = 1u << 31;
}  // namespace primary

namespace secondary {
inline constexpr u32 ENABLE_EPT = 1u << 1;
inline constexpr u32 ENABLE_RDTSCP = 1u << 3;
inline constexpr u32 ENABLE_VPID = 1u << 5;
inline constexpr u32 UNRESTRICTED_GUEST = 1u << 7;
inline constexpr u32 ENABLE_INVPCID = 1u << 12;
inline constexpr u32 ENABLE_XSAVES_XRSTORS = 1u << 20;
inline constexpr u32 ENABLE_USER_WAIT_AND_PAUSE = 1u << 26;
inline constexpr u32 ENABLE_PCONFIG = 1u << 27;
}  // namespace secondary

namespace vm_exit {
inline constexpr u32 SAVE_DEBUG_CONTROLS = 1u << 2;
inline constexpr u32 HOST_ADDRESS_SPACE_SIZE = 1u << 9;
inline constexpr u32 ACKNOWLEDGE_INTERRUPT_ON_EXIT = 1u << 15;
inline constexpr u32 SAVE_PAT = 1u << 18;
inline constexpr u32 LOAD_PAT = 1u << 19;
inline constexpr u32 SAVE_EFER = 1u << 20;
inline constexpr u32 LOAD_EFER = 1u << 21;
}  // namespace vm_exit

namespace vm_entry {
inline constexpr u32 LOAD_DEBUG_CONTROLS = 1u << 2;
inline constexpr u32 IA32E_MODE_GUEST = 1u << 9;
inline constexpr u32 LOAD_PAT = 1u << 14;
inline constexpr u32 LOAD_EFER = 1u << 15;
}  // namespace vm_entry

// A.1 "Basic VMX Information", IA32_VMX_BASIC.
struct Basic : Register<Basic> {
  static constexpr Field<55, 55, bool> true_controls{};  // the IA32_VMX_TRUE_..._CTLS exist
  static constexpr Field<53, 50, u8> memory_type{};      // of the VMCS and all that it points to; 6 = write-back
  static constexpr Field<48, 48, bool> only_32_bits{};   // of physical addresses
  static constexpr Field<30, 0, u32> revision{};
};

// A.3 to A.5: bits 31:0 must be 1, bits 63:32 may be 1.
struct ControlCapability : Register<ControlCapability> {
  static constexpr Field<63, 32, u32> allowed{};
  static constexpr Field<31, 0, u32> required{};
};

struct Controls {
  u32 value;
  bool complete;  // everything essential is in `value`, and nothing that is unbearable
};

// What is wanted, as far as the processor offers it, with what it insists on.
constexpr Controls choose(u64 capability, u32 essential, u32 welcome = 0, u32 unbearable = 0) {
  const ControlCapability offered{capability};
  const u32 value =
      ((essential | welcome) & offered.get(ControlCapability::allowed)) | offered.get(ControlCapability::required);
  return {value, (value & essential) == essential && (value & unbearable) == 0};
}

// A.10 "VPID and EPT Capabilities", IA32_VMX_EPT_VPID_CAP.
struct EptVpidCapability : Register<EptVpidCapability> {
  static constexpr Field<42, 42, bool> invvpid_all_contexts{};
  static constexpr Field<41, 41, bool> invvpid_single_context{};
  static constexpr Field<32, 32, bool> invvpid{};
  static constexpr Field<26, 26, bool> invept_all_contexts{};
  static constexpr Field<25, 25, bool> invept_single_context{};
  static constexpr Field<20, 20, bool> invept{};
  static constexpr Field<17, 17, bool> page_1g{};
  static constexpr Field<16, 16, bool> page_2m{};
  static constexpr Field<14, 14, bool> write_back{};
  static constexpr Field<6, 6, bool> walk_length_4{};
};

// 25.6.11 "Extended-Page-Table Pointer".
struct EptPointer : Register<EptPointer> {
  static constexpr Field<51, 12, u64> page{};
  static constexpr Field<5, 3, u64> walk_length_minus_1{};
  static constexpr Field<2, 0, u64> memory_type{};
};

enum class InvalidationType : u64 { single_context = 1, all_contexts = 2 };  // of INVEPT and INVVPID

// A.7 and A.8: bits that CR0 or CR4 must have, and may have, in VMX operation.
struct FixedBits {
  u64 fixed0, fixed1;
  constexpr bool allow(u64 value) const { return (value & fixed0) == fixed0 && (value & ~fixed1) == 0; }
};

// 25.6.9 "MSR-Bitmap Address": four bitmaps, for reads and writes of two ranges.
inline constexpr u64 msr_bitmap_size = 4096;
inline constexpr s64 msr_bitmap_writes = 0x800 * 8;
// Bit number of the read of an MSR (its write is msr_bitmap_writes further), or -1: an MSR outside always exits.
constexpr s64 msr_bitmap_bit(u32 msr) {
  if (msr < 0x2000) return msr;
  if (msr >= 0xc0000000 && msr < 0xc0002000) return 0x400 * 8 + s64{msr - 0xc0000000};
  return -1;
}

}  // namespace hyperdbg::x86::vmx
