// Gives binary sprites colours and backgrounds: one pass from mask to float picture in [0, 1].
#pragma once

#include <cstddef>
#include <cstdint>

namespace disentlib {

constexpr std::size_t kChannels = 3;

// Fills each of `pixels` with `inside` where the mask is on and with `outside` elsewhere.
inline void composite(const std::uint8_t* mask, std::size_t pixels, const float* inside,
                      const float* outside, float* picture) {
  for (std::size_t k = 0; k < pixels; ++k, picture += kChannels) {
    const float* colour = mask[k] ? inside : outside;
    for (std::size_t channel = 0; channel < kChannels; ++channel)
      picture[channel] = colour[channel];
  }
}

// Mixes a window of `background` (rows of `width` pixels) with a colour, half each, and inverts it
// where the mask is on.
inline void invert_on(const std::uint8_t* mask, std::size_t side, const float* background,
                      std::size_t width, const float* colour, float* picture) {
  for (std::size_t row = 0; row < side; ++row) {
    const float* source = background + row * width * kChannels;
    for (std::size_t k = 0; k < side; ++k, ++mask) {
      for (std::size_t channel = 0; channel < kChannels; ++channel) {
        const float mixed = (*source++ + colour[channel]) / 2;
        *picture++ = *mask ? 1 - mixed : mixed;
      }
    }
  }
}

}  // namespace disentlib
