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
#include <vector>

#include "disentlib/matrix.hpp"
#include "disentlib/ranges.hpp"

namespace disentlib {

// Cuts of about equally many samples a bin, for a column in ascending order.
//
// A cut lies at each quantile k / bins. Samples that belong together stay together: a run of equal
// values that a quantile would split becomes a bin of its own, and a gap that stands out among the
// m around the quantile attracts the cut: it is over 10 + ln m times as wide as they are on
// average, which a smooth density shows once in 20,000 times. The rule is the same read from the
// right, so that a mirrored column gets mirrored bins. At most 2 * bins - 2 cuts.
template <typename T>
std::vector<T> quantile_cuts(const T* sorted, std::size_t samples, std::size_t bins) {
  constexpr T kTied = T(1) - T(1e-5);  // gaps that differ by rounding alone are equally wide
  std::vector<T> cuts;
  const auto cut_before = [&](std::size_t rank) {
    if (rank > 0 && rank < samples && (cuts.empty() || cuts.back() < sorted[rank])) {
      cuts.push_back(sorted[rank]);
    }
  };
  const auto gap = [&](std::size_t rank) { return sorted[rank] - sorted[rank - 1]; };
  const std::size_t reach = samples / bins > 0 ? (samples / bins - 1) / 2 : 0;
  for (std::size_t k = 1; k < bins; ++k) {
    const std::size_t rank = 2 * k < bins
                                 ? (2 * k * samples + bins) / (2 * bins)
                                 : samples - (2 * (bins - k) * samples + bins) / (2 * bins);
    if (rank == 0 || rank >= samples) continue;
    if (sorted[rank - 1] == sorted[rank]) {
      const auto run = std::equal_range(sorted, sorted + samples, sorted[rank]);
      cut_before(static_cast<std::size_t>(run.first - sorted));
      cut_before(static_cast<std::size_t>(run.second - sorted));
      continue;
    }
    const std::size_t first = rank > reach ? rank - reach : 1;
    const std::size_t last = std::min(rank + reach, samples - 1);
    T widest = gap(first);
    for (std::size_t r = first + 1; r <= last; ++r) widest = std::max(widest, gap(r));
    const T others = (sorted[last] - sorted[first - 1]) - widest;
    std::size_t best = rank;
    const T around = static_cast<T>(last - first);
    if (widest * around > (T(10) + std::log(around)) * others) {
      const auto distance = [&](std::size_t r) { return r > rank ? r - rank : rank - r; };
      const auto off_centre = [&](std::size_t r) {
        return 2 * r > samples ? 2 * r - samples : samples - 2 * r;
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
    cut_before(best);
  }
  return cuts;
}

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
    // A search may look one cut past the last.
    cuts_.resize(cuts_.size() + depth_ + 1, std::numeric_limits<T>::infinity());
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
      bin = static_cast<std::size_t>(std::upper_bound(from, from + depth_, x) - cuts_.data());
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
