// Python doors of the histogram and information kernels.
#include <pybind11/pybind11.h>

#include "bindings/arrays.hpp"

namespace disentlib {

void bind_information(py::module_& module) { module.doc() = "C++ kernels of disentlib"; }

}  // namespace disentlib
