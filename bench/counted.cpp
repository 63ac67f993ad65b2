// SPDX-License-Identifier: MIT
#include "bench/counted.hpp"

#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <stdexcept>

namespace hyperdbg::bench {
namespace {

void mark() {
  asm volatile("int3" ::: "memory");
}

int wait_for(pid_t child) {
  int status = 0;
  if (waitpid(child, &status, 0) != child || !WIFSTOPPED(status)) throw std::runtime_error("the child has ended");
  return WSTOPSIG(status);
}

// A mark, not the end of a step.
bool is_mark(pid_t child) {
  siginfo_t info{};
  if (ptrace(PTRACE_GETSIGINFO, child, nullptr, &info) != 0) throw std::runtime_error("the child cannot be asked");
  return info.si_code == SI_KERNEL;
}

void go_on(pid_t child, __ptrace_request request) {
  if (ptrace(request, child, nullptr, nullptr) != 0 || wait_for(child) != SIGTRAP)
    throw std::runtime_error("the child was stopped by a signal");
}

}  // namespace

std::uint64_t count_instructions(const std::function<void()>& work) {
  const pid_t child = fork();
  if (child < 0) throw std::runtime_error("fork failed");
  if (child == 0) {
    if (ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) _exit(1);
    mark();
    work();
    mark();
    _exit(0);
  }
  if (wait_for(child) != SIGTRAP) throw std::runtime_error("the child cannot be traced");
  std::uint64_t count = 0;
  for (go_on(child, PTRACE_SINGLESTEP); !is_mark(child); go_on(child, PTRACE_SINGLESTEP)) ++count;
  ptrace(PTRACE_KILL, child, nullptr, nullptr);
  waitpid(child, nullptr, 0);
  return count;
}

}  // namespace hyperdbg::bench
