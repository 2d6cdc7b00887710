// Exact greedy regression trees on sorted columns (Breiman et al. 1984), for boosting (Friedman
// 2001). Never includes Python.
//
// A node takes, among all columns and all positions between two neighbouring distinct values, the
// split that lowers the squared error most: the mean of (s - n m)^2 / (n (N - n)), where s and n
// are sum and count on the left and m, N mean and count of the node. The search is exact but looks
// at few positions (branch and bound): sums per bin are gathered once; they give the gain at the
// borders of bins, and with the absolute mass in a run of bins a bound on the gain anywhere inside.
// Only runs, then bins, whose bound reaches the best gain so far are opened. A node's larger child
// gets its sums by subtraction. Sums are fixed-point integers: they do not depend on the order of
// addition, so that equal partitions have equal gains whichever column makes them.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "disentlib/sorted_columns.hpp"

namespace disentlib {

// Complete binary trees of one depth, one after the other: `nodes` splits in heap order and
// nodes + 1 leaves from left to right. A node that was not split sends everything to the left.
struct TreeTable {
  TreeTable(std::size_t trees, std::size_t depth)
      : trees(trees),
        nodes((std::size_t{1} << depth) - 1),
        columns(trees * nodes, 0),
        thresholds(trees * nodes, std::numeric_limits<double>::infinity()),
        gains(trees * nodes, 0.0),
        values(trees * (nodes + 1), 0.0) {}

  std::size_t trees;
  std::size_t nodes;
  std::vector<std::int32_t> columns;
  std::vector<double> thresholds;  // go left where value <= threshold
  std::vector<double> gains;       // decrease of the sum of squared errors, 0 where not split
  std::vector<double> values;

  // Each column's share of all gains; 0 everywhere if no tree ever split.
  std::vector<double> importances(std::size_t width) const {
    std::vector<double> shares(width, 0.0);
    double total = 0.0;
    for (std::size_t node = 0; node < gains.size(); ++node) {
      shares[static_cast<std::size_t>(columns[node])] += gains[node];
      total += gains[node];
    }
    if (total > 0.0) {
      for (double& share : shares) share /= total;
    }
    return shares;
  }
};

class TreeGrower {
 public:
  TreeGrower(const SortedColumns& inputs, std::size_t depth)
      : inputs_(inputs),
        depth_(depth),
        rows_(inputs.rows()),
        sum_scale_(std::ldexp(1.0, std::min(50, 62 - bits(rows_)))),
        mass_scale_(std::ldexp(1.0, 29 - bits(rows_))),
        units_(rows_),
        members_(rows_),
        leaf_(rows_),
        reciprocals_(rows_ + 1, 0.0),
        cells_(depth, std::vector<Cell>(inputs.all_bins())) {
    for (std::size_t n = 1; n <= rows_; ++n) reciprocals_[n] = 1.0 / static_cast<double>(n);
  }

  // Before targets are set: the value that absolute mass is measured from. Bounds are tight in
  // nodes whose mean is near it; results do not depend on it.
  void set_centre(double centre) { centre_ = centre; }

  // Set the target of `row`, within [-1, 1]. A target is one unit with its own count and mass.
  void set_target(std::size_t row, double target) {
    const double mass = std::abs(target - centre_) * mass_scale_;
    units_[row].lanes[0] = static_cast<std::int64_t>(target * sum_scale_);
    units_[row].lanes[1] = 1 + ((1 + static_cast<std::int64_t>(mass)) << 32);
  }

  // Grow a tree on the targets. Columns that split a node equally well take turns by `seed`; within
  // a column the lowest position wins. A node whose targets vary by no more than `least_variance`
  // stays whole.
  void grow(std::uint64_t seed, double least_variance, TreeTable& table, std::size_t tree) {
    seed_ = seed;
    least_variance_ = least_variance;
    table_ = &table;
    first_ = tree * table.nodes;
    next_label_ = 1;
    listed_ = 0;
    leaf_position_.assign(1, 0);
    std::fill(leaf_.begin(), leaf_.end(), std::uint8_t{0});
    std::fill(cells_[0].begin(), cells_[0].end(), Cell{});
    for (std::size_t row = 0; row < rows_; ++row) add(row, cells_[0]);
    Node root;
    root.size = rows_;
    for (std::size_t bin = 0; bin < inputs_.offset(1); ++bin) root.sum += cells_[0][bin].sum();
    split(root, 0, 0);
  }

  // Number of leaves in the last tree, the leaf that holds `row`, and that leaf's place among
  // the tree's values.
  std::size_t leaves() const { return next_label_; }
  std::size_t leaf(std::size_t row) const { return leaf_[row]; }
  std::size_t leaf_position(std::size_t leaf) const { return leaf_position_[leaf]; }

 private:
  // A sum of targets and a load, which holds a count in its lower half and in its upper half the
  // sum of absolute masses, rounded up: one addition of 128 bits gathers all three.
  struct Cell {
    using Lanes = std::int64_t __attribute__((vector_size(16)));
    Lanes lanes{0, 0};
    std::int64_t sum() const { return lanes[0]; }
    std::size_t count() const { return static_cast<std::size_t>(lanes[1] & 0xffffffff); }
    std::int64_t mass() const { return lanes[1] >> 32; }
    Cell& operator+=(const Cell& other) {
      lanes += other.lanes;
      return *this;
    }
    Cell& operator-=(const Cell& other) {
      lanes -= other.lanes;
      return *this;
    }
  };

  // The samples of a node carry its label. All nodes but one also list their samples: the one that
  // stays after every smaller child has left needs none.
  struct Node {
    std::uint8_t label = 0;
    bool listed = false;
    std::size_t begin = 0;
    std::size_t end = 0;
    std::size_t size = 0;
    std::int64_t sum = 0;
    std::size_t place = 0;  // in heap order
  };

  struct Split {
    double gain = -1.0;
    std::size_t column = 0;
    std::size_t position = 0;  // in the column's order
    std::int64_t left_sum = 0;
    std::size_t left_size = 0;
  };

  // Neighbouring bins of a column that may hold the best split: a run of kRun of them, or one.
  struct Range {
    double bound;
    std::size_t column;
    std::size_t first;
    Cell left;  // all before the first bin
    Cell inside;
  };
  static constexpr std::size_t kRun = 16;

  // What gains in one node are made of.
  struct Scale {
    std::size_t size;
    double mean;
  };

  static int bits(std::size_t n) {
    int count = 0;
    while (n >> count) ++count;
    return count;
  }

  static std::uint64_t mix(std::uint64_t x) {  // the finaliser of splitmix64
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
  }

  std::uint64_t turn(const Node& node, std::size_t column) const {
    return mix(mix(seed_ + node.place) + 0x9e3779b97f4a7c15u * (column + 1));
  }

  void add(std::size_t row, std::vector<Cell>& cells) const {
    constexpr std::size_t kBlock = SortedColumns::kBlock;
    const std::size_t columns = inputs_.columns();
    const Cell unit = units_[row];
    for (std::size_t first = 0; first < columns; first += kBlock) {
      Cell* block = &cells[inputs_.offset(first)];
      const std::uint16_t* bin = inputs_.bins() + row * columns + first;
      const std::uint16_t* end = bin + std::min(kBlock, columns - first);
      for (; bin != end; ++bin) block[*bin] += unit;
    }
  }

  double gain(const Scale& node, std::int64_t left_sum, std::size_t left_size) const {
    const double excess =
        static_cast<double>(left_sum) - node.mean * static_cast<double>(left_size);
    return excess * excess * reciprocals_[left_size] * reciprocals_[node.size - left_size];
  }

  void offer(const Node& node, double gain, std::size_t column, std::size_t position,
             std::int64_t left_sum, std::size_t left_size, Split& best) const {
    if (gain < best.gain) return;
    if (gain == best.gain) {
      if (column == best.column ? position >= best.position
                                : turn(node, column) >= turn(node, best.column)) {
        return;
      }
    }
    best = {gain, column, position, left_sum, left_size};
  }

  void offer_border(const Node& node, const Scale& scale, std::size_t column, std::size_t bin,
                    const Cell& left, Split& best) const {
    const std::size_t size = left.count();
    if (size == 0 || size == node.size) return;
    const double here = gain(scale, left.sum(), size);
    if (here >= best.gain) {
      const auto position = static_cast<std::size_t>(inputs_.starts(column)[bin]);
      offer(node, here, column, position, left.sum(), size, best);
    }
  }

  // The gain of no position inside `bins` exceeds this. `left` is what lies before them. With
  // t = target - mean of the node, the sum of the first few t of `bins` lies between minus their
  // negative and plus their positive mass.
  double bound(const Scale& node, const Cell& left, const Cell& bins) const {
    const std::size_t before = left.count();
    const std::size_t inside = bins.count();
    const auto size = static_cast<double>(inside);
    const double mass = static_cast<double>(bins.mass()) * (sum_scale_ / mass_scale_) +
                        size * std::abs(centre_ * sum_scale_ - node.mean);
    const double sum = static_cast<double>(bins.sum()) - node.mean * size;
    const double start = static_cast<double>(left.sum()) - node.mean * static_cast<double>(before);
    const double highest = start + (mass + sum) / 2;
    const double lowest = start - (mass - sum) / 2;
    const double excess = std::max(highest, -lowest);
    const double steepest =
        std::max(reciprocals_[before + 1] * reciprocals_[node.size - before - 1],
                 reciprocals_[before + inside - 1] * reciprocals_[node.size - before - inside + 1]);
    return excess * excess * steepest * (1 + 1e-9);
  }

  // No split, of gain -1, if no column varies within the node or its targets do not.
  Split best_split(const Node& node, const std::vector<Cell>& cells) {
    const Scale scale{node.size, static_cast<double>(node.sum) / static_cast<double>(node.size)};
    Split best;
    runs_.clear();
    for (std::size_t c = 0; c < inputs_.columns(); ++c) scan_runs(node, scale, c, cells, best);
    if (uniform(node, scale.mean, best.gain)) return Split{};
    rank(scale, best.gain, runs_);

    bins_.clear();
    for (const Range& run : runs_) {
      if (run.bound >= best.gain) scan_bins(node, scale, run, cells, best);
    }
    rank(scale, best.gain, bins_);
    for (const Range& bin : bins_) {
      if (bin.bound >= best.gain) walk_bin(node, scale, bin, best);
    }
    best.gain /= sum_scale_ * sum_scale_;
    return best;
  }

  // Offer the borders of runs of bins and list the runs.
  void scan_runs(const Node& node, const Scale& scale, std::size_t column,
                 const std::vector<Cell>& cells, Split& best) {
    const std::size_t bins = inputs_.starts(column).size() - 1;
    const Cell* cell = &cells[inputs_.offset(column)];
    Cell left;
    for (std::size_t first = 0; first < bins; first += kRun) {
      offer_border(node, scale, column, first, left, best);
      Cell inside;
      for (std::size_t bin = first; bin < std::min(first + kRun, bins); ++bin) inside += cell[bin];
      if (inside.count() > 1) runs_.push_back({0.0, column, first, left, inside});
      left += inside;
    }
  }

  // Offer the borders of bins inside a run, and list the bins that hold several values.
  void scan_bins(const Node& node, const Scale& scale, const Range& run,
                 const std::vector<Cell>& cells, Split& best) {
    const std::size_t bins = inputs_.starts(run.column).size() - 1;
    const Cell* cell = &cells[inputs_.offset(run.column)];
    Cell left = run.left;
    for (std::size_t bin = run.first; bin < std::min(run.first + kRun, bins); ++bin) {
      if (bin > run.first) offer_border(node, scale, run.column, bin, left, best);
      if (cell[bin].count() > 1 && inputs_.divisible(run.column, bin)) {
        bins_.push_back({0.0, run.column, bin, left, cell[bin]});
      }
      left += cell[bin];
    }
  }

  // Bound the gain within each range; keep those that may hold the best split, the likeliest first.
  void rank(const Scale& scale, double least, std::vector<Range>& ranges) const {
    for (Range& range : ranges) range.bound = bound(scale, range.left, range.inside);
    ranges.erase(std::remove_if(ranges.begin(), ranges.end(),
                                [&](const Range& range) { return range.bound < least; }),
                 ranges.end());
    std::sort(ranges.begin(), ranges.end(),
              [](const Range& a, const Range& b) { return a.bound > b.bound; });
  }

  // Offer every position inside a bin.
  void walk_bin(const Node& node, const Scale& scale, const Range& bin, Split& best) const {
    const std::int32_t* order = inputs_.order(bin.column);
    const std::int32_t* ranks = inputs_.ranks(bin.column);
    const std::vector<std::int32_t>& starts = inputs_.starts(bin.column);
    std::int64_t left_sum = bin.left.sum();
    std::size_t left_size = bin.left.count();
    std::int32_t last = -1;
    const auto end = static_cast<std::size_t>(starts[bin.first + 1]);
    for (auto i = static_cast<std::size_t>(starts[bin.first]); i < end; ++i) {
      const auto row = static_cast<std::size_t>(order[i]);
      if (leaf_[row] != node.label) continue;
      if (last >= 0 && ranks[row] != last) {
        const double here = gain(scale, left_sum, left_size);
        if (here >= best.gain) offer(node, here, bin.column, i, left_sum, left_size, best);
      }
      last = ranks[row];
      left_sum += units_[row].sum();
      ++left_size;
    }
  }

  // Whether all targets of a node are equal, as far as the caller cares. The gain of any split is a
  // lower bound on the variance, so that hardly any node is looked at.
  bool uniform(const Node& node, double mean, double gain) const {
    const double least = least_variance_ * sum_scale_ * sum_scale_;
    if (gain > least) return false;
    double squares = 0.0;
    for (std::size_t row = 0; row < rows_; ++row) {
      if (leaf_[row] != node.label) continue;
      const double residual = static_cast<double>(units_[row].sum()) - mean;
      squares += residual * residual;
    }
    return squares <= least * static_cast<double>(node.size);
  }

  // Split `node`, whose sums are in cells_[held], and its children. cells_[level] and beyond are
  // free.
  void split(const Node& node, std::size_t level, std::size_t held) {
    Split best;
    if (level < depth_ && node.size > 1) best = best_split(node, cells_[held]);
    if (best.gain < 0.0) {
      leaf_position_[node.label] =
          (node.place + 1) * (std::size_t{1} << (depth_ - level)) - (std::size_t{1} << depth_);
      return;
    }
    table_->columns[first_ + node.place] = static_cast<std::int32_t>(best.column);
    table_->gains[first_ + node.place] = best.gain * static_cast<double>(node.size);

    Node left = node;
    Node right = node;
    left.place = 2 * node.place + 1;
    right.place = left.place + 1;
    left.size = best.left_size;
    left.sum = best.left_sum;
    right.size = node.size - left.size;
    right.sum = node.sum - left.sum;
    const bool left_is_smaller = left.size <= right.size;
    Node& smaller = left_is_smaller ? left : right;
    Node& larger = left_is_smaller ? right : left;
    smaller.label = static_cast<std::uint8_t>(next_label_++);
    smaller.listed = true;
    leaf_position_.push_back(0);
    table_->thresholds[first_ + node.place] =
        node.listed ? part_list(node, best, left, right) : part_rest(node, best, smaller);
    for (std::size_t i = smaller.begin; i < smaller.end; ++i) {
      leaf_[static_cast<std::size_t>(members_[i])] = smaller.label;
    }

    const std::size_t next = level + 1;
    if (next < depth_) {
      std::fill(cells_[next].begin(), cells_[next].end(), Cell{});
      for (std::size_t i = smaller.begin; i < smaller.end; ++i) {
        add(static_cast<std::size_t>(members_[i]), cells_[next]);
      }
      for (std::size_t i = 0; i < cells_[next].size(); ++i) {
        cells_[held][i] -= cells_[next][i];
      }
    }
    split(smaller, next, next);
    split(larger, next, held);
  }

  double threshold(std::size_t column, std::int32_t below, std::int32_t above) const {
    const double low = inputs_.values(column)[static_cast<std::size_t>(below)];
    const double high = inputs_.values(column)[static_cast<std::size_t>(above)];
    const double middle = low / 2 + high / 2;
    return middle < high ? middle : low;  // neighbouring floats: the mean may round up
  }

  // Order a listed node's samples: left ones first. Returns the threshold.
  double part_list(const Node& node, const Split& best, Node& left, Node& right) {
    const std::int32_t* ranks = inputs_.ranks(best.column);
    const std::int32_t first_right =
        ranks[static_cast<std::size_t>(inputs_.order(best.column)[best.position])];
    std::int32_t below = -1;
    std::int32_t above = std::numeric_limits<std::int32_t>::max();
    const auto begin = members_.begin() + static_cast<std::ptrdiff_t>(node.begin);
    const auto end = members_.begin() + static_cast<std::ptrdiff_t>(node.end);
    std::partition(begin, end, [&](std::int32_t row) {
      const std::int32_t rank = ranks[static_cast<std::size_t>(row)];
      if (rank >= first_right) {
        above = std::min(above, rank);
        return false;
      }
      below = std::max(below, rank);
      return true;
    });
    left.begin = node.begin;
    left.end = node.begin + left.size;
    right.begin = left.end;
    right.end = node.end;
    return threshold(best.column, below, above);
  }

  // List the smaller child of the unlisted node, from its end of the column. Returns the threshold.
  double part_rest(const Node& node, const Split& best, Node& smaller) {
    const std::int32_t* order = inputs_.order(best.column);
    const auto held = [&](std::size_t i) {
      return leaf_[static_cast<std::size_t>(order[i])] == node.label;
    };
    const bool from_left = smaller.place % 2 == 1;
    smaller.begin = listed_;
    for (std::size_t i = from_left ? 0 : best.position; i < (from_left ? best.position : rows_);
         ++i) {
      if (held(i)) members_[listed_++] = order[i];
    }
    smaller.end = listed_;

    std::size_t below = best.position - 1;
    while (!held(below)) --below;
    std::size_t above = best.position;
    while (!held(above)) ++above;
    const std::int32_t* ranks = inputs_.ranks(best.column);
    return threshold(best.column, ranks[static_cast<std::size_t>(order[below])],
                     ranks[static_cast<std::size_t>(order[above])]);
  }

  const SortedColumns& inputs_;
  std::size_t depth_;
  std::size_t rows_;
  double sum_scale_;
  double mass_scale_;
  std::vector<Cell> units_;
  std::vector<std::int32_t> members_;
  std::vector<std::uint8_t> leaf_;
  std::vector<double> reciprocals_;
  std::vector<std::vector<Cell>> cells_;
  std::vector<std::size_t> leaf_position_;
  std::vector<Range> runs_;
  std::vector<Range> bins_;
  double centre_ = 0.0;
  TreeTable* table_ = nullptr;
  std::size_t first_ = 0;  // node of the tree in table_
  std::uint64_t seed_ = 0;
  double least_variance_ = 0.0;
  std::size_t next_label_ = 1;
  std::size_t listed_ = 0;
};

}  // namespace disentlib
