// SPDX-License-Identifier: MIT
#pragma once
#include <fmt/format.h>

#include <cstdint>
#include <expected>
#include <string>
#include <utility>

namespace hyperdbg {

enum class ErrorKind {
  failed,        // the sentence says it all
  usage,         // wrong words after a command: its help follows
  status,        // the debuggee answered with `status`
  disconnected,  // the line or the device is gone
  no_answer,     // the debuggee did not answer in time
  cancelled,     // the user pressed Ctrl+C
};

// What went wrong, for a person. The kind is for code that has to tell cases apart.
struct Error {
  ErrorKind kind = ErrorKind::failed;
  std::string message;
  std::uint32_t status = 0;
};

template <class T>
using Expected = std::expected<T, Error>;

template <class... Arguments>
std::unexpected<Error> fail(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
  return std::unexpected(Error{ErrorKind::failed, fmt::format(format, std::forward<Arguments>(arguments)...)});
}

template <class... Arguments>
std::unexpected<Error> fail_with(ErrorKind kind, fmt::format_string<Arguments...> format, Arguments&&... arguments) {
  return std::unexpected(Error{kind, fmt::format(format, std::forward<Arguments>(arguments)...)});
}

}  // namespace hyperdbg

// Evaluates to the value of an Expected, or returns its error to the caller.
#define TRY_EXPECTED(expression)                                                \
  ({                                                                            \
    auto try_expected = (expression);                                           \
    if (!try_expected) return std::unexpected(std::move(try_expected.error())); \
    *std::move(try_expected);                                                   \
  })
