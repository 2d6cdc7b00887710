// Statistics of batches of rows gathered from a table of codes.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace disentlib {

// A (rows, dims) table of codes and batches of row numbers into it.
template <typename T>
class Gather {
 public:
  Gather(const T* table, std::size_t dims) : table_(table), dims_(dims) {}

  std::size_t dims() const { return dims_; }
  const T* row(std::int64_t index) const {
    return table_ + static_cast<std::size_t>(index) * dims_;
  }

  // Rows lie far apart, so each is asked for well before it is read. `left` rows are still to come.
  void ask(const std::int64_t* rows, std::size_t left) const {
#ifdef __GNUC__
    constexpr std::size_t kAhead = 16;
    if (left > kAhead) __builtin_prefetch(row(rows[kAhead]));
#else
    (void)rows, (void)left;
#endif
  }

 private:
  const T* table_;
  std::size_t dims_;
};

// The position in `active` of the code whose variance over the batch (ddof 1), relative to its
// `scale`, is least, or largest; the first of equals. Two passes, row after row. `left` rows are
// still to come, this batch's included.
template <typename T>
std::size_t variance_vote(const Gather<T>& codes, const std::int64_t* rows, std::size_t batch,
                          std::size_t left, const std::vector<std::size_t>& active,
                          const double* scale, bool largest, std::vector<double>& buffer) {
  const std::size_t dims = codes.dims();
  buffer.assign((batch + 2) * dims, 0.0);
  double* mean = buffer.data();
  double* variance = mean + dims;
  double* values = variance + dims;
  for (std::size_t i = 0; i < batch; ++i) {
    codes.ask(rows + i, left - i);
    const T* z = codes.row(rows[i]);
    double* kept = values + i * dims;
    for (std::size_t j = 0; j < dims; ++j) {
      kept[j] = static_cast<double>(z[j]);
      mean[j] += kept[j];
    }
  }
  for (std::size_t j = 0; j < dims; ++j) mean[j] /= static_cast<double>(batch);
  for (std::size_t i = 0; i < batch; ++i) {
    const double* kept = values + i * dims;
    for (std::size_t j = 0; j < dims; ++j) {
      variance[j] += (kept[j] - mean[j]) * (kept[j] - mean[j]);
    }
  }
  std::size_t best = 0;
  double extreme = 0;
  for (std::size_t a = 0; a < active.size(); ++a) {
    const double ratio = variance[active[a]] / static_cast<double>(batch - 1) / scale[active[a]];
    if (a == 0 || (largest ? ratio > extreme : ratio < extreme)) {
      best = a;
      extreme = ratio;
    }
  }
  return best;
}

// Writes the mean over two batches, one behind the other, of |a - b|, code by code.
template <typename T>
void mean_difference(const Gather<T>& codes, const std::int64_t* rows, std::size_t batch,
                     std::size_t left, double* feature) {
  const std::size_t dims = codes.dims();
  for (std::size_t j = 0; j < dims; ++j) feature[j] = 0;
  for (std::size_t i = 0; i < batch; ++i) {
    codes.ask(rows + i, left - i);
    codes.ask(rows + batch + i, left - batch - i);
    const T* a = codes.row(rows[i]);
    const T* b = codes.row(rows[batch + i]);
    for (std::size_t j = 0; j < dims; ++j) {
      feature[j] += std::abs(static_cast<double>(a[j]) - static_cast<double>(b[j]));
    }
  }
  for (std::size_t j = 0; j < dims; ++j) feature[j] /= static_cast<double>(batch);
}

}  // namespace disentlib
