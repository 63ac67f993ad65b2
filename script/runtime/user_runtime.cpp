// SPDX-License-Identifier: MIT
#include "script/runtime/user_runtime.hpp"

#include <fmt/format.h>
#include <unistd.h>
#include <x86intrin.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstring>
#include <fstream>
#include <thread>

#include "script/metadata.hpp"
#include "script/runtime/clock.hpp"
#include "script/runtime/executable_memory.hpp"
#include "script/runtime/format.hpp"
#include "script/runtime/services.hpp"
#include "script/syntax/registers.hpp"

namespace hyperdbg::script {
namespace {

constexpr std::size_t scratch_size = 64 * 1024;

std::array<char, 16> own_name() {
  std::string name;
  std::ifstream("/proc/self/comm") >> name;
  std::array<char, 16> text{};
  name.copy(text.data(), text.size() - 1);
  return text;
}

}  // namespace

// What the blob gets as its context, and what the runtime's functions find behind it.
struct UserRuntime::Run : hyperdbg_script_context {
  UserRuntime* owner = nullptr;
  Outcome outcome;
  std::vector<std::string> formats;
  std::int64_t starting_fuel = 0;
  alignas(16) std::array<std::uint8_t, HYPERDBG_SCRIPT_ARENA_SIZE> arena_bytes{};
  std::array<char, HYPERDBG_SCRIPT_TEXT_SIZE> texts{};
  std::jmp_buf leave;

  // Not a C++ unwinding: the blob has no tables. No frame between here and execute() may own anything.
  [[noreturn]] void end(std::uint64_t error, std::uint64_t position, std::uint64_t detail) {
    outcome.error = static_cast<hyperdbg_script_error>(error);
    outcome.position = position;
    outcome.detail = error == HYPERDBG_SCRIPT_OUT_OF_FUEL
                         ? static_cast<std::uint64_t>(std::max<std::int64_t>(starting_fuel, 0))
                         : detail;
    std::longjmp(leave, 1);
  }

  void execute(const void* entry_point) {
    const auto entry =
        reinterpret_cast<void (*)(hyperdbg_script_context*)>(reinterpret_cast<std::uintptr_t>(entry_point));
    if (setjmp(leave) == 0) entry(this);
  }

  // The bytes up to a zero unit of `unit` bytes; nothing if not even the first unit can be read.
  std::optional<std::string> read_string(std::uint64_t address, std::size_t unit);
  void emit(std::uint64_t format, std::span<const std::uint64_t> values, std::uint64_t kinds);

  std::uint64_t pseudo(std::uint64_t number) {
    switch (number) {
      case HYPERDBG_PSEUDO_PID:
        return owner->process;
      case HYPERDBG_PSEUDO_TID:
        return owner->thread;
      case HYPERDBG_PSEUDO_PNAME:
        return reinterpret_cast<std::uint64_t>(owner->process_name_.data());
      case HYPERDBG_PSEUDO_PROC:
        return owner->process_object;
      case HYPERDBG_PSEUDO_THREAD:
        return owner->thread_object;
      case HYPERDBG_PSEUDO_DATE:
        write_date(now(), texts.data());
        return area_address(HYPERDBG_SCRIPT_AREA_TEXT, 0);
      case HYPERDBG_PSEUDO_TIME:
        write_time(now(), texts.data() + HYPERDBG_SCRIPT_TEXT_TIME);
        return area_address(HYPERDBG_SCRIPT_AREA_TEXT, HYPERDBG_SCRIPT_TEXT_TIME);
      default:
        return 0;
    }
  }

 private:
  static std::uint64_t now() {
    return static_cast<std::uint64_t>(std::chrono::system_clock::to_time_t(std::chrono::system_clock::now()));
  }
};

// The table that the blob calls through, and the Host of services.hpp.
struct UserRuntime::Functions {
  static Run& run(Context& context) { return static_cast<Run&>(context); }
  static Run& run(Context* context) { return *static_cast<Run*>(context); }

  [[noreturn]] static void end(Context& context, u64 error, u64 position, u64 detail) {
    run(context).end(error, position, detail);
  }
  static u64 read_some(Context& context, u64 address, void* to, u64 size) {
    const std::size_t available = run(context).owner->readable_at(address, size);
    if (available != 0) std::memcpy(to, reinterpret_cast<const void*>(address), available);
    return available;
  }
  static bool write(Context& context, u64 address, const void* from, u64 size) {
    std::uint8_t* place = run(context).owner->bytes_at(address, size);
    if (place) std::memcpy(place, from, size);
    return place != nullptr;
  }
  static bool read_physical(Context& context, u64, void*, u64) {
    run(context).end(HYPERDBG_SCRIPT_NOT_AVAILABLE, 0, offsetof(hyperdbg_script_runtime, read_physical) / 8);
  }
  static bool write_physical(Context& context, u64, const void*, u64) {
    run(context).end(HYPERDBG_SCRIPT_NOT_AVAILABLE, 0, offsetof(hyperdbg_script_runtime, write_physical) / 8);
  }
  static u64* place(Context& context, u64 address) {
    return reinterpret_cast<u64*>(run(context).owner->bytes_at(address, 8));
  }
  static u64 physical(Context&, u64) { return 0; }
  static void cache(Context& context, u64 address) {
    for (const auto& memory : run(context).owner->memory_) {
      const auto first = reinterpret_cast<u64>(memory.data());
      if (address - first >= memory.size() || memory.size() < 8) continue;
      context.cache_base = first;
      context.cache_limit = memory.size() - 7;
      context.cache_delta = 0;
    }
  }
  static void relax(Context&) { _mm_pause(); }
  static const hyperdbg_aggregation* aggregation(Context& context, u64 number) {
    const auto& known = run(context).owner->aggregations_;
    return number < known.size() ? &known[number] : nullptr;
  }
  static AggregateTable& table_of(Context& context) { return run(context).owner->table_; }
  // The simulated registers are nobody's.
  static u32 stack(Context&, hyperdbg_aggregate_key, u64*, u32) { return 0; }

  static u64 service(Context& context, u64 number, u64 a, u64 b, u64 c, u64 position) {
    switch (number) {
      case HYPERDBG_SERVICE_TIME_STAMP:
        return __rdtsc();
      case HYPERDBG_SERVICE_TIME_STAMP_AND_CORE: {
        unsigned core = 0;
        return __rdtscp(&core);
      }
      case HYPERDBG_SERVICE_SLEEP:
        Services<Functions>::charge(context, a, position);
        std::this_thread::sleep_for(std::chrono::microseconds(a));
        return 0;
      default:
        ask(run(context), number, {a, b, c});
        return 0;
    }
  }

  // What only a debuggee could do is on the record, and is told as HyperDbg tells it.
  static void ask(Run& run, u64 number, std::array<u64, 3> arguments) {
    struct Row {
      u64 number;
      const char* name;
      std::size_t arguments;
    };
    static constexpr Row rows[] = {
        {HYPERDBG_SERVICE_EVENT_ENABLE, "event_enable", 1},
        {HYPERDBG_SERVICE_EVENT_DISABLE, "event_disable", 1},
        {HYPERDBG_SERVICE_EVENT_CLEAR, "event_clear", 1},
        {HYPERDBG_SERVICE_INJECT, "event_inject", 2},
        {HYPERDBG_SERVICE_INJECT_WITH_ERROR, "event_inject_error_code", 3},
        {HYPERDBG_SERVICE_PAUSE, "pause", 0},
        {HYPERDBG_SERVICE_FLUSH, "flush", 0},
        {HYPERDBG_SERVICE_TRACE, "event_trace_step", 0},
        {HYPERDBG_SERVICE_PHYSICAL_TO_VIRTUAL, "physical_to_virtual", 1},
        {HYPERDBG_SERVICE_LBR_SAVE, "lbr_save", 0},
        {HYPERDBG_SERVICE_LBR_PRINT, "lbr_print", 0},
        {HYPERDBG_SERVICE_LBR_RESTORE, "lbr_restore", 0},
        {HYPERDBG_SERVICE_LBR_CHECK, "lbr_check", 0},
    };
    const auto* row = std::ranges::find(rows, number, &Row::number);
    if (row == std::end(rows)) return;
    std::string request = row->name;
    for (std::size_t i = 0; i < row->arguments; ++i) request += fmt::format(" {:x}", arguments[i]);
    run.outcome.requests.push_back(std::move(request));
    run.outcome.messages += fmt::format("err, {} is not possible in user-mode\n", row->name);
  }

  static u64 read_register(Context* context, u64 number) {
    return number < HYPERDBG_REGISTER_COUNT ? run(context).owner->registers[number] : 0;
  }
  static void write_register(Context* context, u64 number, u64 value) {
    if (number < HYPERDBG_REGISTER_COUNT) run(context).owner->registers[number] = value;
  }
  static u64 read_physical_memory(Context* context, u64, u64, u64 position) {
    run(context).end(HYPERDBG_SCRIPT_NOT_AVAILABLE, position, offsetof(hyperdbg_script_runtime, read_physical) / 8);
  }
  static u64 write_physical_memory(Context* context, u64, u64, u64) {
    run(context).end(HYPERDBG_SCRIPT_NOT_AVAILABLE, 0, offsetof(hyperdbg_script_runtime, write_physical) / 8);
  }
  static u64 pseudo_register(Context* context, u64 number) { return run(context).pseudo(number); }
  static void message(Context* context, u64 format, u64 count, const u64* values, u64 kinds, u64) {
    run(context).emit(format, {values, count}, kinds);
  }
  static void event_short_circuit(Context* context, u64 on, u64) { run(context).outcome.short_circuit = on != 0; }
  static void test_statement(Context* context, u64 value) { run(context).outcome.results.push_back(value); }

  using Shared = Services<Functions>;
  static constexpr hyperdbg_script_runtime table{
      .abort = Shared::abort,
      .read_memory = Shared::read_memory,
      .write_memory = Shared::write_memory,
      .read_physical = read_physical_memory,
      .write_physical = write_physical_memory,
      .read_register = read_register,
      .write_register = write_register,
      .pseudo_register = pseudo_register,
      .message = message,
      .event_short_circuit = event_short_circuit,
      .test_statement = test_statement,
      .service = Shared::service,
      .aggregate = Shared::aggregate,
  };
};

std::optional<std::string> UserRuntime::Run::read_string(std::uint64_t address, std::size_t unit) {
  std::string read;
  while (read.size() < HYPERDBG_MAXIMUM_STRING) {
    char bytes[2] = {};
    if (Services<Functions>::read_some(*this, address + read.size(), bytes, unit) != unit) {
      if (read.empty()) return std::nullopt;
      break;
    }
    if (bytes[0] == 0 && bytes[1] == 0) break;
    read.append(bytes, unit);
  }
  return read;
}

void UserRuntime::Run::emit(std::uint64_t format, std::span<const std::uint64_t> values, std::uint64_t kinds) {
  std::vector<FormatArgument> arguments;
  for (std::size_t i = 0; i < values.size(); ++i) {
    FormatArgument argument{values[i], std::nullopt};
    if (const auto kind = kinds >> (2 * i) & 3; kind != 0) argument.text = read_string(values[i], kind);
    arguments.push_back(std::move(argument));
  }
  outcome.messages += format_message(formats.at(format), arguments);
}

UserRuntime::UserRuntime()
    : process(static_cast<std::uint64_t>(getpid())),
      thread(static_cast<std::uint64_t>(gettid())),
      globals_(HYPERDBG_MAXIMUM_GLOBALS),
      scratch_(scratch_size / sizeof(std::uint64_t)),
      process_name_(own_name()) {
  fields.fuel = HYPERDBG_SCRIPT_FUEL;
  table_.set_capacity(AggregateTable::largest);
  table_pages_.resize(AggregateTable::largest_pages);
  for (u32 i = 0; i < AggregateTable::largest_pages; ++i) table_.set_page(i, table_pages_[i].data());
  lend(scratch_.data(), scratch_size);
  lend(process_name_.data(), process_name_.size());
}

std::uint64_t UserRuntime::scratch_address() const {
  return reinterpret_cast<std::uint64_t>(scratch_.data()) + scratch_size / 2;
}

void UserRuntime::lend(void* memory, std::size_t size) {
  memory_.emplace_back(static_cast<std::uint8_t*>(memory), size);
}

std::size_t UserRuntime::readable_at(std::uint64_t address, std::size_t size) const {
  for (const auto& memory : memory_) {
    const std::uint64_t offset = address - reinterpret_cast<std::uint64_t>(memory.data());
    if (offset < memory.size()) return std::min<std::size_t>(size, memory.size() - offset);
  }
  return 0;
}

std::uint8_t* UserRuntime::bytes_at(std::uint64_t address, std::size_t size) {
  return readable_at(address, size) == size ? reinterpret_cast<std::uint8_t*>(address) : nullptr;
}

bool UserRuntime::set(std::string_view name, std::uint64_t value) {
  const bool is_pseudo = name.starts_with('$');
  if (is_pseudo || name.starts_with('@')) name.remove_prefix(1);
  if (const auto part = find_register(name); part && !is_pseudo) {
    const std::uint64_t mask = (part->width == 64 ? ~0ull : (1ull << part->width) - 1) << part->shift;
    std::uint64_t& whole = registers.at(part->number);
    whole = (whole & ~mask) | (value << part->shift & mask);
    return true;
  }
  const auto pseudo = find_pseudo_register(name);
  if (!pseudo) return false;
  if (pseudo->source == PseudoSource::context) {
    std::memcpy(reinterpret_cast<char*>(&fields) + pseudo->number, &value, sizeof value);
    return true;
  }
  if (pseudo->source == PseudoSource::register_) {
    registers.at(pseudo->number) = value;
    return true;
  }
  const std::pair<std::string_view, std::uint64_t*> rest[] = {
      {"pid", &process}, {"tid", &thread}, {"proc", &process_object}, {"thread", &thread_object}};
  const auto* found = std::ranges::find(rest, name, &std::pair<std::string_view, std::uint64_t*>::first);
  if (found == std::end(rest)) return false;
  *found->second = value;
  return true;
}

std::expected<UserRuntime::Outcome, std::string> UserRuntime::run(const CompiledScript& script) {
  auto formats = decode_metadata(script.metadata);
  if (!formats) return std::unexpected("the metadata of the script is damaged");
  const auto memory = ExecutableMemory::create(script.blob);
  if (!memory) return std::unexpected("there is no memory for the code of the script");

  // General registers are numbered as they lie in struct hyperdbg_registers.
  hyperdbg_registers general;
  static_assert(sizeof general == (HYPERDBG_R15 + 1) * sizeof registers[0]);
  std::memcpy(&general, registers.data(), sizeof general);

  Run run;
  static_cast<hyperdbg_script_context&>(run) = fields;
  run.registers = &general;
  run.runtime = &Functions::table;
  run.globals = globals_.data();
  run.stack_limit = reinterpret_cast<std::uint64_t>(__builtin_frame_address(0)) - HYPERDBG_SCRIPT_STACK_SIZE;
  run.arena = run.arena_bytes.data();
  run.text = run.texts.data();
  run.code = static_cast<const std::uint8_t*>(memory->address());
  run.code_size = script.blob.size();
  run.owner = this;
  run.formats = std::move(*formats);
  run.starting_fuel = fields.fuel;
  run.execute(memory->address());

  std::memcpy(registers.data(), &general, sizeof general);
  run.outcome.fuel_used = run.starting_fuel - run.fuel;
  return std::move(run.outcome);
}

std::expected<std::uint32_t, std::string> UserRuntime::global_slot(std::string_view name) {
  if (const auto known = slots_.find(name); known != slots_.end()) return known->second;
  if (slots_.size() == HYPERDBG_MAXIMUM_GLOBALS)
    return std::unexpected("there are " + std::to_string(HYPERDBG_MAXIMUM_GLOBALS) + " globals already");
  const auto slot = static_cast<std::uint32_t>(slots_.size());
  slots_.emplace(name, slot);
  return slot;
}

std::expected<std::uint32_t, std::string> UserRuntime::aggregation_number(const hyperdbg_aggregation& aggregation) {
  const auto same_name = [&](const auto& other) { return std::strcmp(other.name, aggregation.name) == 0; };
  const auto known = std::ranges::find_if(aggregations_, same_name);
  if (known != aggregations_.end()) {
    if (std::memcmp(&*known, &aggregation, sizeof aggregation) != 0)
      return std::unexpected(
          fmt::format("the aggregation \"{}\" exists with another kind or other keys or values", known->name));
    return static_cast<std::uint32_t>(known - aggregations_.begin());
  }
  if (aggregations_.size() == HYPERDBG_MAXIMUM_AGGREGATIONS)
    return std::unexpected(fmt::format("there are {} aggregations already", HYPERDBG_MAXIMUM_AGGREGATIONS));
  aggregations_.push_back(aggregation);
  return static_cast<std::uint32_t>(aggregations_.size() - 1);
}

Aggregates UserRuntime::aggregates() const {
  Aggregates all;
  for (std::uint32_t i = 0; i < aggregations_.size(); ++i) all.define(i, {aggregations_[i], table_.lost(i)});
  for (std::uint32_t place = 0; place < table_.capacity(); ++place) {
    const hyperdbg_aggregate_entry* entry = table_.at(place);
    if (entry) all.add(*entry, {reinterpret_cast<const std::uint8_t*>(entry + 1), size_behind(*entry)});
  }
  return all;
}

std::uint64_t UserRuntime::global(std::string_view name) const {
  const auto known = slots_.find(name);
  return known == slots_.end() ? 0 : globals_[known->second];
}

}  // namespace hyperdbg::script
