// SPDX-License-Identifier: MIT
#include "tests/fuzz/comparison.hpp"

#include <fmt/format.h>
#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <random>
#include <stdexcept>
#include <vector>

#include "script/compiler.hpp"
#include "script/runtime/failure.hpp"
#include "script/runtime/user_runtime.hpp"
#include "script/testing/disassembly.hpp"

namespace hyperdbg::fuzz {
namespace {

using script::UserRuntime;

constexpr std::uint64_t fuel = 20000;
// Where neither libraries nor stacks nor the address sanitizer are, so that wild addresses around it reach nothing.
constexpr std::uintptr_t buffer_address = 0x40000000;
constexpr unsigned safe_depth = 6;  // of recursion: no stack overflow up to here

struct Start {
  std::array<std::uint64_t, HYPERDBG_REGISTER_COUNT> registers;
  std::array<std::uint64_t, ORACLE_PSEUDO> pseudo;
  std::array<std::uint8_t, ORACLE_BUFFER> bytes;
};

Start make_start(std::uint64_t seed) {
  std::mt19937_64 random(seed);
  Start start{};
  for (auto& value : start.registers) value = random() >> random() % 64;
  for (auto& value : start.pseudo) value = random() >> random() % 64;
  for (std::size_t i = 0; i < start.bytes.size(); ++i)
    start.bytes[i] = static_cast<std::uint8_t>(i < 96 ? random() : random() % 5 ? 'a' + random() % 26 : 0);
  start.bytes.back() = 0;
  return start;
}

void prepare(UserRuntime& runtime, const Start& start, std::uint8_t* buffer) {
  runtime.registers = start.registers;
  runtime.fields.fuel = fuel;
  runtime.fields.context = start.pseudo[0];
  runtime.fields.event_id = start.pseudo[1];
  runtime.fields.event_tag = start.pseudo[2];
  runtime.fields.event_stage = start.pseudo[3];
  runtime.fields.core = start.pseudo[4];
  runtime.process = start.pseudo[5];
  runtime.thread = start.pseudo[6];
  runtime.process_object = start.pseudo[7];
  runtime.thread_object = start.pseudo[8];
  runtime.fields.buffer = reinterpret_cast<std::uint64_t>(buffer);
  runtime.lend(buffer, ORACLE_BUFFER);
}

std::unique_ptr<oracle_state> make_state(const Start& start, std::uint8_t* buffer) {
  auto state = std::make_unique<oracle_state>();
  std::memset(state.get(), 0, sizeof *state);
  for (std::size_t i = 0; i < start.registers.size(); ++i) state->registers[i] = start.registers[i];
  for (std::size_t i = 0; i < start.pseudo.size(); ++i) state->pseudo[i] = start.pseudo[i];
  state->buffer = reinterpret_cast<std::uint64_t>(buffer);
  state->fuel_limit = fuel;
  state->fuel_is_exact = 1;
  return state;
}

std::string difference(const UserRuntime::Outcome& outcome, const UserRuntime& runtime,
                       const std::vector<std::uint8_t>& bytes, const oracle_state& state, const std::uint8_t* buffer) {
  const std::string output(state.output, state.output_size);
  const bool is_full = state.output_size == ORACLE_OUTPUT - 1;  // what came later is not kept
  if (is_full ? !outcome.messages.starts_with(output) : outcome.messages != output)
    return fmt::format("printed\n{}but the oracle\n{}", outcome.messages, output);
  if (outcome.results.size() != state.result_count)
    return fmt::format("{} results, the oracle {}", outcome.results.size(), state.result_count);
  for (std::size_t i = 0; i < std::min<std::size_t>(outcome.results.size(), ORACLE_RESULTS); ++i)
    if (outcome.results[i] != state.results[i])
      return fmt::format("result {} is {:x}, the oracle's {:x}", i, outcome.results[i], state.results[i]);
  for (std::size_t i = 0; i < runtime.registers.size(); ++i)
    if (runtime.registers[i] != state.registers[i])
      return fmt::format("register {} is {:x}, the oracle's {:x}", i, runtime.registers[i], state.registers[i]);
  for (std::size_t i = 0; i < 4; ++i)
    if (const auto value = runtime.global("g" + std::to_string(i)); value != state.globals[i])
      return fmt::format(".g{} is {:x}, the oracle's {:x}", i, value, state.globals[i]);
  for (std::size_t i = 0; i < bytes.size(); ++i)
    if (bytes[i] != buffer[i])
      return fmt::format("byte {} of the buffer is {:x}, the oracle's {:x}", i, bytes[i], buffer[i]);
  const auto used = static_cast<std::uint64_t>(outcome.fuel_used);
  if (outcome.error == HYPERDBG_SCRIPT_OK && (state.fuel_is_exact ? used != state.fuel_used : used < state.fuel_used))
    return fmt::format("spent {} units of fuel, the oracle {}", used, state.fuel_used);
  return {};
}

bool is_unclear(const UserRuntime::Outcome& outcome, const oracle_state& state) {
  if (outcome.error == HYPERDBG_SCRIPT_STACK_OVERFLOW) return state.deepest > safe_depth;
  if (outcome.error != HYPERDBG_SCRIPT_OUT_OF_FUEL) return false;
  // A loop pays in advance, so what ends it otherwise may come later in the oracle.
  return state.error == HYPERDBG_SCRIPT_OUT_OF_FUEL || state.error != HYPERDBG_SCRIPT_OK || !state.fuel_is_exact;
}

}  // namespace

Comparison::Comparison() {
  void* place = mmap(reinterpret_cast<void*>(buffer_address), 4096, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
  if (place == MAP_FAILED) throw std::runtime_error("no memory for the buffer");
  buffer_ = static_cast<std::uint8_t*>(place);
}

Comparison::~Comparison() {
  munmap(buffer_, 4096);
}

Verdict Comparison::run(const TwinProgram& program, oracle_program* twin, std::uint64_t seed) {
  const Start start = make_start(seed);
  UserRuntime runtime;
  script::CompileOptions options;
  options.global_slot = [&](std::string_view name) { return runtime.global_slot(name); };
  const auto compiled = script::Compiler::load().value()->compile(program.script, options);
  if (!compiled) {
    const std::string& message = compiled.error().at(0).message;
    if (message.contains("bytes of stack")) return {Verdict::Kind::refused, {}};
    return {Verdict::Kind::different, "refused: " + script::render(compiled.error())};
  }
  if (!compiled->uses_vectors && script::uses_vector_state(compiled->code()))
    return {Verdict::Kind::different, "vector registers without floating point"};

  std::memcpy(buffer_, start.bytes.data(), start.bytes.size());
  prepare(runtime, start, buffer_);
  const auto outcome = runtime.run(*compiled).value();
  const std::vector<std::uint8_t> bytes(buffer_, buffer_ + ORACLE_BUFFER);

  std::memcpy(buffer_, start.bytes.data(), start.bytes.size());
  const auto state = make_state(start, buffer_);
  twin(state.get());
  if (is_unclear(outcome, *state)) return {Verdict::Kind::unclear, {}};
  if (outcome.error != state->error)
    return {Verdict::Kind::different,
            fmt::format("ended with `{}`, the oracle with error {}",
                        script::failure_text(outcome.error, outcome.position, outcome.detail), state->error)};
  std::string what = difference(outcome, runtime, bytes, *state, buffer_);
  if (!what.empty()) return {Verdict::Kind::different, std::move(what)};
  return {outcome.error == HYPERDBG_SCRIPT_OK ? Verdict::Kind::same : Verdict::Kind::same_end, {}};
}

}  // namespace hyperdbg::fuzz
