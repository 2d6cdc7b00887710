// The smallest and the largest number of each column.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <limits>
#include <numeric>
#include <vector>

#include "disentlib/lanes.hpp"
#include "disentlib/matrix.hpp"

namespace disentlib {

// Both NaN if the column holds a NaN or an infinity.
template <typename T>
struct Range {
  T low;
  T high;
};

// Keeps low, high and a trace of what is not finite of `count` columns.
template <typename T>
class Ranges {
 public:
  explicit Ranges(const T* first, std::size_t count)
      : low_(first, first + count), high_(low_), poison_(count, T(0)) {}

  void add(std::size_t column, T x) {
    low_[column] = x < low_[column] ? x : low_[column];
    high_[column] = x > high_[column] ? x : high_[column];
    // Comparisons pass over a NaN; x - x keeps it, and an infinity.
    if constexpr (std::numeric_limits<T>::has_quiet_NaN) poison_[column] += x - x;
  }

  // Adds rows that lie one after the other without gaps, a multiple of a few vectors wide.
  void add_rows(const T* rows, std::size_t count) {
#ifdef DISENTLIB_AVX2
    if (has_avx2()) return add_rows_avx2(rows, count);
#endif
    add_rows_lanes(rows, count);
  }

  // Those of `columns` columns that the columns here repeat over and over.
  std::vector<Range<T>> folded(std::size_t columns) const {
    std::vector<Range<T>> ranges;
    for (std::size_t j = 0; j < columns; ++j) {
      Range<T> range{low_[j], high_[j]};
      T poison = poison_[j];
      for (std::size_t c = j + columns; c < low_.size(); c += columns) {
        range.low = std::min(range.low, low_[c]);
        range.high = std::max(range.high, high_[c]);
        poison += poison_[c];
      }
      ranges.push_back(poison == T(0) ? range : Range<T>{poison, poison});
    }
    return ranges;
  }

  // How many rows of `columns` numbers fill whole vectors.
  static std::size_t rows_of_vectors(std::size_t columns) {
    return kLanes / std::gcd(columns, kLanes);
  }

 private:
  static constexpr std::size_t kBytes = 32;
  static constexpr std::size_t kLanes = kBytes / sizeof(T);
  static constexpr std::size_t kTogether = 5;  // vectors whose ranges stay in registers
  typedef T Values __attribute__((vector_size(kBytes)));

#ifdef DISENTLIB_AVX2
  DISENTLIB_AVX2 void add_rows_avx2(const T* rows, std::size_t count) {
    add_rows_lanes(rows, count);
  }
#endif

  void add_rows_lanes(const T* rows, std::size_t count) {
    const std::size_t width = low_.size();
    std::size_t column = 0;
    for (; column + kTogether * kLanes <= width; column += kTogether * kLanes) {
      add_vectors<kTogether>(rows + column, count, column);
    }
    for (; column < width; column += kLanes) add_vectors<1>(rows + column, count, column);
  }

  template <std::size_t kVectors>
  void add_vectors(const T* first, std::size_t count, std::size_t column) {
    constexpr std::size_t kSize = kVectors * sizeof(Values);
    Values low[kVectors];
    Values high[kVectors];
    Values poison[kVectors];
    std::memcpy(low, &low_[column], kSize);
    std::memcpy(high, &high_[column], kSize);
    std::memcpy(poison, &poison_[column], kSize);
    for (std::size_t row = 0; row < count; ++row, first += low_.size()) {
      for (std::size_t v = 0; v < kVectors; ++v) {
        Values x;
        std::memcpy(&x, first + v * kLanes, sizeof x);
        low[v] = x < low[v] ? x : low[v];
        high[v] = x > high[v] ? x : high[v];
        if constexpr (std::numeric_limits<T>::has_quiet_NaN) poison[v] += x - x;
      }
    }
    std::memcpy(&low_[column], low, kSize);
    std::memcpy(&high_[column], high, kSize);
    std::memcpy(&poison_[column], poison, kSize);
  }

  std::vector<T> low_;
  std::vector<T> high_;
  std::vector<T> poison_;
};

template <typename T>
std::vector<Range<T>> column_ranges(const MatrixView<T>& matrix) {
  const std::size_t columns = matrix.columns();
  const std::size_t together = Ranges<T>::rows_of_vectors(columns);
  const std::size_t whole = matrix.is_contiguous() ? matrix.rows() / together : 0;
  std::vector<T> first;
  for (std::size_t c = 0; c < (whole > 0 ? together : 1) * columns; ++c) {
    first.push_back(matrix(0, c % columns));
  }
  Ranges<T> ranges(first.data(), first.size());
  if (whole > 0) ranges.add_rows(matrix.row(0), whole);
  for (std::size_t row = whole * together; row < matrix.rows(); ++row) {
    for (std::size_t j = 0; j < columns; ++j) ranges.add(j, matrix(row, j));
  }
  return ranges.folded(columns);
}

}  // namespace disentlib
