// SPDX-License-Identifier: MIT
#include "session/event_arguments.hpp"

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

// A name as in Linux's headers, or a number.
Expected<void> take_system_call(OwnArguments& arguments, std::string_view name, Words words) {
  if (words.size() != 1) return take_32_bits(arguments, name, words);
  if (const auto number = system_call_number(words[0])) {
    arguments.key = *number;
    return {};
  }
  if (parse_number(words[0])) return take_32_bits(arguments, name, words);
  if (is_32_bit_system_call(words[0]))
    return fail(
        "err, '{}' is a system call of 32-bit programs only; they enter the kernel by INT 80 or SYSENTER, which '{}' "
        "does not see",
        words[0], name);
  return fail("err, '{}' is no system call; give its name as in 'man 2 syscalls', or its number (hexadecimal)",
              words[0]);
}

Expected<void> take_faulting_system_call(OwnArguments& arguments, std::string_view name, Words words) {
  arguments.flags = HYPERDBG_EVENT_BY_FAULT;
  return take_system_call(arguments, name, words);
}

Expected<void> take_system_return(OwnArguments& arguments, std::string_view name, Words words) {
  arguments.flags = HYPERDBG_EVENT_BY_FAULT;
  return take_none(arguments, name, words);
}

}  // namespace hyperdbg
