// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "x86/registers.hpp"
#include "x86/vmx/controls.hpp"
#include "x86/vmx/exits.hpp"
#include "x86/vmx/vmcs.hpp"

namespace hyperdbg::x86::vmx {
namespace {

// The encoding says width, kind and access of a field: Intel SDM vol. 3, table 25-21.
constexpr u32 width_of(u32 encoding) {
  return encoding >> 13 & 3;
}

TEST(Vmcs, EncodingsHaveTheWidthOfTheirEnum) {
  EXPECT_EQ(width_of(static_cast<u32>(Field16::HOST_TR_SELECTOR)), 0u);
  EXPECT_EQ(width_of(static_cast<u32>(Field64::HOST_EFER)), 1u);
  EXPECT_EQ(width_of(static_cast<u32>(Field32::EXIT_REASON)), 2u);
  EXPECT_EQ(width_of(static_cast<u32>(FieldNatural::HOST_RIP)), 3u);
}

TEST(Controls, RequiredBitsAreSetAndMissingOnesReported) {
  const u64 capability = 0x0000'00ff'0000'0016;  // may be 1 up to bit 7, must be 1: bits 1, 2, 4
  EXPECT_EQ(choose(capability, 0x08).value, 0x1eu);
  EXPECT_TRUE(choose(capability, 0x08).complete);
  EXPECT_FALSE(choose(capability, 0x108).complete);
  EXPECT_EQ(choose(capability, 0x108).value, 0x1eu);
}

TEST(Controls, WelcomeBitsMayBeMissing) {
  const Controls chosen = choose(0x0000'000f'0000'0000, 0x1, 0x32);
  EXPECT_EQ(chosen.value, 0x3u);
  EXPECT_TRUE(chosen.complete);
}

TEST(Controls, WhatIsRequiredAndUnbearable) {
  EXPECT_FALSE(choose(0xffff'ffff'0001'8000, primary::USE_MSR_BITMAPS, 0, primary::CR3_LOAD_EXITING).complete);
  EXPECT_TRUE(choose(0xffff'ffff'0000'0000, primary::USE_MSR_BITMAPS, 0, primary::CR3_LOAD_EXITING).complete);
}

TEST(FixedBits, BothWays) {
  const FixedBits cr0{0x80000021, 0xffffffff};
  EXPECT_TRUE(cr0.allow(0x80050033));
  EXPECT_FALSE(cr0.allow(0x80050013));    // without NE
  EXPECT_FALSE(cr0.allow(0x1'80050033));  // a bit that does not exist
}

TEST(MsrBitmap, TwoRanges) {
  EXPECT_EQ(msr_bitmap_bit(0), 0);
  EXPECT_EQ(msr_bitmap_bit(0x1fff), 0x1fff);
  EXPECT_EQ(msr_bitmap_bit(0x2000), -1);
  EXPECT_EQ(msr_bitmap_bit(0xc0000000), 0x400 * 8);
  EXPECT_EQ(msr_bitmap_bit(0xc0001fff), 0x800 * 8 - 1);
  EXPECT_EQ(msr_bitmap_bit(0xc0002000), -1);
  EXPECT_EQ(msr_bitmap_bit(0xc0010000), -1);
  EXPECT_EQ(msr_bitmap_bit(0xc0001fff) + msr_bitmap_writes, s64{msr_bitmap_size} * 8 - 1);
}

TEST(Exits, ReasonAndEntryFailure) {
  EXPECT_EQ(Reason{10}.get(Reason::basic), ExitReason::CPUID);
  EXPECT_FALSE(Reason{10}.get(Reason::entry_failure));
  EXPECT_TRUE(Reason{0x80000021}.get(Reason::entry_failure));
}

TEST(Exits, ControlRegisterAccess) {
  const CrAccess access = cr_access(0x0f04);  // MOV CR4, R15
  EXPECT_EQ(access.kind, CrAccess::Kind::mov_to_cr);
  EXPECT_EQ(access.control_register, 4);
  EXPECT_EQ(access.general_register, 15);
  EXPECT_EQ(cr_access(0x13).kind, CrAccess::Kind::mov_from_cr);
  EXPECT_EQ(cr_access(0x20).kind, CrAccess::Kind::clts);
  EXPECT_EQ(cr_access(0xffff0030).kind, CrAccess::Kind::lmsw);
}

TEST(Exits, PortAccess) {
  const IoAccess out = io_access(0x02f8'0000);
  EXPECT_EQ(out.port, 0x2f8);
  EXPECT_EQ(out.size, 1);
  EXPECT_FALSE(out.in);
  EXPECT_FALSE(out.string);
  const IoAccess ins = io_access(0x03fd'003b);  // REP INSD
  EXPECT_EQ(ins.port, 0x3fd);
  EXPECT_EQ(ins.size, 4);
  EXPECT_TRUE(ins.in);
  EXPECT_TRUE(ins.string);
}

TEST(Exits, EptViolation) {
  EXPECT_TRUE(ept_violation(1).read);
  EXPECT_TRUE(ept_violation(2).write);
  EXPECT_TRUE(ept_violation(4).fetch);
  EXPECT_FALSE(ept_violation(0x1b9).write);  // what the entry allowed, and the rest
  EXPECT_TRUE(ept_violation(0x1001).nmi_unblocking);
}

TEST(Exits, WhatNeedsAnInstructionLength) {
  using I = InterruptionInformation;
  const auto of = [](InterruptionType type) { return I{}.with(I::type, type).with(I::valid, true).by_instruction(); };
  EXPECT_FALSE(of(InterruptionType::external_interrupt));
  EXPECT_FALSE(of(InterruptionType::nmi));
  EXPECT_FALSE(of(InterruptionType::hardware_exception));
  EXPECT_TRUE(of(InterruptionType::software_interrupt));
  EXPECT_TRUE(of(InterruptionType::privileged_software_exception));
  EXPECT_TRUE(of(InterruptionType::software_exception));
}

TEST(MovToCr4, FaultsOfLongMode) {
  const Efer long_mode = Efer{}.with(Efer::lma, true);
  const Cr4 now = Cr4{}.with(Cr4::pae, true);
  EXPECT_FALSE(mov_to_cr4_faults(now, now.with(Cr4::vmxe, true), long_mode, 0x1000));
  EXPECT_TRUE(mov_to_cr4_faults(now, now.with(Cr4::pae, false), long_mode, 0x1000));
  EXPECT_TRUE(mov_to_cr4_faults(now, now.with(Cr4::la57, true), long_mode, 0x1000));
  EXPECT_FALSE(mov_to_cr4_faults(now, now.with(Cr4::pae, false), Efer{}, 0x1000));
}

TEST(MovToCr4, FaultsOfProcessContextIdentifiers) {
  const Efer long_mode = Efer{}.with(Efer::lma, true);
  const Cr4 now = Cr4{}.with(Cr4::pae, true), wanted = now.with(Cr4::pcide, true);
  EXPECT_FALSE(mov_to_cr4_faults(now, wanted, long_mode, 0x1000));
  EXPECT_TRUE(mov_to_cr4_faults(now, wanted, long_mode, 0x1001));
  EXPECT_TRUE(mov_to_cr4_faults(now, wanted, Efer{}, 0x1000));
  EXPECT_FALSE(mov_to_cr4_faults(wanted, wanted, long_mode, 0x1001));
}

TEST(Canonical, ByTheWidthThatPagingTranslates) {
  const Cr4 four{}, five = Cr4{}.with(Cr4::la57, true);
  EXPECT_TRUE(canonical(0x00007fffffffffff, four));
  EXPECT_FALSE(canonical(0x0000800000000000, four));
  EXPECT_TRUE(canonical(0xffff800000000000, four));
  EXPECT_TRUE(canonical(0x0000800000000000, five));
  EXPECT_FALSE(canonical(0x0100000000000000, five));
}

}  // namespace
}  // namespace hyperdbg::x86::vmx
