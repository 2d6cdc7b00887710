// A few doubles side by side, as one value that fits the processor's vector registers. Code is
// written once for any width; functions marked DISENTLIB_AVX2 may run only where has_avx2().
#pragma once

#include <cstddef>
#include <cstdint>
#include <new>
#include <vector>

#if defined(__x86_64__) && defined(__GNUC__)
#define DISENTLIB_AVX2 __attribute__((target("avx2,fma"), flatten))
#endif

namespace disentlib {

inline bool has_avx2() {
#ifdef DISENTLIB_AVX2
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#else
  return false;
#endif
}

template <std::size_t kWidth>
struct LanesOf {
  typedef double Values __attribute__((vector_size(kWidth * sizeof(double))));
  typedef std::int64_t Bits __attribute__((vector_size(kWidth * sizeof(double))));
};

// Pass them by reference: by value they would belong to one instruction set's calling convention.
template <std::size_t kWidth>
using Lanes = typename LanesOf<kWidth>::Values;

// An allocator whose memory suits the widest registers, in whatever mode the caller was compiled.
template <typename T>
struct AlignedAllocator {
  using value_type = T;

  AlignedAllocator() = default;
  template <typename U>
  explicit AlignedAllocator(const AlignedAllocator<U>&) {}

  T* allocate(std::size_t count) {
    return static_cast<T*>(::operator new(count * sizeof(T), std::align_val_t{kAlignment}));
  }
  void deallocate(T* memory, std::size_t) {
    ::operator delete(memory, std::align_val_t{kAlignment});
  }

  friend bool operator==(const AlignedAllocator&, const AlignedAllocator&) { return true; }
  friend bool operator!=(const AlignedAllocator&, const AlignedAllocator&) { return false; }

 private:
  static constexpr std::size_t kAlignment = 64;
};

template <std::size_t kWidth>
using LaneArray = std::vector<Lanes<kWidth>, AlignedAllocator<Lanes<kWidth>>>;

// Turns x into e^x, to two units in the last place for |x| <= 700 and clipped beyond.
template <std::size_t kWidth>
inline void exponentiate(Lanes<kWidth>& x) {
  using Bits = typename LanesOf<kWidth>::Bits;
  constexpr double kShift = 0x1.8p52;  // adding it leaves an integer in the low bits
  x = x > -700.0 ? x : -700.0;
  x = x < 700.0 ? x : 700.0;
  const Lanes<kWidth> shifted = x * 1.4426950408889634 + kShift;
  const Lanes<kWidth> k = shifted - kShift;
  const Lanes<kWidth> r = (x - k * 0x1.62e42fefa38p-1) - k * 0x1.ef35793c7673p-45;  // ln 2
  Lanes<kWidth> series = r / 479001600 + 1.0 / 39916800;
  for (const double term : {1.0 / 3628800, 1.0 / 362880, 1.0 / 40320, 1.0 / 5040, 1.0 / 720,
                            1.0 / 120, 1.0 / 24, 1.0 / 6, 0.5, 1.0, 1.0}) {
    series = series * r + term;
  }
  x = (Lanes<kWidth>)((Bits)series + ((Bits)shifted << 52));
}

}  // namespace disentlib
