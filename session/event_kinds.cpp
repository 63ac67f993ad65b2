// SPDX-License-Identifier: MIT
#include "session/event_kinds.hpp"

#include "session/tokens.hpp"

namespace hyperdbg {
namespace {

constexpr std::uint32_t pre_only = HYPERDBG_PRE;
constexpr std::uint32_t all_stages = HYPERDBG_ALL;
constexpr TakeArguments* not_built = nullptr;
// Hooks have several numbers in HyperDbg's list (by attribute); the row's number only has to be unused by the others.
constexpr std::uint32_t hook = 0, detour = 7, hidden_breakpoint = 8;

constexpr std::string_view system_call_notes =
    "arguments are @rdi @rsi @rdx @r10 @r8 @r9. Post is at the kernel's entry, not behind the system call: for its "
    "result\n"
    "see '!sysret'. Skipped (sc), the program goes on behind SYSCALL with the @rax of the script.\n"
    "NAME@32, N@32 or @32 alone are the system calls of 32-bit programs: INT 80, the SYSENTER of Intel's processors "
    "and "
    "the\n"
    "SYSCALL of AMD's. Their names have other numbers, arguments are @ebx @ecx @edx @esi @edi @ebp. Of INT 80 post is "
    "behind\n"
    "it, before the kernel gets it. '!syscall' and '!syscall2' are the same there; without @32 they are 64-bit "
    "programs' calls";
constexpr std::string_view system_return_notes =
    "pre has the result in @rax, RIP and RFLAGS of the program in @rcx and @r11; post is in user mode. Linux returns "
    "by\n"
    "IRET as well, which is no trigger. Skipped (sc), the kernel goes on behind SYSRET, where it has no code";

// clang-format off
constexpr EventKind kinds[] = {
    {"!cpuid", "", HYPERDBG_EVENT_CPUID, take_32_bits, all_stages, "[Eax]",
     "triggers on the CPUID instruction, for one leaf (Eax) or for all", "the leaf (EAX before execution)",
     "!cpuid\n"
     "!cpuid 1 stage post script { if ($context == 1) { @ecx = @ecx & ~20; } }\n"
     "!cpuid 40000001 pid 1c0 core 2 script { printf(\"leaf %llx\\n\", $context); }",
     ""},
    {"!msrread", "!msread", HYPERDBG_EVENT_RDMSR, take_32_bits, all_stages, "[Msr]",
     "triggers on the RDMSR instruction, for one MSR or for all (but c0000102, e7 and e8)", "the MSR's index (ECX)",
     "!msrread c0000082\n"
     "!msrread 0xc0000082 script { @rax = 55; @rdx = 0; event_sc(1); }\n"
     "!msrread stage post script { printf(\"msr %llx = %llx\\n\", $context, @eax); }",
     ""},
    {"!msrwrite", "", HYPERDBG_EVENT_WRMSR, take_32_bits, all_stages, "[Msr]",
     "triggers on the WRMSR instruction, for one MSR or for all (but c0000102, e7, e8, 48 and 49)", "the MSR's index (ECX)",
     "!msrwrite c0000082 stage all\n"
     "!msrwrite 0xc0000084 stage pre script { @eax = @eax | (1 << 9); }\n"
     "!msrwrite 1b sc on",
     ""},
    {"!tsc", "", HYPERDBG_EVENT_TSC, take_none, all_stages, "",
     "triggers on RDTSC and RDTSCP, in any ring", "0 for RDTSC, 1 for RDTSCP",
     "!tsc pid 1c0 stage post script { @rax = 0; @rdx = 0; }\n"
     "!tsc pid 1c0 script { printf(\"%llx reads the TSC\\n\", @rip); }",
     "the kernel reads the TSC all the time: name a process where you can"},
    {"!pmc", "", HYPERDBG_EVENT_PMC, take_none, all_stages, "",
     "triggers on the RDPMC instruction", "0",
     "!pmc\n"
     "!pmc script { @rax = 1234; @rdx = 0; event_sc(1); }",
     ""},
    {"!vmcall", "", HYPERDBG_EVENT_VMCALL, take_none, all_stages, "",
     "triggers on VMCALL and VMMCALL, the processor's own of the two", "0",
     "!vmcall script { printf(\"hypercall %llx\\n\", @rax); }\n"
     "!vmcall script { @rax = 0; event_sc(1); }",
     "the debugger's own hypercalls are no triggers. For all others there is no hypervisor: the effect is #UD, and\n"
     "post comes when it is on its way"},
    {"!exception", "", HYPERDBG_EVENT_EXCEPTION, take_exception, all_stages, "[Vector]",
     "triggers on an exception (Vector 0 to 1f) or on all, before the guest gets it", "the vector",
     "!exception e stage post script { printf(\"page fault at %llx\\n\", @cr2); }\n"
     "!exception 6 pid 1c0 script { @rip = @rip + 2; }\n"
     "!exception 3\n"
     "!exception 0 script { printf(\"%s divides by zero\\n\", $pname); }",
     "@cr2 is the address of a page fault in post only. A fault that is swallowed (sc) comes again at once, unless the\n"
     "script moves @rip or puts right what was wrong; INT3 and INTO are passed by. NMIs and debug exceptions that the\n"
     "debugger uses itself are no triggers"},
    {"!interrupt", "", HYPERDBG_EVENT_INTERRUPT, take_interrupt, all_stages, "Vector",
     "triggers on an external interrupt (Vector 20 to ff), before the guest gets it", "the vector",
     "!interrupt ec script { .count = .count + 1; }\n"
     "!interrupt 22 sc on",
     "while such an event exists all external interrupts exit. One that is swallowed (sc) is ended at the local APIC"},
    {"!dr", "", HYPERDBG_EVENT_DR, take_none, all_stages, "",
     "triggers on MOV to or from a debug register", "0",
     "!dr stage all script { printf(\"%llx: dr7 is %llx\\n\", @rip, @dr7); }\n"
     "!dr sc on",
     ""},
    {"!ioin", "", HYPERDBG_EVENT_IN, take_port, all_stages, "[Port]",
     "triggers on IN and INS, for one port or for all", "the port",
     "!ioin 71 stage post script { printf(\"cmos: %x\\n\", @rax & ff); }\n"
     "!ioin 60 script { @rax = 0; event_sc(1); }",
     "a repeated string instruction triggers once (again after each page of elements). The debugger's own serial port\n"
     "stays invisible"},
    {"!ioout", "!iout", HYPERDBG_EVENT_OUT, take_port, all_stages, "[Port]",
     "triggers on OUT and OUTS, for one port or for all", "the port",
     "!ioout 3f8 script { printf(\"%c\", @rax & ff); }\n"
     "!ioout 70 script { @rax = (@rax & ~ff) | 80; }\n"
     "!iout cf9 sc on",
     "a repeated string instruction triggers once (again after each page of elements). The debugger's own serial port\n"
     "stays invisible"},
    {"!xsetbv", "", HYPERDBG_EVENT_XSETBV, take_32_bits, all_stages, "[Xcr]",
     "triggers on the XSETBV instruction, for one register or for all", "the register's number (ECX)",
     "!xsetbv\n"
     "!xsetbv 0 script { printf(\"xcr0 = %llx\\n\", @eax); }",
     ""},
    {"!crwrite", "", HYPERDBG_EVENT_CRWRITE, take_control_register, all_stages, "0|4 [Mask]",
     "triggers when CR0 or CR4 is written and one of the bits in Mask (default: all) changes", "0 for CR0, 4 for CR4",
     "!crwrite 4\n"
     "!crwrite 0 10000 script { printf(\"CR0.WP changes at %llx\\n\", @rip); }\n"
     "!crwrite 4 300000 sc on",
     "MOV to the register, and for CR0 also CLTS and LMSW"},
    {"!epthook", "", hidden_breakpoint, not_built, pre_only, "Address", "hidden breakpoint", "", "", ""},
    {"!epthook2", "", detour, not_built, pre_only, "Address", "hidden detour", "", "", ""},
    {"!monitor", "", hook, not_built, all_stages, "Attr From To", "watches memory", "", "", ""},
    {"!syscall", "", HYPERDBG_EVENT_SYSCALL, take_system_call, all_stages, "[Number|Name][@32]",
     "triggers on the SYSCALL instruction of 64-bit programs, for one system call or for all", "the system call's number (RAX)",
     "!syscall openat script { printf(\"%s opens %s\\n\", $pname, @rsi); }\n"
     "!syscall 27 pid 1c0 script { @rax = 0n1234; event_sc(1); }\n"
     "!syscall write script { if (@rdi == 1) { @rdi = 2; } }\n"
     "!syscall stage post script { .count = .count + 1; }\n"
     "!syscall open@32 script { printf(\"%s opens %s\\n\", $pname, @ebx); }",
     system_call_notes,
     "note: SYSCALL was executed already when this event runs, so RCX and R11 of the program are lost: they hold its RIP\n"
     "and RFLAGS. All other registers are the program's. '!syscall2' sees these two as well, and is slower"},
    {"!syscall2", "", HYPERDBG_EVENT_SYSCALL, take_faulting_system_call, all_stages, "[Number|Name][@32]",
     "as !syscall, before SYSCALL is executed (EFER.SCE is off): RCX and R11 are still the program's", "the system call's number (RAX)",
     "!syscall2 getpid script { printf(\"rcx %llx r11 %llx\\n\", @rcx, @r11); }\n"
     "!syscall2 execve stage all",
     system_call_notes,
     "note: while this event exists SYSCALL and SYSRET exit for every system call of every process"},
    {"!sysret", "", HYPERDBG_EVENT_SYSRET, take_none, all_stages, "",
     "triggers on the kernel's SYSRET instructions, which end most system calls", "the address of the SYSRET",
     "!sysret pid 1c0 script { printf(\"result %llx, back to %llx\\n\", @rax, @rcx); }\n"
     "!sysret pid 1c0 stage post script { @rax = 5; }",
     system_return_notes,
     "note: while this event exists every SYSRET of the kernel's system call entries exits, and its first byte reads as CC"},
    {"!sysret2", "", HYPERDBG_EVENT_SYSRET, take_faulting_system_return, all_stages, "",
     "as !sysret, for a SYSRET anywhere and without a changed byte (EFER.SCE is off)", "the address of the SYSRET",
     "!sysret2 pid 1c0 script { printf(\"%llx\\n\", @rax); }",
     system_return_notes,
     "note: while this event exists SYSCALL and SYSRET exit for every system call of every process"},
    {"!mode", "", HYPERDBG_EVENT_MODE, not_built, pre_only, "u|k|ku", "user/kernel transitions", "", "", ""},
    {"!trace", "", HYPERDBG_EVENT_TRACE, not_built, pre_only, "type", "traced instructions", "", "", ""},
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
