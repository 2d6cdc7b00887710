// What logistic regressions are given. Never includes Python.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace disentlib {

// Samples in rows; the last column is 1, for the intercept.
class Design {
 public:
  Design(const double* codes, std::size_t rows, std::size_t features)
      : rows_(rows), columns_(features + 1), values_(rows * (features + 1)) {
    for (std::size_t row = 0; row < rows; ++row) {
      std::copy_n(codes + row * features, features, &values_[row * columns_]);
      values_[row * columns_ + features] = 1;
    }
  }

  std::size_t rows() const { return rows_; }
  std::size_t columns() const { return columns_; }
  const double* row(std::size_t row) const { return &values_[row * columns_]; }

 private:
  std::size_t rows_;
  std::size_t columns_;
  std::vector<double> values_;
};

struct Penalty {
  double codes;      // weight of |w|^2 / 2
  double intercept;  // weight of b^2 / 2

  double operator()(std::size_t column, std::size_t columns) const {
    return column + 1 == columns ? intercept : codes;
  }
};

// What both kinds of regression are given. Each sample counts as its class's weight says; fits end
// when no entry of the mean loss's gradient is larger than the tolerance.
struct LogisticProblem {
  const Design& design;
  const std::int32_t* labels;
  const double* class_weights;
  std::size_t classes;
  Penalty penalty;
  double tolerance;
  int most_steps;

  double weight(std::size_t row) const {
    return class_weights[static_cast<std::size_t>(labels[row])];
  }
};

}  // namespace disentlib
