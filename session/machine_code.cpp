// SPDX-License-Identifier: MIT
#include "session/machine_code.hpp"

#include <charconv>
#include <sstream>

namespace hyperdbg {
namespace {

constexpr std::uint8_t return_instruction = 0xc3;

std::string without_prefix(std::string word) {
  for (std::size_t at = word.find("\\x"); at != word.npos; at = word.find("\\x", at)) word.erase(at, 2);
  for (const char* prefix : {"0x", "0X", "x"})
    if (word.starts_with(prefix)) return word.substr(std::string_view(prefix).size());
  return word;
}

}  // namespace

Expected<Bytes> parse_hexadecimal(std::string_view text) {
  std::string words(text), digits;
  for (char& c : words)
    if (c == ',') c = ' ';
  std::istringstream stream(words);
  for (std::string word; stream >> word;) {
    const std::string more = without_prefix(word);
    if (more.find_first_not_of("0123456789abcdefABCDEF") != more.npos)
      return fail(
          "err, please enter condition code in hex notation: '{}' is not hexadecimal ('asm code' and 'asm "
          "condition' take instructions)",
          word);
    digits += more;
  }
  if (digits.empty()) return fail("err, please enter condition code in hex notation: there is none");
  if (digits.size() % 2 != 0) digits.insert(0, 1, '0');
  Bytes bytes(digits.size() / 2);
  for (std::size_t i = 0; i < bytes.size(); ++i)
    std::from_chars(digits.data() + 2 * i, digits.data() + 2 * i + 2, bytes[i], 16);
  return bytes;
}

Expected<Bytes> build_code(const MachineCode& code, const assembler::AddressOf& address_of) {
  Bytes bytes;
  if (code.assembly) {
    auto assembled = assembler::assemble(code.text, address_of);
    if (!assembled) return fail("{}", script::render(assembled.error()));
    bytes = std::move(*assembled);
  } else {
    bytes = TRY_EXPECTED(parse_hexadecimal(code.text));
  }
  bytes.push_back(return_instruction);
  return bytes;
}

}  // namespace hyperdbg
