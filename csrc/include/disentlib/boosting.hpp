// Gradient boosting of regression trees (Friedman 2001): multinomial and binomial deviance with one
// Newton step per leaf, and squared error. Never includes Python.
#pragma once

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <utility>
#include <vector>

#include "disentlib/matrix.hpp"
#include "disentlib/parallel.hpp"
#include "disentlib/regression_tree.hpp"
#include "disentlib/sorted_columns.hpp"

namespace disentlib {

struct BoostingOptions {
  std::size_t stages;
  double learning_rate;
  std::size_t depth;
  std::size_t threads;
};

// A stage adds one tree to each output: to the score of each class, of the second of two classes,
// or of the value. The trees lie stage by stage, and their leaves carry the learning rate.
struct BoostedTrees {
  TreeTable trees;
  std::vector<double> importances;  // each column's share of that of all outputs
};

namespace boosting {

// Trees of nodes whose targets vary no more than this stay whole.
constexpr double kLeastVariance = 2.220446049250313e-16;

// Workers of one fit: as many as can have work, and one where threads would cost more than they
// bring.
inline std::size_t workers(std::size_t tasks, const SortedColumns& inputs, std::size_t threads) {
  const bool small = tasks * inputs.rows() * inputs.columns() < 100000;
  return small ? 1 : std::max<std::size_t>(1, std::min(threads, tasks));
}

// Importances (outputs, width) as shares of their sum for each column; 0 if no tree ever split.
inline std::vector<double> shares(const std::vector<double>& importances, std::size_t width) {
  std::vector<double> shares(width, 0.0);
  double total = 0.0;
  for (std::size_t i = 0; i < importances.size(); ++i) {
    shares[i % width] += importances[i];
    total += importances[i];
  }
  if (total > 0.0) {
    for (double& share : shares) share /= total;
  }
  return shares;
}

// About the median: a few hundred values are enough to centre bounds on.
inline double rough_median(const std::vector<double>& values) {
  const std::size_t step = values.size() / 256 + 1;
  std::vector<double> sample;
  for (std::size_t i = 0; i < values.size(); i += step) sample.push_back(values[i]);
  const auto middle = sample.begin() + static_cast<std::ptrdiff_t>(sample.size() / 2);
  std::nth_element(sample.begin(), middle, sample.end());
  return *middle;
}

// Numerator and denominator of a leaf's value.
struct Step {
  double slope = 0.0;
  double curvature = 0.0;
};

// Sums of terms(row) over each leaf of the last tree. Four partial sums each, because a leaf's next
// addition would wait for its last.
template <typename Terms>
std::vector<Step> leaf_sums(const TreeGrower& grower, std::size_t rows, const Terms& terms) {
  const std::size_t leaves = grower.leaves();
  std::vector<Step> partial(4 * leaves);
  for (std::size_t row = 0; row < rows; ++row) {
    const Step step = terms(row);
    Step& sum = partial[(row % 4) * leaves + grower.leaf(row)];
    sum.slope += step.slope;
    sum.curvature += step.curvature;
  }
  std::vector<Step> sums(leaves);
  for (std::size_t i = 0; i < partial.size(); ++i) {
    sums[i % leaves].slope += partial[i].slope;
    sums[i % leaves].curvature += partial[i].curvature;
  }
  return sums;
}

// The state of a classifier in training: every class's probability at every row, of which `chances`
// holds multiples and `scale` the factor.
class Classifier {
 public:
  Classifier(const SortedColumns& inputs, const std::int32_t* labels, std::size_t classes,
             const BoostingOptions& options)
      : inputs_(inputs),
        labels_(labels),
        rows_(inputs.rows()),
        classes_(classes),
        outputs_(classes == 2 ? 1 : classes),
        options_(options),
        chances_(classes * rows_),
        scale_(rows_, 1.0),
        importances_(outputs_ * inputs.columns(), 0.0),
        first_rows_(classes) {
    std::vector<std::size_t> counts(classes, 0);
    for (std::size_t row = rows_; row-- > 0;) {
      const auto k = static_cast<std::size_t>(labels[row]);
      ++counts[k];
      first_rows_[k] = row;
    }
    for (std::size_t k = 0; k < classes; ++k) {
      const double prior = static_cast<double>(counts[k]) / static_cast<double>(rows_);
      std::fill_n(chances_.begin() + static_cast<std::ptrdiff_t>(k * rows_), rows_, prior);
    }
  }

  BoostedTrees fit() {
    TreeTable table(options_.stages * outputs_, options_.depth);
    const std::size_t count = workers(outputs_, inputs_, options_.threads);
    std::vector<std::unique_ptr<Worker>> team;
    for (std::size_t i = 0; i < count; ++i) {
      team.push_back(std::make_unique<Worker>(inputs_, options_.depth));
    }
    for (std::size_t stage = 0; stage < options_.stages; ++stage) {
      std::atomic<std::size_t> next{0};
      parallel_for(count, count, [&](std::size_t i) {
        for (std::size_t output = next++; output < outputs_; output = next++) {
          add_tree(*team[i], output, table, stage);
        }
      });
      rescale();
    }
    return {std::move(table), shares(importances_, inputs_.columns())};
  }

  // The most probable class of each row; the lower one of equals.
  void predict(std::int32_t* labels) const {
    for (std::size_t row = 0; row < rows_; ++row) {
      std::size_t best = 0;
      for (std::size_t k = 1; k < classes_; ++k) {
        if (chances_[k * rows_ + row] > chances_[best * rows_ + row]) best = k;
      }
      labels[row] = static_cast<std::int32_t>(best);
    }
  }

 private:
  // A step beyond e^600 would overflow and a chance below 1e-290 underflow; both are as good as
  // infinity and zero, but leave the way back open.
  static constexpr double kLongestStep = 600.0;
  static constexpr double kLeastChance = 1e-290;

  struct Worker {
    Worker(const SortedColumns& inputs, std::size_t depth)
        : grower(inputs, depth), residuals(inputs.rows()) {}
    TreeGrower grower;
    std::vector<double> residuals;
  };

  void add_tree(Worker& worker, std::size_t output, TreeTable& table, std::size_t stage) {
    const std::size_t k = outputs_ == 1 ? 1 : output;
    double* chances = &chances_[k * rows_];
    TreeGrower& grower = worker.grower;
    double* residuals = worker.residuals.data();
    for (std::size_t row = 0; row < rows_; ++row) {
      chances[row] *= scale_[row];
      const double truth = labels_[row] == static_cast<std::int32_t>(k) ? 1.0 : 0.0;
      residuals[row] = truth - chances[row];
    }
    grower.set_centre(rough_median(worker.residuals));
    for (std::size_t row = 0; row < rows_; ++row) grower.set_target(row, residuals[row]);
    const std::size_t tree = stage * outputs_ + output;
    // What a class is called does not matter; two classes share their trees.
    const std::size_t known_by = outputs_ == 1 ? 0 : first_rows_[k];
    const std::uint64_t salt = SortedColumns::mix(stage * rows_ + known_by + 1);
    grower.grow(salt, kLeastVariance, table, tree, &importances_[output * inputs_.columns()]);

    const std::vector<Step> sums = leaf_sums(grower, rows_, [&](std::size_t row) {
      const double size = std::abs(residuals[row]);
      return Step{residuals[row], size * (1.0 - size)};
    });
    const double shrink =
        outputs_ == 1 ? 1.0 : static_cast<double>(classes_ - 1) / static_cast<double>(classes_);
    std::vector<double> factors(sums.size());
    for (std::size_t leaf = 0; leaf < sums.size(); ++leaf) {
      double step = 0.0;
      if (sums[leaf].curvature > 1e-150) {  // else every chance is 0 or 1: nothing to learn
        step = options_.learning_rate * shrink * sums[leaf].slope / sums[leaf].curvature;
        step = std::clamp(step, -kLongestStep, kLongestStep);
      }
      table.leaves[tree * (table.nodes + 1) + grower.leaf_position(leaf)] = step;
      factors[leaf] = std::exp(step);
    }
    for (std::size_t row = 0; row < rows_; ++row) {
      chances[row] = std::max(chances[row] * factors[grower.leaf(row)], kLeastChance);
    }
    if (outputs_ == 1) {
      for (std::size_t row = 0; row < rows_; ++row) {
        chances_[row] = std::max(chances_[row] * scale_[row], kLeastChance);
      }
    }
  }

  void rescale() {
    std::fill(scale_.begin(), scale_.end(), 0.0);
    for (std::size_t k = 0; k < classes_; ++k) {
      const double* chances = &chances_[k * rows_];
      for (std::size_t row = 0; row < rows_; ++row) scale_[row] += chances[row];
    }
    for (double& scale : scale_) scale = 1.0 / scale;
  }

  const SortedColumns& inputs_;
  const std::int32_t* labels_;
  std::size_t rows_;
  std::size_t classes_;
  std::size_t outputs_;
  BoostingOptions options_;
  std::vector<double> chances_;
  std::vector<double> scale_;
  std::vector<double> importances_;
  std::vector<std::size_t> first_rows_;
};

}  // namespace boosting

// Boost `classes` >= 2 classes. Labels are 0 .. classes - 1; `fitted` receives the labels that the
// model gives its own training rows.
inline BoostedTrees boost_classes(const SortedColumns& inputs, const std::int32_t* labels,
                                  std::size_t classes, const BoostingOptions& options,
                                  std::int32_t* fitted) {
  boosting::Classifier classifier(inputs, labels, classes, options);
  BoostedTrees model = classifier.fit();
  classifier.predict(fitted);
  return model;
}

// Boost real values of about unit variance and zero mean; `fitted` receives the model's values.
inline BoostedTrees boost_values(const SortedColumns& inputs, const double* targets,
                                 const BoostingOptions& options, double* fitted) {
  const std::size_t rows = inputs.rows();
  TreeTable table(options.stages, options.depth);
  TreeGrower grower(inputs, options.depth);
  std::vector<double> residuals(targets, targets + rows);
  std::vector<double> importance(inputs.columns(), 0.0);
  std::vector<double> stage_importance(inputs.columns());
  for (std::size_t stage = 0; stage < options.stages; ++stage) {
    double longest = 0.0;
    for (const double residual : residuals) longest = std::max(longest, std::abs(residual));
    if (longest < 1e-150) break;  // fitted; a square would underflow
    if (!(longest < 1e150)) throw std::invalid_argument("learning_rate is too large: no fit holds");
    grower.set_centre(boosting::rough_median(residuals) / longest);
    for (std::size_t row = 0; row < rows; ++row) grower.set_target(row, residuals[row] / longest);
    std::fill(stage_importance.begin(), stage_importance.end(), 0.0);
    grower.grow(SortedColumns::mix(stage + 1), boosting::kLeastVariance / (longest * longest),
                table, stage, stage_importance.data());
    for (std::size_t column = 0; column < importance.size(); ++column) {
      importance[column] += longest * longest * stage_importance[column];
    }

    const std::vector<boosting::Step> sums = boosting::leaf_sums(
        grower, rows, [&](std::size_t row) { return boosting::Step{residuals[row], 1.0}; });
    std::vector<double> steps(sums.size());
    for (std::size_t leaf = 0; leaf < sums.size(); ++leaf) {
      steps[leaf] = options.learning_rate * sums[leaf].slope / sums[leaf].curvature;
      table.leaves[stage * (table.nodes + 1) + grower.leaf_position(leaf)] = steps[leaf];
    }
    for (std::size_t row = 0; row < rows; ++row) residuals[row] -= steps[grower.leaf(row)];
  }
  for (std::size_t row = 0; row < rows; ++row) fitted[row] = targets[row] - residuals[row];
  return {std::move(table), boosting::shares(importance, inputs.columns())};
}

// Boosted trees that somebody else owns, laid out as in TreeTable.
struct TreeView {
  const std::int32_t* columns;
  const double* thresholds;
  const double* leaves;
  std::size_t trees;
  std::size_t nodes;
  std::size_t outputs;
};

// Add every tree's value to scores (rows, outputs), which hold the baseline.
template <typename T>
void add_trees(const TreeView& table, const MatrixView<T>& inputs, std::size_t threads,
               double* scores) {
  constexpr std::size_t kBlock = 512;
  const std::size_t blocks = (inputs.rows() + kBlock - 1) / kBlock;
  parallel_for(blocks, threads, [&](std::size_t block) {
    const std::size_t begin = block * kBlock;
    const std::size_t end = std::min(begin + kBlock, inputs.rows());
    std::vector<double> held((end - begin) * inputs.columns());
    for (std::size_t row = begin; row < end; ++row) {
      for (std::size_t c = 0; c < inputs.columns(); ++c) {
        held[(row - begin) * inputs.columns() + c] = static_cast<double>(inputs(row, c));
      }
    }
    for (std::size_t tree = 0; tree < table.trees; ++tree) {
      const std::int32_t* columns = table.columns + tree * table.nodes;
      const double* thresholds = table.thresholds + tree * table.nodes;
      const double* leaves = table.leaves + tree * (table.nodes + 1);
      for (std::size_t row = begin; row < end; ++row) {
        const double* input = &held[(row - begin) * inputs.columns()];
        std::size_t place = 0;
        while (place < table.nodes) {
          place = 2 * place + 1 + (input[columns[place]] > thresholds[place] ? 1 : 0);
        }
        scores[row * table.outputs + tree % table.outputs] += leaves[place - table.nodes];
      }
    }
  });
}

}  // namespace disentlib
