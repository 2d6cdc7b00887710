// How far codes stray while a factor keeps its value.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "disentlib/lanes.hpp"

namespace disentlib {

// (samples, dims) codes with each row padded to whole lanes.
class PaddedRows {
 public:
  static constexpr std::size_t kWidth = 4;

  PaddedRows(const double* codes, std::size_t samples, std::size_t dims)
      : samples_(samples), dims_(dims), blocks_((dims + kWidth - 1) / kWidth) {
    values_.resize(samples * blocks_);
    double* target = reinterpret_cast<double*>(values_.data());
    for (std::size_t row = 0; row < samples; ++row) {
      std::copy(codes + row * dims, codes + (row + 1) * dims, target + row * blocks_ * kWidth);
    }
  }

  std::size_t samples() const { return samples_; }
  std::size_t dims() const { return dims_; }
  std::size_t blocks() const { return blocks_; }
  const Lanes<kWidth>* row(std::size_t index) const { return values_.data() + index * blocks_; }

 private:
  std::size_t samples_;
  std::size_t dims_;
  std::size_t blocks_;
  LaneArray<kWidth> values_;
};

// The largest deviations |z - mean| of every group and code. Of a group only as many are kept,
// ascending, as its q-quantile needs: few, and few get in. Labels in [0, classes); some may not
// occur.
class GroupDeviations {
 public:
  GroupDeviations(const PaddedRows& codes, const std::int32_t* labels, std::size_t classes)
      : codes_(codes),
        labels_(labels),
        counts_(classes),
        means_(classes * codes.blocks()),
        least_(classes * codes.blocks()) {
    for (std::size_t i = 0; i < codes.samples(); ++i) ++counts_[label(i)];
  }

  // Writes for each code the mean over the groups of the q-quantile of its deviations,
  // interpolated linearly between neighbours.
  void mean_quantiles(double q, double* result, std::size_t stride) {
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    std::vector<std::size_t> starts(counts_.size() + 1);
    kept_.assign(counts_.size(), 0);
    for (std::size_t group = 0; group < counts_.size(); ++group) {
      if (counts_[group] > 0) {
        const std::size_t last = counts_[group] - 1;
        const auto below = static_cast<std::size_t>(q * static_cast<double>(last));
        kept_[group] = last + 1 - std::min(below, last);
      }
      starts[group + 1] = starts[group] + kept_[group] * codes_.dims();
    }
    largest_.assign(starts.back(), -kInfinity);
    first_.assign(counts_.size(), nullptr);
    for (std::size_t group = 0; group < counts_.size(); ++group) {
      first_[group] = largest_.data() + starts[group];
    }
    // What gets in is larger than the least that is kept; nothing is than the padding's.
    double* least = reinterpret_cast<double*>(least_.data());
    const std::size_t width = codes_.blocks() * PaddedRows::kWidth;
    for (std::size_t i = 0; i < counts_.size() * width; ++i) {
      least[i] = i % width < codes_.dims() ? -kInfinity : kInfinity;
    }
    pass();
    std::size_t groups = 0;
    for (std::size_t j = 0; j < codes_.dims(); ++j) result[j * stride] = 0;
    for (std::size_t group = 0; group < counts_.size(); ++group) {
      if (counts_[group] == 0) continue;
      ++groups;
      const double position = q * static_cast<double>(counts_[group] - 1);
      const double share = position - static_cast<double>(counts_[group] - kept_[group]);
      for (std::size_t j = 0; j < codes_.dims(); ++j) {
        const double* first = first_[group] + j * kept_[group];
        const double second = first[kept_[group] > 1 ? 1 : 0];
        result[j * stride] += first[0] + (second - first[0]) * share;
      }
    }
    for (std::size_t j = 0; j < codes_.dims(); ++j)
      result[j * stride] /= static_cast<double>(groups);
  }

 private:
  using Values = Lanes<PaddedRows::kWidth>;
  using Bits = LanesOf<PaddedRows::kWidth>::Bits;

  std::size_t label(std::size_t i) const { return static_cast<std::size_t>(labels_[i]); }

  void pass() {
#ifdef DISENTLIB_AVX2
    if (has_avx2()) return pass_avx2();
#endif
    pass_lanes();
  }

#ifdef DISENTLIB_AVX2
  DISENTLIB_AVX2 void pass_avx2() { pass_lanes(); }
#endif

  // Reads the samples twice, in their order.
  void pass_lanes() {
    const std::size_t blocks = codes_.blocks();
    for (std::size_t i = 0; i < codes_.samples(); ++i) {
      const Values* z = codes_.row(i);
      Values* sum = means_.data() + label(i) * blocks;
      for (std::size_t b = 0; b < blocks; ++b) sum[b] += z[b];
    }
    for (std::size_t group = 0; group < counts_.size(); ++group) {
      for (std::size_t b = 0; b < blocks && counts_[group] > 0; ++b) {
        means_[group * blocks + b] /= static_cast<double>(counts_[group]);
      }
    }
    const Bits no_sign = ~Bits{} & std::numeric_limits<std::int64_t>::max();
    LaneArray<PaddedRows::kWidth> strayed(blocks);
    for (std::size_t i = 0; i < codes_.samples(); ++i) {
      const Values* z = codes_.row(i);
      const Values* mean = means_.data() + label(i) * blocks;
      const Values* least = least_.data() + label(i) * blocks;
      Bits in{};
      for (std::size_t b = 0; b < blocks; ++b) {
        strayed[b] = (Values)((Bits)(z[b] - mean[b]) & no_sign);
        in |= strayed[b] > least[b];
      }
      if ((in[0] | in[1] | in[2] | in[3]) != 0) {
        keep(label(i), reinterpret_cast<const double*>(strayed.data()));
      }
    }
  }

  void keep(std::size_t group, const double* strayed) {
    double* least = reinterpret_cast<double*>(least_.data() + group * codes_.blocks());
    for (std::size_t j = 0; j < codes_.dims(); ++j) {
      if (strayed[j] <= least[j]) continue;
      double* first = first_[group] + j * kept_[group];
      const double* last = first + kept_[group] - 1;
      double* place = first;
      for (; place < last && place[1] < strayed[j]; ++place) place[0] = place[1];
      *place = strayed[j];
      least[j] = first[0];
    }
  }

  const PaddedRows& codes_;
  const std::int32_t* labels_;
  std::vector<std::size_t> counts_;
  LaneArray<PaddedRows::kWidth> means_;
  LaneArray<PaddedRows::kWidth> least_;
  std::vector<std::size_t> kept_;
  std::vector<double> largest_;
  std::vector<double*> first_;
};

}  // namespace disentlib
