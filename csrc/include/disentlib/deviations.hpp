// How far codes stray while a factor keeps its value.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <vector>

namespace disentlib {

// The largest of many values, a fixed number of them, in ascending order. Few are kept and few get
// in, so that moving the smaller ones aside is the cheapest way.
class Largest {
 public:
  void start(std::size_t kept) { values_.assign(kept, -std::numeric_limits<double>::infinity()); }

  void offer(double value) {
    if (value <= values_.front()) return;
    const auto above = std::upper_bound(values_.begin() + 1, values_.end(), value);
    std::copy(values_.begin() + 1, above, values_.begin());
    *(above - 1) = value;
  }

  // The smallest of them, moved by `share` towards the second smallest; there were enough offers.
  double smallest(double share) const {
    const double second = values_[values_.size() > 1 ? 1 : 0];
    return values_[0] + (second - values_[0]) * share;
  }

 private:
  std::vector<double> values_;
};

// For one factor, writes each code's mean over the factor's values of the q-quantile of
// |z - mean of z| among the samples with that value, interpolated linearly between neighbours.
// Codes are (samples, dims); every class occurs. Only as many of a group's largest deviations are
// kept as its quantile needs.
inline void mean_group_deviation(const double* codes, std::size_t samples, std::size_t dims,
                                 const std::int32_t* labels, std::size_t classes, double q,
                                 double* result, std::size_t stride) {
  std::vector<std::size_t> starts(classes + 1);
  for (std::size_t row = 0; row < samples; ++row) {
    ++starts[static_cast<std::size_t>(labels[row]) + 1];
  }
  std::partial_sum(starts.begin(), starts.end(), starts.begin());
  std::vector<const double*> order(samples);
  std::vector<std::size_t> next(starts.begin(), starts.end() - 1);
  for (std::size_t row = 0; row < samples; ++row) {
    order[next[static_cast<std::size_t>(labels[row])]++] = codes + row * dims;
  }
  std::vector<double> mean(dims);
  std::vector<double> totals(dims);
  std::vector<Largest> largest(dims);
  for (std::size_t label = 0; label < classes; ++label) {
    const double* const* group = order.data() + starts[label];
    const std::size_t count = starts[label + 1] - starts[label];
    const double position = q * static_cast<double>(count - 1);
    const auto below = std::min(static_cast<std::size_t>(position), count - 1);
    std::fill(mean.begin(), mean.end(), 0.0);
    for (std::size_t i = 0; i < count; ++i) {
      for (std::size_t j = 0; j < dims; ++j) mean[j] += group[i][j];
    }
    for (double& value : mean) value /= static_cast<double>(count);
    for (Largest& column : largest) column.start(count - below);
    for (std::size_t i = 0; i < count; ++i) {
      for (std::size_t j = 0; j < dims; ++j) largest[j].offer(std::abs(group[i][j] - mean[j]));
    }
    for (std::size_t j = 0; j < dims; ++j) {
      totals[j] += largest[j].smallest(position - static_cast<double>(below));
    }
  }
  for (std::size_t j = 0; j < dims; ++j) {
    result[j * stride] = totals[j] / static_cast<double>(classes);
  }
}

}  // namespace disentlib
