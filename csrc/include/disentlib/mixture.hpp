// Densities of mixtures of Gaussians with diagonal covariances, all components equally likely.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include "disentlib/lanes.hpp"

namespace disentlib {

// Arrays (dims, components), rows in one piece.
struct MixtureView {
  const double* means;
  const double* logvars;
  std::size_t dims;
  std::size_t components;
};

// ln q(z) of q = mean over components of N(means, exp(logvars)), a few components side by side.
template <std::size_t kWidth>
class GaussianMixture {
 public:
  using Vector = Lanes<kWidth>;

  explicit GaussianMixture(const MixtureView& given)
      : dims_(given.dims),
        components_(given.components),
        groups_((given.components + kWidth - 1) / kWidth),
        means_(dims_ * groups_, Vector{}),
        precisions_(dims_ * groups_, Vector{}),
        // What fills the last group has no density.
        offsets_(groups_, Vector{} - 1e300) {
    constexpr double kHalfLogTwoPi = 0.91893853320467274178;
    for (std::size_t m = 0; m < components_; ++m) {
      double offset = 0;
      for (std::size_t j = 0; j < dims_; ++j) {
        const double logvar = given.logvars[j * components_ + m];
        const std::size_t group = j * groups_ + m / kWidth;
        means_[group][m % kWidth] = given.means[j * components_ + m];
        precisions_[group][m % kWidth] = std::exp(-logvar);
        offset -= 0.5 * logvar + kHalfLogTwoPi;
      }
      offsets_[m / kWidth][m % kWidth] = offset;
    }
  }

  void log_density(const double* samples, std::size_t count, std::size_t first, std::size_t last,
                   double* results) const {
    LaneArray<kWidth> terms(groups_);
    for (std::size_t n = first; n < last; ++n) {
      terms = offsets_;
      for (std::size_t j = 0; j < dims_; ++j) {
        const double z = samples[j * count + n];
        const Vector* mean = &means_[j * groups_];
        const Vector* precision = &precisions_[j * groups_];
        for (std::size_t g = 0; g < groups_; ++g) {
          const Vector d = z - mean[g];
          terms[g] -= 0.5 * d * d * precision[g];
        }
      }
      // Sums are of shares of the largest term: densities themselves may be too small for doubles.
      Vector most = terms[0];
      for (const Vector& term : terms) most = term > most ? term : most;
      double top = most[0];
      for (std::size_t lane = 1; lane < kWidth; ++lane) top = std::max(top, most[lane]);
      Vector sums{};
      for (const Vector& term : terms) {
        Vector share = term - top;
        exponentiate<kWidth>(share);
        sums += share;
      }
      double sum = 0;
      for (std::size_t lane = 0; lane < kWidth; ++lane) sum += sums[lane];
      results[n] = top + std::log(sum / static_cast<double>(components_));
    }
  }

 private:
  std::size_t dims_;
  std::size_t components_;
  std::size_t groups_;
  LaneArray<kWidth> means_;
  LaneArray<kWidth> precisions_;
  LaneArray<kWidth> offsets_;
};

#ifdef DISENTLIB_AVX2
DISENTLIB_AVX2 inline void log_mixture_density_avx2(const MixtureView& mixture,
                                                    const double* samples, std::size_t count,
                                                    std::size_t first, std::size_t last,
                                                    double* results) {
  GaussianMixture<4>(mixture).log_density(samples, count, first, last, results);
}
#endif

// samples (dims, count) -> results (count,), of samples first ... last - 1.
inline void log_mixture_density(const MixtureView& mixture, const double* samples,
                                std::size_t count, std::size_t first, std::size_t last,
                                double* results) {
#ifdef DISENTLIB_AVX2
  if (has_avx2()) {
    return log_mixture_density_avx2(mixture, samples, count, first, last, results);
  }
#endif
  GaussianMixture<2>(mixture).log_density(samples, count, first, last, results);
}

}  // namespace disentlib
