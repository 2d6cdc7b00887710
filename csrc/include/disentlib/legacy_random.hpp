// NumPy's legacy stream (RandomState.randint of small ranges) and the factor draws made from it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace disentlib {

// The 32-bit Mersenne Twister (Matsumoto & Nishimura 1998) on state that somebody else owns.
class MersenneTwister {
 public:
  static constexpr std::size_t kSize = 624;

  MersenneTwister(std::uint32_t* state, std::size_t position)
      : state_(state), position_(position), words_(kSize) {
    temper();
  }

  std::size_t position() const { return position_; }

  // Writes uniform draws from 0..size-1: masked to the bits that size - 1 needs, left out while too
  // large. A single value costs no draw.
  void below(std::uint32_t size, std::size_t count, std::uint32_t* values) {
    const std::uint32_t most = size - 1;
    if (most == 0) {
      std::fill_n(values, count, 0u);
      return;
    }
    std::uint32_t mask = most;
    for (unsigned shift = 1; shift < 32; shift *= 2) mask |= mask >> shift;
    // Without a branch on the draw itself, which nobody could predict.
    for (std::size_t done = 0; done < count;) {
      if (position_ == kSize) refill();
      const std::uint32_t value = words_[position_++] & mask;
      values[done] = value;
      done += value <= most;
    }
  }

 private:
  void refill() {
    constexpr std::size_t kFar = 397;
    const auto twist = [this](std::size_t i, std::size_t next, std::size_t far) {
      const std::uint32_t y = (state_[i] & 0x80000000u) | (state_[next] & 0x7fffffffu);
      state_[i] = state_[far] ^ (y >> 1) ^ (-(y & 1u) & 0x9908b0dfu);
    };
    for (std::size_t i = 0; i < kSize - kFar; ++i) twist(i, i + 1, i + kFar);
    for (std::size_t i = kSize - kFar; i < kSize - 1; ++i) twist(i, i + 1, i + kFar - kSize);
    twist(kSize - 1, 0, kFar - 1);
    temper();
    position_ = 0;
  }

  void temper() {
    for (std::size_t i = 0; i < kSize; ++i) {
      std::uint32_t y = state_[i];
      y ^= y >> 11;
      y ^= (y << 7) & 0x9d2c5680u;
      y ^= (y << 15) & 0xefc60000u;
      words_[i] = y ^ (y >> 18);
    }
  }

  std::uint32_t* state_;
  std::size_t position_;
  std::vector<std::uint32_t> words_;
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
  std::vector<std::uint32_t> values(batch);
  std::vector<std::uint32_t> shared(batch);
  for (std::size_t i = 0; i < count; ++i) {
    std::size_t fixed = sizes.size();
    if (kind != Batches::kFree) {
      random.below(static_cast<std::uint32_t>(sizes.size()), 1, values.data());
      fixed = values[0];
      common[i] = values[0];
    }
    const int halves = kind == Batches::kPairs ? 2 : 1;
    for (int half = 0; half < halves; ++half, rows += batch) {
      std::fill_n(rows, batch, std::int64_t{0});
      for (std::size_t k = 0; k < sizes.size(); ++k) {
        random.below(sizes[k], batch, values.data());
        if (k == fixed && kind == Batches::kFixed) values.assign(batch, values[0]);
        if (k == fixed && kind == Batches::kPairs && half == 0) shared = values;
        if (k == fixed && kind == Batches::kPairs && half == 1) values = shared;
        for (std::size_t row = 0; row < batch; ++row) {
          rows[row] = rows[row] * sizes[k] + values[row];
        }
      }
    }
  }
}

}  // namespace disentlib
