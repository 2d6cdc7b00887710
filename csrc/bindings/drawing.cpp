// Python doors of the kernels that draw images from factors.
#include <pybind11/pybind11.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "bindings/arrays.hpp"
#include "disentlib/compositing.hpp"
#include "disentlib/dsprites.hpp"
#include "disentlib/shapes3d.hpp"

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

Bytes shapes3d(const ContiguousArray<std::int64_t>& factors) {
  const py::ssize_t count = require_columns(factors, 6);
  Bytes images({count, py::ssize_t{64}, py::ssize_t{64}, py::ssize_t{3}});
  const std::int64_t* source = factors.data();
  std::uint8_t* target = images.mutable_data();
  py::gil_scoped_release release;
  for (py::ssize_t k = 0; k < count; ++k) draw_room(source + 6 * k, target + 64 * 64 * 3 * k);
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

using Floats = ContiguousArray<float>;

void require_shape(const py::array& array, const char* name, std::vector<py::ssize_t> shape) {
  if (!std::equal(shape.begin(), shape.end(), array.shape(), array.shape() + array.ndim())) {
    throw std::invalid_argument(std::string(name) + " does not have the shape that fits the masks");
  }
}

Floats compose(const Bytes& masks, const Floats& inside, const Floats& outside) {
  if (masks.ndim() != 4) throw std::invalid_argument("masks must have shape (n, h, w, 1)");
  const py::ssize_t count = masks.shape(0), pixels = masks.shape(1) * masks.shape(2);
  require_shape(inside, "inside", {count, 3});
  require_shape(outside, "outside", {count, 3});
  Floats images({count, masks.shape(1), masks.shape(2), py::ssize_t{3}});
  const std::uint8_t* mask = masks.data();
  const float *in = inside.data(), *out = outside.data();
  float* target = images.mutable_data();
  py::gil_scoped_release release;
  for (py::ssize_t k = 0; k < count; ++k) {
    composite(mask + k * pixels, static_cast<std::size_t>(pixels), in + 3 * k, out + 3 * k,
              target + 3 * k * pixels);
  }
  return images;
}

Floats invert(const Bytes& masks, const Floats& background,
              const ContiguousArray<std::int64_t>& corners, const Floats& colours) {
  if (masks.ndim() != 4 || background.ndim() != 3) {
    throw std::invalid_argument("masks must have shape (n, side, side, 1), background (h, w, 3)");
  }
  const py::ssize_t count = masks.shape(0), side = masks.shape(1), width = background.shape(1);
  require_shape(masks, "masks", {count, side, side, 1});
  require_shape(corners, "corners", {count, 2});
  require_shape(colours, "colours", {count, 3});
  Floats images({count, side, side, py::ssize_t{3}});
  const std::uint8_t* mask = masks.data();
  const float *scene = background.data(), *colour = colours.data();
  const std::int64_t* corner = corners.data();
  for (py::ssize_t k = 0; k < count; ++k) {
    if (corner[2 * k] < 0 || corner[2 * k] + side > background.shape(0) || corner[2 * k + 1] < 0 ||
        corner[2 * k + 1] + side > width) {
      throw std::invalid_argument("corners must leave the window inside the background");
    }
  }
  float* target = images.mutable_data();
  py::gil_scoped_release release;
  for (py::ssize_t k = 0; k < count; ++k) {
    invert_on(mask + k * side * side, static_cast<std::size_t>(side),
              scene + 3 * (corner[2 * k] * width + corner[2 * k + 1]),
              static_cast<std::size_t>(width), colour + 3 * k, target + 3 * k * side * side);
  }
  return images;
}

}  // namespace

void bind_drawing(py::module_& module) {
  module.def("dsprites", &dsprites);
  module.def("dsprites_bits", &dsprites_bits);
  module.def("shapes3d", &shapes3d);
  module.def("expand_bits", &expand);
  module.def("compose", &compose);
  module.def("invert", &invert);
}

}  // namespace disentlib
