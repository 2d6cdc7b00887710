// Python doors of the kernels that draw images from factors.
#include <pybind11/pybind11.h>

#include <array>
#include <cstdint>

#include "bindings/arrays.hpp"
#include "disentlib/dsprites.hpp"

namespace disentlib {
namespace {

using Bytes = ContiguousArray<std::uint8_t>;

py::ssize_t require_columns(const ContiguousArray<std::int64_t>& factors, py::ssize_t columns) {
  if (factors.ndim() != 2 || factors.shape(1) != columns) {
    throw std::invalid_argument("factors must have shape (n, " + std::to_string(columns) + ")");
  }
  return factors.shape(0);
}

Bytes dsprites_bits(const ContiguousArray<std::int64_t>& factors) {
  const py::ssize_t count = require_columns(factors, 5);
  Bytes pictures({count, py::ssize_t{64}, py::ssize_t{8}});
  const std::int64_t* source = factors.data();
  std::uint8_t* target = pictures.mutable_data();
  py::gil_scoped_release release;
  for (py::ssize_t k = 0; k < count; ++k) {
    draw_dsprite(source + 5 * k, target + static_cast<py::ssize_t>(kDSpriteBytes) * k);
  }
  return pictures;
}

Bytes dsprites(const ContiguousArray<std::int64_t>& factors) {
  const py::ssize_t count = require_columns(factors, 5);
  Bytes images({count, py::ssize_t{64}, py::ssize_t{64}, py::ssize_t{1}});
  const std::int64_t* source = factors.data();
  std::uint8_t* target = images.mutable_data();
  py::gil_scoped_release release;
  std::array<std::uint8_t, kDSpriteBytes> picture;
  for (py::ssize_t k = 0; k < count; ++k) {
    draw_dsprite(source + 5 * k, picture.data());
    expand_bits(picture.data(), picture.size(), target + 64 * 64 * k);
  }
  return images;
}

Bytes expand(const Bytes& bits) {
  if (bits.ndim() != 3) throw std::invalid_argument("bits must have shape (n, height, width / 8)");
  Bytes images({bits.shape(0), bits.shape(1), 8 * bits.shape(2), py::ssize_t{1}});
  const std::uint8_t* source = bits.data();
  std::uint8_t* target = images.mutable_data();
  const auto bytes = static_cast<std::size_t>(bits.size());
  py::gil_scoped_release release;
  expand_bits(source, bytes, target);
  return images;
}

}  // namespace

void bind_drawing(py::module_& module) {
  module.def("dsprites", &dsprites);
  module.def("dsprites_bits", &dsprites_bits);
  module.def("expand_bits", &expand);
}

}  // namespace disentlib
