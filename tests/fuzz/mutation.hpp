// SPDX-License-Identifier: MIT
#pragma once
#include <random>
#include <string>
#include <vector>

namespace hyperdbg::fuzz {

// The scripts of tests/scripts/ and of tests/fuzz/seeds/.
std::vector<std::string> read_seeds();

// Pieces of another script put in, pieces or words cut out or doubled, characters changed.
std::string mutate(std::string text, const std::string& other, std::mt19937_64& random);

// What must hold for any text: it is refused with a diagnostic, or compiled without vector registers and runs or ends.
// Gives what does not hold, empty if all does.
std::string try_script(const std::string& text);

}  // namespace hyperdbg::fuzz
