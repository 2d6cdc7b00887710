// Multinomial logistic regression, dense and few features, with classes side by side in memory as
// in one_vs_rest.hpp.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>
#include <vector>

#include "disentlib/cholesky.hpp"
#include "disentlib/lanes.hpp"
#include "disentlib/logistic_problem.hpp"

namespace disentlib {

// Multinomial regression: minimise the cross-entropy of softmax(W x + b) by L-BFGS (Liu & Nocedal
// 1989) from the class frequencies, where the inverse Hessian is known but for its penalty: one
// block (pi_c X'X + penalty)^-1 per class.
template <std::size_t kWidth>
class Multinomial {
 public:
  explicit Multinomial(const LogisticProblem& problem)
      : problem_(problem),
        design_(problem.design),
        columns_(design_.columns()),
        groups_((problem.classes + kWidth - 1) / kWidth),
        size_(columns_ * groups_) {}

  // Writes (columns) coefficients of each class, one class after the other.
  void fit(double* coefficients) {
    constexpr std::size_t kMemory = 12;
    Array at = start();
    Array gradient(size_);
    Array trial(size_);
    Array reached(size_);
    std::vector<Pair> history;
    double objective = evaluate(at, gradient);
    for (int round = 0; round < problem_.most_steps; ++round) {
      if (!(steepest(gradient) > problem_.tolerance * static_cast<double>(design_.rows()))) break;
      Array step = direction(gradient, history);
      const double descent = dot(step, gradient);
      double length = 1;
      double next = 0;
      do {
        for (std::size_t i = 0; i < size_; ++i) trial[i] = at[i] + length * step[i];
        next = evaluate(trial, reached);
        if (next <= objective + 1e-4 * length * descent) break;
        length /= 2;
      } while (length > 1e-6);
      if (!(next < objective)) break;  // what is left is rounding
      Pair pair{Array(size_), Array(size_), 0};
      for (std::size_t i = 0; i < size_; ++i) {
        pair.moved[i] = trial[i] - at[i];
        pair.changed[i] = reached[i] - gradient[i];
      }
      pair.product = dot(pair.moved, pair.changed);
      if (history.size() == kMemory) history.erase(history.begin());
      if (pair.product > 0) history.push_back(std::move(pair));
      std::swap(at, trial);
      std::swap(gradient, reached);
      objective = next;
    }
    for (std::size_t label = 0; label < problem_.classes; ++label) {
      for (std::size_t j = 0; j < columns_; ++j) {
        coefficients[label * columns_ + j] = entry(at, label, j);
      }
    }
  }

 private:
  using Vector = Lanes<kWidth>;
  using Array = LaneArray<kWidth>;

  struct Pair {
    Array moved;
    Array changed;
    double product;
  };

  // Parameters lie as (groups of classes, columns, lanes).
  double entry(const Array& values, std::size_t label, std::size_t column) const {
    return values[(label / kWidth) * columns_ + column][label % kWidth];
  }

  static double dot(const Array& a, const Array& b) {
    Vector sum{};
    for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
    double total = 0;
    for (std::size_t lane = 0; lane < kWidth; ++lane) total += sum[lane];
    return total;
  }

  static double steepest(const Array& gradient) {
    Vector most{};
    for (const Vector& g : gradient) {
      most = g > most ? g : most;
      most = -g > most ? -g : most;
    }
    double largest = 0;
    for (std::size_t lane = 0; lane < kWidth; ++lane) largest = std::max(largest, most[lane]);
    return largest;
  }

  // Zero weights and the class frequencies as intercepts; prepares the blocks there.
  Array start() {
    const std::size_t pairs = columns_ * (columns_ + 1) / 2;
    std::vector<double> gram(pairs);
    std::vector<double> frequency(problem_.classes);
    double total = 0;
    for (std::size_t row = 0; row < design_.rows(); ++row) {
      const double* x = design_.row(row);
      const double weight = problem_.weight(row);
      frequency[static_cast<std::size_t>(problem_.labels[row])] += weight;
      total += weight;
      double* sum = gram.data();
      for (std::size_t j = 0; j < columns_; ++j) {
        for (std::size_t k = 0; k <= j; ++k) *sum++ += weight * x[j] * x[k];
      }
    }
    Array at(size_, Vector{});
    blocks_.clear();
    for (std::size_t label = 0; label < problem_.classes; ++label) {
      const double share = frequency[label] / total;
      std::vector<double> block(pairs);
      for (std::size_t i = 0; i < pairs; ++i) block[i] = share * gram[i];
      for (std::size_t j = 0; j < columns_; ++j) {
        block[j * (j + 1) / 2 + j] += problem_.penalty(j, columns_);
      }
      blocks_.emplace_back(std::move(block), columns_);
      at[(label / kWidth) * columns_ + columns_ - 1][label % kWidth] =
          std::log(std::max(share, 1e-12));
    }
    return at;
  }

  // -H g by the two-loop recursion.
  Array direction(const Array& gradient, const std::vector<Pair>& history) const {
    Array step(size_);
    for (std::size_t i = 0; i < size_; ++i) step[i] = -gradient[i];
    std::vector<double> share(history.size());
    for (std::size_t i = history.size(); i-- > 0;) {
      share[i] = dot(history[i].moved, step) / history[i].product;
      for (std::size_t k = 0; k < size_; ++k) step[k] -= share[i] * history[i].changed[k];
    }
    precondition(step);
    if (!history.empty()) {
      Array scaled = history.back().changed;
      precondition(scaled);
      const double scale = history.back().product / dot(history.back().changed, scaled);
      for (Vector& value : step) value *= scale;
    }
    for (std::size_t i = 0; i < history.size(); ++i) {
      const double back = dot(history[i].changed, step) / history[i].product;
      for (std::size_t k = 0; k < size_; ++k) step[k] += (share[i] - back) * history[i].moved[k];
    }
    return step;
  }

  void precondition(Array& values) const {
    std::vector<double> column(columns_);
    for (std::size_t label = 0; label < problem_.classes; ++label) {
      for (std::size_t j = 0; j < columns_; ++j) column[j] = entry(values, label, j);
      blocks_[label].solve(column.data());
      for (std::size_t j = 0; j < columns_; ++j) {
        values[(label / kWidth) * columns_ + j][label % kWidth] = column[j];
      }
    }
  }

  double evaluate(const Array& at, Array& gradient) const {
    constexpr std::size_t kBlock = 32;
    std::fill(gradient.begin(), gradient.end(), Vector{});
    Array residual(kBlock * groups_);
    double objective = 0;
    for (std::size_t start = 0; start < design_.rows(); start += kBlock) {
      const std::size_t stop = std::min(start + kBlock, design_.rows());
      for (std::size_t row = start; row < stop; ++row) {
        objective += softmax(row, at, &residual[(row - start) * groups_]);
      }
      for (std::size_t group = 0; group < groups_; ++group) {
        Vector* sums = &gradient[group * columns_];
        std::size_t row = start;
        for (; row + 3 < stop; row += 4) {
          const Vector* r = &residual[(row - start) * groups_ + group];
          const Vector r0 = r[0];
          const Vector r1 = r[groups_];
          const Vector r2 = r[2 * groups_];
          const Vector r3 = r[3 * groups_];
          const double* x = design_.row(row);
          for (std::size_t j = 0; j < columns_; ++j) {
            sums[j] += (x[j] * r0 + x[columns_ + j] * r1) +
                       (x[2 * columns_ + j] * r2 + x[3 * columns_ + j] * r3);
          }
        }
        for (; row < stop; ++row) {
          const Vector r = residual[(row - start) * groups_ + group];
          for (std::size_t j = 0; j < columns_; ++j) sums[j] += design_.row(row)[j] * r;
        }
      }
    }
    for (std::size_t group = 0; group < groups_; ++group) {
      for (std::size_t j = 0; j < columns_; ++j) {
        const std::size_t i = group * columns_ + j;
        const Vector pull = problem_.penalty(j, columns_) * at[i];
        gradient[i] += pull;
        for (std::size_t lane = 0; lane < kWidth; ++lane) {
          objective += 0.5 * pull[lane] * at[i][lane];
        }
      }
    }
    return objective;
  }

  // One row's loss; leaves weight * (probability - target) in `residual`.
  double softmax(std::size_t row, const Array& at, Vector* residual) const {
    const double* x = design_.row(row);
    const auto label = static_cast<std::size_t>(problem_.labels[row]);
    const double weight = problem_.weight(row);
    Vector most = Vector{} - 1e300;
    for (std::size_t group = 0; group < groups_; ++group) {
      const Vector* w = &at[group * columns_];
      Vector f{};
      for (std::size_t j = 0; j < columns_; ++j) f += x[j] * w[j];
      if (group + 1 == groups_) {
        for (std::size_t lane = problem_.classes - group * kWidth; lane < kWidth; ++lane) {
          f[lane] = -1e300;  // no such class
        }
      }
      residual[group] = f;
      most = f > most ? f : most;
    }
    double top = most[0];
    for (std::size_t lane = 1; lane < kWidth; ++lane) top = std::max(top, most[lane]);
    const double own = residual[label / kWidth][label % kWidth] - top;
    Vector sums{};
    for (std::size_t group = 0; group < groups_; ++group) {
      Vector p = residual[group] - top;
      exponentiate<kWidth>(p);
      residual[group] = p;
      sums += p;
    }
    double sum = 0;
    for (std::size_t lane = 0; lane < kWidth; ++lane) sum += sums[lane];
    const double scale = weight / sum;
    for (std::size_t group = 0; group < groups_; ++group) residual[group] *= scale;
    residual[label / kWidth][label % kWidth] -= weight;
    return weight * (std::log(sum) - own);
  }

  const LogisticProblem& problem_;
  const Design& design_;
  std::size_t columns_;
  std::size_t groups_;
  std::size_t size_;
  std::vector<Cholesky> blocks_;
};

}  // namespace disentlib
