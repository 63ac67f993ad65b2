// SPDX-License-Identifier: MIT
// In place of uart.cpp, apic.cpp, vector_state.cpp, checksum.cpp and image_pages.cpp: what those do to hardware and to
// page tables is done to the fixture.
#include <sys/mman.h>

#include <cstdlib>
#include <iostream>
#include <utility>

#include "hypervisor/core/apic.hpp"
#include "hypervisor/core/checksum.hpp"
#include "hypervisor/core/core_fixture.hpp"
#include "hypervisor/core/guest_instructions.hpp"
#include "hypervisor/core/image_pages.hpp"
#include "hypervisor/core/root_mode.hpp"
#include "hypervisor/core/vector_state.hpp"

namespace hyperdbg {

using test::line;

void Uart::initialize(u32) {}

bool Uart::has_byte() const {
  if (line.in.empty() && !line.while_halted.empty() && halted()) {
    line.hear(line.while_halted.front());
    line.while_halted.pop_front();
  }
  line.idle = line.in.empty() ? line.idle + 1 : 0;
  if (line.idle > 50'000'000) {
    std::cerr << "the debuggee waits for a debugger who has nothing more to say\n";
    std::abort();
  }
  return !line.in.empty();
}

u8 Uart::read() const {
  const u8 byte = line.in.front();
  line.in.pop_front();
  return byte;
}

bool Uart::takes_byte() const {
  return line.takes != 0;
}
bool Uart::write(u8 byte) const {
  if (line.takes == 0) return false;
  --line.takes;
  line.out.push_back(byte);
  return true;
}

void Uart::write_raw(const char* text, u32 size) const {
  std::cerr.write(text, size);
}

void Uart::set_receive_interrupt(bool on) const {
  line.interrupt = on;
  if (!on && std::exchange(line.raises_again, false)) send_nmi(0);
}

void UartInterrupt::route(u64, u32, u32) {}
void UartInterrupt::restore() {}

// The compiler of the tests uses vector registers between the two itself.
void begin_vectors(VectorState&) {
  ++test::line.vectors_begun;
}
void end_vectors(const VectorState&) {
  ++test::line.vectors_ended;
}

void send_nmi(u32 apic_id) {
  auto& cpu = static_cast<test::FakeCpu&>(machine.vcpu(apic_id));
  __atomic_store_n(&cpu.nmi_pending, true, __ATOMIC_SEQ_CST);
}

void end_of_interrupt(u8 vector) {
  line.apic.push_back("eoi " + std::to_string(vector));
}
void send_to_self(u8 vector) {
  line.apic.push_back("self " + std::to_string(vector));
}

// Ports read as their number and the size, hidden ones as in ports.cpp.
static bool hidden(u16 port) {
  return port >= machine.boot->uart && port < machine.boot->uart + 8;
}
u32 read_port(u16 port, u8 size) {
  return hidden(port) ? ~0u : u32{port} << 8 | size;
}
void write_port(u16 port, u8 size, u32 value) {
  if (!hidden(port)) line.ports.push_back({port, size, value});
}
void clear_port_intercepts(u8*) {}

// Counter 0 counts, others do not exist; XCR0 takes what keeps x87.
bool execute_rdpmc(u32 counter, u64& value, Injection& refusal) {
  value = 0x1111222233334444;
  refusal = general_protection_fault;
  return counter == 0;
}
bool execute_xsetbv(u32 number, u64 value, Injection& refusal) {
  refusal = general_protection_fault;
  return number == 0 && (value & 1) != 0;
}

namespace {

Result<u8*> data_page(void*) {
  return machine.memory.at<u8>(TRY(machine.pool->take()));
}

Result<CodePages> code_space(void*, u64 size) {
  void* pages = mmap(nullptr, size, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (pages == MAP_FAILED) return HYPERDBG_POOL_EMPTY;
  return CodePages{static_cast<u8*>(pages), static_cast<const u8*>(pages)};
}

Result<CodePages> code_pages(void* context) {
  return code_space(context, HYPERDBG_REGULAR_ACTION_SIZE);
}

Result<void> back_code(void*, const CodePages&) {
  return {};
}

Result<u8*> buffer_pages(void* context, u64 size) {
  return TRY(code_space(context, size)).writable;
}

}  // namespace

void forget_translations() {}

PageSource image_pages() {
  return {.context = nullptr,
          .data_page = data_page,
          .code_pages = code_pages,
          .code_space = code_space,
          .back_code = back_code,
          .buffer_pages = buffer_pages};
}

hyperdbg_checksums image_checksums() {
  return {};
}

CodePages evaluation_pages() {
  static const CodePages pages = code_pages(nullptr).value();
  return pages;
}

}  // namespace hyperdbg
