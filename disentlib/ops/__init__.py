"""NumPy front doors of the C++ kernels: validate here, loop there."""

from disentlib.ops.validate import check_codes as check_codes
from disentlib.ops.validate import check_factors as check_factors
from disentlib.ops.validate import check_labels as check_labels
