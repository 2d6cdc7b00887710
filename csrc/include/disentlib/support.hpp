// Distance between the support of two codes and the product of their supports.
#pragma once

#include <algorithm>
#include <cstddef>
#include <limits>
#include <numeric>
#include <vector>

namespace disentlib {

// max over r, s of min over t of (x_r - x_t)^2 + (y_s - y_t)^2. A point of the product is left as
// soon as it is nearer than the farthest so far, so that the cube of the size is never paid.
inline double support_distance(const std::vector<double>& x, const std::vector<double>& y) {
  struct Neighbour {
    double squared;
    double y;
  };
  const std::size_t size = x.size();
  std::vector<std::size_t> order(size);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return x[a] < x[b] || (x[a] == x[b] && a < b); });
  std::vector<Neighbour> neighbours(size);
  double farthest = 0;
  for (std::size_t r = 0; r < size; ++r) {
    // Samples in order of their distance from x_r.
    const double origin = x[order[r]];
    std::size_t left = r;
    std::size_t right = r;
    for (Neighbour& neighbour : neighbours) {
      const bool go_left =
          right == size || (left > 0 && origin - x[order[left - 1]] < x[order[right]] - origin);
      const std::size_t found = order[go_left ? --left : right++];
      neighbour = {(origin - x[found]) * (origin - x[found]), y[found]};
    }
    for (std::size_t s = 0; s < size; ++s) {
      double nearest = std::numeric_limits<double>::infinity();
      for (const Neighbour& neighbour : neighbours) {
        if (neighbour.squared >= nearest || nearest <= farthest) break;
        const double dy = y[s] - neighbour.y;
        nearest = std::min(nearest, neighbour.squared + dy * dy);
      }
      farthest = std::max(farthest, nearest);
    }
  }
  return farthest;
}

}  // namespace disentlib
