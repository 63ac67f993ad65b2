// SPDX-License-Identifier: MIT
#include "hypervisor/core/aggregations.hpp"
#include "hypervisor/core/backend.hpp"
#include "hypervisor/core/guest.hpp"

// Stacks that are aggregated. Without frame pointers in the kernel, and with nothing of its unwind tables here, a
// kernel stack is what looks like one: words on the stack that point into kernel text right behind a call instruction.
// All real return addresses are among them; so may be one that an earlier call left behind.
namespace hyperdbg {

namespace {

constexpr u64 stack_size = 16384;    // of a task and for interrupts, aligned to it; Linux's THREAD_SIZE on x86-64
constexpr u64 scanned_bytes = 4096;  // from the stack pointer on
constexpr u32 longest_call = 7;
constexpr s32 thunk = 64;  // return thunks call their own next bytes, and leave that address on the stack

bool in_kernel_text(u64 address) {
  const KernelLayout& kernel = kernel_layout();
  return address - kernel.text_start < kernel.text_end - kernel.text_start ||
         address - kernel.modules_start < kernel.modules_end - kernel.modules_start;
}

// Bytes of a `call` through a register or memory (FF /2), by its ModRM byte; a SIB byte with a base of 5 is left out.
u32 length_of_indirect_call(u8 modrm) {
  const u32 mode = modrm >> 6, memory = modrm & 7;
  if (mode == 3) return 2;
  const u32 sib = memory == 4 ? 1 : 0;
  if (mode == 0) return memory == 5 ? 6 : 2 + sib;
  return mode == 1 ? 3 + sib : 6 + sib;
}

bool follows_call(const Vcpu& vcpu, u64 address) {
  u8 before[longest_call];
  if (read_virtual_some(vcpu, address - longest_call, before, longest_call) != longest_call) return false;
  constexpr u8 direct = 0xe8, indirect = 0xff;
  s32 distance = 0;
  __builtin_memcpy(&distance, before + longest_call - sizeof(distance), sizeof(distance));
  if (before[longest_call - 5] == direct && (distance < -thunk || distance > thunk)) return true;
  for (u32 length = 2; length <= longest_call; ++length) {
    const u8 modrm = before[longest_call - length + 1];
    if (before[longest_call - length] == indirect && (modrm >> 3 & 7) == 2 && length_of_indirect_call(modrm) == length)
      return true;
  }
  return false;
}

bool in_user_mode(const Vcpu& vcpu) {
  return (vcpu.backend->read_register(vcpu, HYPERDBG_CS) & 3) == 3;
}

u32 kernel_stack(const Vcpu& vcpu, u64* frames, u32 most) {
  if (in_user_mode(vcpu) || kernel_layout().text_end == 0) return 0;
  u32 found = 0;
  frames[found++] = vcpu.backend->instruction_pointer(vcpu);
  const u64 stack = vcpu.backend->read_register(vcpu, HYPERDBG_RSP) & ~7ull;
  const u64 end = (stack | (stack_size - 1)) + 1;
  u64 words[32];
  for (u64 at = stack; at < end && at - stack < scanned_bytes && found < most; at += sizeof(words)) {
    const u64 count = read_virtual_some(vcpu, at, words, end - at < sizeof(words) ? end - at : sizeof(words)) / 8;
    for (u64 i = 0; i < count && found < most; ++i)
      if (in_kernel_text(words[i]) && follows_call(vcpu, words[i])) frames[found++] = words[i];
    if (count != sizeof(words) / 8) break;
  }
  return found;
}

struct UserState {
  u64 rip, rbp;
};

// In the kernel: what the entry code has pushed at the top of the task's stack (struct pt_regs, whose order is ABI).
bool user_state(const Vcpu& vcpu, UserState& user) {
  if (in_user_mode(vcpu)) {
    user = {vcpu.backend->instruction_pointer(vcpu), vcpu.registers.rbp};
    return true;
  }
  constexpr u64 registers_size = 21 * 8, rbp = 4, rip = 16, cs = 17;
  u64 stack = 0, saved[registers_size / 8];
  const u64 offset = kernel_layout().task_stack;
  if (offset == 0 || !read_virtual(vcpu, current_task(vcpu) + offset, &stack, sizeof(stack))) return false;
  if (!read_virtual(vcpu, stack + stack_size - registers_size, saved, sizeof(saved))) return false;
  user = {saved[rip], saved[rbp]};
  return (saved[cs] & 3) == 3;
}

// By frame pointers: whatever was compiled without them ends the stack, or hides its caller.
u32 user_stack(const Vcpu& vcpu, u64* frames, u32 most) {
  UserState user;
  if (!user_state(vcpu, user)) return 0;
  u32 found = 0;
  frames[found++] = user.rip;
  u64 frame = user.rbp;
  while (found < most && frame >> 47 == 0 && (frame & 7) == 0) {
    u64 link[2];
    if (!read_virtual(vcpu, frame, link, sizeof(link)) || link[1] == 0 || link[1] >> 47 != 0) break;
    frames[found++] = link[1];
    if (link[0] <= frame) break;  // callers lie above
    frame = link[0];
  }
  return found;
}

}  // namespace

u32 capture_stack(const Vcpu& vcpu, hyperdbg_aggregate_key kind, u64* frames, u32 most) {
  return kind == HYPERDBG_KEY_KERNEL_STACK ? kernel_stack(vcpu, frames, most) : user_stack(vcpu, frames, most);
}

}  // namespace hyperdbg
