// Python doors of the histogram and information kernels.
#include "disentlib/information.hpp"

#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>
#include <tuple>
#include <utility>
#include <vector>

#include "bindings/arrays.hpp"
#include "bindings/checks.hpp"
#include "bindings/labels.hpp"
#include "disentlib/histogram.hpp"

namespace disentlib {
namespace {

constexpr std::size_t kMostBins = std::numeric_limits<std::uint16_t>::max();

template <typename T>
py::array_t<T> to_array(const std::vector<T>& values) {
  return py::array_t<T>(static_cast<py::ssize_t>(values.size()), values.data());
}

std::pair<py::array_t<double>, py::array_t<std::int64_t>> to_arrays(
    const std::vector<Marginal>& marginals) {
  std::vector<double> entropies;
  std::vector<std::int64_t> used;
  for (const auto& marginal : marginals) {
    entropies.push_back(marginal.entropy);
    used.push_back(marginal.used);
  }
  return {to_array(entropies), to_array(used)};
}

template <typename T>
py::tuple ranges(const StridedArray<T>& matrix) {
  const auto view = matrix_view(matrix, "matrix");
  require_samples(view);
  std::vector<T> low;
  std::vector<T> high;
  {
    py::gil_scoped_release release;
    for (const auto& range : column_ranges(view)) {
      low.push_back(range.low);
      high.push_back(range.high);
    }
  }
  return py::make_tuple(to_array(low), to_array(high));
}

template <typename T>
ColumnCuts<T> column_cuts(const ContiguousArray<T>& sorted, std::size_t bins) {
  require(sorted.ndim() == 1 && sorted.size() >= 1 &&
              sorted.size() <= std::numeric_limits<std::uint32_t>::max() && bins >= 1 &&
              bins <= kMostBins,
          "expected a column of samples, fewer than 2^32, and 1 to 65535 bins");
  const T* end = sorted.data() + sorted.size();
  require(std::isfinite(*sorted.data()) && std::isfinite(end[-1]) &&
              std::adjacent_find(sorted.data(), end, [](T a, T b) { return !(a <= b); }) == end,
          "samples must be finite and in ascending order");
  return ColumnCuts<T>(sorted.data(), static_cast<std::size_t>(sorted.size()));
}

template <typename T>
py::array_t<T> quantile_cuts(const ContiguousArray<T>& sorted, std::size_t bins) {
  auto cuts = column_cuts(sorted, bins);
  {
    py::gil_scoped_release release;
    cuts.at_quantiles(bins);
  }
  return to_array(cuts.values());
}

// The cuts, and the entropy of the bins before those in which samples are few are cut finer.
template <typename T>
py::tuple adaptive_cuts(const ContiguousArray<T>& sorted, std::size_t bins) {
  auto cuts = column_cuts(sorted, bins);
  double entropy = 0.0;
  {
    py::gil_scoped_release release;
    const bool few_values = cuts.between_values(bins);
    if (!few_values) cuts.at_quantiles(bins);
    const auto counts = cuts.counts();
    entropy = marginal(counts.data(), counts.size()).entropy;
    if (!few_values) {
      cuts.in_tails(bins);
      cuts.where_uneven_or_thin(bins);
    }
  }
  return py::make_tuple(to_array(cuts.values()), entropy);
}

// Views of codes and of their cuts (dims, most cuts of a code), padded with infinities.
template <typename T>
struct CutCodes {
  CutCodes(const StridedArray<T>& code_array, const StridedArray<T>& cut_array)
      : codes(matrix_view(code_array, "codes")), cuts(matrix_view(cut_array, "cuts")) {
    require_samples(codes);
    require(codes.columns() == cuts.rows(), "expected cuts for each code");
    require(cuts.columns() < kMostBins, "expected at most 65535 bins");
  }

  std::size_t bins() const { return cuts.columns() + 1; }

  MatrixView<T> codes;
  MatrixView<T> cuts;
};

template <typename T>
py::array_t<std::uint16_t> discretise(const StridedArray<T>& code_array,
                                      const StridedArray<T>& cut_array) {
  const CutCodes<T> given(code_array, cut_array);
  py::array_t<std::uint16_t> bins({code_array.shape(1), code_array.shape(0)});
  std::uint16_t* target = bins.mutable_data();
  py::gil_scoped_release release;
  const auto rules = binnings(given.cuts);
  for (std::size_t j = 0; j < given.codes.columns(); ++j) {
    rules[j].label(given.codes, j, 0, given.codes.rows(), target + j * given.codes.rows());
  }
  return bins;
}

template <typename T>
py::array_t<std::int64_t> histogram(const StridedArray<T>& code_array,
                                    const StridedArray<T>& cut_array) {
  const CutCodes<T> given(code_array, cut_array);
  py::array_t<std::int64_t> counts({code_array.shape(1), static_cast<py::ssize_t>(given.bins())});
  std::int64_t* target = counts.mutable_data();
  std::fill_n(target, counts.size(), 0);
  py::gil_scoped_release release;
  count_bins(given.codes, binnings(given.cuts), given.bins(), target);
  return counts;
}

// How often each label of a column occurs, column after column.
py::list counts_of_labels(const py::array& labels, const py::array& low,
                          const std::vector<std::size_t>& sizes) {
  const auto reader = label_reader(labels, low, sizes);
  std::vector<std::vector<std::uint32_t>> counts;
  {
    py::gil_scoped_release release;
    for (std::size_t j = 0; j < sizes.size(); ++j) counts.push_back(label_counts(*reader, j));
  }
  py::list arrays;
  for (const auto& column : counts) arrays.append(to_array(column));
  return arrays;
}

// Entropies in nats and how many cells of each histogram hold samples; on request, the information
// that chance alone would show, else 0.
struct JointInformation {
  py::array_t<double> joint_entropy;       // (dims, factors)
  py::array_t<double> code_entropy;        // (dims)
  py::array_t<double> factor_entropy;      // (factors)
  py::array_t<std::int64_t> joint_cells;   // (dims, factors)
  py::array_t<std::int64_t> code_cells;    // (dims)
  py::array_t<std::int64_t> factor_cells;  // (factors)
  py::array_t<double> chance_information;  // (dims, factors)
};

template <typename T>
JointInformation information(const StridedArray<T>& code_array, const StridedArray<T>& cut_array,
                             const py::array& factors, const py::array& low,
                             const std::vector<std::size_t>& sizes, bool chance) {
  const CutCodes<T> given(code_array, cut_array);
  const auto reader = label_reader(factors, low, sizes);
  require(reader->rows() == given.codes.rows(), "factors must have as many rows as codes");
  const std::size_t dims = given.codes.columns();
  require_at_most(kMostEntries,
                  {dims, given.bins(), std::accumulate(sizes.begin(), sizes.end(), std::size_t{0})},
                  "joint histograms must have at most 2^31 cells");
  const std::vector<py::ssize_t> shape = {code_array.shape(1), factors.shape(1)};
  JointInformation result;
  result.joint_entropy = py::array_t<double>(shape);
  result.joint_cells = py::array_t<std::int64_t>(shape);
  result.chance_information = py::array_t<double>(shape);
  double* joint_entropy = result.joint_entropy.mutable_data();
  std::int64_t* joint_cells = result.joint_cells.mutable_data();
  double* chance_information = result.chance_information.mutable_data();
  std::vector<Marginal> of_codes;
  std::vector<Marginal> of_factors;
  {
    py::gil_scoped_release release;
    const JointHistogram<T> counts(given.codes, binnings(given.cuts), given.bins(), *reader);
    ExpectedInformation by_chance(given.codes.rows());
    std::vector<Multiplicities> sizes_of_factors;
    for (std::size_t i = 0; i < sizes.size(); ++i) {
      of_factors.push_back(counts.factor(i));
      sizes_of_factors.push_back(counts.factor_multiplicities(i));
    }
    for (std::size_t j = 0; j < dims; ++j) {
      of_codes.push_back(counts.code(j));
      const Multiplicities sizes_of_code = counts.code_multiplicities(j);
      for (std::size_t i = 0; i < sizes.size(); ++i) {
        const Marginal pair = counts.pair(j, i);
        *joint_entropy++ = pair.entropy;
        *joint_cells++ = pair.used;
        *chance_information++ = chance ? by_chance(sizes_of_code, sizes_of_factors[i]) : 0.0;
      }
    }
  }
  std::tie(result.code_entropy, result.code_cells) = to_arrays(of_codes);
  std::tie(result.factor_entropy, result.factor_cells) = to_arrays(of_factors);
  return result;
}

template <typename... Ts>
void bind_ranges(py::module_& module) {
  (module.def("column_ranges", &ranges<Ts>, py::arg().noconvert()), ...);
}

template <typename T>
void bind_codes(py::module_& module) {
  module.def("quantile_cuts", &quantile_cuts<T>, py::arg().noconvert(), py::arg());
  module.def("adaptive_cuts", &adaptive_cuts<T>, py::arg().noconvert(), py::arg());
  module.def("discretise", &discretise<T>, py::arg().noconvert(), py::arg().noconvert());
  module.def("histogram", &histogram<T>, py::arg().noconvert(), py::arg().noconvert());
  module.def("information", &information<T>, py::arg().noconvert(), py::arg().noconvert(),
             py::arg(), py::arg(), py::arg(), py::arg());
}

}  // namespace

void bind_information(py::module_& module) {
  module.doc() = "C++ kernels of disentlib";
  bind_ranges<float, double, std::int8_t, std::uint8_t, std::int16_t, std::uint16_t, std::int32_t,
              std::uint32_t, std::int64_t, std::uint64_t>(module);
  py::class_<JointInformation>(module, "JointInformation")
      .def_readonly("joint_entropy", &JointInformation::joint_entropy)
      .def_readonly("code_entropy", &JointInformation::code_entropy)
      .def_readonly("factor_entropy", &JointInformation::factor_entropy)
      .def_readonly("joint_cells", &JointInformation::joint_cells)
      .def_readonly("code_cells", &JointInformation::code_cells)
      .def_readonly("factor_cells", &JointInformation::factor_cells)
      .def_readonly("chance_information", &JointInformation::chance_information);
  bind_codes<float>(module);
  bind_codes<double>(module);
  module.def("label_counts", &counts_of_labels);
}

}  // namespace disentlib
