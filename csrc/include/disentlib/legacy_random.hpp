// NumPy's legacy stream (RandomState.randint of small ranges) and the factor draws made from it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace disentlib {

// The 32-bit Mersenne Twister (Matsumoto & Nishimura 1998) on state that somebody else owns.
class MersenneTwister {
 public:
  static constexpr std::size_t kSize = 624;

  MersenneTwister(std::uint32_t* state, std::size_t position)
      : state_(state), position_(position) {}

  std::size_t position() const { return position_; }

  std::uint32_t operator()() {
    if (position_ >= kSize) refill();
    std::uint32_t y = state_[position_++];
    y ^= y >> 11;
    y ^= (y << 7) & 0x9d2c5680u;
    y ^= (y << 15) & 0xefc60000u;
    return y ^ (y >> 18);
  }

  // Uniform in 0..size-1: masked to the bits that size - 1 needs, repeated while too large. A
  // single value costs no draw.
  std::int64_t below(std::uint32_t size) {
    const std::uint32_t most = size - 1;
    if (most == 0) return 0;
    std::uint32_t mask = most;
    for (unsigned shift = 1; shift < 32; shift *= 2) mask |= mask >> shift;
    std::uint32_t value;
    do {
      value = (*this)() & mask;
    } while (value > most);
    return value;
  }

 private:
  void refill() {
    constexpr std::size_t kFar = 397;
    for (std::size_t i = 0; i < kSize; ++i) {
      const std::uint32_t y = (state_[i] & 0x80000000u) | (state_[(i + 1) % kSize] & 0x7fffffffu);
      const std::uint32_t twist = y & 1u ? 0x9908b0dfu : 0u;
      state_[i] = state_[(i + kFar) % kSize] ^ (y >> 1) ^ twist;
    }
    position_ = 0;
  }

  std::uint32_t* state_;
  std::size_t position_;
};

// Which factor two draws, or all draws of a batch, have in common.
enum class Batches {
  kFree,   // none
  kFixed,  // a random one has the value of the batch's first row
  kPairs,  // row by row, two batches share the value of a random one
};

// Draws batches of factor vectors, each as its position in the grid (the last factor fastest):
// the factor in common, then factor by factor the whole batch, then likewise the second batch.
inline void draw_batches(MersenneTwister& random, const std::vector<std::uint32_t>& sizes,
                         std::size_t count, std::size_t batch, Batches kind, std::int64_t* rows,
                         std::int64_t* common) {
  std::vector<std::int64_t> shared(batch);
  for (std::size_t i = 0; i < count; ++i) {
    std::size_t fixed = sizes.size();
    if (kind != Batches::kFree) {
      common[i] = random.below(static_cast<std::uint32_t>(sizes.size()));
      fixed = static_cast<std::size_t>(common[i]);
    }
    const int halves = kind == Batches::kPairs ? 2 : 1;
    for (int half = 0; half < halves; ++half) {
      for (std::size_t row = 0; row < batch; ++row) rows[row] = 0;
      for (std::size_t k = 0; k < sizes.size(); ++k) {
        for (std::size_t row = 0; row < batch; ++row) {
          std::int64_t value = random.below(sizes[k]);
          if (k == fixed) {
            const std::size_t source = kind == Batches::kFixed ? 0 : row;
            if (half == 0 && row == source) shared[source] = value;
            value = shared[source];
          }
          rows[row] = rows[row] * sizes[k] + value;
        }
      }
      rows += batch;
    }
  }
}

}  // namespace disentlib
