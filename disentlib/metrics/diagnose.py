"""What could fool the scores of a representation, in words.

A new check joins by its file in `metrics/diagnosis` and one line in `CHECKS`.
"""

from collections.abc import Callable, Iterable, Sequence

from numpy.typing import ArrayLike

from disentlib.data.randomness import RNG
from disentlib.metrics.diagnosis.constant_factor import constant_factor
from disentlib.metrics.diagnosis.correlated_factors import correlated_factors
from disentlib.metrics.diagnosis.dead_codes import dead_codes
from disentlib.metrics.diagnosis.duplicate_codes import duplicate_codes
from disentlib.metrics.diagnosis.examined import Examined
from disentlib.metrics.diagnosis.few_samples import few_samples
from disentlib.metrics.diagnosis.finding import Diagnosis, Finding
from disentlib.metrics.diagnosis.many_codes import many_codes
from disentlib.metrics.diagnosis.missing_combinations import missing_combinations
from disentlib.metrics.diagnosis.one_hot_factors import one_hot_factors
from disentlib.metrics.diagnosis.outliers import outliers
from disentlib.metrics.diagnosis.plug_in_bias import plug_in_bias
from disentlib.metrics.diagnosis.unbalanced_factors import unbalanced_factors
from disentlib.metrics.diagnosis.unrelated_codes import unrelated_codes
from disentlib.metrics.information.estimates import Continuous
from disentlib.metrics.labelled_codes import LabelledCodes, labelled

# The most serious first.
CHECKS: tuple[Callable[[Examined], Iterable[Finding]], ...] = (
    outliers,
    many_codes,
    duplicate_codes,
    one_hot_factors,
    correlated_factors,
    missing_combinations,
    unbalanced_factors,
    few_samples,
    constant_factor,
    plug_in_bias,
    dead_codes,
    unrelated_codes,
)


def diagnose(
    codes: ArrayLike | LabelledCodes,
    factors: ArrayLike | None = None,
    *,
    continuous: Continuous = False,
    code_names: Sequence[str] | None = None,
    factor_names: Sequence[str] | None = None,
    rng: RNG = 0,
) -> Diagnosis:
    """Say in plain words what could fool the scores of a representation.

    Most serious first:

    - outliers: few samples take most of a code's range, so that equal-width bins see nothing else,
      or one of them most of its variance, on which correlations hang;
    - many codes: half as many as samples, from where on linear predictors learn any by heart;
    - duplicate codes: rank correlations of 0.99 and more leave `mig` and `sap` no gap;
    - one-hot factors: one factor, told in several columns of 0 and 1;
    - correlated factors and combinations that never occur: what tells one factor tells the other;
    - unbalanced factors: a value has less than half of an even share;
    - few samples: values of a factor with fewer than 20, or a factor that looks real-valued;
    - factors with a single value;
    - plug-in bias: what equal-width bins show of a factor when samples are shuffled, from 5 % of
      the factor's entropy on;
    - dead codes, and codes that tell no factor: whether they count depends on the score.

    Args:
        codes: real numbers (samples, dims), or a `LabelledCodes`, which holds factors, kinds and
            names as well.
        factors: non-negative integers (samples, factors); real numbers where continuous; None for
            what codes alone show.
        continuous: which factors are real-valued, one answer for all or one each. They are cut at
            quantiles, into 20 bins.
        code_names: names for the sentences (dims,); by default a data frame's, or z0, z1, ...
        factor_names: likewise (factors,).
        rng: shuffles samples.

    Returns:
        A `Diagnosis`: findings to print, or as data.

    Raises:
        TypeError: if codes are not real numbers or discrete factors not integers.
        ValueError: if shapes do not fit, or a value is NaN, infinite or a negative factor.

    >>> import numpy as np
    >>> factors = np.indices((60, 60)).reshape(2, -1).T
    >>> print(diagnose(factors + [[1.0, 2.0]], factors))
    nothing found
    >>> print(diagnose(factors[:, [0, 1, 1]] * [1.0, 2.0, -3.0], factors))
    z1 and z2 are the same code (rank correlation 1.00): mig, sap and jemmig see no gap between them
    """
    examined = Examined(
        labelled(
            codes,
            factors,
            continuous=continuous,
            code_names=code_names,
            factor_names=factor_names,
        ),
        rng,
    )
    return Diagnosis(tuple(finding for check in CHECKS for finding in check(examined)))
