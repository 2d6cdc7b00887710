// How bindings take and return NumPy arrays.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <cstddef>
#include <stdexcept>
#include <string>

#include "disentlib/matrix.hpp"

namespace disentlib {

namespace py = pybind11;

constexpr int kAligned = py::detail::npy_api::NPY_ARRAY_ALIGNED_;

// C-contiguous arrays of exactly this dtype. No forcecast: it would truncate floats to integers
// and copy without a word.
template <typename T>
using ContiguousArray = py::array_t<T, py::array::c_style | kAligned>;

// Arrays of exactly this dtype and any strides.
template <typename T>
using StridedArray = py::array_t<T, kAligned>;

// A view of a two-dimensional array; the array must outlive it.
template <typename T>
MatrixView<T> matrix_view(const StridedArray<T>& array, const char* name) {
  if (array.ndim() != 2) {
    throw std::invalid_argument(std::string(name) + " must have 2 dimensions, got " +
                                std::to_string(array.ndim()));
  }
  return MatrixView<T>(array.data(), static_cast<std::size_t>(array.shape(0)),
                       static_cast<std::size_t>(array.shape(1)), array.strides(0),
                       array.strides(1));
}

}  // namespace disentlib
