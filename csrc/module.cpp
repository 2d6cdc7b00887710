// The compiled half of disentlib. This file names the topics, nothing else:
// each has one file in bindings/ (Python <-> arrays) over pure headers in include/disentlib/.
#include <pybind11/pybind11.h>

namespace disentlib {
void bind_boosting(pybind11::module_& module);
void bind_drawing(pybind11::module_& module);
void bind_information(pybind11::module_& module);
void bind_linear(pybind11::module_& module);
void bind_mixture(pybind11::module_& module);
void bind_votes(pybind11::module_& module);
}  // namespace disentlib

PYBIND11_MODULE(_kernels, module, pybind11::mod_gil_not_used()) {
  disentlib::bind_boosting(module);
  disentlib::bind_drawing(module);
  disentlib::bind_information(module);
  disentlib::bind_linear(module);
  disentlib::bind_mixture(module);
  disentlib::bind_votes(module);
}
