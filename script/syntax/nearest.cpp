// SPDX-License-Identifier: MIT
#include "script/syntax/nearest.hpp"

#include <algorithm>
#include <vector>

namespace hyperdbg::script {
namespace {

// The number of letters to change, add, leave out, or exchange with their neighbour.
std::size_t distance(std::string_view left, std::string_view right) {
  std::vector<std::vector<std::size_t>> rows(left.size() + 1, std::vector<std::size_t>(right.size() + 1));
  for (std::size_t i = 0; i <= left.size(); ++i) rows[i][0] = i;
  for (std::size_t j = 0; j <= right.size(); ++j) rows[0][j] = j;
  for (std::size_t i = 1; i <= left.size(); ++i) {
    for (std::size_t j = 1; j <= right.size(); ++j) {
      const std::size_t changed = rows[i - 1][j - 1] + (left[i - 1] != right[j - 1] ? 1 : 0);
      rows[i][j] = std::min({rows[i - 1][j] + 1, rows[i][j - 1] + 1, changed});
      const bool exchanged = i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1];
      if (exchanged) rows[i][j] = std::min(rows[i][j], rows[i - 2][j - 2] + 1);
    }
  }
  return rows[left.size()][right.size()];
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
