// SPDX-License-Identifier: MIT
#pragma once
#include <cstdint>
#include <string>

#include "tests/fuzz/oracle_state.h"
#include "tests/fuzz/program_maker.hpp"

namespace hyperdbg::fuzz {

struct Verdict {
  enum class Kind {
    same,       // and it ran to its end
    same_end,   // both were ended, for the same reason
    unclear,    // stack or fuel ended one of them where the other cannot tell
    refused,    // too large for a script: not run
    different,  // a finding
  };
  Kind kind;
  std::string what;  // of a finding
};

// Runs the script and its twin from the same random state, and compares what they leave behind.
class Comparison {
 public:
  Comparison();
  ~Comparison();
  Comparison(const Comparison&) = delete;
  Comparison& operator=(const Comparison&) = delete;

  Verdict run(const TwinProgram& program, oracle_program* twin, std::uint64_t seed);

 private:
  std::uint8_t* buffer_;
};

}  // namespace hyperdbg::fuzz
