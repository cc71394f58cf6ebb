// SPDX-License-Identifier: Apache-2.0
#include "base/nearest.hpp"

#include <algorithm>
#include <cstddef>
#include <vector>

namespace pulpo {

std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates) {
  // A third of the letters wrong is a slip of the hand; more is another word. Beyond 32 letters nobody means ours.
  if (word.empty() || word.size() > 32) return {};
  std::size_t best = std::max<std::size_t>(1, word.size() / 3) + 1;
  std::string_view found;
  for (const std::string_view candidate : candidates) {
    const std::size_t columns = candidate.size() + 1;
    std::vector<std::size_t> before(columns), last(columns), row(columns);
    for (std::size_t j = 0; j < columns; ++j) last[j] = j;
    for (std::size_t i = 1; i <= word.size(); ++i) {
      row[0] = i;
      for (std::size_t j = 1; j < columns; ++j) {
        const bool same = word[i - 1] == candidate[j - 1];
        row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (same ? 0 : 1)});
        if (i > 1 && j > 1 && word[i - 1] == candidate[j - 2] && word[i - 2] == candidate[j - 1]) {
          row[j] = std::min(row[j], before[j - 2] + 1);
        }
      }
      std::swap(before, last);
      std::swap(last, row);
    }
    if (last[columns - 1] < best) {
      best = last[columns - 1];
      found = candidate;
    }
  }
  return found;
}

}  // namespace pulpo
