// SPDX-License-Identifier: MIT
#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace hyperdbg::script {

// Finds, among names that are known, the one that was perhaps meant: the one that differs least, two letters in the
// wrong order counted once; of equals the first.
class Nearest {
 public:
  explicit Nearest(std::string_view wanted) : wanted_(wanted), least_(1 + wanted.size() / 4) {}

  void consider(std::string_view candidate);
  // Empty if none is near.
  std::string_view name() const { return nearest_; }
  // "is `name` meant?", with `prefix` before the name; empty if none is near.
  std::string hint(std::string_view prefix = {}) const;

 private:
  std::string_view wanted_;
  std::string_view nearest_;
  std::size_t least_;
};

}  // namespace hyperdbg::script
