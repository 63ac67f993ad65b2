// SPDX-License-Identifier: MIT
#include "hypervisor/core/core_fixture.hpp"

#include <sys/mman.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "base/packet.hpp"
#include "hypervisor/core/requests.hpp"

namespace hyperdbg::test {

FakeLine line;

// --- the processor ---

void FakeBackend::advance(Cpu& cpu, u8 length) {
  cpu.rip += length;
  cpu.trace.push_back("advance");
}

void FakeBackend::cpuid(Cpu& cpu) {
  cpu.registers.rax = cpu.registers.rbx = cpu.registers.rcx = cpu.registers.rdx = 0x1d;
  cpu.trace.push_back("cpuid");
}

MsrResult FakeBackend::read_msr(const Cpu& cpu, u32 msr, u64& value) {
  if (!cpu.msrs.contains(msr)) return MsrResult::general_protection;
  value = cpu.msrs.at(msr);
  if (static_cast<x86::Msr>(msr) == x86::Msr::EFER) value = cpu.system_calls.shown(value);
  if (cpu.exit.kind == ExitKind::rdmsr) cpu.trace.push_back("rdmsr");
  return MsrResult::done;
}

MsrResult FakeBackend::write_msr(Cpu& cpu, u32 msr, u64 value) {
  if (!cpu.msrs.contains(msr)) return MsrResult::general_protection;
  cpu.msrs[msr] = static_cast<x86::Msr>(msr) == x86::Msr::EFER ? cpu.system_calls.hidden(value) : value;
  cpu.trace.push_back("wrmsr");
  return MsrResult::done;
}

// The guest's #GP is what most tests wait for, so it has a name.
void FakeBackend::inject(Cpu& cpu, const Injection& injection) {
  cpu.injection = injection;
  if (injection.type == InjectionType::external_interrupt) {
    cpu.trace.push_back("interrupt " + std::to_string(injection.vector));
  } else {
    cpu.trace.push_back(injection.vector == 13 ? "#GP" : "#" + std::to_string(injection.vector));
  }
}

bool FakeBackend::injecting(const Cpu& cpu, Injection& pending) {
  if (cpu.injection) pending = *cpu.injection;
  return cpu.injection.has_value();
}

void FakeBackend::deliver(Cpu& cpu, const ExceptionInfo& exception, u8 length) {
  if (exception.injection.vector == 14) cpu.cr2 = exception.detail;
  cpu.rip += length;
  inject(cpu, exception.injection);
}

bool FakeBackend::write_control_register(Cpu& cpu, u8 number, u64 value) {
  if (value >> 32 != 0) return false;
  (number == 0 ? cpu.cr0 : cpu.cr4) = value;
  cpu.trace.push_back("cr" + std::to_string(number));
  return true;
}

void FakeBackend::load_flat_segments(Cpu& cpu, const FlatSegments& segments) {
  cpu.cs = segments.cs;
  cpu.ss = segments.ss;
  cpu.privilege = segments.level;
  cpu.code_bits = segments.bits;
}

static int debug_register(u32 number) {
  if (number >= HYPERDBG_DR0 && number <= HYPERDBG_DR3) return static_cast<int>(number - HYPERDBG_DR0);
  return number == HYPERDBG_DR6 ? 6 : number == HYPERDBG_DR7 ? 7 : -1;
}

u64 FakeBackend::read_register(const Cpu& cpu, u32 number) {
  if (number <= HYPERDBG_R15) return (&cpu.registers.rax)[number];
  if (number == HYPERDBG_RIP) return cpu.rip;  // first, as real ones have it: bench/root_cost.cpp counts
  if (const int dr = debug_register(number); dr >= 0) return cpu.dr[dr];
  switch (number) {
    case HYPERDBG_RFLAGS:
      return cpu.rflags;
    case HYPERDBG_CR0:
      return cpu.cr0;
    case HYPERDBG_CR2:
      return cpu.cr2;
    case HYPERDBG_CR4:
      return cpu.cr4;
    case HYPERDBG_SS:
      return cpu.ss;
    case HYPERDBG_GDTR:
      return cpu.gdtr;
    case HYPERDBG_DS:
      return cpu.segments.contains(x86::Segment::ds) ? cpu.segments.at(x86::Segment::ds).selector : 0;
    default:
      return 0;
  }
}

bool FakeBackend::write_register(Cpu& cpu, u32 number, u64 value) {
  if (number <= HYPERDBG_R15) return (&cpu.registers.rax)[number] = value, true;
  if (const int dr = debug_register(number); dr >= 0) return cpu.dr[dr] = value, true;
  if (number == HYPERDBG_RFLAGS) return cpu.rflags = value, true;
  if (number != HYPERDBG_RIP) return false;
  cpu.rip = value;
  cpu.instruction_pointer_set = true;
  return true;
}

// --- the machine ---

namespace {

constexpr u32 cpus = 2;
constexpr u64 tables = 0x1000;  // of the guest
constexpr u64 task_pointer = 0x9000, task = 0xa000, pool_list = 0x10000, hidden_list = 0x11000;
constexpr u64 pool_start = 0x1000000, pool_pages = 500;
constexpr u16 debugger_port = 0x2f8;

constinit BackendOperations operations = operations_of<FakeBackend>();
hyperdbg_boot boot;

void map_at(u64 address, u64 size) {
  void* const wanted = reinterpret_cast<void*>(address);
  if (mmap(wanted, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1,
           0) == wanted)
    return;
  std::perror("the image's addresses are not free");
  std::abort();
}

// Five pages of tables: user pages one by one, module text and the linear map as large pages.
void build_guest_tables() {
  constexpr u64 link = 7, large = 1 << 7;
  constexpr u64 top = tables, user_1g = 0x2000, user_2m = 0x3000, user_4k = 0x4000, kernel_1g = 0x5000,
                kernel_2m = 0x6000, linear_1g = 0x7000;
  physical<u64>(top)[0] = user_1g | link;
  physical<u64>(user_1g)[0] = user_2m | link;
  physical<u64>(user_2m)[user_start >> 21] = user_4k | link;
  for (u64 i = 0; i < user_pages; ++i) physical<u64>(user_4k)[i] = (user_physical + i * page_size) | link;
  physical<u64>(top)[module_text >> 39 & 511] = kernel_1g | link;
  physical<u64>(kernel_1g)[module_text >> 30 & 511] = kernel_2m | link;
  physical<u64>(kernel_2m)[module_text >> 21 & 511] = 0x800000 | link | large;
  physical<u64>(top)[linear_map >> 39 & 511] = linear_1g | link;
  physical<u64>(linear_1g)[linear_map >> 30 & 511] = 0 | link | large;
}

void build_task() {
  boot.task_tgid = 0x10;
  boot.task_pid = 0x14;
  boot.task_group_leader = 0x18;
  boot.task_comm = 0x20;
  *physical<u64>(task_pointer) = linear_map + task;
  *physical<u32>(task + boot.task_tgid) = guest_process;
  *physical<u32>(task + boot.task_pid) = guest_thread;
  *physical<u64>(task + boot.task_group_leader) = linear_map + task;
  std::memcpy(physical(task + boot.task_comm), "probe", 6);
}

void build_page_lists() {
  auto& pool = *physical<hyperdbg_page_list>(pool_list);
  pool = {.next = hidden_list, .use = HYPERDBG_PAGES_POOL, .count = pool_pages, .pages = {}};
  for (u64 i = 0; i < pool_pages; ++i) pool.pages[i] = pool_start + i * page_size;
  auto& hidden = *physical<hyperdbg_page_list>(hidden_list);
  hidden = {.next = 0, .use = HYPERDBG_PAGES_HIDE, .count = 1, .pages = {hidden_page}};
}

void fill_boot() {
  boot.secret = secret;
  boot.text_start = module_text;
  boot.text_end = module_text + module_text_size;
  boot.memory_end = memory_end;
  boot.pages = pool_list;
  boot.zero_page = zero_page;
  boot.page_offset = linear_map;
  boot.cpus = cpus;
  boot.vendor = HYPERDBG_VENDOR_AMD;
  boot.mode = HYPERDBG_MODE_DEBUGGER;
  boot.uart = debugger_port;
  boot.levels = 4;
  boot.tsc_khz = 1000;
  std::strcpy(boot.release, "6.1.0-test");
  for (u32 core = 0; core < cpus; ++core) {
    boot.cpu[core].current_task = task_pointer;
    boot.cpu[core].apic_id = core;
  }
}

// Once in a process: the image is not started twice either.
void start_machine() {
  static const bool once = [] {
    map_at(HYPERDBG_DIRECT_MAP, memory_end);
    map_at(HYPERDBG_CPU_AREA, cpus * HYPERDBG_CPU_STRIDE);
    map_at(HYPERDBG_RING_AREA, cpus * HYPERDBG_RING_STRIDE);
    map_at(HYPERDBG_MODULES_AREA, HYPERDBG_MODULES_PAGES * page_size);
    build_guest_tables();
    build_page_lists();
    fill_boot();
    build_task();
    std::memset(physical(hidden_page), 0x5a, page_size);
    const NestedPaging paging{nested_format<AmdFormat>, LargestPage::two_megabytes,
                              x86::MemoryTypes{x86::MemoryType::write_back}};
    if (machine.start(boot, paging) != 0) std::abort();
    return true;
  }();
  (void)once;
}

void reset_cpu(u32 core) {
  auto& cpu = *new (&machine.vcpu(core)) FakeCpu{};
  cpu.core = core;
  cpu.backend = &operations;
  cpu.boot = &boot.cpu[core];
  cpu.cr3 = tables;
  cpu.rip = user_start;
  cpu.intercept_generation = machine.engine.generation();
  cpu.nested_generation = machine.nested->generation();
  hyperdbg_ring& ring = machine.ring(core);
  ring = {};
  ring.size = HYPERDBG_RING_SIZE;
  u8* bytes = reinterpret_cast<u8*>(&ring + 1);
  cpu.ring.init(&ring, bytes, HYPERDBG_RING_SIZE);
  prepare_scripts(cpu);
  machine.reader(core).init(&ring, bytes, HYPERDBG_RING_SIZE, core);
}

}  // namespace

// --- the line ---

Bytes packet(u32 kind, u32 sequence, const Bytes& payload) {
  const hyperdbg_packet header =
      encode_header(static_cast<u16>(kind), sequence, payload.data(), static_cast<u32>(payload.size()));
  Bytes all = bytes_of(header);
  all.insert(all.end(), payload.begin(), payload.end());
  return all;
}

std::vector<Packet> heard() {
  static Bytes buffer(PacketReader::buffer_size);
  PacketReader reader(buffer.data(), PacketReader::buffer_size);
  std::vector<Packet> packets;
  for (const u8 byte : line.out) {
    for (auto outcome = reader.push(byte); outcome != PacketReader::Outcome::nothing; outcome = reader.next()) {
      EXPECT_EQ(outcome, PacketReader::Outcome::packet);
      const hyperdbg_packet& header = reader.header();
      packets.push_back({header.kind, header.sequence, Bytes(reader.payload(), reader.payload() + header.length)});
    }
  }
  EXPECT_FALSE(reader.in_packet());
  line.out.clear();
  return packets;
}

Bytes request(u32 kind, const Bytes& payload) {
  Bytes all = bytes_of(hyperdbg_request{.kind = kind, .size = static_cast<u32>(payload.size())});
  all.insert(all.end(), payload.begin(), payload.end());
  return all;
}

// --- the test ---

CoreTest::CoreTest() : trace((start_machine(), cpu().trace)) {
  boot.mode = HYPERDBG_MODE_DEBUGGER;
  line = {};
  machine.tsc_offset = 0;
  new (&machine.stop) StopControl{};
  new (&machine.sysret_sites) SysretSites{};
  machine.stop.set_online(0, true);
  u8 nothing = 0;
  machine.engine.handle(HYPERDBG_REQUEST_RESET, {}, {&nothing, 0}, 0);
  machine.engine.reap();
  (void)machine.nested->redirect(PhysicalAddress{hidden_page}, PhysicalAddress{zero_page}, {true, false, false});
  for (u32 core = 0; core < cpus; ++core) reset_cpu(core);
  new (&machine.link) DebuggerLink{};
  machine.link.open(debugger_port, 1, 0, 0, 0);
}

CoreTest::~CoreTest() {
  for (u32 core = 0; core < cpus; ++core) cpu(core).~FakeCpu();
}

void CoreTest::run(const Exit& exit, u32 core) {
  cpu(core).exit = exit;
  handle_exit<FakeBackend>(cpu(core));
}

void CoreTest::attach() {
  line.hear(packet(HYPERDBG_PACKET_RUNNING, 0, {}));
  EXPECT_FALSE(machine.link.poll());
}

namespace {
void play(hyperdbg_script_context* context, Script* script) {
  (*script)(*context);
}
}  // namespace

// mov rsi, script; mov rax, play; jmp rax
Bytes CoreTest::code(Script script) {
  scripts_.push_back(std::move(script));
  Bytes code = {0x48, 0xbe};
  const auto add = [&code](const Bytes& bytes) { code.insert(code.end(), bytes.begin(), bytes.end()); };
  add(bytes_of(&scripts_.back()));
  add({0x48, 0xb8});
  add(bytes_of(&play));
  add({0xff, 0xe0});
  return code;
}

Script CoreTest::says(std::string words) {
  return
      [this, words](hyperdbg_script_context& context) { cpu(static_cast<u32>(context.core)).trace.push_back(words); };
}

u32 CoreTest::add(const hyperdbg_event& event, const Bytes& tail) {
  Bytes payload = bytes_of(event);
  payload.insert(payload.end(), tail.begin(), tail.end());
  const Answer answer = ask(HYPERDBG_REQUEST_EVENT_ADD, payload);
  EXPECT_EQ(answer.status, HYPERDBG_OK);
  u32 id = ~0u;
  if (answer.payload.size() == sizeof(id)) std::memcpy(&id, answer.payload.data(), sizeof(id));
  return id;
}

namespace {
hyperdbg_event event_of(u32 kind, u64 key, u32 stage, u32 flags) {
  return {.kind = kind,
          .stage = stage,
          .key = key,
          .flags = flags,
          .process = HYPERDBG_ANY_PROCESS,
          .core = HYPERDBG_ANY_CORE,
          .buffer_size = 0,
          .condition_size = 0,
          .text_size = 0,
          .action_count = 1,
          .reserved = 0,
          .mask = 0};
}
}  // namespace

u32 CoreTest::add_scripted(const hyperdbg_event& event, Script script) {
  const Bytes blob = code(std::move(script));
  Bytes tail =
      bytes_of(hyperdbg_action{HYPERDBG_ACTION_SCRIPT, static_cast<u32>(blob.size()), 0, 0, HYPERDBG_SCRIPT_FUEL});
  tail.insert(tail.end(), blob.begin(), blob.end());
  return add(event, tail);
}

u32 CoreTest::add_event(u32 kind, u64 key, u32 stage, Script script, u32 flags) {
  return add_scripted(event_of(kind, key, stage, flags), std::move(script));
}

u32 CoreTest::add_masked_event(u32 kind, u64 key, u32 stage, u64 mask, Script script) {
  hyperdbg_event event = event_of(kind, key, stage, 0);
  event.mask = mask;
  return add_scripted(event, std::move(script));
}

u32 CoreTest::add_event_on(u32 core, u32 kind, u64 key, Script script) {
  hyperdbg_event event = event_of(kind, key, HYPERDBG_PRE, 0);
  event.core = core;
  return add_scripted(event, std::move(script));
}

u32 CoreTest::add_break(u32 kind, u64 key, u32 stage) {
  return add(event_of(kind, key, stage, 0), bytes_of(hyperdbg_action{HYPERDBG_ACTION_BREAK, 0, 0, 0, 0}));
}

hyperdbg_event_info CoreTest::info(u32 event) {
  const Answer answer = ask(HYPERDBG_REQUEST_EVENT_LIST, bytes_of(event));
  hyperdbg_event_info result{};
  if (answer.payload.size() >= sizeof(result)) std::memcpy(&result, answer.payload.data(), sizeof(result));
  return result;
}

CoreTest::Answer CoreTest::ask(const Bytes& bytes, u32 core) {
  // A copy of exactly its size, so that the sanitizer sees a byte too many.
  const Bytes exact(bytes.begin(), bytes.end());
  const std::span<const u8> answer = handle_request(cpu(core), exact);
  finish_request(cpu(core));
  resume_cpu(cpu(core));
  hyperdbg_answer header{};
  std::memcpy(&header, answer.data(), sizeof(header));
  EXPECT_EQ(answer.size(), sizeof(header) + header.size);
  return {static_cast<Status>(header.status), Bytes(answer.begin() + sizeof(header), answer.end())};
}

CoreTest::Answer CoreTest::ask_halted(u32 kind, const Bytes& payload) {
  line.while_halted.push_back(packet(HYPERDBG_PACKET_REQUEST, 100, request(kind, payload)));
  line.while_halted.push_back(packet(HYPERDBG_PACKET_REQUEST, 101, request(HYPERDBG_REQUEST_CONTINUE)));
  halt(cpu(), {.reason = HYPERDBG_HALT_REQUEST});
  for (const Packet& each : heard()) {
    if (each.kind != HYPERDBG_PACKET_ANSWER || each.sequence != 100) continue;
    hyperdbg_answer header{};
    std::memcpy(&header, each.payload.data(), sizeof(header));
    return {static_cast<Status>(header.status), Bytes(each.payload.begin() + sizeof(header), each.payload.end())};
  }
  ADD_FAILURE() << "no answer";
  return {};
}

std::vector<Bytes> CoreTest::records(u32 core) {
  std::vector<Bytes> all;
  RingReader& reader = machine.reader(core);
  for (const hyperdbg_record* record = reader.peek(); record; reader.advance(), record = reader.peek()) {
    if (record->kind == HYPERDBG_RECORD_LOST) continue;
    Bytes bytes = bytes_of(*record);
    bytes.insert(bytes.end(), reader.payload(), reader.payload() + record->length);
    all.push_back(bytes);
  }
  return all;
}

}  // namespace hyperdbg::test
