// SPDX-License-Identifier: MIT
// root_cost: what scripts cost in root mode, in instructions: the core of the hypervisor, compiled for the host beneath
// a guest of a few pages, runs compiled scripts on it. Exits with 1 if a limit does not hold.
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "bench/counted.hpp"
#include "hypervisor/core/core_fixture.hpp"
#include "script/compiler.hpp"
#include "script/runtime/executable_memory.hpp"

namespace hyperdbg::test {
namespace {

script::ExecutableMemory compiled(std::string_view text) {
  const auto compiler = script::Compiler::load();
  if (compiler)
    if (const auto script = (*compiler)->compile(text, {})) return *script::ExecutableMemory::create(script->blob);
  std::fprintf(stderr, "the script cannot be compiled\n");
  std::exit(2);
}

// A guest that executes CPUID, and an event on it whose script is called from within the run.
struct RootMode : CoreTest {
  void TestBody() override {}

  u64 cost_of(std::string_view text, u64 rcx) {
    const script::ExecutableMemory memory = compiled(text);
    const auto entry =
        reinterpret_cast<void (*)(hyperdbg_script_context*)>(reinterpret_cast<std::uintptr_t>(memory.address()));
    u64 count = 0;
    add_event(HYPERDBG_EVENT_CPUID, ++leaf_, HYPERDBG_PRE, [&](hyperdbg_script_context& context) {
      context.registers->rcx = rcx;
      count = bench::count_instructions([&] { entry(&context); });
    });
    cpu().registers.rax = leaf_;
    run(ExitKind::cpuid);
    return count;
  }

 private:
  u64 leaf_ = 0x1000;
};

bool check(const char* name, u64 count, u64 most) {
  const bool holds = count > 0 && count <= most;
  std::printf("%-28s %8lu, at most %lu%s\n", name, static_cast<unsigned long>(count), static_cast<unsigned long>(most),
              holds ? "" : ": DOES NOT HOLD");
  return holds;
}

int show() {
  RootMode root;
  const u64 nothing = root.cost_of("", 0);
  const u64 message = root.cost_of(R"(printf("%llx %d %x\n", @rax, $tid, @rip);)", 0) - nothing;
  constexpr const char* reads = "s = 0; n = @rcx; for (i = 0; i < n; i++) { s = s + dq(400000 + i * 8); } @rax = s;";
  const u64 read = (root.cost_of(reads, 200) - root.cost_of(reads, 100)) / 100;
  const u64 first = root.cost_of(reads, 1) - nothing;
  std::printf("%-28s %8lu\n", "one dq() of a new page", static_cast<unsigned long>(first));
  const bool message_holds = check("s3 message, 3 arguments", message, 200);
  return check("s5 one more dq()", read, 15) && message_holds ? 0 : 1;
}

}  // namespace
}  // namespace hyperdbg::test

int main() {
  return hyperdbg::test::show();
}
