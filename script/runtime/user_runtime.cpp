// SPDX-License-Identifier: MIT
#include "script/runtime/user_runtime.hpp"

#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <fstream>
#include <span>

#include "script/metadata.hpp"
#include "script/runtime/executable_memory.hpp"
#include "script/runtime/format.hpp"

namespace hyperdbg::script {
namespace {

constexpr std::uint64_t page = 4096;

bool read_own_memory(std::uint64_t address, void* to, std::size_t size) {
  iovec local{to, size};
  iovec remote{reinterpret_cast<void*>(address), size};
  return process_vm_readv(getpid(), &local, 1, &remote, 1, 0) == static_cast<ssize_t>(size);
}

bool write_own_memory(std::uint64_t address, const void* from, std::size_t size) {
  iovec local{const_cast<void*>(from), size};
  iovec remote{reinterpret_cast<void*>(address), size};
  return process_vm_writev(getpid(), &local, 1, &remote, 1, 0) == static_cast<ssize_t>(size);
}

// The bytes up to a zero unit of `unit` bytes; nothing if not even the first unit can be read.
std::optional<std::string> read_string(std::uint64_t address, std::size_t unit) {
  std::string text;
  while (text.size() < HYPERDBG_MAXIMUM_STRING) {
    char bytes[2] = {};
    if (!read_own_memory(address + text.size(), bytes, unit)) {
      if (text.empty()) return std::nullopt;
      break;
    }
    if (bytes[0] == 0 && bytes[1] == 0) break;
    text.append(bytes, unit);
  }
  return text;
}

std::string own_name() {
  std::string name;
  std::ifstream("/proc/self/comm") >> name;
  return name;
}

}  // namespace

// What the blob gets as its context, and what the runtime's functions find behind it.
struct UserRuntime::Run : hyperdbg_script_context {
  UserRuntime* owner = nullptr;
  Outcome outcome;
  std::vector<std::string> formats;
  std::int64_t starting_fuel = 0;
  std::jmp_buf leave;

  // Not a C++ unwinding: the blob has no tables. No frame between here and execute() may own anything.
  [[noreturn]] void end(std::uint64_t error, std::uint64_t position, std::uint64_t detail) {
    outcome.error = static_cast<hyperdbg_script_error>(error);
    outcome.position = position;
    outcome.detail = detail;
    std::longjmp(leave, 1);
  }

  void execute(const void* code) {
    const auto entry = reinterpret_cast<void (*)(hyperdbg_script_context*)>(reinterpret_cast<std::uintptr_t>(code));
    if (setjmp(leave) == 0) entry(this);
  }

  void emit(std::uint64_t format, std::span<const std::uint64_t> values, std::uint64_t kinds) {
    std::vector<FormatArgument> arguments;
    for (std::size_t i = 0; i < values.size(); ++i) {
      FormatArgument argument{values[i], std::nullopt};
      if (const auto kind = kinds >> (2 * i) & 3; kind != 0) argument.text = read_string(values[i], kind);
      arguments.push_back(std::move(argument));
    }
    outcome.messages += format_message(formats.at(format), arguments);
  }

  std::uint64_t pseudo(std::uint64_t number) const {
    switch (number) {
      case HYPERDBG_PSEUDO_PID:
        return static_cast<std::uint64_t>(getpid());
      case HYPERDBG_PSEUDO_TID:
        return static_cast<std::uint64_t>(gettid());
      case HYPERDBG_PSEUDO_PNAME:
        return reinterpret_cast<std::uint64_t>(owner->process_name_.c_str());
      case HYPERDBG_PSEUDO_PROC:
        return owner->process_object;
      case HYPERDBG_PSEUDO_THREAD:
        return owner->thread_object;
      default:
        return 0;
    }
  }
};

// The table that the blob calls through.
struct UserRuntime::Functions {
  using Context = hyperdbg_script_context;
  using u64 = std::uint64_t;

  static Run& run(Context* context) { return *static_cast<Run*>(context); }

  static void abort(Context* context, u64 error, u64 position, u64 detail) {
    run(context).end(error, position, detail);
  }
  static u64 read_memory(Context* context, u64 address, u64 size, u64 position) {
    u64 value = 0;
    if (!read_own_memory(address, &value, size)) run(context).end(HYPERDBG_SCRIPT_INVALID_ADDRESS, position, address);
    return value;
  }
  static u64 write_memory(Context*, u64 address, u64 value, u64 size) {
    return write_own_memory(address, &value, size);
  }
  static u64 read_physical(Context* context, u64, u64, u64 position) {
    run(context).end(HYPERDBG_SCRIPT_NOT_AVAILABLE, position, offsetof(hyperdbg_script_runtime, read_physical) / 8);
  }
  static u64 write_physical(Context* context, u64, u64, u64) {
    run(context).end(HYPERDBG_SCRIPT_NOT_AVAILABLE, 0, offsetof(hyperdbg_script_runtime, write_physical) / 8);
  }
  static u64 read_register(Context* context, u64 number) {
    return number < HYPERDBG_REGISTER_COUNT ? run(context).owner->registers[number] : 0;
  }
  static void write_register(Context* context, u64 number, u64 value) {
    if (number < HYPERDBG_REGISTER_COUNT) run(context).owner->registers[number] = value;
  }
  static u64 pseudo_register(Context* context, u64 number) { return run(context).pseudo(number); }
  static void message(Context* context, u64 format, u64 count, const u64* values, u64 kinds, u64) {
    run(context).emit(format, {values, count}, kinds);
  }
  static void event_short_circuit(Context* context, u64 on, u64) { run(context).outcome.short_circuit = on != 0; }
  static void test_statement(Context* context, u64 value) { run(context).outcome.results.push_back(value); }

  static constexpr hyperdbg_script_runtime table{abort,          read_memory,         write_memory,   read_physical,
                                                 write_physical, read_register,       write_register, pseudo_register,
                                                 message,        event_short_circuit, test_statement};
};

UserRuntime::UserRuntime() : globals_(HYPERDBG_MAXIMUM_GLOBALS), process_name_(own_name()) {
  fields.fuel = HYPERDBG_SCRIPT_FUEL;
}

std::expected<UserRuntime::Outcome, std::string> UserRuntime::run(const CompiledScript& script) {
  auto formats = decode_metadata(script.metadata);
  if (!formats) return std::unexpected("the metadata of the script is damaged");
  const auto code = ExecutableMemory::create(script.blob);
  if (!code) return std::unexpected("there is no memory for the code of the script");

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
  run.owner = this;
  run.formats = std::move(*formats);
  run.starting_fuel = fields.fuel;
  run.execute(code->address());

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

std::uint64_t UserRuntime::global(std::string_view name) const {
  const auto known = slots_.find(name);
  return known == slots_.end() ? 0 : globals_[known->second];
}

}  // namespace hyperdbg::script
