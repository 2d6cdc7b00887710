// Cholesky factorisation of small dense matrices. Never includes Python.
#pragma once

#include <cmath>
#include <cstddef>
#include <utility>
#include <vector>

namespace disentlib {

// A symmetric positive semidefinite matrix, given as its packed lower rows, ready to solve with. A
// pivot that vanished (a direction with neither data nor penalty) leaves its unknown at 0.
class Cholesky {
 public:
  explicit Cholesky(std::vector<double> lower, std::size_t size)
      : lower_(std::move(lower)), size_(size) {
    for (std::size_t i = 0; i < size; ++i) {
      const double diagonal = at(i, i);
      for (std::size_t j = 0; j <= i; ++j) {
        double sum = at(i, j);
        for (std::size_t k = 0; k < j; ++k) sum -= at(i, k) * at(j, k);
        if (i == j) {
          at(i, i) = sum > 1e-14 * diagonal ? std::sqrt(sum) : 0;
        } else {
          at(i, j) = at(j, j) > 0 ? sum / at(j, j) : 0;
        }
      }
    }
  }

  void solve(double* x) const {
    for (std::size_t i = 0; i < size_; ++i) {
      for (std::size_t k = 0; k < i; ++k) x[i] -= at(i, k) * x[k];
      x[i] = at(i, i) > 0 ? x[i] / at(i, i) : 0;
    }
    for (std::size_t i = size_; i-- > 0;) {
      for (std::size_t k = i + 1; k < size_; ++k) x[i] -= at(k, i) * x[k];
      x[i] = at(i, i) > 0 ? x[i] / at(i, i) : 0;
    }
  }

 private:
  double& at(std::size_t i, std::size_t j) { return lower_[i * (i + 1) / 2 + j]; }
  const double& at(std::size_t i, std::size_t j) const { return lower_[i * (i + 1) / 2 + j]; }

  std::vector<double> lower_;
  std::size_t size_;
};

}  // namespace disentlib
