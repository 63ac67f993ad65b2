// SPDX-License-Identifier: MIT
#include "hypervisor/core/fault_report.hpp"

#include "hypervisor/core/apic.hpp"
#include "hypervisor/core/machine.hpp"
#include "hypervisor/core/uart.hpp"
#include "hypervisor/cpu/instructions.hpp"

namespace hyperdbg {

constinit ReportBuffer report_buffer;

namespace {

constexpr u16 first_serial_port = 0x3f8;
constinit u32 faulted = 0;

const char* const register_names[] = {"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
                                      "r8",  "r9",  "r10", "r11", "r12", "r13", "r14", "r15"};

void report_guest_registers(const Vcpu& vcpu) {
  report("guest");
  for (u32 i = 0; i < 16; ++i) report(" ", register_names[i], " ", Hex{(&vcpu.registers.rax)[i]});
  report("\n");
}

}  // namespace

void ReportBuffer::append(const char* text) {
  while (*text != 0 && used_ < capacity) text_[used_++] = *text++;
  text_[used_] = 0;
}

void ReportBuffer::append(Hex number) {
  char digits[17] = {};
  u32 at = 16;
  do {
    digits[--at] = "0123456789abcdef"[number.value & 15];
    number.value >>= 4;
  } while (number.value != 0);
  append(&digits[at]);
}

bool machine_has_faulted() {
  return __atomic_load_n(&faulted, __ATOMIC_ACQUIRE) != 0;
}

void stopped_by_fault() {
  cpu::stop_forever();
}

void stop_machine(Vcpu& vcpu) {
  if (__atomic_exchange_n(&faulted, 1, __ATOMIC_SEQ_CST) != 0) cpu::stop_forever();
  report_guest_registers(vcpu);
  if (vcpu.backend != nullptr) vcpu.backend->describe(vcpu);
  report("the machine is stopped; it has to be reset\n");
  for (u32 core = 0; core < machine.boot->cpus; ++core) {
    if (core != vcpu.core && machine.stop.online(core)) send_nmi(static_cast<u32>(machine.boot->cpu[core].apic_id));
  }
  if (machine.boot->uart != 0) {
    machine.link.send_fault(report_buffer.text(), report_buffer.size());
  }
  Uart console{first_serial_port};
  console.write_raw(report_buffer.text(), report_buffer.size());
  cpu::stop_forever();
}

void end_guest(Vcpu& vcpu, const char* what) {
  report("\nhyperdbg: ", what, " on CPU ", Hex{vcpu.core}, "\n");
  stop_machine(vcpu);
}

}  // namespace hyperdbg
