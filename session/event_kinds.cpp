// SPDX-License-Identifier: MIT
#include "session/event_kinds.hpp"

#include "session/tokens.hpp"

namespace hyperdbg {
namespace {

constexpr std::uint32_t pre_only = HYPERDBG_PRE;
constexpr std::uint32_t all_stages = HYPERDBG_ALL;
// Hooks have several numbers in HyperDbg's list (by attribute); the row's number only has to be unused by the others.
constexpr std::uint32_t hook = 0, detour = 7, hidden_breakpoint = 8;

// clang-format off
constexpr EventKind kinds[] = {
    {"!cpuid", "", HYPERDBG_EVENT_CPUID, OwnArgument::optional_32_bit, all_stages, true, "[Eax]",
     "triggers on the CPUID instruction, for one leaf (Eax) or for all", "the leaf (EAX before execution)",
     "!cpuid\n"
     "!cpuid 1 stage post script { if ($context == 1) { @ecx = @ecx & ~20; } }\n"
     "!cpuid 40000001 pid 1c0 core 2 script { printf(\"leaf %llx\\n\", $context); }"},
    {"!msrread", "!msread", HYPERDBG_EVENT_RDMSR, OwnArgument::optional_32_bit, all_stages, true, "[Msr]",
     "triggers on the RDMSR instruction, for one MSR or for all (but c0000102, e7 and e8)", "the MSR's index (ECX)",
     "!msrread c0000082\n"
     "!msrread 0xc0000082 script { @rax = 55; @rdx = 0; event_sc(1); }\n"
     "!msrread stage post script { printf(\"msr %llx = %llx\\n\", $context, @eax); }"},
    {"!msrwrite", "", HYPERDBG_EVENT_WRMSR, OwnArgument::optional_32_bit, all_stages, true, "[Msr]",
     "triggers on the WRMSR instruction, for one MSR or for all (but c0000102, e7, e8, 48 and 49)", "the MSR's index (ECX)",
     "!msrwrite c0000082 stage all\n"
     "!msrwrite 0xc0000084 stage pre script { @eax = @eax | (1 << 9); }\n"
     "!msrwrite 1b sc on"},
    {"!epthook", "", hidden_breakpoint, OwnArgument::other, pre_only, false, "Address", "hidden breakpoint", "", ""},
    {"!epthook2", "", detour, OwnArgument::other, pre_only, false, "Address", "hidden detour", "", ""},
    {"!monitor", "", hook, OwnArgument::other, all_stages, false, "Attr From To", "watches memory", "", ""},
    {"!syscall", "", HYPERDBG_EVENT_SYSCALL, OwnArgument::other, all_stages, false, "[Number]", "system calls", "", ""},
    {"!syscall2", "", HYPERDBG_EVENT_SYSCALL, OwnArgument::other, all_stages, false, "[Number]", "system calls", "", ""},
    {"!sysret", "", HYPERDBG_EVENT_SYSRET, OwnArgument::none, all_stages, false, "", "returns of system calls", "", ""},
    {"!sysret2", "", HYPERDBG_EVENT_SYSRET, OwnArgument::none, all_stages, false, "", "returns of system calls", "", ""},
    {"!tsc", "", HYPERDBG_EVENT_TSC, OwnArgument::none, all_stages, false, "", "RDTSC and RDTSCP", "", ""},
    {"!pmc", "", HYPERDBG_EVENT_PMC, OwnArgument::none, all_stages, false, "", "RDPMC", "", ""},
    {"!vmcall", "", HYPERDBG_EVENT_VMCALL, OwnArgument::none, all_stages, false, "", "VMCALL and VMMCALL", "", ""},
    {"!exception", "", HYPERDBG_EVENT_EXCEPTION, OwnArgument::other, all_stages, false, "[Vector]", "exceptions", "", ""},
    {"!interrupt", "", HYPERDBG_EVENT_INTERRUPT, OwnArgument::other, all_stages, false, "Vector", "interrupts", "", ""},
    {"!dr", "", HYPERDBG_EVENT_DR, OwnArgument::none, all_stages, false, "", "debug registers", "", ""},
    {"!ioin", "", HYPERDBG_EVENT_IN, OwnArgument::other, all_stages, false, "[Port]", "port reads", "", ""},
    {"!ioout", "!iout", HYPERDBG_EVENT_OUT, OwnArgument::other, all_stages, false, "[Port]", "port writes", "", ""},
    {"!mode", "", HYPERDBG_EVENT_MODE, OwnArgument::other, pre_only, false, "u|k|ku", "user/kernel transitions", "", ""},
    {"!trace", "", HYPERDBG_EVENT_TRACE, OwnArgument::other, pre_only, false, "type", "traced instructions", "", ""},
    {"!xsetbv", "", HYPERDBG_EVENT_XSETBV, OwnArgument::optional_32_bit, all_stages, false, "[Xcr]", "XSETBV", "", ""},
    {"!crwrite", "", HYPERDBG_EVENT_CRWRITE, OwnArgument::other, all_stages, false, "0|4 [Mask]", "writes to CR0 or CR4", "", ""},
};
// clang-format on

}  // namespace

std::span<const EventKind> event_kinds() {
  return kinds;
}

const EventKind* find_event_kind(std::string_view name) {
  const std::string lower = to_lower(name);
  for (const EventKind& kind : kinds)
    if (kind.name == lower || (!kind.alias.empty() && kind.alias == lower)) return &kind;
  return nullptr;
}

}  // namespace hyperdbg
