// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <span>
#include <string>

#include "x86/decoder_referee.hpp"

// The first byte chooses the mode, the rest is decoded by us and by Zydis. To fuzz, from the root of the tree:
//
//   clang++ -std=c++20 -g -O1 -fsanitize=fuzzer,address,undefined -I. -o build/decoder_fuzzer
//       tests/fuzz/decoder_fuzzer.cpp x86/decoder.cpp x86/decoder_referee.cpp -lZydis -lfmt
//   build/decoder_fuzzer -max_len=17
//
// decoder_test runs this entry too, so that it keeps compiling.
namespace {

using namespace hyperdbg;

void stop_at(const std::string& difference) {
  if (difference.empty()) return;
  fmt::print(stderr, "{}\n", difference);
  std::abort();
}

void examine(x86::Referee& referee, std::span<const u8> bytes) {
  stop_at(referee.compare_all(bytes));
  stop_at(referee.compare_truncations(bytes));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const hyperdbg::u8* data, std::size_t size) {
  static x86::Referee referees[] = {
      x86::Referee(x86::CodeSize::bits64),
      x86::Referee(x86::CodeSize::bits64, x86::Branches::amd),
      x86::Referee(x86::CodeSize::bits32),
      x86::Referee(x86::CodeSize::bits16),
  };
  if (size == 0) return 0;
  examine(referees[data[0] % std::size(referees)], {data + 1, size - 1});
  return 0;
}
