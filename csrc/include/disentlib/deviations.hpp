// How far codes stray while a factor keeps its value.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <numeric>
#include <vector>

#include "disentlib/matrix.hpp"

namespace disentlib {

// The q-quantile, interpolated linearly between neighbours; reorders the values.
inline double quantile(std::vector<double>& values, double q) {
  const double position = q * static_cast<double>(values.size() - 1);
  const auto below = std::min(static_cast<std::size_t>(position), values.size() - 1);
  // q is near 1, so few values lie above: select those.
  const std::size_t tops = values.size() - below;
  std::partial_sort(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(tops),
                    values.end(), std::greater<double>());
  const double low = values[tops - 1];
  const double high = tops > 1 ? values[tops - 2] : low;
  return low + (high - low) * (position - static_cast<double>(below));
}

// For one factor, writes each code's mean over the factor's values of the q-quantile of
// |z - mean of z| among the samples with that value. Every class occurs.
template <typename T>
void mean_group_deviation(const MatrixView<T>& codes, const std::int32_t* labels,
                          std::size_t classes, double q, double* result, std::size_t stride) {
  const std::size_t samples = codes.rows();
  const std::size_t dims = codes.columns();
  std::vector<std::size_t> starts(classes + 1);
  for (std::size_t row = 0; row < samples; ++row)
    ++starts[static_cast<std::size_t>(labels[row]) + 1];
  std::partial_sum(starts.begin(), starts.end(), starts.begin());
  std::vector<std::size_t> order(samples);
  std::vector<std::size_t> next(starts.begin(), starts.end() - 1);
  for (std::size_t row = 0; row < samples; ++row) {
    order[next[static_cast<std::size_t>(labels[row])]++] = row;
  }
  std::vector<double> values;
  for (std::size_t j = 0; j < dims; ++j) {
    double total = 0;
    for (std::size_t label = 0; label < classes; ++label) {
      const std::size_t count = starts[label + 1] - starts[label];
      values.resize(count);
      double sum = 0;
      for (std::size_t i = 0; i < count; ++i) {
        values[i] = static_cast<double>(codes(order[starts[label] + i], j));
        sum += values[i];
      }
      const double mean = sum / static_cast<double>(count);
      for (double& value : values) value = std::abs(value - mean);
      total += quantile(values, q);
    }
    result[j * stride] = total / static_cast<double>(classes);
  }
}

}  // namespace disentlib
