// SPDX-License-Identifier: MIT
// script_cost: what compiled scripts cost in instructions, beside gcc -O2 doing the same; exits with 1 if a limit does
// not hold. script_cost times: the same in time, as ratios, and how long compiling takes.
#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "abi/limits.h"
#include "abi/script.h"
#include "bench/counted.hpp"
#include "bench/script_peers.h"
#include "script/compiler.hpp"
#include "script/runtime/executable_memory.hpp"

namespace {

using namespace hyperdbg;
using Peer = void(hyperdbg_registers*);

std::array<std::uint64_t, 512> page;  // what s5 reads

[[noreturn]] void abort_run(hyperdbg_script_context*, std::uint64_t error, std::uint64_t, std::uint64_t) {
  std::fprintf(stderr, "the script ended with error %lu\n", static_cast<unsigned long>(error));
  std::_Exit(3);
}

// As in root mode: the first read of a page translates it, here without a walk.
std::uint64_t read_memory(hyperdbg_script_context* context, std::uint64_t address, std::uint64_t, std::uint64_t) {
  context->cache_base = reinterpret_cast<std::uint64_t>(page.data());
  context->cache_limit = sizeof page - 7;
  context->cache_delta = 0;
  return *reinterpret_cast<const std::uint64_t*>(address);
}

constexpr hyperdbg_script_runtime runtime{.abort = abort_run,
                                          .read_memory = read_memory,
                                          .write_memory = nullptr,
                                          .read_physical = nullptr,
                                          .write_physical = nullptr,
                                          .read_register = nullptr,
                                          .write_register = nullptr,
                                          .pseudo_register = nullptr,
                                          .message = nullptr,
                                          .event_short_circuit = nullptr,
                                          .test_statement = nullptr,
                                          .service = nullptr,
                                          .aggregate = nullptr};

script::CompiledScript compiled(std::string_view text) {
  script::CompileOptions options;
  options.global_slot = [](std::string_view) { return std::expected<std::uint32_t, std::string>(0); };
  const auto compiler = script::Compiler::load();
  if (!compiler) {
    std::fprintf(stderr, "%s\n", compiler.error().c_str());
    std::exit(2);
  }
  auto result = (*compiler)->compile(text, options);
  if (!result) {
    std::fprintf(stderr, "%s\n", script::render(result.error()).c_str());
    std::exit(2);
  }
  return std::move(*result);
}

class Blob {
 public:
  explicit Blob(std::string_view text) : memory_(*script::ExecutableMemory::create(compiled(text).blob)) {}

  void run(hyperdbg_registers& registers) {
    hyperdbg_script_context context{};
    context.registers = &registers;
    context.runtime = &runtime;
    context.fuel = HYPERDBG_SCRIPT_FUEL;
    context.stack_limit = reinterpret_cast<std::uint64_t>(__builtin_frame_address(0)) - HYPERDBG_SCRIPT_STACK_SIZE;
    context.arena = arena_.data();
    const auto entry =
        reinterpret_cast<void (*)(hyperdbg_script_context*)>(reinterpret_cast<std::uintptr_t>(memory_.address()));
    entry(&context);
  }

 private:
  script::ExecutableMemory memory_;
  alignas(16) std::array<std::uint8_t, HYPERDBG_SCRIPT_ARENA_SIZE> arena_{};
};

hyperdbg_registers with(std::uint64_t rcx) {
  hyperdbg_registers registers{};
  registers.rcx = rcx;
  registers.rdx = reinterpret_cast<std::uint64_t>(page.data());
  return registers;
}

const char* const empty = "";

std::uint64_t cost_of(std::string_view text, std::uint64_t rcx) {
  Blob blob(text);
  Blob nothing(empty);
  hyperdbg_registers registers = with(rcx);
  return bench::count_instructions([&] { blob.run(registers); }) -
         bench::count_instructions([&] { nothing.run(registers); }) + 1;  // its ret
}

std::uint64_t cost_of(Peer* peer, std::uint64_t rcx) {
  hyperdbg_registers registers = with(rcx);
  return bench::count_instructions([&] { peer(&registers); }) -
         bench::count_instructions([&] { peer_nothing(&registers); }) + 1;
}

struct Row {
  const char* name;
  const char* script;
  std::uint64_t rcx;
  Peer* peer;
  double most;  // times the peer's instructions
};

constexpr const char* fibonacci =
    "int fibonacci(int n) { if (n <= 1) { return n; } return fibonacci(n - 1) + fibonacci(n - 2); }\n"
    "@rax = fibonacci(@rcx);";

const Row rows[] = {
    {"s1 x + i * 3, 1000 times", "x = 0; n = @rcx; for (i = 0; i < n; i++) { x = x + i * 3; } @rax = x;", 1000,
     peer_sum, 1.5},
    {"s1 (x ^ i) * 3, 1000 times", "x = 0; n = @rcx; for (i = 0; i < n; i++) { x = (x ^ i) * 3; } @rax = x;", 1000,
     peer_mixed, 1.5},
    {"s2 if, then", "if (@rcx == 55) { @rax = @rdx & ~(1 << 5); } else { @rbx = @rbx + 1; }", 0x55, peer_condition,
     1.5},
    {"s2 if, else", "if (@rcx == 55) { @rax = @rdx & ~(1 << 5); } else { @rbx = @rbx + 1; }", 0, peer_condition, 1.5},
    {"s4 fibonacci of 20", fibonacci, 20, peer_fibonacci, 1.8},
    {"s4 beside gcc, not inlined", fibonacci, 20, peer_fibonacci_not_inlined, 1.1},
};
constexpr const char* reads = "s = 0; n = @rcx; for (i = 0; i < n; i++) { s = s + dq(@rdx + i * 8); } @rax = s;";
constexpr std::uint64_t most_for_a_read = 15;

bool same_result(const Row& row) {
  Blob blob(row.script);
  hyperdbg_registers ours = with(row.rcx);
  hyperdbg_registers theirs = with(row.rcx);
  blob.run(ours);
  row.peer(&theirs);
  return std::memcmp(&ours, &theirs, sizeof ours) == 0;
}

int show_counts() {
  bool holds = true;
  for (const Row& row : rows) {
    const auto ours = static_cast<double>(cost_of(row.script, row.rcx));
    const auto theirs = static_cast<double>(cost_of(row.peer, row.rcx));
    const bool good = ours <= row.most * theirs && same_result(row);
    holds &= good;
    std::printf("%-28s %8.0f, in C %8.0f: %7.3f times, at most %.1f%s\n", row.name, ours, theirs, ours / theirs,
                row.most, good ? "" : ": DOES NOT HOLD");
  }
  // The first one calls the runtime; the second hundred shows what a read of a page costs that is there.
  const std::uint64_t one = (cost_of(reads, 200) - cost_of(reads, 100)) / 100;
  holds &= one <= most_for_a_read;
  std::printf("%-28s %8lu, at most %lu%s\n", "s5 one dq()", static_cast<unsigned long>(one),
              static_cast<unsigned long>(most_for_a_read), one <= most_for_a_read ? "" : ": DOES NOT HOLD");
  return holds ? 0 : 1;
}

double processor_time() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

// Nanoseconds of the processor, the best of several: what else the machine does counts little.
double time_of(const std::function<void()>& work, int times) {
  double best = 1e30;
  for (int round = 0; round < 9; ++round) {
    const double start = processor_time();
    for (int i = 0; i < times; ++i) work();
    best = std::min(best, (processor_time() - start) / times);
  }
  return best;
}

void show_times() {
  for (const Row& row : rows) {
    if (row.peer == peer_condition) continue;  // filling the context takes longer
    Blob blob(row.script);
    hyperdbg_registers registers = with(row.rcx);
    const double ours = time_of([&] { blob.run(registers); }, 200);
    const double theirs = time_of([&] { row.peer(&registers); }, 200);
    std::printf("%-28s %5.2f times C's time\n", row.name, ours / theirs);
  }
  // Like the documents' examples: what a hit is about, counted and printed.
  const std::string lines = R"(int twice(int n) {
  return n * 2;
}
struct point { int x; int y; };
struct point p = {1, 2};
if (@rcx == 55) {
  .hits = .hits + 1;
  printf("%llx %d %x\n", @rax, $tid, @rip);
} elsif ($pid == 0n1234) {
  @rax = @rdx & ~(1 << 5);
} else {
  @rbx = @rbx + 1;
}
sum = 0;
for (i = 0; i < 0n16; i++) {
  sum = sum + dq(@rsp + i * 8);
}
p.x = twice(sum);
if (p.x > 0n100 && $core == 0) { print(p.x); }
@rcx = sum;
)";
  int number = 0;
  compiled("print(1);");
  const double compiling = time_of([&] { compiled(lines + "x = " + std::to_string(++number) + ";"); }, 3);
  std::printf("compiling 20 lines, after the first script: %.1f ms\n", compiling / 1e6);
}

}  // namespace

int main(int count, char** arguments) {
  for (std::size_t i = 0; i < page.size(); ++i) page[i] = i;
  if (count == 1) return show_counts();
  if (std::string_view(arguments[1]) == "times") return show_times(), 0;
  std::fprintf(stderr, "script_cost [times]\n");
  return 2;
}
