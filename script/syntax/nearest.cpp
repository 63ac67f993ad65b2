// SPDX-License-Identifier: MIT
#include "script/syntax/nearest.hpp"

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

namespace hyperdbg::script {
namespace {

// The number of single letters to change, add or leave out.
std::size_t distance(std::string_view left, std::string_view right) {
  std::vector<std::size_t> row(right.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= left.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= right.size(); ++j) {
      const std::size_t changed = diagonal + (left[i - 1] != right[j - 1] ? 1 : 0);
      diagonal = std::exchange(row[j], std::min({row[j] + 1, row[j - 1] + 1, changed}));
    }
  }
  return row.back();
}

}  // namespace

void Nearest::consider(std::string_view candidate) {
  const std::size_t longer = std::max(candidate.size(), wanted_.size());
  const std::size_t shorter = std::min(candidate.size(), wanted_.size());
  if (candidate.empty() || longer - shorter > least_) return;
  const std::size_t far = distance(wanted_, candidate);
  if (far > least_ || (far == least_ && !nearest_.empty())) return;
  least_ = far;
  nearest_ = candidate;
}

std::string Nearest::hint(std::string_view prefix) const {
  if (nearest_.empty()) return {};
  return "is `" + std::string(prefix) + std::string(nearest_) + "` meant?";
}

}  // namespace hyperdbg::script
