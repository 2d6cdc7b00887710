// Counts, entropies and mutual information of binned codes and integer labels, in nats.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <unordered_map>
#include <utility>
#include <vector>

#include "disentlib/histogram.hpp"
#include "disentlib/labels.hpp"
#include "disentlib/matrix.hpp"

namespace disentlib {

// x ln x, tabulated where most counts are.
inline double x_log_x(std::uint32_t count) {
  constexpr std::size_t kSize = 4096;
  static const std::array<double, kSize> table = [] {
    std::array<double, kSize> values{};
    for (std::size_t x = 2; x < kSize; ++x) {
      values[x] = static_cast<double>(x) * std::log(static_cast<double>(x));
    }
    return values;
  }();
  return count < kSize ? table[count] : count * std::log(static_cast<double>(count));
}

// What counts x that sum to n > 0 say: H = ln n - sum of x ln x / n in nats, and how many are used.
struct Marginal {
  double entropy;
  std::int64_t used;
};

inline Marginal marginal(const std::uint32_t* counts, std::size_t size) {
  double total = 0.0;
  double sum = 0.0;
  std::int64_t used = 0;
  for (std::size_t i = 0; i < size; ++i) {
    total += counts[i];
    sum += x_log_x(counts[i]);
    used += counts[i] > 0;
  }
  return {std::max(0.0, std::log(total) - sum / total), used};
}

// How many labels are held by each number of samples, the numbers in ascending order.
using Multiplicities = std::vector<std::pair<std::uint32_t, double>>;

inline Multiplicities multiplicities(const std::uint32_t* counts, std::size_t size) {
  std::vector<std::uint32_t> sorted(counts, counts + size);
  std::sort(sorted.begin(), sorted.end());
  Multiplicities times;
  for (const std::uint32_t count : sorted) {
    if (count == 0) continue;
    if (times.empty() || times.back().first != count) times.emplace_back(count, 0.0);
    times.back().second += 1.0;
  }
  return times;
}

// E[I] of two labelings whose samples are paired at random, given their counts (Vinh et al. 2010):
// each joint count is then hypergeometric.
class ExpectedInformation {
 public:
  explicit ExpectedInformation(std::size_t samples) : samples_(static_cast<double>(samples)) {}

  // Counts of the same sizes cost once, as codes are cut alike.
  double operator()(const Multiplicities& a, const Multiplicities& b) {
    auto& known = rows_[b];
    double expected = 0.0;
    for (const auto& [x, x_times] : a) {
      const auto [row, is_new] = known.try_emplace(x, 0.0);
      if (is_new) {
        for (const auto& [y, y_times] : b) row->second += y_times * cell(x, y);
      }
      expected += x_times * row->second;
    }
    return std::max(0.0, expected);
  }

 private:
  // E[N / n ln(n N / (x y))] for N common samples of a label held x times and one held y times.
  double cell(std::uint32_t x, std::uint32_t y) const {
    const double n = samples_;
    const double a = x;
    const double b = y;
    const double rest = n - a - b;
    const double least = std::max(0.0, -rest);
    const double most = std::min(a, b);
    const double mode = std::clamp(std::floor((a + 1) * (b + 1) / (n + 2)), least, most);
    // The mean of k ln k; that of k is a b / n. Weights relative to the mode's, outwards until they
    // no longer count.
    double weights = 1.0;
    double sum = x_log_x(static_cast<std::uint32_t>(mode));
    double weight = 1.0;
    for (double k = mode; k < most && weight > kNegligible; k += 1.0) {
      weight *= (a - k) * (b - k) / ((k + 1) * (rest + k + 1));
      weights += weight;
      sum += weight * x_log_x(static_cast<std::uint32_t>(k + 1));
    }
    weight = 1.0;
    for (double k = mode; k > least && weight > kNegligible; k -= 1.0) {
      weight *= k * (rest + k) / ((a - k + 1) * (b - k + 1));
      weights += weight;
      sum += weight * x_log_x(static_cast<std::uint32_t>(k - 1));
    }
    return (sum / weights - a * b / n * std::log(a * b / n)) / n;
  }

  static constexpr double kNegligible = 1e-18;
  double samples_;
  // For each b so far, the sum over b of the cells of x.
  std::map<Multiplicities, std::unordered_map<std::uint32_t, double>> rows_;
};

// How often each label of a column occurs.
inline std::vector<std::uint32_t> label_counts(const LabelReader& labels, std::size_t column) {
  constexpr std::size_t kBlock = 512;
  std::array<std::uint32_t, kBlock> block;
  std::vector<std::uint32_t> counts(labels.sizes()[column], 0);
  for (std::size_t row = 0; row < labels.rows(); row += kBlock) {
    const std::size_t count = std::min(kBlock, labels.rows() - row);
    labels.read(column, row, count, block.data());
    for (std::size_t r = 0; r < count; ++r) ++counts[block[r]];
  }
  return counts;
}

// Joint counts of every code with every factor, and what follows from them.
template <typename T>
class JointHistogram {
 public:
  // At most 2^32 - 1 samples.
  JointHistogram(const MatrixView<T>& codes, const std::vector<Binning<T>>& binnings,
                 std::size_t bins, const LabelReader& factors)
      : dims_(codes.columns()),
        bins_(bins),
        sizes_(factors.sizes()),
        starts_(sizes_.size() + 1, 0) {
    for (std::size_t i = 0; i < sizes_.size(); ++i) {
      starts_[i + 1] = starts_[i] + dims_ * bins_ * sizes_[i];
    }
    counts_.assign(starts_.back(), 0);
    count(codes, binnings, factors);
    code_counts_.assign(dims_ * bins_, 0);
    for (std::size_t j = 0; j < dims_; ++j) {
      const std::uint32_t* joint = table(j, 0);
      for (std::size_t v = 0; v < sizes_[0]; ++v) {
        for (std::size_t b = 0; b < bins_; ++b) code_counts_[j * bins_ + b] += *joint++;
      }
    }
    factor_counts_.resize(sizes_.size());
    for (std::size_t i = 0; i < sizes_.size(); ++i) {
      const std::uint32_t* joint = table(0, i);
      for (std::size_t v = 0; v < sizes_[i]; ++v) {
        std::uint32_t total = 0;
        for (std::size_t b = 0; b < bins_; ++b) total += *joint++;
        factor_counts_[i].push_back(total);
      }
    }
  }

  Marginal code(std::size_t code) const { return marginal(code_counts(code), bins_); }

  Marginal factor(std::size_t factor) const {
    return marginal(factor_counts_[factor].data(), sizes_[factor]);
  }

  Marginal pair(std::size_t code, std::size_t factor) const {
    return marginal(table(code, factor), bins_ * sizes_[factor]);
  }

  Multiplicities code_multiplicities(std::size_t code) const {
    return multiplicities(code_counts(code), bins_);
  }

  Multiplicities factor_multiplicities(std::size_t factor) const {
    return multiplicities(factor_counts_[factor].data(), sizes_[factor]);
  }

 private:
  // Row by row of `size` bins: the factor's value chooses the row, so that its offset serves all
  // codes.
  const std::uint32_t* table(std::size_t code, std::size_t factor) const {
    return counts_.data() + starts_[factor] + code * bins_ * sizes_[factor];
  }

  const std::uint32_t* code_counts(std::size_t code) const {
    return code_counts_.data() + code * bins_;
  }

  void count(const MatrixView<T>& codes, const std::vector<Binning<T>>& binnings,
             const LabelReader& factors) {
    // A block's bins and offsets stay in the first cache while each pair of columns is counted.
    constexpr std::size_t kBlock = 512;
    std::vector<std::uint16_t> bins(dims_ * kBlock);
    std::array<std::uint32_t, kBlock> offsets;
    std::array<std::uint32_t, kBlock> cells;
    for (std::size_t row = 0; row < codes.rows(); row += kBlock) {
      const std::size_t count = std::min(kBlock, codes.rows() - row);
      for (std::size_t j = 0; j < dims_; ++j) {
        binnings[j].label(codes, j, row, count, bins.data() + j * kBlock);
      }
      for (std::size_t i = 0; i < sizes_.size(); ++i) {
        factors.read(i, row, count, offsets.data());
        for (std::size_t r = 0; r < count; ++r) {
          offsets[r] *= static_cast<std::uint32_t>(bins_);
        }
        std::uint32_t* tables = counts_.data() + starts_[i];
        const std::size_t size = bins_ * sizes_[i];
        for (std::size_t j = 0; j < dims_; ++j) {
          const std::uint16_t* bin = bins.data() + j * kBlock;
          std::uint32_t* counts = tables + j * size;
          // Two loops: the first is vectorised, and the second then waits for one load fewer.
          for (std::size_t r = 0; r < count; ++r) cells[r] = offsets[r] + bin[r];
          for (std::size_t r = 0; r < count; ++r) ++counts[cells[r]];
        }
      }
    }
  }

  std::size_t dims_;
  std::size_t bins_;
  std::vector<std::size_t> sizes_;
  std::vector<std::size_t> starts_;
  std::vector<std::uint32_t> counts_;
  std::vector<std::uint32_t> code_counts_;
  std::vector<std::vector<std::uint32_t>> factor_counts_;
};

}  // namespace disentlib
