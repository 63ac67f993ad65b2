// SPDX-License-Identifier: MIT
#include "script/syntax/registers.hpp"

#include <algorithm>
#include <cstddef>
#include <iterator>

namespace hyperdbg::script {
namespace {

// clang-format off
constexpr RegisterName registers[] = {
    {"rax", HYPERDBG_RAX}, {"eax", HYPERDBG_RAX, 0, 32}, {"ax", HYPERDBG_RAX, 0, 16}, {"ah", HYPERDBG_RAX, 8, 8}, {"al", HYPERDBG_RAX, 0, 8},
    {"rcx", HYPERDBG_RCX}, {"ecx", HYPERDBG_RCX, 0, 32}, {"cx", HYPERDBG_RCX, 0, 16}, {"ch", HYPERDBG_RCX, 8, 8}, {"cl", HYPERDBG_RCX, 0, 8},
    {"rdx", HYPERDBG_RDX}, {"edx", HYPERDBG_RDX, 0, 32}, {"dx", HYPERDBG_RDX, 0, 16}, {"dh", HYPERDBG_RDX, 8, 8}, {"dl", HYPERDBG_RDX, 0, 8},
    {"rbx", HYPERDBG_RBX}, {"ebx", HYPERDBG_RBX, 0, 32}, {"bx", HYPERDBG_RBX, 0, 16}, {"bh", HYPERDBG_RBX, 8, 8}, {"bl", HYPERDBG_RBX, 0, 8},
    {"rsp", HYPERDBG_RSP}, {"esp", HYPERDBG_RSP, 0, 32}, {"sp", HYPERDBG_RSP, 0, 16}, {"spl", HYPERDBG_RSP, 0, 8},
    {"rbp", HYPERDBG_RBP}, {"ebp", HYPERDBG_RBP, 0, 32}, {"bp", HYPERDBG_RBP, 0, 16}, {"bpl", HYPERDBG_RBP, 0, 8},
    {"rsi", HYPERDBG_RSI}, {"esi", HYPERDBG_RSI, 0, 32}, {"si", HYPERDBG_RSI, 0, 16}, {"sil", HYPERDBG_RSI, 0, 8},
    {"rdi", HYPERDBG_RDI}, {"edi", HYPERDBG_RDI, 0, 32}, {"di", HYPERDBG_RDI, 0, 16}, {"dil", HYPERDBG_RDI, 0, 8},
    {"r8", HYPERDBG_R8}, {"r8d", HYPERDBG_R8, 0, 32}, {"r8w", HYPERDBG_R8, 0, 16}, {"r8h", HYPERDBG_R8, 8, 8}, {"r8l", HYPERDBG_R8, 0, 8}, {"r8b", HYPERDBG_R8, 0, 8},
    {"r9", HYPERDBG_R9}, {"r9d", HYPERDBG_R9, 0, 32}, {"r9w", HYPERDBG_R9, 0, 16}, {"r9h", HYPERDBG_R9, 8, 8}, {"r9l", HYPERDBG_R9, 0, 8}, {"r9b", HYPERDBG_R9, 0, 8},
    {"r10", HYPERDBG_R10}, {"r10d", HYPERDBG_R10, 0, 32}, {"r10w", HYPERDBG_R10, 0, 16}, {"r10h", HYPERDBG_R10, 8, 8}, {"r10l", HYPERDBG_R10, 0, 8}, {"r10b", HYPERDBG_R10, 0, 8},
    {"r11", HYPERDBG_R11}, {"r11d", HYPERDBG_R11, 0, 32}, {"r11w", HYPERDBG_R11, 0, 16}, {"r11h", HYPERDBG_R11, 8, 8}, {"r11l", HYPERDBG_R11, 0, 8}, {"r11b", HYPERDBG_R11, 0, 8},
    {"r12", HYPERDBG_R12}, {"r12d", HYPERDBG_R12, 0, 32}, {"r12w", HYPERDBG_R12, 0, 16}, {"r12h", HYPERDBG_R12, 8, 8}, {"r12l", HYPERDBG_R12, 0, 8}, {"r12b", HYPERDBG_R12, 0, 8},
    {"r13", HYPERDBG_R13}, {"r13d", HYPERDBG_R13, 0, 32}, {"r13w", HYPERDBG_R13, 0, 16}, {"r13h", HYPERDBG_R13, 8, 8}, {"r13l", HYPERDBG_R13, 0, 8}, {"r13b", HYPERDBG_R13, 0, 8},
    {"r14", HYPERDBG_R14}, {"r14d", HYPERDBG_R14, 0, 32}, {"r14w", HYPERDBG_R14, 0, 16}, {"r14h", HYPERDBG_R14, 8, 8}, {"r14l", HYPERDBG_R14, 0, 8}, {"r14b", HYPERDBG_R14, 0, 8},
    {"r15", HYPERDBG_R15}, {"r15d", HYPERDBG_R15, 0, 32}, {"r15w", HYPERDBG_R15, 0, 16}, {"r15h", HYPERDBG_R15, 8, 8}, {"r15l", HYPERDBG_R15, 0, 8}, {"r15b", HYPERDBG_R15, 0, 8},
    {"rip", HYPERDBG_RIP}, {"eip", HYPERDBG_RIP, 0, 32}, {"ip", HYPERDBG_RIP, 0, 16},
    {"rflags", HYPERDBG_RFLAGS}, {"eflags", HYPERDBG_RFLAGS, 0, 32}, {"flags", HYPERDBG_RFLAGS, 0, 16},
    {"cf", HYPERDBG_RFLAGS, 0, 1}, {"pf", HYPERDBG_RFLAGS, 2, 1}, {"af", HYPERDBG_RFLAGS, 4, 1}, {"zf", HYPERDBG_RFLAGS, 6, 1}, {"sf", HYPERDBG_RFLAGS, 7, 1},
    {"tf", HYPERDBG_RFLAGS, 8, 1}, {"if", HYPERDBG_RFLAGS, 9, 1}, {"df", HYPERDBG_RFLAGS, 10, 1}, {"of", HYPERDBG_RFLAGS, 11, 1}, {"iopl", HYPERDBG_RFLAGS, 12, 2},
    {"nt", HYPERDBG_RFLAGS, 14, 1}, {"rf", HYPERDBG_RFLAGS, 16, 1}, {"vm", HYPERDBG_RFLAGS, 17, 1}, {"ac", HYPERDBG_RFLAGS, 18, 1}, {"vif", HYPERDBG_RFLAGS, 19, 1},
    {"vip", HYPERDBG_RFLAGS, 20, 1}, {"id", HYPERDBG_RFLAGS, 21, 1},
    {"cs", HYPERDBG_CS, 0, 16}, {"ss", HYPERDBG_SS, 0, 16}, {"ds", HYPERDBG_DS, 0, 16},
    {"es", HYPERDBG_ES, 0, 16}, {"fs", HYPERDBG_FS, 0, 16}, {"gs", HYPERDBG_GS, 0, 16},
    {"ldtr", HYPERDBG_LDTR, 0, 16}, {"tr", HYPERDBG_TR, 0, 16},
    {"gdtr", HYPERDBG_GDTR}, {"idtr", HYPERDBG_IDTR},
    {"cr0", HYPERDBG_CR0}, {"cr2", HYPERDBG_CR2}, {"cr3", HYPERDBG_CR3}, {"cr4", HYPERDBG_CR4}, {"cr8", HYPERDBG_CR8},
    {"dr0", HYPERDBG_DR0}, {"dr1", HYPERDBG_DR1}, {"dr2", HYPERDBG_DR2}, {"dr3", HYPERDBG_DR3}, {"dr6", HYPERDBG_DR6}, {"dr7", HYPERDBG_DR7},
    {"fs_base", HYPERDBG_FS_BASE}, {"gs_base", HYPERDBG_GS_BASE}, {"kernel_gs_base", HYPERDBG_KERNEL_GS_BASE}, {"efer", HYPERDBG_EFER},
};

constexpr PseudoName pseudo_registers[] = {
    {"context", PseudoSource::context, offsetof(hyperdbg_script_context, context)},
    {"event_id", PseudoSource::context, offsetof(hyperdbg_script_context, event_id)},
    {"event_tag", PseudoSource::context, offsetof(hyperdbg_script_context, event_tag)},
    {"event_stage", PseudoSource::context, offsetof(hyperdbg_script_context, event_stage)},
    {"stage", PseudoSource::context, offsetof(hyperdbg_script_context, event_stage)},
    {"core", PseudoSource::context, offsetof(hyperdbg_script_context, core)},
    {"buffer", PseudoSource::context, offsetof(hyperdbg_script_context, buffer)},
    {"pid", PseudoSource::runtime, HYPERDBG_PSEUDO_PID},
    {"tid", PseudoSource::runtime, HYPERDBG_PSEUDO_TID},
    {"pname", PseudoSource::runtime, HYPERDBG_PSEUDO_PNAME},
    {"proc", PseudoSource::runtime, HYPERDBG_PSEUDO_PROC},
    {"thread", PseudoSource::runtime, HYPERDBG_PSEUDO_THREAD},
    {"ip", PseudoSource::register_, HYPERDBG_RIP},
    {"peb", PseudoSource::zero, 0},
    {"teb", PseudoSource::zero, 0},
    {"date", PseudoSource::runtime, HYPERDBG_PSEUDO_DATE},
    {"time", PseudoSource::runtime, HYPERDBG_PSEUDO_TIME},
    {"context_pa", PseudoSource::runtime, HYPERDBG_PSEUDO_CONTEXT_PHYSICAL},
};
// clang-format on

template <class Row, std::size_t Count>
std::optional<Row> find(const Row (&rows)[Count], std::string_view name) {
  const auto found = std::ranges::find(rows, name, &Row::name);
  if (found == std::end(rows)) return std::nullopt;
  return *found;
}

}  // namespace

std::span<const RegisterName> all_registers() {
  return registers;
}

std::span<const PseudoName> all_pseudo_registers() {
  return pseudo_registers;
}

std::optional<RegisterName> find_register(std::string_view name) {
  return find(registers, name);
}

std::optional<PseudoName> find_pseudo_register(std::string_view name) {
  return find(pseudo_registers, name);
}

}  // namespace hyperdbg::script
