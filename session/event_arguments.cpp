// SPDX-License-Identifier: MIT
#include "session/event_arguments.hpp"

#include <vector>

#include "abi/event.h"
#include "abi/status.h"
#include "session/number.hpp"
#include "session/system_call_names.hpp"

namespace hyperdbg {
namespace {

using Words = std::span<const std::string>;

// Too many words, or one that is no number.
template <class... Parts>
std::unexpected<Error> unknown(const std::string& word) {
  return fail_with(ErrorKind::usage, "unknown parameter '{}'", word);
}

Expected<std::uint64_t> number_of(const std::string& word) {
  const auto number = parse_number(word);
  if (!number) return unknown(word);
  return *number;
}

// None or one number; `refusal` is what a number beyond `last` is answered with.
template <class Refusal>
Expected<void> take_one(OwnArguments& arguments, Words words, std::uint64_t first, std::uint64_t last,
                        Refusal refusal) {
  if (words.size() > 1) return unknown(words[1]);
  if (words.empty()) return {};
  arguments.key = TRY_EXPECTED(number_of(words[0]));
  if (arguments.key < first || arguments.key > last) return refusal();
  return {};
}

}  // namespace

Expected<void> take_none(OwnArguments&, std::string_view name, Words words) {
  if (!words.empty()) return fail_with(ErrorKind::usage, "incorrect use of the '{}'", name);
  return {};
}

Expected<void> take_32_bits(OwnArguments& arguments, std::string_view, Words words) {
  return take_one(arguments, words, 0, 0xffffffff, [&] { return unknown(words[0]); });
}

Expected<void> take_port(OwnArguments& arguments, std::string_view, Words words) {
  return take_one(arguments, words, 0, 0xffff,
                  [&] { return fail("err, '{}' is no I/O port; ports are 0x0 to 0xffff", words[0]); });
}

Expected<void> take_exception(OwnArguments& arguments, std::string_view, Words words) {
  return take_one(arguments, words, 0, 0x1f,
                  [] { return fail("err, the entry should be between 0x0 to 0x1f or first 32 entries"); });
}

Expected<void> take_interrupt(OwnArguments& arguments, std::string_view, Words words) {
  if (words.empty())
    return fail(
        "err, triggering an event on all interrupts is not supported, because it would make the system unresponsive; "
        "specify one vector, 0x20 to 0xff");
  return take_one(arguments, words, 0x20, 0xff, [] {
    return fail("err, the entry should be between 0x20 to 0xFF or the entries between 32 to 255");
  });
}

Expected<void> take_control_register(OwnArguments& arguments, std::string_view name, Words words) {
  if (words.empty()) return fail_with(ErrorKind::usage, "incorrect use of the '{}'", name);
  if (words.size() > 2) return unknown(words[2]);
  arguments.key = TRY_EXPECTED(number_of(words[0]));
  if (arguments.key != 0 && arguments.key != 4) return fail("err, please choose either 0 for cr0 or 4 for cr4");
  if (words.size() == 1) return {};
  arguments.mask = TRY_EXPECTED(number_of(words[1]));
  if (arguments.mask == 0) return fail("err, the mask 0 selects no bit; leave it out to watch all bits");
  return {};
}

namespace {

enum class Programs : std::uint8_t { of_64_bits, of_32_bits };

// As strace writes it: `@32` behind the call, or alone for all of them; `@64` may be left out.
Expected<Programs> split_programs(std::string& call) {
  const std::string word = call;
  const auto at = word.find('@');
  if (at == std::string::npos) return Programs::of_64_bits;
  call.erase(at);
  const std::string_view bits = std::string_view(word).substr(at + 1);
  if (bits == "32") return Programs::of_32_bits;
  if (bits == "64") return Programs::of_64_bits;
  return unknown(word);
}

constexpr std::string_view remark_32 =
    "note: AMD's processors enter by SYSCALL in 32-bit programs, too: while this event exists SYSCALL and SYSRET exit "
    "there for\nevery system call of every process. On Intel's the guest can see that the gate of INT 80 is closed to "
    "user mode";

// A name as in Linux's headers, or a number.
Expected<void> take_call(OwnArguments& arguments, const std::string& call, Programs programs) {
  const bool of_32_bits = programs == Programs::of_32_bits;
  if (const auto named = of_32_bits ? system_call_number_32(call) : system_call_number(call)) {
    arguments.key = *named;
    return {};
  }
  const std::vector<std::string> words{call};
  if (parse_number(call)) return take_32_bits(arguments, {}, words);
  if (of_32_bits && system_call_number(call))
    return fail("err, '{}' is a system call of 64-bit programs only; leave '@32' out", call);
  if (system_call_number_32(call))
    return fail("err, '{0}' is a system call of 32-bit programs only; write '{0}@32'", call);
  return fail("err, '{}' is no system call; give its name as in 'man 2 syscalls', or its number (hexadecimal)", call);
}

}  // namespace

Expected<void> take_system_call(OwnArguments& arguments, std::string_view, Words words) {
  if (words.size() > 1) return unknown(words[1]);
  if (words.empty()) return {};
  std::string call = words[0];
  const Programs programs = TRY_EXPECTED(split_programs(call));
  if (programs == Programs::of_32_bits) {
    arguments.trigger = HYPERDBG_EVENT_SYSCALL_32;
    arguments.remark = remark_32;
  }
  if (call.empty()) return {};
  return take_call(arguments, call, programs);
}

// Of 32-bit programs there is but one form.
Expected<void> take_faulting_system_call(OwnArguments& arguments, std::string_view name, Words words) {
  TRY_EXPECTED(take_system_call(arguments, name, words));
  if (arguments.trigger == HYPERDBG_EVENT_SYSCALL) arguments.flags = HYPERDBG_EVENT_BY_FAULT;
  return {};
}

Expected<void> take_faulting_system_return(OwnArguments& arguments, std::string_view name, Words words) {
  arguments.flags = HYPERDBG_EVENT_BY_FAULT;
  return take_none(arguments, name, words);
}

}  // namespace hyperdbg
