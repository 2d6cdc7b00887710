// Sorting of many finite doubles by their bits, in time proportional to their number.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

namespace disentlib {

// A value and where it stood.
struct Indexed {
  double value;
  std::uint32_t index;
};

// The values in ascending order; equal ones stay in theirs.
inline std::vector<Indexed> radix_sort(const double* values, std::size_t size) {
  constexpr unsigned kDigit = 11;
  constexpr unsigned kPasses = 6;
  constexpr std::size_t kBuckets = std::size_t{1} << kDigit;
  struct Item {
    std::uint64_t key;
    std::uint32_t index;
  };
  std::vector<Item> items(size);
  std::vector<Item> other(size);
  std::vector<std::array<std::uint32_t, kBuckets>> starts(kPasses);
  for (std::size_t i = 0; i < size; ++i) {
    const double value = values[i] + 0.0;  // -0 and 0 are one value
    std::uint64_t bits;
    std::memcpy(&bits, &value, sizeof bits);
    // Flipped so that unsigned order is the order of the numbers.
    bits ^= bits >> 63 ? ~std::uint64_t{0} : std::uint64_t{1} << 63;
    items[i] = {bits, static_cast<std::uint32_t>(i)};
    for (unsigned pass = 0; pass < kPasses; ++pass) {
      ++starts[pass][(bits >> (pass * kDigit)) % kBuckets];
    }
  }
  for (unsigned pass = 0; pass < kPasses; ++pass) {
    std::uint32_t total = 0;
    for (std::uint32_t& start : starts[pass]) total += std::exchange(start, total);
    for (const Item& item : items) {
      other[starts[pass][(item.key >> (pass * kDigit)) % kBuckets]++] = item;
    }
    std::swap(items, other);
  }
  std::vector<Indexed> sorted(size);
  for (std::size_t i = 0; i < size; ++i) sorted[i] = {values[items[i].index], items[i].index};
  return sorted;
}

}  // namespace disentlib
