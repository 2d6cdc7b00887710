// Logistic regressions, dense and few features. Classes lie side by side in memory, so that every
// loop runs over classes and needs no reordering of sums to be fast.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "disentlib/lanes.hpp"

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

// `kWidth` one-vs-rest regressions side by side, each by Newton's method with a backtracking step.
template <std::size_t kWidth>
class OneVsRest {
 public:
  // Of classes first, first + 1, ...
  OneVsRest(const LogisticProblem& problem, std::size_t first)
      : problem_(problem),
        design_(problem.design),
        first_(first),
        lanes_(std::min(problem.classes - first, kWidth)),
        columns_(design_.columns()),
        pairs_(columns_ * (columns_ + 1) / 2) {}

  // Writes (columns) coefficients of each class, one class after the other.
  void fit(double* coefficients) {
    Array at(columns_, Vector{});
    Array trial(columns_);
    Array step(columns_, Vector{});
    State state(columns_, pairs_);
    State reached(columns_, pairs_);
    Vector length = Vector{} + 1;
    Vector descent{};
    bool open[kWidth] = {};

    evaluate(at, state);
    for (std::size_t lane = 0; lane < lanes_; ++lane) {
      open[lane] = propose(state, lane, step, descent);
    }
    for (int round = 0; round < problem_.most_steps; ++round) {
      if (std::none_of(open, open + lanes_, [](bool lane) { return lane; })) break;
      for (std::size_t j = 0; j < columns_; ++j) trial[j] = at[j] + length * step[j];
      evaluate(trial, reached);
      for (std::size_t lane = 0; lane < lanes_; ++lane) {
        if (!open[lane]) continue;
        const double bound = state.objective[lane] + 1e-4 * length[lane] * descent[lane];
        if (reached.objective[lane] <= bound) {
          for (std::size_t j = 0; j < columns_; ++j) at[j][lane] = trial[j][lane];
          state.take(reached, lane);
          open[lane] = propose(state, lane, step, descent);
          length[lane] = 1;
        } else {
          length[lane] /= 2;
          open[lane] = length[lane] > 1e-6;  // what is left is rounding
        }
        if (!open[lane]) length[lane] = 0;
      }
    }
    for (std::size_t lane = 0; lane < lanes_; ++lane) {
      for (std::size_t j = 0; j < columns_; ++j) coefficients[lane * columns_ + j] = at[j][lane];
    }
  }

 private:
  using Vector = Lanes<kWidth>;
  using Array = LaneArray<kWidth>;

  struct State {
    State(std::size_t columns, std::size_t pairs) : gradient(columns), curvature(pairs) {}

    void take(const State& other, std::size_t lane) {
      objective[lane] = other.objective[lane];
      for (std::size_t j = 0; j < gradient.size(); ++j) gradient[j][lane] = other.gradient[j][lane];
      for (std::size_t i = 0; i < curvature.size(); ++i) {
        curvature[i][lane] = other.curvature[i][lane];
      }
    }

    Vector objective{};
    Array gradient;
    Array curvature;
  };

  // Newton's direction of one class; false when its gradient has vanished.
  bool propose(const State& state, std::size_t lane, Array& step, Vector& descent) const {
    std::vector<double> hessian(pairs_);
    std::vector<double> direction(columns_);
    double steepest = 0;
    for (std::size_t i = 0; i < pairs_; ++i) hessian[i] = state.curvature[i][lane];
    for (std::size_t j = 0; j < columns_; ++j) {
      direction[j] = -state.gradient[j][lane];
      steepest = std::max(steepest, std::abs(direction[j]));
    }
    if (!(steepest > problem_.tolerance * static_cast<double>(design_.rows()))) return false;
    Cholesky(std::move(hessian), columns_).solve(direction.data());
    descent[lane] = 0;
    for (std::size_t j = 0; j < columns_; ++j) {
      step[j][lane] = direction[j];
      descent[lane] += direction[j] * state.gradient[j][lane];
    }
    return descent[lane] < 0;
  }

  void evaluate(const Array& at, State& state) const {
    constexpr std::size_t kBlock = 64;
    std::fill(state.gradient.begin(), state.gradient.end(), Vector{});
    std::fill(state.curvature.begin(), state.curvature.end(), Vector{});
    state.objective = Vector{};
    Vector residual[kBlock];
    Vector slope[kBlock];
    for (std::size_t start = 0; start < design_.rows(); start += kBlock) {
      const std::size_t stop = std::min(start + kBlock, design_.rows());
      // ln prod (1 + e^-|f|): each factor is at most 2, so a block of 64 cannot overflow.
      Vector product = Vector{} + 1;
      for (std::size_t row = start; row < stop; ++row) {
        const double* x = design_.row(row);
        const double weight = problem_.weight(row);
        Vector f{};
        for (std::size_t j = 0; j < columns_; ++j) f += x[j] * at[j];
        Vector target{};
        const std::size_t label = static_cast<std::size_t>(problem_.labels[row]) - first_;
        if (label < kWidth) target[label] = 1;
        Vector small = f > 0.0 ? -f : f;
        exponentiate<kWidth>(small);
        const Vector inverse = 1 / (1 + small);
        residual[row - start] = weight * ((f > 0.0 ? inverse : small * inverse) - target);
        slope[row - start] = weight * small * inverse * inverse;
        state.objective += weight * ((f > 0.0 ? f : 0.0) - target * f);
        if (weight == 1) {
          product *= 1 + small;
        } else {
          for (std::size_t lane = 0; lane < kWidth; ++lane) {
            state.objective[lane] += weight * std::log1p(small[lane]);
          }
        }
      }
      for (std::size_t lane = 0; lane < kWidth; ++lane) {
        state.objective[lane] += std::log(product[lane]);
      }
      accumulate(start, stop, residual, slope, state);
    }
    for (std::size_t j = 0; j < columns_; ++j) {
      const double weight = problem_.penalty(j, columns_);
      state.objective += 0.5 * weight * at[j] * at[j];
      state.gradient[j] += weight * at[j];
      state.curvature[j * (j + 1) / 2 + j] += weight;
    }
  }

  // Two rows at a time: the sums are read and written half as often.
  void accumulate(std::size_t start, std::size_t stop, const Vector* residual, const Vector* slope,
                  State& state) const {
    for (std::size_t row = start; row < stop; row += 2) {
      const bool pair = row + 1 < stop;
      const double* x = design_.row(row);
      const double* y = pair ? design_.row(row + 1) : x;
      const Vector rx = residual[row - start];
      const Vector sx = slope[row - start];
      const Vector ry = pair ? residual[row + 1 - start] : Vector{};
      const Vector sy = pair ? slope[row + 1 - start] : Vector{};
      Vector* curvature = state.curvature.data();
      for (std::size_t j = 0; j < columns_; ++j) {
        state.gradient[j] += x[j] * rx + y[j] * ry;
        const Vector cx = x[j] * sx;
        const Vector cy = y[j] * sy;
        for (std::size_t k = 0; k <= j; ++k) *curvature++ += x[k] * cx + y[k] * cy;
      }
    }
  }

  const LogisticProblem& problem_;
  const Design& design_;
  std::size_t first_;
  std::size_t lanes_;
  std::size_t columns_;
  std::size_t pairs_;
};

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

enum class LogisticKind { kOneVsRest, kMultinomial };

// A part of the work that can be done on its own: some classes, or all of them.
struct LogisticTask {
  std::size_t first;
  std::size_t classes;
};

inline std::size_t lanes_in_use() { return has_avx2() ? 4 : 2; }

inline std::vector<LogisticTask> logistic_tasks(LogisticKind kind, std::size_t classes) {
  if (kind == LogisticKind::kMultinomial) return {{0, classes}};
  std::vector<LogisticTask> tasks;
  for (std::size_t first = 0; first < classes; first += lanes_in_use()) {
    tasks.push_back({first, std::min(lanes_in_use(), classes - first)});
  }
  return tasks;
}

template <std::size_t kWidth>
inline void fit_logistic_lanes(const LogisticProblem& problem, LogisticKind kind,
                               const LogisticTask& task, double* coefficients) {
  if (kind == LogisticKind::kMultinomial && problem.classes == 2) {
    // One penalised line between two classes, as everybody has it, and half of it for each.
    const std::size_t columns = problem.design.columns();
    OneVsRest<kWidth>(problem, 1).fit(coefficients + columns);
    for (std::size_t j = 0; j < columns; ++j) {
      coefficients[columns + j] /= 2;
      coefficients[j] = -coefficients[columns + j];
    }
  } else if (kind == LogisticKind::kMultinomial) {
    Multinomial<kWidth>(problem).fit(coefficients);
  } else {
    OneVsRest<kWidth>(problem, task.first).fit(coefficients);
  }
}

#ifdef DISENTLIB_AVX2
DISENTLIB_AVX2 inline void fit_logistic_avx2(const LogisticProblem& problem, LogisticKind kind,
                                             const LogisticTask& task, double* coefficients) {
  fit_logistic_lanes<4>(problem, kind, task, coefficients);
}
#endif

// Writes (design.columns()) coefficients, the intercept last, of each of the task's classes.
inline void fit_logistic(const LogisticProblem& problem, LogisticKind kind,
                         const LogisticTask& task, double* coefficients) {
#ifdef DISENTLIB_AVX2
  if (has_avx2()) return fit_logistic_avx2(problem, kind, task, coefficients);
#endif
  fit_logistic_lanes<2>(problem, kind, task, coefficients);
}

}  // namespace disentlib
