// Python doors of the kernels that draw images from factors.
#include <pybind11/pybind11.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "bindings/arrays.hpp"
#include "bindings/checks.hpp"
#include "disentlib/compositing.hpp"
#include "disentlib/dsprites.hpp"
#include "disentlib/shapes3d.hpp"

namespace disentlib {
namespace {

using Bytes = ContiguousArray<std::uint8_t>;

// How many rows of factors there are, each in 0 .. size - 1 of the grid.
template <std::size_t kFactors>
py::ssize_t require_grid(const ContiguousArray<std::int64_t>& factors,
                         const std::array<std::int64_t, kFactors>& sizes) {
  require(factors.ndim() == 2 && factors.shape(1) == static_cast<py::ssize_t>(kFactors),
          "factors must have a column for each factor of the set");
  const std::int64_t* value = factors.data();
  bool inside = true;
  for (py::ssize_t row = 0; row < factors.shape(0); ++row) {
    for (const std::int64_t size : sizes) {
      inside &= *value >= 0 && *value < size;
      ++value;
    }
  }
  require(inside, "factors must lie in the grid of the set");
  return factors.shape(0);
}

constexpr std::array<std::int64_t, 5> kDSpriteSizes{3, 6, 40, 32, 32};
constexpr std::array<std::int64_t, 6> kRoomSizes{kHues, kHues, kHues, kSizes, kShapes, kAzimuths};

// Of images that are asked for at once.
constexpr std::size_t kMostPixels = std::size_t{1} << 40;

std::vector<std::size_t> shape_of(const py::array& array) {
  return {array.shape(), array.shape() + array.ndim()};
}

Bytes dsprites_bits(const ContiguousArray<std::int64_t>& factors) {
  const py::ssize_t count = require_grid(factors, kDSpriteSizes);
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
  const py::ssize_t count = require_grid(factors, kDSpriteSizes);
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
  const py::ssize_t count = require_grid(factors, kRoomSizes);
  Bytes images({count, py::ssize_t{64}, py::ssize_t{64}, py::ssize_t{3}});
  const std::int64_t* source = factors.data();
  std::uint8_t* target = images.mutable_data();
  py::gil_scoped_release release;
  for (py::ssize_t k = 0; k < count; ++k) draw_room(source + 6 * k, target + 64 * 64 * 3 * k);
  return images;
}

Bytes expand(const Bytes& bits) {
  require(bits.ndim() == 3, "bits must have shape (n, height, width / 8)");
  require_at_most(kMostPixels, shape_of(bits), "bits must be of fewer pixels");
  Bytes images({bits.shape(0), bits.shape(1), 8 * bits.shape(2), py::ssize_t{1}});
  const std::uint8_t* source = bits.data();
  std::uint8_t* target = images.mutable_data();
  const auto bytes = static_cast<std::size_t>(bits.size());
  py::gil_scoped_release release;
  expand_bits(source, bytes, target);
  return images;
}

using Floats = ContiguousArray<float>;

bool has_shape(const py::array& array, const std::vector<py::ssize_t>& shape) {
  return std::equal(shape.begin(), shape.end(), array.shape(), array.shape() + array.ndim());
}

Floats compose(const Bytes& masks, const Floats& inside, const Floats& outside) {
  require(masks.ndim() == 4 && masks.shape(3) == 1, "masks must have shape (n, height, width, 1)");
  require_at_most(kMostPixels, shape_of(masks), "masks must be of fewer pixels");
  const py::ssize_t count = masks.shape(0), pixels = masks.shape(1) * masks.shape(2);
  require(has_shape(inside, {count, 3}), "inside does not have the shape that fits the masks");
  require(has_shape(outside, {count, 3}), "outside does not have the shape that fits the masks");
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
  require(
      masks.ndim() == 4 && has_shape(masks, {masks.shape(0), masks.shape(1), masks.shape(1), 1}),
      "masks must have shape (n, side, side, 1)");
  const py::ssize_t count = masks.shape(0), side = masks.shape(1);
  require(background.ndim() == 3 && background.shape(2) == 3 && background.shape(0) >= side &&
              background.shape(1) >= side,
          "background must have shape (height, width, 3) and be no smaller than the masks");
  require(has_shape(corners, {count, 2}), "corners does not have the shape that fits the masks");
  require(has_shape(colours, {count, 3}), "colours does not have the shape that fits the masks");
  const py::ssize_t lowest = background.shape(0) - side, width = background.shape(1);
  Floats images({count, side, side, py::ssize_t{3}});
  const std::uint8_t* mask = masks.data();
  const float *scene = background.data(), *colour = colours.data();
  const std::int64_t* corner = corners.data();
  for (py::ssize_t k = 0; k < count; ++k) {
    require(corner[2 * k] >= 0 && corner[2 * k] <= lowest && corner[2 * k + 1] >= 0 &&
                corner[2 * k + 1] <= width - side,
            "corners must leave the window inside the background");
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
