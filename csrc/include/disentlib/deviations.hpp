// How far codes stray while a factor keeps its value.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "disentlib/lanes.hpp"
#include "disentlib/matrix.hpp"

namespace disentlib {

// One factor's groups of samples, and the largest deviations |z - mean| of each group and code.
//
// A group's q-quantile needs its `kept` largest deviations. Where they are few they are all kept,
// in order, by comparisons without branches. Where they are many, the samples are dealt out to
// lists that keep 4 each: the largest of all are among those, unless some list was dealt more of
// them than it holds. That shows, and then all samples of that list are looked at.
// Of at most kBlocks * 4 codes.
template <std::size_t kBlocks>
class GroupDeviations {
 public:
  static constexpr std::size_t kWidth = 4;
  using Values = Lanes<kWidth>;

  // Labels in [0, classes), some of which may not occur.
  GroupDeviations(std::vector<std::uint32_t> labels, std::size_t classes, double q)
      : labels_(std::move(labels)), groups_(classes) {
    std::vector<std::size_t> counts(classes, labels_.size());
    if (classes > 1) {
      counts.assign(classes, 0);
      for (const std::uint32_t label : labels_) ++counts[label];
    }
    for (std::size_t label = 0; label < classes; ++label) groups_[label].count = counts[label];
    std::size_t most = 0;
    for (Group& group : groups_) {
      if (group.count == 0) continue;
      group.position = q * static_cast<double>(group.count - 1);
      const auto below = static_cast<std::size_t>(group.position);
      group.kept = group.count - std::min(below, group.count - 1);
      most = std::max(most, group.kept);
    }
    slots_ = most <= kFew ? most : kSlots;
    std::size_t lists = 0;
    for (Group& group : groups_) {
      group.first = lists;
      if (group.kept > slots_) {
        const std::size_t dealt = std::max(slots_, group.count / (2 * group.kept));
        group.lists = (group.count + dealt - 1) / dealt;
      }
      lists += group.lists;
    }
    if (most > kFew) deal();
    means_.resize(classes * kBlocks);
    kept_.assign(lists * slots_ * kBlocks, Values{} - kInfinity);
  }

  // Adds rows of codes, padded to whole blocks, to their groups' sums. Once all samples are added
  // they are divided, and then measured.
  void add(const Values* z, std::size_t from, std::size_t to) {
    Values* const sums = means_.data();
    if (groups_.size() == 1) {  // a sum that stays in registers need not wait for memory
      Values sum[kBlocks];
      for (std::size_t b = 0; b < kBlocks; ++b) sum[b] = sums[b];
      for (std::size_t i = from; i < to; ++i, z += kBlocks) {
        for (std::size_t b = 0; b < kBlocks; ++b) sum[b] += z[b];
      }
      for (std::size_t b = 0; b < kBlocks; ++b) sums[b] = sum[b];
      return;
    }
    for (std::size_t i = from; i < to; ++i, z += kBlocks) {
      Values* sum = sums + labels_[i] * kBlocks;
      for (std::size_t b = 0; b < kBlocks; ++b) sum[b] += z[b];
    }
  }

  void divide() {
    Values* sum = means_.data();
    for (const Group& group : groups_) {
      const auto count = static_cast<double>(std::max<std::size_t>(group.count, 1));
      for (std::size_t b = 0; b < kBlocks; ++b) sum[b] /= count;
      sum += kBlocks;
    }
  }

  void measure(const Values* z, std::size_t from, std::size_t to) {
    switch (slots_) {  // loops of known length are several times as fast
      case 1:
        return measure<1>(z, from, to);
      case 2:
        return measure<2>(z, from, to);
      case 3:
        return measure<3>(z, from, to);
      case 4:
        return measure<4>(z, from, to);
      case 5:
        return measure<5>(z, from, to);
      case 6:
        return measure<6>(z, from, to);
      case 7:
        return measure<7>(z, from, to);
      default:
        return measure<kFew>(z, from, to);
    }
  }

  // The mean of each code in a group.
  const double* means(std::size_t label) const {
    return reinterpret_cast<const double*>(means_.data() + label * kBlocks);
  }

  // Writes for each code the mean over the groups of the q-quantile of its deviations,
  // interpolated linearly between neighbours.
  template <typename T>
  void mean_quantiles(const MatrixView<T>& codes, double* result, std::size_t stride) const {
    std::vector<double> strayed;
    for (std::size_t j = 0; j < codes.columns(); ++j) {
      double sum = 0;
      std::size_t groups = 0;
      for (std::size_t label = 0; label < groups_.size(); ++label) {
        const Group& group = groups_[label];
        if (group.count == 0) continue;
        ++groups;
        const auto [first, second] = at_quantile(codes, label, j, strayed);
        const double share = group.position - static_cast<double>(group.count - group.kept);
        sum += first + (second - first) * share;
      }
      result[j * stride] = sum / static_cast<double>(groups);
    }
  }

 private:
  using Bits = LanesOf<kWidth>::Bits;

  static constexpr std::size_t kFew = 8;  // the longest case of measure()
  static constexpr std::size_t kSlots = 4;
  static constexpr double kInfinity = std::numeric_limits<double>::infinity();

  struct Group {
    std::size_t count = 0;
    std::size_t kept = 0;
    std::size_t first = 0;  // of its lists
    std::size_t lists = 1;
    double position = 0;  // of the quantile, from 0 to count - 1
  };

  // Round and round, so that neighbouring samples, which may be alike, lie in different lists.
  void deal() {
    std::vector<std::uint32_t> first;
    std::vector<std::uint32_t> last;
    for (const Group& group : groups_) {
      first.push_back(static_cast<std::uint32_t>(group.first));
      last.push_back(static_cast<std::uint32_t>(group.first + group.lists - 1));
    }
    std::vector<std::uint32_t> next = first;
    lists_.resize(labels_.size());
    for (std::size_t i = 0; i < labels_.size(); ++i) {
      const std::uint32_t label = labels_[i];
      const std::uint32_t list = next[label];
      lists_[i] = list;
      next[label] = list < last[label] ? list + 1 : first[label];
    }
  }

  template <std::size_t kLength>
  void measure(const Values* z, std::size_t from, std::size_t to) {
    const Bits no_sign = ~Bits{} & std::numeric_limits<std::int64_t>::max();
    const std::uint32_t* labels = labels_.data();
    const std::uint32_t* lists = lists_.empty() ? labels : lists_.data();
    const Values* const means = means_.data();
    Values* const all = kept_.data();
    for (std::size_t i = from; i < to; ++i, z += kBlocks) {
      const Values* mean = means + labels[i] * kBlocks;
      Values* kept = all + lists[i] * (kLength * kBlocks);
      for (std::size_t b = 0; b < kBlocks; ++b) {
        const Values strayed = (Values)((Bits)(z[b] - mean[b]) & no_sign);
        Values here = kept[b];
        // Ascending: what comes pushes down whatever is smaller, and the least out.
        for (std::size_t slot = 0; slot + 1 < kLength; ++slot) {
          const Values above = kept[(slot + 1) * kBlocks + b];
          const Values lesser = strayed < above ? strayed : above;
          kept[slot * kBlocks + b] = lesser > here ? lesser : here;
          here = above;
        }
        kept[(kLength - 1) * kBlocks + b] = strayed > here ? strayed : here;
      }
    }
  }

  std::size_t lists() const { return groups_.back().first + groups_.back().lists; }

  const double* slots_of(std::size_t list, std::size_t code) const {
    return reinterpret_cast<const double*>(kept_.data() + list * slots_ * kBlocks) + code;
  }

  // The deviations next to the quantile, the lesser first.
  template <typename T>
  std::pair<double, double> at_quantile(const MatrixView<T>& codes, std::size_t label,
                                        std::size_t code, std::vector<double>& strayed) const {
    const Group& group = groups_[label];
    const std::size_t width = kBlocks * kWidth;
    if (group.lists == 1) {
      const double* first = slots_of(group.first, code) + (slots_ - group.kept) * width;
      return {*first, group.kept > 1 ? first[width] : *first};
    }
    // Enough of the lists' largest are at least this, and it leaves few to choose from.
    strayed.clear();
    for (std::size_t list = group.first; list < group.first + group.lists; ++list) {
      strayed.push_back(slots_of(list, code)[(slots_ - 1) * width]);
    }
    const double least = group.lists > group.kept ? select(strayed, group.kept).first : -kInfinity;
    strayed.clear();
    for (std::size_t list = group.first; list < group.first + group.lists; ++list) {
      const double* slot = slots_of(list, code);
      for (std::size_t s = slots_; s-- > 0 && slot[s * width] >= least;) {
        strayed.push_back(slot[s * width]);
      }
    }
    const auto found = select(strayed, group.kept);
    // A list whose least is larger may have lost others that are.
    std::vector<std::uint8_t> lost;
    for (std::size_t list = group.first; list < group.first + group.lists; ++list) {
      if (*slots_of(list, code) <= found.first) continue;
      lost.resize(lists());
      lost[list] = 1;
    }
    if (lost.empty()) return found;
    strayed.clear();
    for (std::size_t list = group.first; list < group.first + group.lists; ++list) {
      const double* slot = slots_of(list, code);
      for (std::size_t s = 0; s < slots_ && !lost[list]; ++s) strayed.push_back(slot[s * width]);
    }
    const double mean = means(label)[code];
    for (std::size_t i = 0; i < lists_.size(); ++i) {
      if (lost[lists_[i]]) {
        // In this order of arguments a NaN (an infinity less another) counts as the least.
        strayed.push_back(std::max(0.0, std::abs(static_cast<double>(codes(i, code)) - mean)));
      }
    }
    return select(strayed, group.kept);
  }

  static std::pair<double, double> select(std::vector<double>& values, std::size_t kept) {
    const auto first = values.end() - static_cast<std::ptrdiff_t>(kept);
    std::nth_element(values.begin(), first, values.end());
    return {*first, kept > 1 ? *std::min_element(first + 1, values.end()) : *first};
  }

  std::vector<std::uint32_t> labels_;
  std::vector<std::uint32_t> lists_;  // empty where each group has one
  std::vector<Group> groups_;
  std::size_t slots_ = 0;
  LaneArray<kWidth> means_;
  LaneArray<kWidth> kept_;  // (lists, slots, blocks)
};

// Measures the samples by several factors at once, while a few of them lie in the first cache.
template <typename T, std::size_t kBlocks>
class DeviationPasses {
 public:
  using Factors = std::vector<GroupDeviations<kBlocks>>;

  static void run(Factors& factors, const MatrixView<T>& codes) {
#ifdef DISENTLIB_AVX2
    if (has_avx2()) return run_avx2(factors, codes);
#endif
    run_lanes(factors, codes);
  }

 private:
  static constexpr std::size_t kRows = 256;
  static constexpr std::size_t kWidth = GroupDeviations<kBlocks>::kWidth;
  using Rows = LaneArray<kWidth>;

#ifdef DISENTLIB_AVX2
  DISENTLIB_AVX2 static void run_avx2(Factors& factors, const MatrixView<T>& codes) {
    run_lanes(factors, codes);
  }
#endif

  static void run_lanes(Factors& factors, const MatrixView<T>& codes) {
    Rows rows(kRows * kBlocks);
    for (std::size_t from = 0; from < codes.rows(); from += kRows) {
      const std::size_t to = std::min(from + kRows, codes.rows());
      copy(codes, from, to, rows);
      for (auto& factor : factors) factor.add(rows.data(), from, to);
    }
    for (auto& factor : factors) factor.divide();
    for (std::size_t from = 0; from < codes.rows(); from += kRows) {
      const std::size_t to = std::min(from + kRows, codes.rows());
      copy(codes, from, to, rows);
      for (auto& factor : factors) factor.measure(rows.data(), from, to);
    }
  }

  // Lanes beyond the last code stay 0.
  static void copy(const MatrixView<T>& codes, std::size_t from, std::size_t to, Rows& rows) {
    double* target = reinterpret_cast<double*>(rows.data());
    for (std::size_t row = from; row < to; ++row, target += kBlocks * kWidth) {
      if (codes.has_contiguous_rows()) {
        const T* z = codes.row(row);
        for (std::size_t j = 0; j < codes.columns(); ++j) target[j] = static_cast<double>(z[j]);
      } else {
        for (std::size_t j = 0; j < codes.columns(); ++j) {
          target[j] = static_cast<double>(codes(row, j));
        }
      }
    }
  }
};

}  // namespace disentlib
