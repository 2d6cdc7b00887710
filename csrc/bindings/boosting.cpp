// Python doors of gradient boosting.
#include "disentlib/boosting.hpp"

#include <pybind11/pybind11.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "bindings/arrays.hpp"
#include "bindings/checks.hpp"

namespace disentlib {
namespace {

using Integers = ContiguousArray<std::int32_t>;
using Reals = ContiguousArray<double>;

BoostingOptions options(std::size_t stages, double learning_rate, std::size_t depth,
                        std::size_t threads, std::size_t outputs) {
  require(depth >= 1 && depth <= 8, "depth must be 1 to 8");
  require(learning_rate > 0 && std::isfinite(learning_rate), "learning_rate must be above 0");
  require_at_most(kMostEntries, {stages, outputs, std::size_t{1} << depth},
                  "stages must be fewer: the trees would have over 2^31 leaves");
  return {stages, learning_rate, depth, threads};
}

template <typename T>
MatrixView<T> inputs(const StridedArray<T>& codes) {
  const MatrixView<T> matrix = matrix_view(codes, "codes");
  require_samples(matrix);
  require(matrix.rows() <= std::numeric_limits<std::int32_t>::max(),
          "expected fewer than 2^31 samples");
  require_finite(matrix, "codes must be finite");
  return matrix;
}

template <typename T>
py::array_t<T> as_array(const std::vector<T>& values, std::vector<std::size_t> shape) {
  return py::array_t<T>(std::move(shape), values.data());
}

// What a fit returns: shares of the importance, trees, and the answer for each training sample.
struct FittedTrees {
  FittedTrees(const BoostedTrees& model, py::array fitted)
      : importances(as_array(model.importances, {model.importances.size()})),
        columns(as_array(model.trees.columns, {model.trees.trees, model.trees.nodes})),
        thresholds(as_array(model.trees.thresholds, {model.trees.trees, model.trees.nodes})),
        leaves(as_array(model.trees.leaves, {model.trees.trees, model.trees.nodes + 1})),
        fitted(std::move(fitted)) {}

  py::array_t<double> importances;
  py::array_t<std::int32_t> columns;
  py::array_t<double> thresholds;
  py::array_t<double> leaves;
  py::array fitted;
};

template <typename T>
FittedTrees fit_classes(const StridedArray<T>& codes, const Integers& labels, std::int32_t classes,
                        std::size_t stages, double learning_rate, std::size_t depth,
                        std::size_t threads) {
  const MatrixView<T> matrix = inputs(codes);
  require(labels.ndim() == 1 && labels.shape(0) == codes.shape(0),
          "labels must have one entry for each row of codes");
  require(classes >= 2, "classes must be at least 2");
  const auto outputs = static_cast<std::size_t>(classes);
  require_values(outputs, matrix.rows());
  const BoostingOptions chosen = options(stages, learning_rate, depth, threads, outputs);
  const std::int32_t* label = labels.data();
  Integers fitted(labels.shape(0));
  std::int32_t* output = fitted.mutable_data();
  BoostedTrees model{TreeTable(0, depth), {}};
  {
    py::gil_scoped_release release;
    require(std::all_of(label, label + matrix.rows(),
                        [&](std::int32_t k) { return k >= 0 && k < classes; }),
            "labels must lie in 0 .. classes - 1");
    model = boost_classes(SortedColumns(matrix), label, outputs, chosen, output);
  }
  return {model, fitted};
}

template <typename T>
FittedTrees fit_values(const StridedArray<T>& codes, const Reals& targets, std::size_t stages,
                       double learning_rate, std::size_t depth) {
  const MatrixView<T> matrix = inputs(codes);
  require(targets.ndim() == 1 && targets.shape(0) == codes.shape(0),
          "targets must have one entry for each row of codes");
  const BoostingOptions chosen = options(stages, learning_rate, depth, 1, 1);
  const double* target = targets.data();
  require_finite(target, matrix.rows(), "targets must be finite");
  Reals fitted(targets.shape(0));
  double* output = fitted.mutable_data();
  BoostedTrees model{TreeTable(0, depth), {}};
  {
    py::gil_scoped_release release;
    model = boost_values(SortedColumns(matrix), target, chosen, output);
  }
  return {model, fitted};
}

template <typename T>
Reals predict(const StridedArray<T>& codes, const Reals& baseline, const Integers& columns,
              const Reals& thresholds, const Reals& leaves, std::size_t threads) {
  const MatrixView<T> matrix = matrix_view(codes, "codes");
  require_samples(matrix);
  require(columns.ndim() == 2 && thresholds.ndim() == 2 && leaves.ndim() == 2 &&
              baseline.ndim() == 1 && baseline.shape(0) >= 1 &&
              thresholds.shape(0) == columns.shape(0) && thresholds.shape(1) == columns.shape(1) &&
              leaves.shape(0) == columns.shape(0) && leaves.shape(1) == columns.shape(1) + 1,
          "columns, thresholds and leaves must describe the same trees");
  const auto outputs = static_cast<std::size_t>(baseline.shape(0));
  require(std::all_of(columns.data(), columns.data() + columns.size(),
                      [&](std::int32_t c) {
                        return c >= 0 && static_cast<std::size_t>(c) < matrix.columns();
                      }),
          "columns must be columns of codes");
  const TreeView table{columns.data(),
                       thresholds.data(),
                       leaves.data(),
                       static_cast<std::size_t>(columns.shape(0)),
                       static_cast<std::size_t>(columns.shape(1)),
                       outputs};
  Reals scores({codes.shape(0), baseline.shape(0)});
  double* score = scores.mutable_data();
  const double* start = baseline.data();
  py::gil_scoped_release release;
  for (std::size_t row = 0; row < matrix.rows(); ++row) {
    std::copy(start, start + outputs, score + row * outputs);
  }
  add_trees(table, matrix, threads, score);
  return scores;
}

template <typename T>
void bind_for(py::module_& module) {
  module.def("boost_classes", &fit_classes<T>, py::arg("codes").noconvert(),
             py::arg("labels").noconvert(), py::arg("classes"), py::arg("stages"),
             py::arg("learning_rate"), py::arg("depth"), py::arg("threads"));
  module.def("boost_values", &fit_values<T>, py::arg("codes").noconvert(),
             py::arg("targets").noconvert(), py::arg("stages"), py::arg("learning_rate"),
             py::arg("depth"));
  module.def("boosted_scores", &predict<T>, py::arg("codes").noconvert(),
             py::arg("baseline").noconvert(), py::arg("columns").noconvert(),
             py::arg("thresholds").noconvert(), py::arg("leaves").noconvert(), py::arg("threads"));
}

}  // namespace

void bind_boosting(py::module_& module) {
  py::class_<FittedTrees>(module, "FittedTrees")
      .def_readonly("importances", &FittedTrees::importances)
      .def_readonly("columns", &FittedTrees::columns)
      .def_readonly("thresholds", &FittedTrees::thresholds)
      .def_readonly("leaves", &FittedTrees::leaves)
      .def_readonly("fitted", &FittedTrees::fitted);
  bind_for<float>(module);
  bind_for<double>(module);
}

}  // namespace disentlib
