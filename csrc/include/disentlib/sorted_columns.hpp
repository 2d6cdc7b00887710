// The columns of a matrix, sorted once and cut into bins of whole distinct values: what an exact
// greedy tree needs to know about its inputs. Never includes Python.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "disentlib/matrix.hpp"

namespace disentlib {

class SortedColumns {
 public:
  // A column has at most this many bins, and fewer where rows are few.
  static constexpr std::size_t kMostBins = 512;

  // Bins are numbered within a block of columns, so that 16 bits hold the number.
  static constexpr std::size_t kBlock = 65536 / kMostBins;

  template <typename T>
  explicit SortedColumns(const MatrixView<T>& matrix)
      : rows_(matrix.rows()),
        columns_(matrix.columns()),
        order_(rows_ * columns_),
        ranks_(rows_ * columns_),
        bins_(rows_ * columns_),
        values_(columns_),
        starts_(columns_),
        divisible_(columns_),
        offsets_(1, 0) {
    std::vector<std::pair<double, std::int32_t>> sorted(rows_);
    std::size_t block_start = 0;
    for (std::size_t c = 0; c < columns_; ++c) {
      if (c % kBlock == 0) block_start = offsets_[c];
      for (std::size_t row = 0; row < rows_; ++row) {
        sorted[row] = {static_cast<double>(matrix(row, c)), static_cast<std::int32_t>(row)};
      }
      std::sort(sorted.begin(), sorted.end());
      rank_column(sorted, c);
      cut_column(c, offsets_[c] - block_start);
      offsets_.push_back(offsets_.back() + starts_[c].size() - 1);
    }
  }

  std::size_t rows() const { return rows_; }
  std::size_t columns() const { return columns_; }

  // Row numbers by rising value.
  const std::int32_t* order(std::size_t column) const { return &order_[column * rows_]; }
  // Dense rank of each row's value: equal values share a rank.
  const std::int32_t* ranks(std::size_t column) const { return &ranks_[column * rows_]; }
  // The distinct values, rising.
  const std::vector<double>& values(std::size_t column) const { return values_[column]; }

  // A number that depends on the order of the column's values, and neither on which way it rises
  // nor on the column's position.
  std::uint64_t content(std::size_t column) const { return content_[column]; }
  // Whether ties within the column go to its upper end: the same rows whichever way it rises.
  bool descending(std::size_t column) const { return descending_[column] != 0; }

  // The finaliser of splitmix64.
  static std::uint64_t mix(std::uint64_t x) {
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
  }

  // Bin of each row, row by row: row * columns() + column, counted from the first bin of the
  // column's block.
  const std::uint16_t* bins() const { return bins_.data(); }
  // Where each bin starts in order(column), and one past the end.
  const std::vector<std::int32_t>& starts(std::size_t column) const { return starts_[column]; }
  // Whether a bin holds more than one distinct value.
  bool divisible(std::size_t column, std::size_t bin) const { return divisible_[column][bin] != 0; }
  // Where a column's bins start when the bins of all columns lie one after the other.
  std::size_t offset(std::size_t column) const { return offsets_[column]; }
  std::size_t all_bins() const { return offsets_.back(); }

 private:
  void rank_column(const std::vector<std::pair<double, std::int32_t>>& sorted, std::size_t c) {
    std::vector<double>& values = values_[c];
    for (std::size_t i = 0; i < rows_; ++i) {
      const auto [value, row] = sorted[i];
      if (i == 0 || value != values.back()) values.push_back(value);
      order_[c * rows_ + i] = row;
      ranks_[c * rows_ + static_cast<std::size_t>(row)] =
          static_cast<std::int32_t>(values.size()) - 1;
    }
    const std::uint64_t last = values.size() - 1;
    std::uint64_t rising = 0;
    std::uint64_t falling = 0;
    for (std::size_t row = 0; row < rows_; ++row) {
      const auto rank = static_cast<std::uint64_t>(ranks_[c * rows_ + row]);
      rising = mix(rising + rank + 1);
      falling = mix(falling + last - rank + 1);
    }
    content_.push_back(std::min(rising, falling));
    descending_.push_back(falling < rising);
  }

  // Bins end only where the value changes. With few distinct values each is a bin of its own; else
  // a bin is closed once it holds its share, and before a value that alone fills a share. Larger
  // shares than the root of the number of rows would bound gains badly, much smaller ones cost more
  // than they save.
  void cut_column(std::size_t c, std::size_t first_bin) {
    const std::int32_t* order = &order_[c * rows_];
    const std::int32_t* ranks = &ranks_[c * rows_];
    const auto rank_at = [&](std::size_t i) { return ranks[static_cast<std::size_t>(order[i])]; };
    const auto root = static_cast<std::size_t>(std::sqrt(static_cast<double>(rows_)));
    std::size_t share = std::max(root / 3, (2 * rows_ + kMostBins - 1) / kMostBins);
    if (values_[c].size() * share <= 2 * rows_) share = 1;
    std::size_t start = 0;
    for (std::size_t group = 0; group < rows_;) {
      std::size_t end = group + 1;
      while (end < rows_ && rank_at(end) == rank_at(group)) ++end;
      if (group > start && (group - start >= share || end - group >= share)) {
        close_bin(c, first_bin, start, group);
        start = group;
      }
      group = end;
    }
    close_bin(c, first_bin, start, rows_);
    starts_[c].push_back(static_cast<std::int32_t>(rows_));
  }

  void close_bin(std::size_t c, std::size_t first_bin, std::size_t start, std::size_t end) {
    const std::int32_t* order = &order_[c * rows_];
    const std::int32_t* ranks = &ranks_[c * rows_];
    const auto bin = static_cast<std::uint16_t>(first_bin + starts_[c].size());
    for (std::size_t i = start; i < end; ++i) {
      bins_[static_cast<std::size_t>(order[i]) * columns_ + c] = bin;
    }
    starts_[c].push_back(static_cast<std::int32_t>(start));
    divisible_[c].push_back(ranks[static_cast<std::size_t>(order[start])] !=
                            ranks[static_cast<std::size_t>(order[end - 1])]);
  }

  std::size_t rows_;
  std::size_t columns_;
  std::vector<std::int32_t> order_;
  std::vector<std::int32_t> ranks_;
  std::vector<std::uint16_t> bins_;
  std::vector<std::vector<double>> values_;
  std::vector<std::vector<std::int32_t>> starts_;
  std::vector<std::vector<std::uint8_t>> divisible_;
  std::vector<std::size_t> offsets_;
  std::vector<std::uint64_t> content_;
  std::vector<std::uint8_t> descending_;
};

}  // namespace disentlib
