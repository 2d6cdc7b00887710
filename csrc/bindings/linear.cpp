// Python doors of the linear models. Labels come as class numbers (factors, samples), each
// factor's from 0 to its number of classes - 1; results lie class after class, factor after factor.
#include <pybind11/pybind11.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>
#include <vector>

#include "bindings/arrays.hpp"
#include "bindings/checks.hpp"
#include "disentlib/lasso.hpp"
#include "disentlib/linear_svm.hpp"
#include "disentlib/logistic.hpp"
#include "disentlib/parallel.hpp"
#include "disentlib/radix_sort.hpp"
#include "disentlib/ranking.hpp"
#include "disentlib/scalar_tree.hpp"

namespace disentlib {
namespace {

using Reals = ContiguousArray<double>;
using Labels = ContiguousArray<std::int32_t>;
using Counts = ContiguousArray<std::int64_t>;

// The factors' classes and where each factor's begin; checks that labels stay inside.
class Classes {
 public:
  Classes(const Counts& counts, const Labels& labels, std::size_t samples, std::int32_t lowest)
      : samples_(samples), labels_(labels.data()) {
    require(counts.ndim() == 1 && counts.shape(0) >= 1 && labels.ndim() == 2 &&
                labels.shape(0) == counts.shape(0) &&
                static_cast<std::size_t>(labels.shape(1)) == samples,
            "labels must have shape (factors, samples)");
    require(samples >= 1 && samples <= std::numeric_limits<std::uint32_t>::max(),
            "expected samples, and fewer than 2^32");
    for (py::ssize_t k = 0; k < counts.shape(0); ++k) {
      const std::int64_t count = counts.data()[k];
      const std::int32_t* row = labels_ + static_cast<std::size_t>(k) * samples;
      const auto range = std::minmax_element(row, row + samples);
      require(count >= 1 && *range.first >= lowest && *range.second < count,
              "labels must lie below the number of classes");
      // Test samples, which may be of no class, may be fewer than classes.
      if (lowest == 0) require_values(static_cast<std::size_t>(count), samples);
      offsets_.push_back(total_);
      sizes_.push_back(static_cast<std::size_t>(count));
      total_ += static_cast<std::size_t>(count);
    }
  }

  std::size_t factors() const { return sizes_.size(); }
  std::size_t total() const { return total_; }
  std::size_t size(std::size_t factor) const { return sizes_[factor]; }
  std::size_t offset(std::size_t factor) const { return offsets_[factor]; }
  const std::int32_t* labels(std::size_t factor) const { return labels_ + factor * samples_; }

 private:
  std::size_t samples_;
  const std::int32_t* labels_;
  std::vector<std::size_t> sizes_;
  std::vector<std::size_t> offsets_;
  std::size_t total_ = 0;
};

// codes (dims, samples) -> slopes and intercepts (dims, classes, 2).
Reals scalar_svm(const Reals& codes, const Labels& labels, const Counts& counts, double C,
                 bool balanced, std::size_t threads) {
  require(codes.ndim() == 2 && codes.size() >= 1, "codes must have 2 dimensions, and samples");
  const auto dims = static_cast<std::size_t>(codes.shape(0));
  const auto samples = static_cast<std::size_t>(codes.shape(1));
  const Classes classes(counts, labels, samples, 0);
  Reals lines({codes.shape(0), static_cast<py::ssize_t>(classes.total()), py::ssize_t{2}});
  const double* source = codes.data();
  double* target = lines.mutable_data();
  const py::gil_scoped_release release;
  parallel_for(dims, threads, [&](std::size_t dim) {
    const ScalarSvm svm(source + dim * samples, samples);
    for (std::size_t k = 0; k < classes.factors(); ++k) {
      double* out = target + 2 * (dim * classes.total() + classes.offset(k));
      for (const Line& line : svm.fit(classes.labels(k), classes.size(k), C, balanced)) {
        *out++ = line.slope;
        *out++ = line.intercept;
      }
    }
  });
  return lines;
}

// Share of samples whose own class has the highest line (dims, factors); label -1 is no class.
Reals scalar_accuracy(const Reals& lines, const Reals& codes, const Labels& labels,
                      const Counts& counts, std::size_t threads) {
  require(codes.ndim() == 2 && codes.size() >= 1, "codes must have 2 dimensions, and samples");
  const auto dims = static_cast<std::size_t>(codes.shape(0));
  const auto samples = static_cast<std::size_t>(codes.shape(1));
  const Classes classes(counts, labels, samples, -1);
  require(lines.ndim() == 3 && lines.shape(0) == codes.shape(0) &&
              static_cast<std::size_t>(lines.shape(1)) == classes.total() && lines.shape(2) == 2,
          "lines must have shape (dims, classes, 2)");
  require_finite(lines.data(), static_cast<std::size_t>(lines.size()), "lines must be finite");
  Reals accuracies({codes.shape(0), static_cast<py::ssize_t>(classes.factors())});
  const double* source = codes.data();
  const double* given = lines.data();
  double* target = accuracies.mutable_data();
  const py::gil_scoped_release release;
  parallel_for(dims, threads, [&](std::size_t dim) {
    for (std::size_t k = 0; k < classes.factors(); ++k) {
      std::vector<Line> own(classes.size(k));
      const double* in = given + 2 * (dim * classes.total() + classes.offset(k));
      for (std::size_t i = 0; i < own.size(); ++i) own[i] = {in[2 * i], in[2 * i + 1]};
      const Envelope highest(own);
      const std::int32_t* label = classes.labels(k);
      std::size_t right = 0;
      for (std::size_t row = 0; row < samples; ++row) {
        right += static_cast<std::int32_t>(highest(source[dim * samples + row])) == label[row];
      }
      target[dim * classes.factors() + k] =
          static_cast<double>(right) / static_cast<double>(samples);
    }
  });
  return accuracies;
}

// Share of test samples whose class a tree on each single code tells (dims, factors). Leaves hold
// at least a quarter of an average class.
Reals tree_accuracy(const Reals& codes, const Labels& labels, const Counts& counts,
                    const Reals& test_codes, const Labels& test_labels, std::size_t threads) {
  require(codes.ndim() == 2 && test_codes.ndim() == 2 && codes.shape(0) == test_codes.shape(0) &&
              codes.size() >= 1,
          "codes must have 2 dimensions, and samples");
  const auto dims = static_cast<std::size_t>(codes.shape(0));
  const auto samples = static_cast<std::size_t>(codes.shape(1));
  const auto tests = static_cast<std::size_t>(test_codes.shape(1));
  const Classes classes(counts, labels, samples, 0);
  const Classes test_classes(counts, test_labels, tests, -1);
  Reals accuracies({codes.shape(0), static_cast<py::ssize_t>(classes.factors())});
  const double* source = codes.data();
  const double* test = test_codes.data();
  double* target = accuracies.mutable_data();
  const py::gil_scoped_release release;
  parallel_for(dims, threads, [&](std::size_t dim) {
    const std::vector<Indexed> sorted = radix_sort(source + dim * samples, samples);
    for (std::size_t k = 0; k < classes.factors(); ++k) {
      const std::size_t least = std::max<std::size_t>(1, samples / (4 * classes.size(k)));
      const ScalarTree tree(sorted, classes.labels(k), classes.size(k), least);
      const std::int32_t* label = test_classes.labels(k);
      std::size_t right = 0;
      for (std::size_t row = 0; row < tests; ++row) {
        right += tree(test[dim * tests + row]) == label[row];
      }
      target[dim * classes.factors() + k] = static_cast<double>(right) / static_cast<double>(tests);
    }
  });
  return accuracies;
}

// codes (samples, dims) -> coefficients (classes, dims + 1), the intercept last.
Reals logistic(const Reals& codes, const Labels& labels, const Counts& counts,
               const Reals& class_weights, double penalty, double intercept_penalty,
               bool multinomial, double tolerance, int most_steps, std::size_t threads) {
  require(codes.ndim() == 2 && codes.size() >= 1, "codes must have 2 dimensions, and samples");
  const auto samples = static_cast<std::size_t>(codes.shape(0));
  const auto dims = static_cast<std::size_t>(codes.shape(1));
  const Classes classes(counts, labels, samples, 0);
  require(static_cast<std::size_t>(class_weights.size()) == classes.total(),
          "every class must have a weight");
  const auto kind = multinomial ? LogisticKind::kMultinomial : LogisticKind::kOneVsRest;
  Reals coefficients({static_cast<py::ssize_t>(classes.total()), codes.shape(1) + 1});
  const double* source = codes.data();
  const double* weights = class_weights.data();
  double* target = coefficients.mutable_data();
  const py::gil_scoped_release release;
  const Design design(source, samples, dims);
  const auto problem = [&](std::size_t factor) {
    return LogisticProblem{design,
                           classes.labels(factor),
                           weights + classes.offset(factor),
                           classes.size(factor),
                           {penalty, intercept_penalty},
                           tolerance,
                           most_steps};
  };
  // The factors with the most classes first, so that no long task is left for the end.
  std::vector<std::size_t> order(classes.factors());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return classes.size(a) > classes.size(b); });
  struct Task {
    std::size_t factor;
    LogisticTask part;
  };
  std::vector<Task> tasks;
  for (const std::size_t factor : order) {
    for (const LogisticTask& part : logistic_tasks(kind, classes.size(factor))) {
      tasks.push_back({factor, part});
    }
  }
  parallel_for(tasks.size(), threads, [&](std::size_t i) {
    const Task& task = tasks[i];
    fit_logistic(problem(task.factor), kind, task.part,
                 target + (classes.offset(task.factor) + task.part.first) * (dims + 1));
  });
  return coefficients;
}

// scores (samples, classes), labels (samples) -> area under the ROC curve of each class.
Reals areas_under_curves(const Reals& scores, const Labels& labels, std::size_t threads) {
  require(scores.ndim() == 2 && labels.ndim() == 1 && labels.shape(0) == scores.shape(0) &&
              scores.size() >= 1,
          "scores must have shape (samples, classes) and labels (samples,)");
  require(std::none_of(scores.data(), scores.data() + scores.size(),
                       [](double score) { return std::isnan(score); }),
          "scores must be numbers, got NaN");
  const auto samples = static_cast<std::size_t>(scores.shape(0));
  const auto classes = static_cast<std::size_t>(scores.shape(1));
  Reals areas(scores.shape(1));
  const double* source = scores.data();
  const std::int32_t* label = labels.data();
  double* target = areas.mutable_data();
  const py::gil_scoped_release release;
  parallel_for(classes, threads, [&](std::size_t column) {
    target[column] = area_under_curve(source, classes, column, label, samples);
  });
  return areas;
}

// gram (dims, dims), products (targets, dims) -> weights (targets, dims).
Reals lassos(const Reals& gram, const Reals& products, double penalty, double tolerance,
             int most_sweeps) {
  require(gram.ndim() == 2 && products.ndim() == 2 && gram.shape(0) == gram.shape(1) &&
              products.shape(1) == gram.shape(0) && gram.size() >= 1,
          "gram must have shape (dims, dims) and products (targets, dims)");
  const auto dims = static_cast<std::size_t>(gram.shape(0));
  const auto targets = static_cast<std::size_t>(products.shape(0));
  Reals weights({products.shape(0), products.shape(1)});
  const double* matrix = gram.data();
  const double* source = products.data();
  double* target = weights.mutable_data();
  const py::gil_scoped_release release;
  for (std::size_t i = 0; i < targets; ++i) {
    lasso(matrix, source + i * dims, dims, penalty, tolerance, most_sweeps, target + i * dims);
  }
  return weights;
}

}  // namespace

void bind_linear(py::module_& module) {
  module.def("scalar_svm", &scalar_svm);
  module.def("scalar_accuracy", &scalar_accuracy);
  module.def("tree_accuracy", &tree_accuracy);
  module.def("logistic", &logistic);
  module.def("areas_under_curves", &areas_under_curves);
  module.def("lassos", &lassos);
}

}  // namespace disentlib
