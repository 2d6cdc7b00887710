// One-vs-rest logistic regressions, dense and few features. Classes lie side by side in memory, so
// that every loop runs over classes and needs no reordering of sums to be fast.
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

}  // namespace disentlib
