// How well scores rank one class above the others.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace disentlib {

// Area under the ROC curve of one column of `scores` (rows, columns): the probability that a sample
// of the class scores higher than another, ties counting half. NaN if there is nothing to compare.
inline double area_under_curve(const double* scores, std::size_t columns, std::size_t column,
                               const std::int32_t* labels, std::size_t rows) {
  const auto own = static_cast<std::int32_t>(column);
  std::vector<double> positive;
  for (std::size_t row = 0; row < rows; ++row) {
    if (labels[row] == own) positive.push_back(scores[row * columns + column]);
  }
  const std::size_t others = rows - positive.size();
  if (positive.empty() || others == 0) return std::numeric_limits<double>::quiet_NaN();
  std::sort(positive.begin(), positive.end());
  double wins = 0;
  for (std::size_t row = 0; row < rows; ++row) {
    if (labels[row] == own) continue;
    const double score = scores[row * columns + column];
    const auto low = std::lower_bound(positive.begin(), positive.end(), score);
    auto high = low;
    while (high != positive.end() && *high == score) ++high;
    wins += static_cast<double>(positive.end() - high) + 0.5 * static_cast<double>(high - low);
  }
  return wins / (static_cast<double>(positive.size()) * static_cast<double>(others));
}

}  // namespace disentlib
