// Views of two-dimensional arrays in memory that somebody else owns. Never includes Python.
#pragma once

#include <cstddef>

namespace disentlib {

// A read-only (rows, columns) view with any strides, in bytes: NumPy's own memory, never a copy.
template <typename T>
class MatrixView {
 public:
  MatrixView(const T* data, std::size_t rows, std::size_t columns, std::ptrdiff_t row_stride,
             std::ptrdiff_t column_stride)
      : data_(reinterpret_cast<const char*>(data)),
        rows_(rows),
        columns_(columns),
        row_stride_(row_stride),
        column_stride_(column_stride) {}

  std::size_t rows() const { return rows_; }
  std::size_t columns() const { return columns_; }

  T operator()(std::size_t row, std::size_t column) const {
    return *reinterpret_cast<const T*>(data_ + static_cast<std::ptrdiff_t>(row) * row_stride_ +
                                       static_cast<std::ptrdiff_t>(column) * column_stride_);
  }

  // Rows that lie in one piece: loops over a row's columns may then be vectorised.
  bool has_contiguous_rows() const { return column_stride_ == sizeof(T); }

  // All numbers in one piece, row after row.
  bool is_contiguous() const {
    return has_contiguous_rows() &&
           row_stride_ == static_cast<std::ptrdiff_t>(columns_ * sizeof(T));
  }

  MatrixView columns(std::size_t from, std::size_t to) const {
    MatrixView part = *this;
    part.data_ += static_cast<std::ptrdiff_t>(from) * column_stride_;
    part.columns_ = to - from;
    return part;
  }

  const T* row(std::size_t row) const {
    return reinterpret_cast<const T*>(data_ + static_cast<std::ptrdiff_t>(row) * row_stride_);
  }

 private:
  const char* data_;
  std::size_t rows_;
  std::size_t columns_;
  std::ptrdiff_t row_stride_;
  std::ptrdiff_t column_stride_;
};

}  // namespace disentlib
