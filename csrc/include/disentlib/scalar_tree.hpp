// Classification trees on one scalar feature (Breiman et al. 1984), split by Gini impurity.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "disentlib/radix_sort.hpp"

namespace disentlib {

// Intervals of the feature and the most frequent class in each.
class ScalarTree {
 public:
  // Splits until nothing is gained or a side would hold fewer than `least` samples.
  ScalarTree(const std::vector<Indexed>& sorted, const std::int32_t* labels, std::size_t classes,
             std::size_t least)
      : left_(classes), right_(classes) {
    std::vector<std::pair<std::size_t, std::size_t>> open = {{0, sorted.size()}};
    while (!open.empty()) {
      const auto [begin, end] = open.back();
      open.pop_back();
      const std::size_t cut = split(sorted, labels, begin, end, least);
      if (cut == begin) {
        answers_.push_back(static_cast<std::int32_t>(
            std::max_element(right_.begin(), right_.end()) - right_.begin()));
        if (end < sorted.size()) edges_.push_back(between(sorted, end));
      } else {
        open.push_back({cut, end});  // the left part first, so that leaves come in order
        open.push_back({begin, cut});
      }
    }
  }

  std::int32_t operator()(double x) const {
    return answers_[static_cast<std::size_t>(std::lower_bound(edges_.begin(), edges_.end(), x) -
                                             edges_.begin())];
  }

 private:
  static double between(const std::vector<Indexed>& sorted, std::size_t cut) {
    return sorted[cut - 1].value / 2 + sorted[cut].value / 2;
  }

  // Where the impurity falls most, or `begin` where it does not; leaves the counts in right_.
  std::size_t split(const std::vector<Indexed>& sorted, const std::int32_t* labels,
                    std::size_t begin, std::size_t end, std::size_t least) {
    std::fill(left_.begin(), left_.end(), 0.0);
    std::fill(right_.begin(), right_.end(), 0.0);
    for (std::size_t i = begin; i < end; ++i) ++count(right_, labels, sorted[i]);
    double left_squares = 0;
    double right_squares = 0;
    for (const double n : right_) right_squares += n * n;
    const auto size = static_cast<double>(end - begin);
    double most = right_squares / size * (1 + 1e-12);
    std::size_t cut = begin;
    for (std::size_t i = begin; i + 1 < end; ++i) {
      double& l = count(left_, labels, sorted[i]);
      double& r = count(right_, labels, sorted[i]);
      left_squares += 2 * l++ + 1;
      right_squares -= 2 * r-- - 1;
      const std::size_t lefts = i + 1 - begin;
      if (sorted[i].value == sorted[i + 1].value || lefts < least || end - begin - lefts < least) {
        continue;
      }
      const auto n = static_cast<double>(lefts);
      const double purity = left_squares / n + right_squares / (size - n);
      if (purity > most) {
        most = purity;
        cut = i + 1;
      }
    }
    for (std::size_t k = 0; k < left_.size(); ++k) right_[k] += left_[k];
    return cut;
  }

  static double& count(std::vector<double>& counts, const std::int32_t* labels,
                       const Indexed& sample) {
    return counts[static_cast<std::size_t>(labels[sample.index])];
  }

  std::vector<double> left_;
  std::vector<double> right_;
  std::vector<double> edges_;
  std::vector<std::int32_t> answers_;
};

}  // namespace disentlib
