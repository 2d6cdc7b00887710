// What bindings refuse, as ValueError, because it would be unsafe. The Python front doors have said
// the same before, with better messages; a kernel called directly must neither read nor write
// outside of its arrays, nor run for ever on nothing.
#pragma once

#include <pybind11/pybind11.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <vector>

#include "disentlib/matrix.hpp"

namespace disentlib {

inline void require(bool holds, const char* message) {
  if (!holds) throw std::invalid_argument(message);
}

// Refuses tables of more than `most` entries, whose number might not even fit in 64 bits. No size
// counts as less than 1: memory is asked for by some of them even where another is 0.
inline void require_at_most(std::size_t most, const std::vector<std::size_t>& sizes,
                            const char* message) {
  for (const std::size_t size : sizes) {
    require(size <= most, message);
    most /= std::max<std::size_t>(size, 1);
  }
}

// Tables that a few numbers ask for, of whatever entries.
constexpr std::size_t kMostEntries = std::size_t{1} << 31;

// Values of a factor are numbered, so that they are no more than samples, or few anyway.
constexpr std::size_t kFewValues = 4096;

inline void require_values(std::size_t values, std::size_t samples) {
  require(values <= std::max(samples, kFewValues),
          "a factor must have no more values than there are samples, or 4096");
}

template <typename T>
void require_samples(const MatrixView<T>& matrix) {
  require(matrix.rows() >= 1 && matrix.columns() >= 1, "expected samples and columns, got none");
  require(matrix.rows() <= std::numeric_limits<std::uint32_t>::max(),
          "expected fewer than 2^32 samples");
}

// Sorting relies on an order, in which a NaN has no place.
template <typename T>
void require_finite(const T* values, std::size_t count, const char* message) {
  require(std::all_of(values, values + count, [](T x) { return std::isfinite(x); }), message);
}

template <typename T>
void require_finite(const MatrixView<T>& matrix, const char* message) {
  bool finite = true;
  for (std::size_t row = 0; row < matrix.rows(); ++row) {
    for (std::size_t j = 0; j < matrix.columns(); ++j) finite &= std::isfinite(matrix(row, j));
  }
  require(finite, message);
}

}  // namespace disentlib
