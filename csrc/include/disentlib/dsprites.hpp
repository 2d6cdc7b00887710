// Draws dSprites: a square, an ellipse or a heart as a binary 64 x 64 picture, exactly.
// Vertices are rounded to 1/256 pixel, so everything after that is integer arithmetic.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

namespace disentlib {

// One picture as np.packbits gives it: 64 rows of 8 bytes, the leftmost pixel in the highest bit.
constexpr std::size_t kDSpriteSide = 64;
constexpr std::size_t kDSpriteBytes = kDSpriteSide * 8;

struct Point {
  double x, y;
};

// The outlines at full size around (0, 0), x to the right and y down, by shape.
inline const std::array<std::vector<Point>, 3>& dsprite_outlines() {
  static const std::array<std::vector<Point>, 3> outlines = [] {
    const double half = 9.6, turn = 2 * std::acos(-1.0);
    std::vector<Point> ellipse, heart;
    for (int k = 0; k < 100; ++k) {
      const double t = turn * k / 100;
      ellipse.push_back({half * 1.33 * std::cos(t), half / 1.33 * std::sin(t)});
    }
    for (int k = 0; k < 150; ++k) {
      const double t = turn * k / 150;
      const double height =
          13 * std::cos(t) - 5 * std::cos(2 * t) - 2 * std::cos(3 * t) - std::cos(4 * t);
      heart.push_back({half * std::pow(std::sin(t), 3), -2 * half / 29 * height - 1.44});
    }
    return std::array<std::vector<Point>, 3>{
        std::vector<Point>{{-half, -half}, {half, -half}, {half, half}, {-half, half}}, ellipse,
        heart};
  }();
  return outlines;
}

// Draws factors (shape, scale, orientation, x, y), all within their ranges, into kDSpriteBytes.
inline void draw_dsprite(const std::int64_t* factors, std::uint8_t* picture) {
  const std::vector<Point>& outline = dsprite_outlines()[static_cast<std::size_t>(factors[0])];
  const double scale = 256 * (0.5 + 0.1 * static_cast<double>(factors[1]));
  const double angle = -2 * std::acos(-1.0) * static_cast<double>(factors[2]) / 39;
  const double c = scale * std::cos(angle), s = scale * std::sin(angle);
  // The half turns the truncation below into rounding: every coordinate is positive.
  const double left = 256 * (16 + 32 * static_cast<double>(factors[3]) / 31) + 0.5;
  const double top = 256 * (16 + 32 * static_cast<double>(factors[4]) / 31) + 0.5;

  std::array<std::int64_t, 150> xs, ys;
  const std::size_t size = outline.size();
  for (std::size_t k = 0; k < size; ++k) {
    xs[k] = static_cast<std::int64_t>(left + c * outline[k].x - s * outline[k].y);
    ys[k] = static_cast<std::int64_t>(top + s * outline[k].x + c * outline[k].y);
  }

  // A pixel is sampled 1e-6 pixels right of and above its centre: 4/15625 of a unit. Each crossing
  // of a row's sample line with an edge flips all samples right of it, which leaves the inside on.
  constexpr std::int64_t kFine = 15625, kShift = 4;
  std::array<std::uint64_t, kDSpriteSide> rows{};
  for (std::size_t k = 0, previous = size - 1; k < size; previous = k++) {
    const bool down = ys[previous] < ys[k];
    const std::size_t upper = down ? previous : k, lower = down ? k : previous;
    const std::int64_t dx = xs[lower] - xs[upper], dy = ys[lower] - ys[upper];
    // Rows whose sample 256 row + 128 - shift lies between the ends; it never equals one.
    const std::int64_t first = (ys[upper] + 127) / 256, last = (ys[lower] + 127) / 256;
    for (std::int64_t row = first; row < last; ++row) {
      const std::int64_t numerator = (kFine * (256 * row + 128 - ys[upper]) - kShift) * dx -
                                     (kFine * (128 - xs[upper]) + kShift) * dy;
      // Sprites keep clear of the border, so the numerator is positive and the column below 64.
      const std::int64_t column = numerator / (kFine * 256 * dy) + 1;
      rows[static_cast<std::size_t>(row)] ^= ~std::uint64_t{0} >> column;
    }
  }
  for (std::size_t row = 0; row < kDSpriteSide; ++row) {
    for (std::size_t byte = 0; byte < 8; ++byte) {
      *picture++ = static_cast<std::uint8_t>(rows[row] >> (56 - 8 * byte));
    }
  }
}

// Expands packed bits to one byte a pixel: 0 or 255.
inline void expand_bits(const std::uint8_t* bits, std::size_t bytes, std::uint8_t* pixels) {
  static const auto table = [] {
    std::array<std::array<std::uint8_t, 8>, 256> entries{};
    for (std::size_t value = 0; value < 256; ++value) {
      for (std::size_t bit = 0; bit < 8; ++bit) {
        entries[value][bit] = (value >> (7 - bit)) & 1 ? 255 : 0;
      }
    }
    return entries;
  }();
  for (std::size_t k = 0; k < bytes; ++k) std::memcpy(pixels + 8 * k, table[bits[k]].data(), 8);
}

}  // namespace disentlib
