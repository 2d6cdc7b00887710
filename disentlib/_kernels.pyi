"""Types of the compiled kernels. Their documentation is at the front doors in `disentlib.ops`."""

from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

_Number = TypeVar("_Number", bound=np.generic)
_Float = TypeVar("_Float", np.float32, np.float64)

class JointInformation:
    joint_entropy: NDArray[np.float64]
    code_entropy: NDArray[np.float64]
    factor_entropy: NDArray[np.float64]
    joint_cells: NDArray[np.int64]
    code_cells: NDArray[np.int64]
    factor_cells: NDArray[np.int64]
    chance_information: NDArray[np.float64]

class FittedTrees:
    importances: NDArray[np.float64]
    columns: NDArray[np.int32]
    thresholds: NDArray[np.float64]
    leaves: NDArray[np.float64]
    fitted: NDArray[Any]

def dsprites(factors: NDArray[np.int64], /) -> NDArray[np.uint8]: ...
def dsprites_bits(factors: NDArray[np.int64], /) -> NDArray[np.uint8]: ...
def shapes3d(factors: NDArray[np.int64], /) -> NDArray[np.uint8]: ...
def expand_bits(bits: NDArray[np.uint8], /) -> NDArray[np.uint8]: ...
def scalar_svm(
    codes: NDArray[np.float64],
    labels: NDArray[np.int32],
    counts: NDArray[np.int64],
    cost: float,
    balanced: bool,
    threads: int,
    /,
) -> NDArray[np.float64]: ...
def scalar_accuracy(
    lines: NDArray[np.float64],
    codes: NDArray[np.float64],
    labels: NDArray[np.int32],
    counts: NDArray[np.int64],
    threads: int,
    /,
) -> NDArray[np.float64]: ...
def tree_accuracy(
    codes: NDArray[np.float64],
    labels: NDArray[np.int32],
    counts: NDArray[np.int64],
    test_codes: NDArray[np.float64],
    test_labels: NDArray[np.int32],
    threads: int,
    /,
) -> NDArray[np.float64]: ...
def logistic(
    codes: NDArray[np.float64],
    labels: NDArray[np.int32],
    counts: NDArray[np.int64],
    class_weights: NDArray[np.float64],
    penalty: float,
    intercept_penalty: float,
    multinomial: bool,
    tolerance: float,
    most_steps: int,
    threads: int,
    /,
) -> NDArray[np.float64]: ...
def areas_under_curves(
    scores: NDArray[np.float64], labels: NDArray[np.int32], threads: int, /
) -> NDArray[np.float64]: ...
def lassos(
    gram: NDArray[np.float64],
    products: NDArray[np.float64],
    penalty: float,
    tolerance: float,
    most_sweeps: int,
    /,
) -> NDArray[np.float64]: ...
def draw(
    key: NDArray[np.uint32],
    position: int,
    sizes: NDArray[np.int64],
    count: int,
    batch: int,
    common: int,
    /,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.uint32], int]: ...
def variance_votes(
    codes: NDArray[Any],
    rows: NDArray[np.int64],
    active: NDArray[np.int64],
    scale: NDArray[np.float64],
    largest: bool,
    threads: int,
    /,
) -> NDArray[np.int64]: ...
def mean_differences(
    codes: NDArray[Any], rows: NDArray[np.int64], threads: int, /
) -> NDArray[np.float64]: ...
def group_deviations(
    codes: NDArray[Any],
    factors: NDArray[Any],
    low: NDArray[Any],
    sizes: Sequence[int],
    cuts: NDArray[np.float64],
    quantile: float,
    everyone: bool,
    threads: int,
    /,
) -> NDArray[np.float64]: ...
def support_distances(
    codes: NDArray[np.float64], batch: int, threads: int, /
) -> NDArray[np.float64]: ...
def compose(
    masks: NDArray[np.uint8], inside: NDArray[np.float32], outside: NDArray[np.float32], /
) -> NDArray[np.float32]: ...
def invert(
    masks: NDArray[np.uint8],
    background: NDArray[np.float32],
    corners: NDArray[np.int64],
    colours: NDArray[np.float32],
    /,
) -> NDArray[np.float32]: ...
def column_ranges(matrix: NDArray[_Number], /) -> tuple[NDArray[_Number], NDArray[_Number]]: ...
def quantile_cuts(ascending: NDArray[_Float], bins: int, /) -> NDArray[_Float]: ...
def adaptive_cuts(ascending: NDArray[_Float], bins: int, /) -> tuple[NDArray[_Float], float]: ...
def discretise(codes: NDArray[_Float], cuts: NDArray[_Float], /) -> NDArray[np.uint16]: ...
def histogram(codes: NDArray[_Float], cuts: NDArray[_Float], /) -> NDArray[np.int64]: ...
def label_counts(
    labels: NDArray[Any], low: NDArray[Any], sizes: Sequence[int], /
) -> list[NDArray[np.uint32]]: ...
def information(
    codes: NDArray[_Float],
    cuts: NDArray[_Float],
    factors: NDArray[Any],
    low: NDArray[Any],
    sizes: Sequence[int],
    chance: bool,
    /,
) -> JointInformation: ...
def boost_classes(
    codes: NDArray[np.floating],
    labels: NDArray[np.int32],
    classes: int,
    stages: int,
    learning_rate: float,
    depth: int,
    threads: int,
) -> FittedTrees: ...
def boost_values(
    codes: NDArray[np.floating],
    targets: NDArray[np.float64],
    stages: int,
    learning_rate: float,
    depth: int,
) -> FittedTrees: ...
def boosted_scores(
    codes: NDArray[np.floating],
    baseline: NDArray[np.float64],
    columns: NDArray[np.int32],
    thresholds: NDArray[np.float64],
    leaves: NDArray[np.float64],
    threads: int,
) -> NDArray[np.float64]: ...
def log_mixture_density(
    samples: NDArray[np.float64],
    means: NDArray[np.float64],
    logvars: NDArray[np.float64],
    threads: int,
    /,
) -> NDArray[np.float64]: ...
