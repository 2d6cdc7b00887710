// Distance between the support of two codes and the product of their supports.
#pragma once

#include <algorithm>
#include <cstddef>
#include <limits>
#include <numeric>
#include <vector>

namespace disentlib {

// max over r, s of min over t of (x_r - x_t)^2 + (y_s - y_t)^2. A point of the product is left as
// soon as some sample is nearer than the farthest point so far, and the sample that settled the
// last point is asked first, so that the cube of the size is hardly ever paid.
inline double support_distance(const std::vector<double>& x, const std::vector<double>& y) {
  struct Neighbour {
    double squared;
    std::size_t sample;
  };
  const std::size_t size = x.size();
  const auto sorted = [size](const std::vector<double>& values) {
    std::vector<std::size_t> order(size);
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      return values[a] < values[b] || (values[a] == values[b] && a < b);
    });
    return order;
  };
  const std::vector<std::size_t> by_x = sorted(x);
  const std::vector<std::size_t> by_y = sorted(y);
  std::vector<Neighbour> neighbours;
  double farthest = 0;
  std::size_t witness = 0;
  for (std::size_t r = 0; r < size; ++r) {
    const double origin = x[by_x[r]];
    neighbours.clear();
    std::size_t left = r;
    std::size_t right = r;
    for (const std::size_t s : by_y) {
      const double height = y[s];
      const double dx = origin - x[witness];
      const double dy = height - y[witness];
      if (dx * dx + dy * dy <= farthest) continue;
      // Samples in order of their distance from x_r, found as far as they are needed.
      double nearest = std::numeric_limits<double>::infinity();
      for (std::size_t i = 0; i < size && nearest > farthest; ++i) {
        if (i == neighbours.size()) {
          const bool go_left =
              right == size || (left > 0 && origin - x[by_x[left - 1]] < x[by_x[right]] - origin);
          const std::size_t found = by_x[go_left ? --left : right++];
          neighbours.push_back({(origin - x[found]) * (origin - x[found]), found});
        }
        const Neighbour& neighbour = neighbours[i];
        if (neighbour.squared >= nearest) break;
        const double gap = height - y[neighbour.sample];
        const double squared = neighbour.squared + gap * gap;
        if (squared < nearest) {
          nearest = squared;
          witness = neighbour.sample;
        }
      }
      farthest = std::max(farthest, nearest);
    }
  }
  return farthest;
}

}  // namespace disentlib
