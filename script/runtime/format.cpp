// SPDX-License-Identifier: MIT
#include "script/runtime/format.hpp"

#include <bit>
#include <cstdio>
#include <cstring>
#include <ctime>

#include "abi/record.h"

namespace hyperdbg::script {
namespace {

using Length = FormatPiece::Length;

// The specifier at the start of `text`; conversion 0 if there is none.
FormatPiece parse_specifier(std::string_view text) {
  FormatPiece piece;
  std::size_t next = 1;
  const auto letter = [&] { return next < text.size() ? text[next] : '\0'; };
  if (letter() == 'w' && text.substr(next, 2) == "ws") {
    return {text.substr(0, 3), 's', Length::wide, ArgumentKind::wide_string};
  }
  if (letter() == 'l' && text.substr(next, 2) == "ls") {
    return {text.substr(0, 3), 's', Length::wide, ArgumentKind::wide_string};
  }
  if (letter() == 'h') {
    piece.length = Length::half;
    ++next;
  } else {
    for (; letter() == 'l' && next < 3; ++next) piece.length = Length::wide;
  }
  const bool plain = piece.length == Length::normal;
  const std::string_view allowed = plain ? "diuoxcpsf\x01" : "diuox";
  if (letter() == '\0' || !allowed.contains(letter())) return piece;
  piece.conversion = letter();
  piece.text = text.substr(0, next + 1);
  if (piece.conversion == 's') piece.kind = ArgumentKind::string;
  return piece;
}

FormatPiece text_piece(std::string_view text) {
  FormatPiece piece;
  piece.text = text;
  return piece;
}

std::string printed(const char* format, unsigned long long value) {
  char buffer[64];  // the longest: an octal number, or an invalid address in its brackets
  const int length = std::snprintf(buffer, sizeof buffer, format, value);
  return {buffer, static_cast<std::size_t>(length)};
}

std::int64_t sign_extended(std::uint64_t value, Length length) {
  switch (length) {
    case Length::half:
      return static_cast<std::int16_t>(value);
    case Length::normal:
      return static_cast<std::int32_t>(value);
    case Length::wide:
      return static_cast<std::int64_t>(value);
  }
  return 0;
}

std::uint64_t truncated(std::uint64_t value, Length length) {
  switch (length) {
    case Length::half:
      return static_cast<std::uint16_t>(value);
    case Length::normal:
      return static_cast<std::uint32_t>(value);
    case Length::wide:
      return value;
  }
  return 0;
}

void append_utf8(std::string& text, std::uint32_t code) {
  const auto put = [&](std::uint32_t byte) { text += static_cast<char>(byte); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xc0 | code >> 6);
    put(0x80 | (code & 0x3f));
  } else if (code < 0x10000) {
    put(0xe0 | code >> 12);
    put(0x80 | (code >> 6 & 0x3f));
    put(0x80 | (code & 0x3f));
  } else {
    put(0xf0 | code >> 18);
    put(0x80 | (code >> 12 & 0x3f));
    put(0x80 | (code >> 6 & 0x3f));
    put(0x80 | (code & 0x3f));
  }
}

std::string from_utf16(std::string_view bytes) {
  const auto unit = [&](std::size_t index) -> std::uint32_t {
    return static_cast<std::uint8_t>(bytes[2 * index]) |
           static_cast<std::uint32_t>(static_cast<std::uint8_t>(bytes[2 * index + 1])) << 8;
  };
  std::string text;
  const std::size_t units = bytes.size() / 2;
  for (std::size_t i = 0; i < units; ++i) {
    std::uint32_t code = unit(i);
    const bool pair = code >= 0xd800 && code < 0xdc00 && i + 1 < units && unit(i + 1) >= 0xdc00 && unit(i + 1) < 0xe000;
    if (pair)
      code = 0x10000 + ((code - 0xd800) << 10) + (unit(++i) - 0xdc00);
    else if (code >= 0xd800 && code < 0xe000)
      code = 0xfffd;  // half of a pair
    append_utf8(text, code);
  }
  return text;
}

bool is_control(std::uint8_t byte) {
  return (byte < 0x20 && byte != '\n' && byte != '\t') || byte == 0x7f;
}

// Text of the guest could otherwise steer the terminal on which it is shown, also by U+0080 to U+009F.
std::string visible(std::string_view text) {
  std::string shown;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<std::uint8_t>(text[i]);
    const auto next = i + 1 < text.size() ? static_cast<std::uint8_t>(text[i + 1]) : std::uint8_t{0};
    if (is_control(byte)) {
      shown += printed("\\x%02llx", byte);
    } else if (byte == 0xc2 && next >= 0x80 && next < 0xa0) {
      shown += printed("\\x%02llx", next);
      ++i;
    } else {
      shown += text[i];
    }
  }
  return shown;
}

std::string string_argument(const FormatPiece& piece, const FormatArgument& argument) {
  if (!argument.text) return printed("<invalid address %llx>", argument.value);
  return visible(piece.kind == ArgumentKind::wide_string ? from_utf16(*argument.text) : *argument.text);
}

std::string bits_of(std::uint64_t value) {
  std::string bits;
  for (int bit = 63; bit >= 0; --bit) {
    bits += (value >> bit & 1) != 0 ? '1' : '0';
    if (bit % 8 == 0 && bit != 0) bits += ' ';
  }
  return bits;
}

// The most significant byte first, as in the number.
std::string characters_of(std::uint64_t value) {
  std::string text;
  for (int shift = 56; shift >= 0; shift -= 8) {
    const auto byte = static_cast<char>(value >> shift & 0xff);
    text += byte >= 0x20 && byte < 0x7f ? byte : '.';
  }
  return text;
}

// Seconds since 1970, UTC, as far as years have four digits.
std::string time_of(std::uint64_t value) {
  constexpr std::uint64_t end_of_9999 = 253402300799;
  if (value > end_of_9999) return "-";
  const auto seconds = static_cast<std::time_t>(value);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[40];
  return {text, std::strftime(text, sizeof text, "%m/%d/%Y - %I:%M%p", &parts)};
}

std::string printed_double(const char* format, double value) {
  char buffer[400];
  const int length = std::snprintf(buffer, sizeof buffer, format, value);
  return {buffer, static_cast<std::size_t>(length)};
}

// The shape of the command .formats.
std::string all_formats(std::uint64_t value) {
  const auto number = std::bit_cast<double>(value);
  return "Evaluate expression:\n" + printed("Hex :        %08llx`", value >> 32) +
         printed("%08llx\n", value & 0xffffffff) + "Decimal :    " + std::to_string(static_cast<std::int64_t>(value)) +
         printed("\nOctal :      %llo\n", value) + "Binary :     " + bits_of(value) +
         "\nChar :       " + characters_of(value) + "\nTime :       " + time_of(value) +
         "\nFloat :      " + printed_double("%.2f ", number) + printed_double("%+.0e ", number) +
         printed_double("%E\n", number) + printed_double("Double :     %.17e\n", number);
}

std::string argument_text(const FormatPiece& piece, const FormatArgument& argument) {
  const std::uint64_t value = truncated(argument.value, piece.length);
  switch (piece.conversion) {
    case 'd':
    case 'i':
      return std::to_string(sign_extended(argument.value, piece.length));
    case 'u':
      return std::to_string(value);
    case 'o':
      return printed("%llo", value);
    case 'x':
      return printed("%llx", value);
    case 'c':
      return visible(std::string(1, static_cast<char>(value)));
    case 'p':
      return printed("%016llx", argument.value);
    case 's':
      return string_argument(piece, argument);
    case 'f':
      return printed_double("%f", std::bit_cast<double>(argument.value));
    case '\x01':
      return all_formats(argument.value);
    default:
      return "<not available>";
  }
}

class PayloadReader {
 public:
  explicit PayloadReader(std::span<const std::uint8_t> bytes) : rest_(bytes) {}

  template <class T>
  bool take(T& object) {
    if (rest_.size() < sizeof object) return false;
    std::memcpy(&object, rest_.data(), sizeof object);
    rest_ = rest_.subspan(sizeof object);
    return true;
  }

  bool take_string(std::optional<std::string>& text) {
    std::uint16_t size = 0;
    if (!take(size)) return false;
    if (size == HYPERDBG_STRING_INVALID) return true;
    if (size > rest_.size()) return false;
    text.emplace(reinterpret_cast<const char*>(rest_.data()), size);
    rest_ = rest_.subspan(size);
    return true;
  }

 private:
  std::span<const std::uint8_t> rest_;
};

}  // namespace

std::vector<FormatPiece> split_format(std::string_view format) {
  std::vector<FormatPiece> pieces;
  std::size_t text_start = 0;
  std::size_t offset = 0;
  while (offset < format.size()) {
    const FormatPiece piece = format[offset] == '%' ? parse_specifier(format.substr(offset)) : FormatPiece{};
    if (piece.conversion == 0) {
      ++offset;
      continue;
    }
    if (offset > text_start) pieces.push_back(text_piece(format.substr(text_start, offset - text_start)));
    pieces.push_back(piece);
    offset += piece.text.size();
    text_start = offset;
  }
  if (offset > text_start) pieces.push_back(text_piece(format.substr(text_start)));
  return pieces;
}

std::string format_message(std::string_view format, std::span<const FormatArgument> arguments) {
  std::string text;
  std::size_t next = 0;
  for (const FormatPiece& piece : split_format(format)) {
    if (piece.conversion == 0)
      text += piece.text;
    else
      text += next < arguments.size() ? argument_text(piece, arguments[next++]) : "<missing>";
  }
  return text;
}

std::optional<std::string> format_record(std::span<const std::uint8_t> payload, std::span<const std::string> formats) {
  PayloadReader reader(payload);
  hyperdbg_message message{};
  if (!reader.take(message) || message.format >= formats.size() || message.count > 32) return std::nullopt;
  std::vector<FormatArgument> arguments(message.count);
  for (FormatArgument& argument : arguments)
    if (!reader.take(argument.value)) return std::nullopt;
  for (std::size_t i = 0; i < arguments.size(); ++i)
    if ((message.kinds >> (2 * i) & 3) != 0 && !reader.take_string(arguments[i].text)) return std::nullopt;
  return format_message(formats[message.format], arguments);
}

}  // namespace hyperdbg::script
