// SPDX-License-Identifier: MIT
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hyperdbg::script {

/*
 * Messages are formatted by the debugger, long after the script ran: the debuggee only records values and the bytes
 * of strings. Rules of printf in the language reference: no width, no precision, no %%; what is no specifier is text.
 */

enum class ArgumentKind { value = 0, string = 1, wide_string = 2 };  // as in abi/script.h

// A piece of a format: text, or one specifier.
struct FormatPiece {
  enum class Length { half, normal, wide };  // 16, 32, 64 bits
  std::string_view text;                     // as it stands in the format
  char conversion = 0;                       // one of "diuoxcpsf", 0 for text
  Length length = Length::normal;
  ArgumentKind kind = ArgumentKind::value;
};
std::vector<FormatPiece> split_format(std::string_view format);

struct FormatArgument {
  std::uint64_t value = 0;
  // For %s its bytes, for %ws and %ls its UTF-16LE bytes; nothing if the address was not mapped.
  std::optional<std::string> text;
};

// What `formats(v)` prints is a specifier that only the compiler writes.
inline constexpr const char* formats_specifier = "%\x01";

// A missing argument shows as `<missing>`. Control characters in strings and characters, which
// may be the guest's, are made visible, except new-line and tab.
std::string format_message(std::string_view format, std::span<const FormatArgument> arguments);

// What stands behind struct hyperdbg_record in a RECORD_MESSAGE (its `length` bytes), formatted with the formats of
// decode_metadata(). Nothing if the bytes contradict themselves or name a format that is not there.
std::optional<std::string> format_record(std::span<const std::uint8_t> payload, std::span<const std::string> formats);

}  // namespace hyperdbg::script
