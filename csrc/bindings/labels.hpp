// How bindings take integers of any width as labels.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <stdexcept>
#include <utility>
#include <vector>

#include "bindings/arrays.hpp"
#include "bindings/checks.hpp"
#include "disentlib/labels.hpp"

namespace disentlib {

template <typename Int>
std::unique_ptr<LabelReader> label_matrix(const py::array& labels, const py::array& low,
                                          std::vector<std::size_t> sizes) {
  // A cast would convert another byte order, or what is not aligned, into a copy that nobody keeps.
  if (!py::isinstance<StridedArray<Int>>(labels) || !(labels.flags() & kAligned)) {
    throw py::type_error("expected labels in native byte order, aligned");
  }
  const auto typed = py::cast<StridedArray<Int>>(labels);
  const auto lowest = ContiguousArray<Int>::ensure(low);
  if (!lowest) throw py::type_error("expected the lowest labels in the dtype of the labels");
  const auto view = matrix_view(typed, "labels");
  require_samples(view);
  require(lowest.ndim() == 1 && static_cast<std::size_t>(lowest.size()) == view.columns() &&
              sizes.size() == view.columns(),
          "expected a low and a size for each column of labels");
  for (std::size_t k = 0; k < sizes.size(); ++k) {
    require_values(sizes[k], view.rows());
    const auto room = static_cast<std::uint64_t>(std::numeric_limits<Int>::max()) -
                      static_cast<std::uint64_t>(lowest.data()[k]);
    require(sizes[k] == 0 || sizes[k] - 1 <= room, "labels must fit in their dtype");
  }
  return std::make_unique<LabelMatrix<Int>>(
      view, std::vector<Int>(lowest.data(), lowest.data() + lowest.size()), std::move(sizes));
}

// The reader looks into the memory of `labels`, which must outlive it.
inline std::unique_ptr<LabelReader> label_reader(const py::array& labels, const py::array& low,
                                                 const std::vector<std::size_t>& sizes) {
  const bool is_signed = labels.dtype().kind() == 'i';
  if (labels.dtype().kind() == 'u' || is_signed) {
    switch (labels.itemsize()) {
      case 1:
        return is_signed ? label_matrix<std::int8_t>(labels, low, sizes)
                         : label_matrix<std::uint8_t>(labels, low, sizes);
      case 2:
        return is_signed ? label_matrix<std::int16_t>(labels, low, sizes)
                         : label_matrix<std::uint16_t>(labels, low, sizes);
      case 4:
        return is_signed ? label_matrix<std::int32_t>(labels, low, sizes)
                         : label_matrix<std::uint32_t>(labels, low, sizes);
      case 8:
        return is_signed ? label_matrix<std::int64_t>(labels, low, sizes)
                         : label_matrix<std::uint64_t>(labels, low, sizes);
      default:
        break;
    }
  }
  throw py::type_error("labels must be integers");
}

}  // namespace disentlib
