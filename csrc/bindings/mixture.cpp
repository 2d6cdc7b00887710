// Python doors of mixtures of Gaussians.
#include "disentlib/mixture.hpp"

#include <pybind11/pybind11.h>

#include <algorithm>

#include "bindings/arrays.hpp"
#include "bindings/checks.hpp"
#include "disentlib/parallel.hpp"

namespace disentlib {
namespace {

using Reals = ContiguousArray<double>;

// samples (dims, count), means and logvars (dims, components) -> (count,)
Reals densities_of(const Reals& samples, const Reals& means, const Reals& logvars,
                   std::size_t threads) {
  require(samples.ndim() == 2 && means.ndim() == 2 && logvars.ndim() == 2 && means.size() >= 1 &&
              means.shape(0) == samples.shape(0) && logvars.shape(0) == means.shape(0) &&
              logvars.shape(1) == means.shape(1),
          "samples, means and logvars must be of the same dims");
  constexpr std::size_t kPerTask = 256;
  const MixtureView mixture{means.data(), logvars.data(), static_cast<std::size_t>(means.shape(0)),
                            static_cast<std::size_t>(means.shape(1))};
  const double* source = samples.data();
  const auto count = static_cast<std::size_t>(samples.shape(1));
  Reals densities(samples.shape(1));
  double* target = densities.mutable_data();
  const py::gil_scoped_release release;
  parallel_for((count + kPerTask - 1) / kPerTask, threads, [&](std::size_t task) {
    const std::size_t first = task * kPerTask;
    log_mixture_density(mixture, source, count, first, std::min(first + kPerTask, count), target);
  });
  return densities;
}

}  // namespace

void bind_mixture(py::module_& module) { module.def("log_mixture_density", &densities_of); }

}  // namespace disentlib
