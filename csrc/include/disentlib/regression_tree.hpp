// Exact greedy regression trees on sorted columns (Breiman et al. 1984), for boosting (Friedman
// 2001). Never includes Python.
//
// A node takes, among all columns and all positions between two neighbouring distinct values, the
// split that lowers the squared error most: by (N s - n S)^2 / (N n (N - n)), where s and n are sum
// and count on the left and S, N those of the node. The search is exact but looks at few positions
// (branch and bound): sums per bin are gathered once; they give the gain at the borders of bins,
// and with the absolute mass in a run of bins a bound on the gain anywhere inside. Only runs, then
// bins, whose bound reaches the best gain so far are opened. A node's larger child gets its sums by
// subtraction.
//
// Sums are fixed-point integers: they do not depend on the order of addition, so that equal
// partitions have equal gains whichever column makes them, from whichever side.
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
        leaves(trees * (nodes + 1), 0.0) {}

  std::size_t trees;
  std::size_t nodes;
  std::vector<std::int32_t> columns;
  std::vector<double> thresholds;  // go left where value <= threshold
  std::vector<double> leaves;
};

class TreeGrower {
 public:
  TreeGrower(const SortedColumns& inputs, std::size_t depth)
      : inputs_(inputs),
        depth_(depth),
        rows_(inputs.rows()),
        sum_scale_(std::ldexp(1.0, std::min(40, 62 - bits(rows_)))),
        mass_scale_(std::ldexp(1.0, 29 - bits(rows_))),
        units_(rows_),
        members_(rows_),
        leaf_(rows_),
        statistics_(depth, std::vector<BinStatistics>(inputs.all_bins())) {}

  // Before targets are set: the value that absolute mass is measured from. Bounds are tight in
  // nodes whose mean is near it; results do not depend on it.
  void set_centre(double centre) { centre_ = centre; }

  // Set the target of `row`, within [-1, 1]. A target is one unit with its own count and mass.
  void set_target(std::size_t row, double target) {
    const double mass = std::abs(target - centre_) * mass_scale_;
    const double sum = target * sum_scale_;
    units_[row].lanes[0] = static_cast<std::int64_t>(sum + std::copysign(0.5, sum));
    units_[row].lanes[1] = 1 + ((1 + static_cast<std::int64_t>(mass)) << 32);
  }

  // Grow a tree on the targets. Among columns that split a node equally well `salt` decides, from
  // what they hold and not from where they stand, and all of them share the importance:
  // importance[column] grows by the decrease of the squared error. A node whose targets vary by no
  // more than `least_variance` stays whole.
  void grow(std::uint64_t salt, double least_variance, TreeTable& table, std::size_t tree,
            double* importance) {
    salt_ = salt;
    least_variance_ = least_variance;
    table_ = &table;
    first_ = tree * table.nodes;
    importance_ = importance;
    next_label_ = 1;
    listed_ = 0;
    leaf_position_.assign(1, 0);
    std::fill(leaf_.begin(), leaf_.end(), std::uint8_t{0});
    std::fill(statistics_[0].begin(), statistics_[0].end(), BinStatistics{});
    for (std::size_t row = 0; row < rows_; ++row) add(row, statistics_[0]);
    Node root;
    root.size = rows_;
    for (std::size_t bin = 0; bin < inputs_.offset(1); ++bin) root.sum += statistics_[0][bin].sum();
    split(root, 0, 0);
  }

  // Number of leaves in the last tree, the leaf that holds `row`, and that leaf's place among the
  // tree's leaves in the table.
  std::size_t leaves() const { return next_label_; }
  std::size_t leaf(std::size_t row) const { return leaf_[row]; }
  std::size_t leaf_position(std::size_t leaf) const { return leaf_position_[leaf]; }

 private:
  __extension__ using Wide = __int128;

  // A sum of targets and a load, which holds a count in its lower half and in its upper half the
  // sum of absolute masses, rounded up: one addition of 128 bits gathers all three.
  struct BinStatistics {
    using Lanes = std::int64_t __attribute__((vector_size(16)));
    Lanes lanes{0, 0};
    std::int64_t sum() const { return lanes[0]; }
    std::size_t count() const { return static_cast<std::size_t>(lanes[1] & 0xffffffff); }
    std::int64_t mass() const { return lanes[1] >> 32; }
    BinStatistics& operator+=(const BinStatistics& other) {
      lanes += other.lanes;
      return *this;
    }
    BinStatistics& operator-=(const BinStatistics& other) {
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

  // Neighbouring bins of a column, kRun or what is left.
  struct Run {
    std::size_t column;
    std::size_t first;
    BinStatistics left;  // all before the first bin
    BinStatistics inside;
  };
  static constexpr std::size_t kRun = 8;

  // The search for one node's split. Gains are in units of the node: (N s - n S)^2 / (n (N - n)).
  struct SplitSearch {
    std::size_t size = 0;
    std::int64_t sum = 0;
    std::uint8_t label = 0;
    double mean = 0.0;
    double gain = -1.0;
    double least = -1.0;  // of (s - n mean)^2 / (n (N - n)): less cannot be the best
    std::size_t column = 0;
    std::size_t position = 0;  // in the column's order
    std::int64_t left_sum = 0;
    std::size_t left_size = 0;
  };

  static int bits(std::size_t n) {
    int count = 0;
    while (n >> count) ++count;
    return count;
  }

  void add(std::size_t row, std::vector<BinStatistics>& statistics) const {
    constexpr std::size_t kBlock = SortedColumns::kBlock;
    const std::size_t columns = inputs_.columns();
    const BinStatistics unit = units_[row];
    for (std::size_t first = 0; first < columns; first += kBlock) {
      BinStatistics* block = &statistics[inputs_.offset(first)];
      const std::uint16_t* bin = inputs_.bins() + row * columns + first;
      const std::uint16_t* end = bin + std::min(kBlock, columns - first);
      for (; bin != end; ++bin) block[*bin] += unit;
    }
  }

  // Take a split at `position` if it is the best so far.
  void consider_split(SplitSearch& best, std::size_t column, std::size_t position,
                      std::int64_t left_sum, std::size_t left_size) {
    const auto left = static_cast<double>(left_size);
    const auto right = static_cast<double>(best.size - left_size);
    const double excess = static_cast<double>(left_sum) - best.mean * left;
    if (excess * excess < best.least * (left * right)) return;

    // Exact, so that it is the same seen from the right.
    const Wide product =
        static_cast<Wide>(best.size) * left_sum - static_cast<Wide>(left_size) * best.sum;
    const auto distance = static_cast<double>(product < 0 ? -product : product);
    const double gain = distance * distance / (left * right);
    if (gain < best.gain) return;
    if (gain > best.gain) {
      tied_.clear();
    } else if (column == best.column) {
      const bool earlier =
          inputs_.descending(column) ? position > best.position : position < best.position;
      if (!earlier) return;
    }
    if (std::find(tied_.begin(), tied_.end(), column) == tied_.end()) tied_.push_back(column);
    if (gain == best.gain && column != best.column && tie_break(column) >= tie_break(best.column))
      return;
    const auto size = static_cast<double>(best.size);
    best.gain = gain;
    best.least = gain / (size * size) * (1 - 1e-9);
    best.column = column;
    best.position = position;
    best.left_sum = left_sum;
    best.left_size = left_size;
  }

  std::uint64_t tie_break(std::size_t column) const {
    return SortedColumns::mix(salt_ ^ inputs_.content(column));
  }

  void consider_border(SplitSearch& best, std::size_t column, std::size_t bin,
                       const BinStatistics& left) {
    const std::size_t size = left.count();
    if (size == 0 || size == best.size) return;
    consider_split(best, column, static_cast<std::size_t>(inputs_.starts(column)[bin]), left.sum(),
                   size);
  }

  // Whether some position inside `bins` may gain as much as the best. `left` is what lies before
  // them. With t = target - mean of the node, the sum of the first few t of `bins` lies between
  // minus their negative and plus their positive mass.
  bool may_hold(const SplitSearch& best, const BinStatistics& left,
                const BinStatistics& bins) const {
    const auto before = static_cast<double>(left.count());
    const auto inside = static_cast<double>(bins.count());
    const auto size = static_cast<double>(best.size);
    const double mass = static_cast<double>(bins.mass()) * (sum_scale_ / mass_scale_) +
                        inside * std::abs(centre_ * sum_scale_ - best.mean);
    const double sum = static_cast<double>(bins.sum()) - best.mean * inside;
    const double start = static_cast<double>(left.sum()) - best.mean * before;
    const double excess =
        std::max(start + 0.5 * (mass + sum), -(start - 0.5 * (mass - sum))) * (1 + 1e-9);
    const double first = before + 1;
    const double last = before + inside - 1;
    return excess * excess >= best.least * std::min(first * (size - first), last * (size - last));
  }

  // The best split, of gain -1 if no column varies within the node or its targets do not.
  SplitSearch best_split(const Node& node, const std::vector<BinStatistics>& statistics) {
    SplitSearch best;
    best.size = node.size;
    best.sum = node.sum;
    best.label = node.label;
    best.mean = static_cast<double>(node.sum) / static_cast<double>(node.size);
    runs_.clear();
    for (std::size_t column = 0; column < inputs_.columns(); ++column) {
      scan_runs(best, column, &statistics[inputs_.offset(column)]);
    }
    if (uniform(best)) return SplitSearch{};
    for (const Run& run : runs_) {
      if (may_hold(best, run.left, run.inside)) scan_borders(best, run, statistics);
    }
    // The neighbourhood of the best border is likely to hold the best split.
    const auto near = std::find_if(runs_.begin(), runs_.end(), [&](const Run& run) {
      const std::size_t end = std::min(run.first + kRun, bins(run.column));
      return run.column == best.column &&
             static_cast<std::size_t>(inputs_.starts(run.column)[end]) > best.position;
    });
    if (near != runs_.end()) std::swap(*near, runs_.front());
    for (const Run& run : runs_) {
      if (may_hold(best, run.left, run.inside)) scan_bins(best, run, statistics);
    }
    return best;
  }

  std::size_t bins(std::size_t column) const { return inputs_.starts(column).size() - 1; }

  // Consider the borders of runs, and list the runs.
  void scan_runs(SplitSearch& best, std::size_t column, const BinStatistics* statistics) {
    const std::size_t end = bins(column);
    BinStatistics left;
    for (std::size_t first = 0; first < end; first += kRun) {
      consider_border(best, column, first, left);
      BinStatistics inside;
      for (std::size_t bin = first; bin < std::min(first + kRun, end); ++bin)
        inside += statistics[bin];
      if (inside.count() > 1) runs_.push_back({column, first, left, inside});
      left += inside;
    }
  }

  // Consider the borders of bins inside a run.
  void scan_borders(SplitSearch& best, const Run& run,
                    const std::vector<BinStatistics>& statistics) {
    const BinStatistics* of_bin = &statistics[inputs_.offset(run.column)];
    const std::size_t end = std::min(run.first + kRun, bins(run.column));
    BinStatistics left = run.left;
    for (std::size_t bin = run.first + 1; bin < end; ++bin) {
      left += of_bin[bin - 1];
      consider_border(best, run.column, bin, left);
    }
  }

  // Walk the bins of a run that may hold the best split.
  void scan_bins(SplitSearch& best, const Run& run, const std::vector<BinStatistics>& statistics) {
    const BinStatistics* of_bin = &statistics[inputs_.offset(run.column)];
    const std::size_t end = std::min(run.first + kRun, bins(run.column));
    BinStatistics left = run.left;
    for (std::size_t bin = run.first; bin < end; ++bin) {
      if (of_bin[bin].count() > 1 && inputs_.divisible(run.column, bin) &&
          may_hold(best, left, of_bin[bin])) {
        walk_bin(best, run.column, bin, left);
      }
      left += of_bin[bin];
    }
  }

  // Consider every position inside a bin.
  void walk_bin(SplitSearch& best, std::size_t column, std::size_t bin, BinStatistics left) {
    const std::int32_t* order = inputs_.order(column);
    const std::int32_t* ranks = inputs_.ranks(column);
    const std::vector<std::int32_t>& starts = inputs_.starts(column);
    std::int32_t last = -1;
    const auto end = static_cast<std::size_t>(starts[bin + 1]);
    for (auto i = static_cast<std::size_t>(starts[bin]); i < end; ++i) {
      const auto row = static_cast<std::size_t>(order[i]);
      if (leaf_[row] != best.label) continue;
      if (last >= 0 && ranks[row] != last)
        consider_split(best, column, i, left.sum(), left.count());
      last = ranks[row];
      left += units_[row];
    }
  }

  // Whether all targets of a node are equal, as far as the caller cares. The gain of any split is a
  // lower bound on the variance, so that hardly any node is looked at.
  bool uniform(const SplitSearch& node) const {
    const auto size = static_cast<double>(node.size);
    const double least = least_variance_ * sum_scale_ * sum_scale_;
    if (node.gain > least * size * size) return false;
    double squares = 0.0;
    for (std::size_t row = 0; row < rows_; ++row) {
      if (leaf_[row] != node.label) continue;
      const double residual = static_cast<double>(units_[row].sum()) - node.mean;
      squares += residual * residual;
    }
    return squares <= least * size;
  }

  // Split `node`, whose sums are in statistics_[held], and its children. statistics_[level + 1] and
  // beyond are free.
  void split(const Node& node, std::size_t level, std::size_t held) {
    SplitSearch best;
    if (level < depth_ && node.size > 1) best = best_split(node, statistics_[held]);
    if (best.gain < 0.0) {
      leaf_position_[node.label] =
          (node.place + 1) * (std::size_t{1} << (depth_ - level)) - (std::size_t{1} << depth_);
      return;
    }
    const double gain = best.gain / (sum_scale_ * sum_scale_ * static_cast<double>(node.size));
    for (const std::size_t column : tied_) {
      importance_[column] += gain / static_cast<double>(tied_.size());
    }

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
    table_->columns[first_ + node.place] = static_cast<std::int32_t>(best.column);
    table_->thresholds[first_ + node.place] =
        node.listed ? part_list(node, best, left, right) : part_rest(node, best, smaller);
    for (std::size_t i = smaller.begin; i < smaller.end; ++i) {
      leaf_[static_cast<std::size_t>(members_[i])] = smaller.label;
    }

    const std::size_t next = level + 1;
    if (next < depth_) {
      std::fill(statistics_[next].begin(), statistics_[next].end(), BinStatistics{});
      for (std::size_t i = smaller.begin; i < smaller.end; ++i) {
        add(static_cast<std::size_t>(members_[i]), statistics_[next]);
      }
      for (std::size_t i = 0; i < statistics_[next].size(); ++i)
        statistics_[held][i] -= statistics_[next][i];
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
  double part_list(const Node& node, const SplitSearch& best, Node& left, Node& right) {
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
  double part_rest(const Node& node, const SplitSearch& best, Node& smaller) {
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
  std::vector<BinStatistics> units_;
  std::vector<std::int32_t> members_;
  std::vector<std::uint8_t> leaf_;
  std::vector<std::vector<BinStatistics>> statistics_;
  std::vector<std::size_t> leaf_position_;
  std::vector<Run> runs_;
  std::vector<std::size_t> tied_;  // columns that gain as much as the best split
  double centre_ = 0.0;
  TreeTable* table_ = nullptr;
  std::size_t first_ = 0;  // node of the tree in table_
  double* importance_ = nullptr;
  std::uint64_t salt_ = 0;
  double least_variance_ = 0.0;
  std::size_t next_label_ = 1;
  std::size_t listed_ = 0;
};

}  // namespace disentlib
