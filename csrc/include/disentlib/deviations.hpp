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
      : codes_(codes), labels_(labels), groups_(classes), means_(classes * codes.blocks()) {
    for (std::size_t i = 0; i < codes.samples(); ++i) ++groups_[label(i)].count;
  }

  // Writes for each code the mean over the groups of the q-quantile of its deviations,
  // interpolated linearly between neighbours.
  void mean_quantiles(double q, double* result, std::size_t stride) {
    const std::size_t dims = codes_.dims();
    const std::size_t width = codes_.blocks() * PaddedRows::kWidth;
    std::size_t rows = 0;
    for (Group& group : groups_) {
      group.first = rows;
      if (group.count == 0) continue;
      group.position = q * static_cast<double>(group.count - 1);
      const auto below = static_cast<std::size_t>(group.position);
      group.kept = group.count - std::min(below, group.count - 1);
      rows += group.kept;
    }
    // Whatever comes is larger than nothing, and not larger than the padding.
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    largest_.resize(rows * codes_.blocks());
    double* kept = reinterpret_cast<double*>(largest_.data());
    for (std::size_t i = 0; i < rows * width; ++i) {
      kept[i] = i % width < dims ? -kInfinity : kInfinity;
    }
    pass();
    std::size_t groups = 0;
    for (std::size_t j = 0; j < dims; ++j) result[j * stride] = 0;
    for (const Group& group : groups_) {
      if (group.count == 0) continue;
      ++groups;
      const double share = group.position - static_cast<double>(group.count - group.kept);
      const double* first = kept + group.first * width;
      const double* second = group.kept > 1 ? first + width : first;
      for (std::size_t j = 0; j < dims; ++j) {
        result[j * stride] += first[j] + (second[j] - first[j]) * share;
      }
    }
    for (std::size_t j = 0; j < dims; ++j) result[j * stride] /= static_cast<double>(groups);
  }

 private:
  using Values = Lanes<PaddedRows::kWidth>;
  using Bits = LanesOf<PaddedRows::kWidth>::Bits;

  // So few are moved for all codes at once, those that need not move too.
  static constexpr std::size_t kFew = 20;

  struct Group {
    std::size_t count = 0;
    std::size_t kept = 0;
    std::size_t first = 0;  // row of `largest_` that holds the least of the kept
    double position = 0;    // of the quantile, from 0 to count - 1
  };

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
    for (std::size_t label = 0; label < groups_.size(); ++label) {
      for (std::size_t b = 0; b < blocks && groups_[label].count > 0; ++b) {
        means_[label * blocks + b] /= static_cast<double>(groups_[label].count);
      }
    }
    const Bits no_sign = ~Bits{} & std::numeric_limits<std::int64_t>::max();
    LaneArray<PaddedRows::kWidth> strayed(blocks);
    for (std::size_t i = 0; i < codes_.samples(); ++i) {
      const Group& group = groups_[label(i)];
      const Values* z = codes_.row(i);
      const Values* mean = means_.data() + label(i) * blocks;
      Values* kept = largest_.data() + group.first * blocks;
      Bits in{};
      for (std::size_t b = 0; b < blocks; ++b) {
        strayed[b] = (Values)((Bits)(z[b] - mean[b]) & no_sign);
        in |= strayed[b] > kept[b];
      }
      if ((in[0] | in[1] | in[2] | in[3]) == 0) continue;
      if (group.kept > kFew) {
        keep(reinterpret_cast<const double*>(strayed.data()), group.kept,
             reinterpret_cast<double*>(kept));
        continue;
      }
      for (std::size_t rank = group.kept; rank-- > 0;) {
        for (std::size_t b = 0; b < blocks; ++b) {
          const Values here = kept[rank * blocks + b];
          const Bits larger = strayed[b] > here;
          kept[rank * blocks + b] = larger ? strayed[b] : here;
          strayed[b] = larger ? here : strayed[b];
        }
      }
    }
  }

  // Puts each deviation that is larger than the least of its code's in its place.
  void keep(const double* strayed, std::size_t count, double* kept) const {
    const std::size_t width = codes_.blocks() * PaddedRows::kWidth;
    for (std::size_t j = 0; j < codes_.dims(); ++j) {
      double* place = kept + j;
      if (strayed[j] <= *place) continue;
      const double* last = place + (count - 1) * width;
      for (; place < last && place[width] < strayed[j]; place += width) *place = place[width];
      *place = strayed[j];
    }
  }

  const PaddedRows& codes_;
  const std::int32_t* labels_;
  std::vector<Group> groups_;
  LaneArray<PaddedRows::kWidth> means_;
  LaneArray<PaddedRows::kWidth> largest_;  // (kept of all groups, blocks)
};

}  // namespace disentlib
