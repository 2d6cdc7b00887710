"""NumPy front doors of the C++ kernels: validate here, loop there."""

from disentlib.ops.linear import areas_under_curves as areas_under_curves
from disentlib.ops.linear import lassos as lassos
from disentlib.ops.linear import logistic_regressions as logistic_regressions
from disentlib.ops.linear import scalar_svm as scalar_svm
from disentlib.ops.validate import check_codes as check_codes
from disentlib.ops.validate import check_factors as check_factors
from disentlib.ops.validate import check_labels as check_labels
