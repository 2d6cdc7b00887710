// Columns of integers as labels from 0.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <type_traits>
#include <utility>
#include <vector>

#include "disentlib/matrix.hpp"

namespace disentlib {

// Columns of integers of any width, read as labels 0 .. size - 1.
class LabelReader {
 public:
  explicit LabelReader(std::vector<std::size_t> sizes) : sizes_(std::move(sizes)) {}
  virtual ~LabelReader() = default;

  virtual std::size_t rows() const = 0;
  // The number that a label stands for.
  virtual double value(std::size_t column, std::size_t label) const = 0;
  const std::vector<std::size_t>& sizes() const { return sizes_; }

  void read(std::size_t column, std::size_t row, std::size_t count, std::uint32_t* labels) const {
    const bool fit = fill(column, row, count, labels);
    std::uint32_t largest = 0;
    for (std::size_t r = 0; r < count; ++r) largest = std::max(largest, labels[r]);
    if (!fit || largest >= sizes_[column]) {
      throw std::invalid_argument("a label is outside its range");
    }
  }

 protected:
  // Writes labels, and returns whether 32 bits hold all of them.
  virtual bool fill(std::size_t column, std::size_t row, std::size_t count,
                    std::uint32_t* labels) const = 0;

 private:
  std::vector<std::size_t> sizes_;
};

// Labels are the values less their column's `low`; low + size - 1 must be an Int, too.
template <typename Int>
class LabelMatrix final : public LabelReader {
 public:
  LabelMatrix(MatrixView<Int> matrix, std::vector<Int> low, std::vector<std::size_t> sizes)
      : LabelReader(std::move(sizes)), matrix_(matrix), low_(std::move(low)) {}

  std::size_t rows() const override { return matrix_.rows(); }

  double value(std::size_t column, std::size_t label) const override {
    return static_cast<double>(low_[column]) + static_cast<double>(label);
  }

 private:
  bool fill(std::size_t column, std::size_t row, std::size_t count,
            std::uint32_t* labels) const override {
    // Modulo 2^32 or 2^64, where no number but low + label gives a label: what is below `low` gives
    // more than any label, as low + size - 1 is itself an Int.
    using Wide = std::conditional_t<sizeof(Int) <= 4, std::uint32_t, std::uint64_t>;
    const auto low = static_cast<Wide>(low_[column]);
    Wide all = 0;
    for (std::size_t r = 0; r < count; ++r) {
      const Wide label = static_cast<Wide>(matrix_(row + r, column)) - low;
      if constexpr (sizeof(Wide) > 4) all |= label;
      labels[r] = static_cast<std::uint32_t>(label);
    }
    return all <= std::numeric_limits<std::uint32_t>::max();
  }

  MatrixView<Int> matrix_;
  std::vector<Int> low_;
};

}  // namespace disentlib
