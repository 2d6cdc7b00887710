// Histograms of columns of real numbers: where to cut, and which bin a number falls in.
//
// `cuts` are the edges between bins, ascending: a number's bin is how many cuts are <= it, so bins
// are closed on the left and n cuts make n + 1 bins.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "disentlib/matrix.hpp"
#include "disentlib/ranges.hpp"

namespace disentlib {

// Where to cut a column in ascending order. A cut is a rank: that of the first sample above it.
// Nothing but the column decides, so that what chance shows of the bins can be computed exactly.
template <typename T>
class ColumnCuts {
 public:
  ColumnCuts(const T* sorted, std::size_t samples) : sorted_(sorted), samples_(samples) {}

  // Cut between all values if there are at most `most`, and say whether there are.
  bool between_values(std::size_t most) {
    std::vector<std::size_t> ranks;
    for (std::size_t rank = 0; (rank = end_of_run(rank)) < samples_;) {
      ranks.push_back(rank);
      if (ranks.size() >= most) return false;
    }
    ranks_ = std::move(ranks);
    return true;
  }

  // Cut into about equally many samples a bin.
  //
  // A cut lies at each quantile k / bins. Samples that belong together stay together: a run of
  // equal values that a quantile would split becomes a bin of its own, and a gap that stands out
  // among the m around the quantile attracts the cut: it is over 10 + ln m times as wide as they
  // are on average, which a smooth density shows once in 20,000 times. The rule is the same read
  // from the right, so that a mirrored column gets mirrored bins. At most 2 * bins - 2 cuts.
  void at_quantiles(std::size_t bins) {
    const std::size_t reach = samples_ / bins > 0 ? (samples_ / bins - 1) / 2 : 0;
    for (std::size_t k = 1; k < bins; ++k) {
      cut_near(2 * k < bins ? (2 * k * samples_ + bins) / (2 * bins)
                            : samples_ - (2 * (bins - k) * samples_ + bins) / (2 * bins),
               reach);
    }
    tidy();
  }

  // Cut the outermost of `bins` quantiles: the next cut is a fifth of the way to the end farther
  // in, and at least `kLeast` samples.
  void in_tails(std::size_t bins) {
    std::size_t rank = kLeast;
    while (rank < samples_ / bins && ranks_.size() < kCeiling) {
      cut_near(rank, (kLeast - 1) / 2);
      cut_near(samples_ - rank, (kLeast - 1) / 2);
      rank += std::max(kLeast, rank / 5);
    }
    tidy();
  }

  // Cut bins into four of equal width, over and over, where samples lie
  // - unevenly: their counts in the four differ by more than chance and a third of their mean; or
  // - thinly: half as densely as on average, and over more than a `bins`-th of the range (of all
  // but
  //   a thousandth of the samples at either end).
  // Wide structure first, up to `kMost` cuts for each of `bins`.
  void where_uneven_or_thin(std::size_t bins) {
    const std::size_t outside = samples_ / 1000;
    const double range = value(samples_ - 1 - outside) - value(outside);
    std::vector<std::size_t> edges = ranks_;
    edges.insert(edges.begin(), 0);
    edges.push_back(samples_);
    std::vector<std::array<std::size_t, 2>> left;
    for (std::size_t i = 1; i < edges.size(); ++i) left.push_back({edges[i - 1], edges[i]});
    const std::size_t most = std::min(kMost * bins, kCeiling);
    for (std::size_t next = 0; next < left.size() && ranks_.size() < most; ++next) {
      const auto [first, last] = left[next];
      const auto count = static_cast<double>(last - first);
      if (last - first < 2 * kLeast) continue;
      const double width = value(last - 1) - value(first);
      const bool thin = range > 0 && width * static_cast<double>(bins) >= range &&
                        width / range * static_cast<double>(samples_) >= 2 * count;
      const Quarters quarters(*this, first, last);
      if (!thin && quarters.unevenness() <= 20 + count / 10) continue;
      std::size_t from = first;
      for (const std::size_t rank : quarters.cuts) {
        if (rank <= from || rank >= last) continue;
        ranks_.push_back(rank);
        left.push_back({from, rank});
        from = rank;
      }
      if (from > first) left.push_back({from, last});
    }
    tidy();
  }

  std::vector<T> values() const {
    std::vector<T> cuts;
    for (const std::size_t rank : ranks_) cuts.push_back(sorted_[rank]);
    return cuts;
  }

  // How many samples lie in each bin.
  std::vector<std::uint32_t> counts() const {
    std::vector<std::uint32_t> counts;
    std::size_t from = 0;
    for (const std::size_t rank : ranks_) {
      counts.push_back(static_cast<std::uint32_t>(rank - from));
      from = rank;
    }
    counts.push_back(static_cast<std::uint32_t>(samples_ - from));
    return counts;
  }

 private:
  static constexpr std::size_t kLeast = 4;  // samples of a bin in the tails
  static constexpr std::size_t kMost = 16;
  static constexpr std::size_t kCeiling = 60000;  // bins are numbered by 16 bits

  // The ranks that cut [first, last) into four equal widths. Equal values at an edge become a bin,
  // so that a mirrored column gets mirrored cuts; they count half to either side.
  struct Quarters {
    Quarters(const ColumnCuts& column, std::size_t first, std::size_t last) {
      // Halves: exactly the same mirrored, and never beyond the largest number.
      const double low = column.value(first);
      const double high = column.value(last - 1);
      const double middle = low / 2 + high / 2;
      double before = 2.0 * static_cast<double>(first);
      std::size_t i = 0;
      for (const double edge : {low / 2 + middle / 2, middle, middle / 2 + high / 2}) {
        const T* begin = column.sorted_ + first;
        const T* end = column.sorted_ + last;
        const T* lower = std::lower_bound(begin, end, edge,
                                          [](T x, double e) { return static_cast<double>(x) < e; });
        const T* upper = std::upper_bound(lower, end, edge,
                                          [](double e, T x) { return e < static_cast<double>(x); });
        cuts[2 * i] = static_cast<std::size_t>(lower - column.sorted_);
        cuts[2 * i + 1] = static_cast<std::size_t>(upper - column.sorted_);
        const double here = static_cast<double>(cuts[2 * i] + cuts[2 * i + 1]);
        counts[i++] = (here - before) / 2;
        before = here;
      }
      counts[3] = static_cast<double>(last) - before / 2;
    }

    // Pearson's chi-squared of the counts against equal ones.
    double unevenness() const {
      const double mean = (counts[0] + counts[1] + counts[2] + counts[3]) / 4;
      double squares = 0.0;
      for (const double count : counts) squares += (count - mean) * (count - mean);
      return squares / mean;
    }

    std::array<std::size_t, 6> cuts;
    std::array<double, 4> counts;
  };

  double value(std::size_t rank) const { return static_cast<double>(sorted_[rank]); }
  T gap(std::size_t rank) const { return sorted_[rank] - sorted_[rank - 1]; }

  // Gallops, as runs are mostly short.
  std::size_t end_of_run(std::size_t rank) const {
    std::size_t step = 1;
    while (rank + step < samples_ && !(sorted_[rank] < sorted_[rank + step])) step *= 2;
    const T* end = sorted_ + std::min(rank + step, samples_);
    return static_cast<std::size_t>(
        std::upper_bound(sorted_ + rank + step / 2, end, sorted_[rank]) - sorted_);
  }

  void cut_near(std::size_t rank, std::size_t reach) {
    constexpr T kTied = T(1) - T(1e-5);  // gaps that differ by rounding alone are equally wide
    if (rank == 0 || rank >= samples_) return;
    if (sorted_[rank - 1] == sorted_[rank]) {
      const auto run = std::equal_range(sorted_, sorted_ + samples_, sorted_[rank]);
      ranks_.push_back(static_cast<std::size_t>(run.first - sorted_));
      ranks_.push_back(static_cast<std::size_t>(run.second - sorted_));
      return;
    }
    const std::size_t first = rank > reach ? rank - reach : 1;
    const std::size_t last = std::min(rank + reach, samples_ - 1);
    T widest = gap(first);
    for (std::size_t r = first + 1; r <= last; ++r) widest = std::max(widest, gap(r));
    const T others = (sorted_[last] - sorted_[first - 1]) - widest;
    std::size_t best = rank;
    const T around = static_cast<T>(last - first);
    if (widest * around > (T(10) + std::log(around)) * others) {
      const auto distance = [&](std::size_t r) { return r > rank ? r - rank : rank - r; };
      const auto off_centre = [&](std::size_t r) {
        return 2 * r > samples_ ? 2 * r - samples_ : samples_ - 2 * r;
      };
      best = 0;
      for (std::size_t r = first; r <= last; ++r) {
        if (gap(r) < kTied * widest) continue;
        if (best == 0 || distance(r) < distance(best) ||
            (distance(r) == distance(best) && off_centre(r) < off_centre(best))) {
          best = r;
        }
      }
    }
    ranks_.push_back(best);
  }

  // Put cuts in order, each once, none before or after all samples.
  void tidy() {
    std::sort(ranks_.begin(), ranks_.end());
    ranks_.erase(std::unique(ranks_.begin(), ranks_.end()), ranks_.end());
    if (!ranks_.empty() && ranks_.front() == 0) ranks_.erase(ranks_.begin());
    if (!ranks_.empty() && ranks_.back() >= samples_) ranks_.pop_back();
  }

  const T* sorted_;
  std::size_t samples_;
  std::vector<std::size_t> ranks_;
};

// Finds bins by a table over equal cells of the range, then compares with the few cuts of the cell.
template <typename T>
class Binning {
 public:
  // `cuts` ascending, at most 65535; trailing infinities count as absent.
  Binning(const T* cuts, std::size_t count) : cuts_(cuts, cuts + count) {
    while (!cuts_.empty() && std::isinf(cuts_.back())) cuts_.pop_back();
    const std::size_t cells = std::clamp<std::size_t>(4 * cuts_.size(), 64, 4096);
    if (!cuts_.empty()) {
      low_ = cuts_.front();
      last_cell_ = static_cast<T>(cells - 1);
      const T width = cuts_.back() - low_;
      const T scale = last_cell_ / width;
      scale_ = std::isfinite(scale) ? scale : T(0);  // one cut, or a range below the normal numbers
    }
    first_.assign(cells, 0);
    std::vector<std::size_t> held(cells, 0);
    for (const T cut : cuts_) ++held[static_cast<std::size_t>(cell(cut))];
    std::size_t before = 0;
    for (std::size_t c = 0; c < cells; ++c) {
      first_[c] = static_cast<std::uint16_t>(before);
      before += held[c];
      depth_ = std::max(depth_, held[c]);
    }
    // A search may look past the last cut, and no number is at or above a NaN.
    cuts_.resize(cuts_.size() + depth_ + 1, std::numeric_limits<T>::quiet_NaN());
  }

  // Write the bins of `count` rows of a column from `row` on.
  void label(const MatrixView<T>& matrix, std::size_t column, std::size_t row, std::size_t count,
             std::uint16_t* bins) const {
    constexpr std::size_t kBlock = 512;
    std::array<T, kBlock> x;
    std::array<std::int32_t, kBlock> cells;
    for (std::size_t done = 0; done < count; done += kBlock) {
      const std::size_t block = std::min(kBlock, count - done);
      for (std::size_t r = 0; r < block; ++r) x[r] = matrix(row + done + r, column);
      for (std::size_t r = 0; r < block; ++r) cells[r] = cell(x[r]);
      std::uint16_t* out = bins + done;
      if (depth_ <= 1) {
        for (std::size_t r = 0; r < block; ++r) {
          const std::uint16_t bin = first_[static_cast<std::size_t>(cells[r])];
          out[r] = static_cast<std::uint16_t>(bin + (x[r] >= cuts_[bin]));
        }
      } else {
        for (std::size_t r = 0; r < block; ++r) out[r] = search(x[r], cells[r]);
      }
    }
  }

 private:
  // Monotone in x under rounding: a cut in an earlier cell is below x, one in a later cell above.
  std::int32_t cell(T x) const {
    // In this order of arguments a NaN (infinity times no scale) falls in the first cell.
    const T position = std::max(T(0), (x - low_) * scale_);
    return static_cast<std::int32_t>(std::min(position, last_cell_));
  }

  std::uint16_t search(T x, std::int32_t cell) const {
    constexpr std::size_t kMany = 4;
    std::size_t bin = first_[static_cast<std::size_t>(cell)];
    if (depth_ <= kMany) {
      for (std::size_t d = 0; d < depth_; ++d) bin += x >= cuts_[bin];
    } else {
      const T* from = cuts_.data() + bin;
      const T* end =
          std::upper_bound(from, from + depth_, x, [](T a, T cut) { return !(a >= cut); });
      bin = static_cast<std::size_t>(end - cuts_.data());
    }
    return static_cast<std::uint16_t>(bin);
  }

  std::vector<T> cuts_;
  std::vector<std::uint16_t> first_;  // how many cuts lie in earlier cells
  T low_ = T(0);
  T scale_ = T(0);
  T last_cell_ = T(0);
  std::size_t depth_ = 0;  // the largest number of cuts in a cell
};

// One Binning for each row of `cuts`.
template <typename T>
std::vector<Binning<T>> binnings(const MatrixView<T>& cuts) {
  std::vector<Binning<T>> all;
  std::vector<T> row(cuts.columns());
  for (std::size_t j = 0; j < cuts.rows(); ++j) {
    for (std::size_t c = 0; c < cuts.columns(); ++c) row[c] = cuts(j, c);
    all.emplace_back(row.data(), row.size());
  }
  return all;
}

// Add the samples of every column to `counts` (columns, bins).
template <typename T>
void count_bins(const MatrixView<T>& codes, const std::vector<Binning<T>>& binnings,
                std::size_t bins, std::int64_t* counts) {
  constexpr std::size_t kBlock = 1024;
  std::array<std::uint16_t, kBlock> block;
  for (std::size_t row = 0; row < codes.rows(); row += kBlock) {
    const std::size_t count = std::min(kBlock, codes.rows() - row);
    for (std::size_t j = 0; j < codes.columns(); ++j) {
      binnings[j].label(codes, j, row, count, block.data());
      for (std::size_t r = 0; r < count; ++r) ++counts[j * bins + block[r]];
    }
  }
}

}  // namespace disentlib
