"""NumPy front doors of the C++ kernels: validate here, loop there."""

import importlib
from typing import Any

from disentlib.ops.boosting import GradientBoosting as GradientBoosting
from disentlib.ops.boosting import gradient_boosting as gradient_boosting
from disentlib.ops.information import Information as Information
from disentlib.ops.information import discretise as discretise
from disentlib.ops.information import entropy as entropy
from disentlib.ops.information import histogram as histogram
from disentlib.ops.information import information as information
from disentlib.ops.information import label_counts as label_counts
from disentlib.ops.information import mutual_information as mutual_information
from disentlib.ops.linear import areas_under_curves as areas_under_curves
from disentlib.ops.linear import lassos as lassos
from disentlib.ops.linear import logistic_regressions as logistic_regressions
from disentlib.ops.linear import scalar_svm as scalar_svm
from disentlib.ops.linear import tree_accuracy as tree_accuracy
from disentlib.ops.mixture import log_mixture_density as log_mixture_density
from disentlib.ops.neighbours import neighbour_information as neighbour_information
from disentlib.ops.scaling import Standardisation as Standardisation
from disentlib.ops.scaling import exponents as exponents
from disentlib.ops.scaling import near_one as near_one
from disentlib.ops.validate import check_codes as check_codes
from disentlib.ops.validate import check_factors as check_factors
from disentlib.ops.validate import check_labels as check_labels
from disentlib.ops.validate import check_mixed_factors as check_mixed_factors
from disentlib.ops.validate import column_ranges as column_ranges
from disentlib.ops.votes import draw_batches as draw_batches
from disentlib.ops.votes import group_deviations as group_deviations
from disentlib.ops.votes import mean_differences as mean_differences
from disentlib.ops.votes import support_distances as support_distances
from disentlib.ops.votes import variance_votes as variance_votes


def __getattr__(name: str) -> Any:
    if name == "graph":  # imports TensorFlow, which arrays do not need
        return importlib.import_module("disentlib.ops.graph")
    raise AttributeError(f"module 'disentlib.ops' has no attribute {name!r}")
