// Lasso regressions by coordinate descent (Friedman, Hastie, Tibshirani 2010) on a Gram matrix.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace disentlib {

// Minimises  w'Gw / 2 - w'q + penalty |w|_1  from w = 0, where G (size, size) is X'X / n and q is
// X'y / n. Stops when a sweep changes no prediction X w by more than the tolerance (in root mean
// square, bounded by the step of each coordinate).
inline void lasso(const double* gram, const double* products, std::size_t size, double penalty,
                  double tolerance, int most_sweeps, double* weights) {
  std::fill_n(weights, size, 0.0);
  for (int sweep = 0; sweep < most_sweeps; ++sweep) {
    double largest = 0;
    for (std::size_t j = 0; j < size; ++j) {
      const double* row = gram + j * size;
      if (row[j] <= 0) continue;  // a constant feature has no say
      double pull = products[j];
      for (std::size_t k = 0; k < size; ++k) pull -= row[k] * weights[k];
      pull += row[j] * weights[j];
      const double shrunk = std::max(std::abs(pull) - penalty, 0.0);
      const double next = std::copysign(shrunk / row[j], pull);
      largest = std::max(largest, std::abs(next - weights[j]) * std::sqrt(row[j]));
      weights[j] = next;
    }
    if (largest <= tolerance) return;
  }
}

}  // namespace disentlib
