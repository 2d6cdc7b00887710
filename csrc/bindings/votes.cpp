// Python doors of the scores that intervene on factors, and of the support distance.
#include "disentlib/votes.hpp"

#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "bindings/arrays.hpp"
#include "bindings/checks.hpp"
#include "bindings/labels.hpp"
#include "disentlib/deviations.hpp"
#include "disentlib/histogram.hpp"
#include "disentlib/legacy_random.hpp"
#include "disentlib/parallel.hpp"
#include "disentlib/support.hpp"

namespace disentlib {
namespace {

using Integers = ContiguousArray<std::int64_t>;
using Words = ContiguousArray<std::uint32_t>;
using Reals = ContiguousArray<double>;

constexpr std::size_t kBatchesPerTask = 256;

void require_rows(const Integers& rows, py::ssize_t size) {
  const std::int64_t* first = rows.data();
  const auto range = std::minmax_element(first, first + rows.size());
  require(rows.size() == 0 || (*range.first >= 0 && *range.second < size),
          "rows must be rows of the table");
}

// -> (rows, factor in common, key and position of the stream afterwards)
py::tuple draw(const Words& key, std::size_t position, const Integers& sizes, py::ssize_t count,
               py::ssize_t batch, int kind) {
  require(key.size() == static_cast<py::ssize_t>(MersenneTwister::kSize) &&
              position <= MersenneTwister::kSize,
          "the stream must be a Mersenne Twister's");
  require(
      count >= 0 && batch >= 1 && sizes.ndim() == 1 && sizes.size() >= 1 && kind >= 0 && kind <= 2,
      "there must be factors and batches to draw");
  require_at_most(kMostEntries,
                  {2, static_cast<std::size_t>(count), static_cast<std::size_t>(batch)},
                  "batches must be fewer: over 2^31 draws at once");
  std::vector<std::uint32_t> values;
  std::vector<std::size_t> grid;
  for (py::ssize_t k = 0; k < sizes.size(); ++k) {
    require(sizes.data()[k] >= 1 && sizes.data()[k] <= 0xffffffffLL,
            "factor sizes must be positive 32-bit integers");
    values.push_back(static_cast<std::uint32_t>(sizes.data()[k]));
    grid.push_back(values.back());
  }
  require_at_most(std::numeric_limits<std::int64_t>::max(), grid,
                  "the grid must have fewer than 2^63 points");
  const auto batches = static_cast<Batches>(kind);
  Words state(key.size());
  std::copy_n(key.data(), key.size(), state.mutable_data());
  Integers rows(std::vector<py::ssize_t>{batches == Batches::kPairs ? 2 * count : count, batch});
  Integers common(batches == Batches::kFree ? 0 : count);
  std::int64_t* row = rows.mutable_data();
  std::int64_t* factor = common.mutable_data();
  MersenneTwister random(state.mutable_data(), position);
  {
    const py::gil_scoped_release release;
    draw_batches(random, values, static_cast<std::size_t>(count), static_cast<std::size_t>(batch),
                 batches, row, factor);
  }
  return py::make_tuple(rows, common, state, random.position());
}

// table (any, dims), rows (votes, batch) -> for each vote a position in `active`
template <typename T>
Integers variance_votes(const ContiguousArray<T>& table, const Integers& rows,
                        const Integers& active, const Reals& scale, bool largest,
                        std::size_t threads) {
  require(table.ndim() == 2 && table.shape(1) >= 1 && rows.ndim() == 2 && rows.shape(1) >= 2 &&
              scale.size() == table.shape(1) && active.size() >= 1,
          "rows must have shape (votes, batch) and scale one entry a code");
  require_rows(rows, table.shape(0));
  std::vector<std::size_t> dims;
  for (py::ssize_t a = 0; a < active.size(); ++a) {
    require(active.data()[a] >= 0 && active.data()[a] < table.shape(1),
            "active codes must be codes of the table");
    dims.push_back(static_cast<std::size_t>(active.data()[a]));
  }
  const auto votes = static_cast<std::size_t>(rows.shape(0));
  const auto batch = static_cast<std::size_t>(rows.shape(1));
  const Gather<T> codes(table.data(), static_cast<std::size_t>(table.shape(1)));
  Integers winners(rows.shape(0));
  const std::int64_t* row = rows.data();
  const double* scales = scale.data();
  std::int64_t* winner = winners.mutable_data();
  const py::gil_scoped_release release;
  const std::size_t tasks = (votes + kBatchesPerTask - 1) / kBatchesPerTask;
  parallel_for(tasks, threads, [&](std::size_t task) {
    std::vector<double> buffer;
    const std::size_t stop = std::min((task + 1) * kBatchesPerTask, votes);
    for (std::size_t vote = task * kBatchesPerTask; vote < stop; ++vote) {
      winner[vote] = static_cast<std::int64_t>(variance_vote(
          codes, row + vote * batch, batch, (stop - vote) * batch, dims, scales, largest, buffer));
    }
  });
  return winners;
}

// table (any, dims), rows (2 * samples, batch), a sample's two batches together -> (samples, dims)
template <typename T>
Reals mean_differences(const ContiguousArray<T>& table, const Integers& rows, std::size_t threads) {
  require(table.ndim() == 2 && table.shape(1) >= 1 && rows.ndim() == 2 && rows.shape(1) >= 1 &&
              rows.shape(0) % 2 == 0,
          "rows must have shape (2 * samples, batch)");
  require_rows(rows, table.shape(0));
  const auto samples = static_cast<std::size_t>(rows.shape(0)) / 2;
  const auto batch = static_cast<std::size_t>(rows.shape(1));
  const auto dims = static_cast<std::size_t>(table.shape(1));
  const Gather<T> codes(table.data(), dims);
  Reals features({rows.shape(0) / 2, table.shape(1)});
  const std::int64_t* row = rows.data();
  double* target = features.mutable_data();
  const py::gil_scoped_release release;
  const std::size_t tasks = (samples + kBatchesPerTask - 1) / kBatchesPerTask;
  parallel_for(tasks, threads, [&](std::size_t task) {
    const std::size_t stop = std::min((task + 1) * kBatchesPerTask, samples);
    for (std::size_t i = task * kBatchesPerTask; i < stop; ++i) {
      mean_difference(codes, row + 2 * i * batch, batch, 2 * (stop - i) * batch, target + i * dims);
    }
  });
  return features;
}

// A factor's groups: its values, or bins of them where there are cuts. Returns how many.
std::size_t read_groups(const LabelReader& labels, std::size_t factor,
                        const MatrixView<double>& cuts, std::vector<std::uint32_t>& groups) {
  const std::size_t size = labels.sizes()[factor];
  labels.read(factor, 0, labels.rows(), groups.data());
  if (cuts.columns() == 0) return size;
  std::vector<double> values(size);
  for (std::size_t v = 0; v < size; ++v) values[v] = labels.value(factor, v);
  std::vector<std::uint16_t> bins(size);
  const MatrixView<double> column(values.data(), size, 1, sizeof(double), sizeof(double));
  Binning<double>(cuts.row(factor), cuts.columns()).label(column, 0, 0, size, bins.data());
  for (std::uint32_t& group : groups) group = bins[group];
  return cuts.columns() + 1;
}

// Writes the deviations of factors [from, to), of which the one after the last is the group of all
// samples, as columns of `target`.
template <typename T, std::size_t kBlocks>
void measure_factors(const MatrixView<T>& codes, const LabelReader& labels,
                     const MatrixView<double>& cuts, double q, std::size_t from, std::size_t to,
                     double* target, std::size_t stride) {
  std::vector<GroupDeviations<kBlocks>> factors;
  factors.reserve(to - from);
  for (std::size_t k = from; k < to; ++k) {
    std::vector<std::uint32_t> groups(codes.rows());
    const std::size_t count = k < labels.sizes().size() ? read_groups(labels, k, cuts, groups) : 1;
    factors.emplace_back(std::move(groups), count, q);
  }
  DeviationPasses<T, kBlocks>::run(factors, codes);
  for (std::size_t k = from; k < to; ++k) {
    factors[k - from].mean_quantiles(codes, target + k, stride);
  }
}

// codes (samples, dims), factors (samples, factors), cuts (factors, any) -> (dims, factors), and if
// asked for as one factor more the group of all samples
template <typename T>
Reals group_deviations(const StridedArray<T>& codes, const py::array& factors, const py::array& low,
                       const std::vector<std::size_t>& sizes, const Reals& cuts, double q,
                       bool everyone, std::size_t threads) {
  const auto view = matrix_view(codes, "codes");
  const auto labels = label_reader(factors, low, sizes);
  require_samples(view);
  require(labels->rows() == view.rows() && q >= 0 && q <= 1,
          "factors must have as many rows as codes, and q lie in [0, 1]");
  const auto edges = matrix_view(py::cast<StridedArray<double>>(cuts), "cuts");
  require(edges.rows() == sizes.size() && edges.columns() < 65535, "expected cuts for each factor");
  const std::size_t count = sizes.size() + everyone;
  Reals deviations({view.columns(), count});
  double* result = deviations.mutable_data();
  const py::gil_scoped_release release;
  const std::size_t tasks = std::clamp<std::size_t>(threads, 1, count);
  parallel_for(tasks, threads, [&](std::size_t task) {
    const std::size_t from = task * count / tasks;
    const std::size_t to = (task + 1) * count / tasks;
    for (std::size_t j = 0; j < view.columns(); j += 12) {
      const auto part = view.columns(j, std::min(j + 12, view.columns()));
      const auto measure = part.columns() > 8   ? &measure_factors<T, 3>
                           : part.columns() > 4 ? &measure_factors<T, 2>
                                                : &measure_factors<T, 1>;
      measure(part, *labels, edges, q, from, to, result + j * count, count);
    }
  });
  return deviations;
}

// codes (samples, dims) cut into batches of rows -> (batches, dims (dims - 1) / 2), in the order
// (0, 1), (0, 2), ... (1, 2), ...
Reals support_distances(const Reals& codes, py::ssize_t batch, std::size_t threads) {
  require(codes.ndim() == 2 && codes.size() >= 1 && batch >= 1,
          "codes must have 2 dimensions and batches rows");
  require_finite(codes.data(), static_cast<std::size_t>(codes.size()), "codes must be finite");
  const py::ssize_t samples = codes.shape(0);
  const py::ssize_t dims = codes.shape(1);
  batch = std::min(batch, samples);
  const py::ssize_t batches = (samples + batch - 1) / batch;
  const py::ssize_t pairs = dims * (dims - 1) / 2;
  Reals distances({batches, pairs});
  const double* source = codes.data();
  double* target = distances.mutable_data();
  const py::gil_scoped_release release;
  parallel_for(static_cast<std::size_t>(batches), threads, [&](std::size_t task) {
    const py::ssize_t start = static_cast<py::ssize_t>(task) * batch;
    const py::ssize_t stop = std::min(start + batch, samples);
    std::vector<std::vector<double>> columns(static_cast<std::size_t>(dims));
    for (py::ssize_t j = 0; j < dims; ++j) {
      std::vector<double>& column = columns[static_cast<std::size_t>(j)];
      for (py::ssize_t row = start; row < stop; ++row) column.push_back(source[row * dims + j]);
    }
    double* out = target + static_cast<py::ssize_t>(task) * pairs;
    for (std::size_t a = 0; a < columns.size(); ++a) {
      for (std::size_t b = a + 1; b < columns.size(); ++b) {
        *out++ = support_distance(columns[a], columns[b]);
      }
    }
  });
  return distances;
}

}  // namespace

void bind_votes(py::module_& module) {
  module.def("draw", &draw);
  module.def("variance_votes", &variance_votes<float>);
  module.def("variance_votes", &variance_votes<double>);
  module.def("mean_differences", &mean_differences<float>);
  module.def("mean_differences", &mean_differences<double>);
  module.def("group_deviations", &group_deviations<float>, py::arg().noconvert(), py::arg(),
             py::arg(), py::arg(), py::arg(), py::arg(), py::arg(), py::arg());
  module.def("group_deviations", &group_deviations<double>, py::arg().noconvert(), py::arg(),
             py::arg(), py::arg(), py::arg(), py::arg(), py::arg(), py::arg());
  module.def("support_distances", &support_distances);
}

}  // namespace disentlib
