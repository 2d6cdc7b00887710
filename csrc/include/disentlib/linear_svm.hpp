// Linear support vector machines on one scalar feature, one class against the rest: minimise
//   (w^2 + b^2) / 2 + sum_t C_t max(0, 1 - y_t (w x_t + b))^2      over (w, b).
// The samples inside the margin form one end of the sorted feature, so that with prefix sums of
// x and x^2 a Newton step costs two binary searches in all samples and two in the class's.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <vector>

#include "disentlib/radix_sort.hpp"

namespace disentlib {

struct Line {
  double slope = 0;
  double intercept = 0;

  double operator()(double x) const { return slope * x + intercept; }
};

// Sums of 1, x and x^2 over some samples.
struct Moments {
  double count = 0;
  double first = 0;
  double second = 0;

  Moments operator-(const Moments& other) const {
    return {count - other.count, first - other.first, second - other.second};
  }
};

// Sorted values and the moments of each leading part.
class SortedSamples {
 public:
  void reserve(std::size_t size) {
    values_.reserve(size);
    sums_.reserve(size + 1);
  }

  void append(double value) {
    const Moments& last = sums_.back();
    values_.push_back(value);
    sums_.push_back({last.count + 1, last.first + value, last.second + value * value});
  }

  const Moments& all() const { return sums_.back(); }

  // The moments of the samples with slope * x < bound.
  Moments below(double slope, double bound) const {
    if (slope == 0) return bound > 0 ? all() : Moments{};
    const double edge = bound / slope;
    if (slope > 0) {
      return sums_[static_cast<std::size_t>(std::lower_bound(values_.begin(), values_.end(), edge) -
                                            values_.begin())];
    }
    return all() - sums_[static_cast<std::size_t>(
                       std::upper_bound(values_.begin(), values_.end(), edge) - values_.begin())];
  }

 private:
  std::vector<double> values_;
  std::vector<Moments> sums_ = {Moments{}};
};

// One feature's samples in order; fits every class of every factor.
class ScalarSvm {
 public:
  // Samples are kept relative to their mean, so that sums of squares lose no digits.
  ScalarSvm(const double* values, std::size_t size)
      : order_(radix_sort(values, size)),
        mean_(std::accumulate(values, values + size, 0.0) / static_cast<double>(size)) {
    everyone_.reserve(size);
    for (Indexed& sample : order_) {
      sample.value -= mean_;
      everyone_.append(sample.value);
    }
  }

  // One line per class; a sample belongs to the class whose line is highest. With balanced class
  // weights the class's own samples cost C n / (classes n_c) each and the rest C, as in LIBLINEAR;
  // two classes share one problem, in which both are weighted.
  std::vector<Line> fit(const std::int32_t* labels, std::size_t classes, double C,
                        bool balanced) const {
    std::vector<std::size_t> counts(classes);
    for (std::size_t row = 0; row < order_.size(); ++row) {
      ++counts[static_cast<std::size_t>(labels[row])];
    }
    std::vector<SortedSamples> members(classes);
    for (std::size_t label = 0; label < classes; ++label) members[label].reserve(counts[label]);
    for (const Indexed& sample : order_) {
      members[static_cast<std::size_t>(labels[sample.index])].append(sample.value);
    }
    const double share = static_cast<double>(order_.size()) / static_cast<double>(classes);
    const auto cost = [&](std::size_t label) {
      return balanced ? C * share / members[label].all().count : C;
    };
    std::vector<Line> lines(classes);
    if (classes == 2) {
      lines[1] = minimise(members[1], cost(1), cost(0));
      lines[0] = {-lines[1].slope, -lines[1].intercept};
    } else {
      for (std::size_t label = 0; label < classes; ++label) {
        if (members[label].all().count > 0) lines[label] = minimise(members[label], cost(label), C);
      }
    }
    return lines;
  }

 private:
  struct State {
    double objective;
    double gradient[2];
    double curvature[3];  // second derivatives: slope, mixed, intercept
    Moments inside[2];    // samples inside the margin: of the class, of the rest
  };

  // `line` is relative to the mean; the penalty is on the intercept at 0.
  State evaluate(const Line& line, const SortedSamples& members, double cost, double rest) const {
    const double w = line.slope;
    const double b = line.intercept;
    const double origin = b - w * mean_;
    const Moments in = members.below(w, 1 - b);
    const Moments out = everyone_.below(-w, 1 + b) - members.below(-w, 1 + b);
    const double p = 1 - b;
    const double q = 1 + b;
    State state;
    state.objective = 0.5 * (w * w + origin * origin) +
                      cost * (p * p * in.count - 2 * p * w * in.first + w * w * in.second) +
                      rest * (q * q * out.count + 2 * q * w * out.first + w * w * out.second);
    state.gradient[0] = w - mean_ * origin - 2 * cost * (p * in.first - w * in.second) +
                        2 * rest * (q * out.first + w * out.second);
    state.gradient[1] = origin - 2 * cost * (p * in.count - w * in.first) +
                        2 * rest * (q * out.count + w * out.first);
    state.curvature[0] = 1 + mean_ * mean_ + 2 * (cost * in.second + rest * out.second);
    state.curvature[1] = -mean_ + 2 * (cost * in.first + rest * out.first);
    state.curvature[2] = 1 + 2 * (cost * in.count + rest * out.count);
    state.inside[0] = in;
    state.inside[1] = out;
    return state;
  }

  Line minimise(const SortedSamples& members, double cost, double rest) const {
    constexpr int kMostSteps = 200;
    constexpr int kMostHalvings = 40;
    Line line;
    State state = evaluate(line, members, cost, rest);
    for (int step = 0; step < kMostSteps; ++step) {
      const double* h = state.curvature;
      const double* g = state.gradient;
      const double determinant = h[0] * h[2] - h[1] * h[1];
      const double dw = -(h[2] * g[0] - h[1] * g[1]) / determinant;
      const double db = -(h[0] * g[1] - h[1] * g[0]) / determinant;
      const double descent = g[0] * dw + g[1] * db;
      double length = 1;
      Line next{line.slope + dw, line.intercept + db};
      State reached = evaluate(next, members, cost, rest);
      for (int halving = 0; halving < kMostHalvings &&
                            !(reached.objective <= state.objective + 1e-4 * length * descent);
           ++halving) {
        length /= 2;
        next = {line.slope + length * dw, line.intercept + length * db};
        reached = evaluate(next, members, cost, rest);
      }
      // The objective no longer falls: what is left is rounding.
      if (!(reached.objective < state.objective)) break;
      // The same samples inside the margin: the step went to the minimum of their parabola.
      const bool settled = length == 1 && same(reached.inside[0], state.inside[0]) &&
                           same(reached.inside[1], state.inside[1]);
      line = next;
      state = reached;
      if (settled) break;
    }
    return {line.slope, line.intercept - line.slope * mean_};
  }

  // One end of the sorted samples is known by its count and sum.
  static bool same(const Moments& a, const Moments& b) {
    return a.count == b.count && a.first == b.first;
  }

  std::vector<Indexed> order_;
  double mean_;
  SortedSamples everyone_;
};

// The upper envelope of lines: which is highest at x, the first of equals.
class Envelope {
 public:
  explicit Envelope(const std::vector<Line>& lines) : lines_(lines) {
    std::vector<std::size_t> by_slope(lines.size());
    std::iota(by_slope.begin(), by_slope.end(), std::size_t{0});
    std::sort(by_slope.begin(), by_slope.end(), [&](std::size_t a, std::size_t b) {
      if (lines[a].slope != lines[b].slope) return lines[a].slope < lines[b].slope;
      if (lines[a].intercept != lines[b].intercept) return lines[a].intercept > lines[b].intercept;
      return a < b;
    });
    for (const std::size_t line : by_slope) {
      if (!top_.empty() && lines[top_.back()].slope == lines[line].slope) continue;
      while (!edges_.empty() && crossing(top_.back(), line) <= edges_.back()) {
        top_.pop_back();
        edges_.pop_back();
      }
      if (!top_.empty()) edges_.push_back(crossing(top_.back(), line));
      top_.push_back(line);
    }
  }

  std::size_t operator()(double x) const {
    const auto found = static_cast<std::size_t>(std::upper_bound(edges_.begin(), edges_.end(), x) -
                                                edges_.begin());
    // Rounding may put x on the wrong side of an edge: ask the neighbours too.
    std::size_t best = top_[found];
    double height = lines_[best](x);
    const auto ask = [&](std::size_t line) {
      const double value = lines_[line](x);
      if (value > height || (value == height && line < best)) {
        best = line;
        height = value;
      }
    };
    if (found > 0) ask(top_[found - 1]);
    if (found + 1 < top_.size()) ask(top_[found + 1]);
    return best;
  }

 private:
  double crossing(std::size_t a, std::size_t b) const {
    return (lines_[a].intercept - lines_[b].intercept) / (lines_[b].slope - lines_[a].slope);
  }

  std::vector<Line> lines_;
  std::vector<std::size_t> top_;
  std::vector<double> edges_;
};

}  // namespace disentlib
