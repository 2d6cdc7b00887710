"""Codes and what is known of their samples, checked once, for whatever takes them."""

import copy
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from disentlib.arrays import as_labels, column_names
from disentlib.metrics.information.estimates import Continuous
from disentlib.metrics.protocol import check_test
from disentlib.ops import check_codes, check_mixed_factors, label_counts


class LabelledCodes:
    """Checked codes with their factors, names and test samples.

    `evaluate`, `diagnose` and the figures of scores take it in place of arrays.

    Args:
        codes: real numbers (samples, dims).
        factors: non-negative integers (samples, factors), or real numbers where `continuous`; None
            where nothing is known of the samples.
        continuous: which factors are real-valued, one answer for all or one each.
        code_names: names of the codes (dims,); by default a data frame's, if it is one.
        factor_names: likewise (factors,).
        test: (codes, factors) of other samples, for scores that fit a predictor.

    Attributes:
        codes: float32 or float64 (samples, dims).
        factors: integers (samples, factors), float64 where a factor is real-valued; or None.
        continuous: whether each factor is real-valued; empty without factors.
        code_names: None where codes have no names.
        factor_names: None where factors have no names.
        test: codes and factors of other samples, of the same kinds, or None.

    Raises:
        TypeError: if codes are not real numbers, or discrete factors not integers.
        ValueError: if shapes or names do not fit, or a value is NaN, infinite or a negative factor.

    >>> codes = LabelledCodes([[0.1, 2.0], [0.9, 1.0]], ["heart", "square"], code_names=["a", "b"])
    >>> codes.factors.tolist(), codes.continuous
    ([[0], [1]], (False,))
    """

    def __init__(
        self,
        codes: ArrayLike,
        factors: ArrayLike | None = None,
        *,
        continuous: Continuous = False,
        code_names: Sequence[str] | None = None,
        factor_names: Sequence[str] | None = None,
        test: tuple[ArrayLike, ArrayLike] | None = None,
    ) -> None:
        check_test(test)
        if factors is None and test is not None:
            raise ValueError("expected factors beside those of the test rows, got None")
        code_names = column_names(codes) if code_names is None else code_names
        factor_names = column_names(factors) if factor_names is None else factor_names
        self.codes: NDArray[Any] = check_codes(codes)
        self.factors: NDArray[Any] | None = None
        self.continuous: tuple[bool, ...] = ()
        self.test: tuple[NDArray[Any], NDArray[Any]] | None = None
        if factors is not None:
            if test is not None:  # words are numbered alike in both
                factors, test_factors = as_labels(factors, test[1], continuous=continuous)
            self.factors, real = check_mixed_factors(factors, continuous, len(self.codes))
            self.continuous = tuple(real.tolist())
        if test is not None:
            test_codes = check_codes(test[0], name="test codes")
            table, _ = check_mixed_factors(
                test_factors, continuous, len(test_codes), name="test factors"
            )
            self.test = (test_codes, table)
        self.code_names = _checked(code_names, self.codes.shape[1], "code")
        self.factor_names = _checked(factor_names, len(self.continuous), "factor")

    def __len__(self) -> int:
        """The number of samples."""
        return len(self.codes)

    @property
    def names_of_codes(self) -> list[str]:
        """The names of the codes; z0, z1, ... where they have none."""
        return self.code_names or [f"z{i}" for i in range(self.codes.shape[1])]

    @property
    def names_of_factors(self) -> list[str]:
        """The names of the factors; factor 0, factor 1, ... where they have none."""
        return self.factor_names or [f"factor {j}" for j in range(len(self.continuous))]

    def factor_sizes(self) -> list[int]:
        """Return how many values each factor has; 0 for real-valued ones that vary."""
        if self.factors is None:
            return []
        if not any(self.continuous):
            return [len(counts) for counts in label_counts(self.factors)]
        return [
            (1 if (column == column[0]).all() else 0) if real else len(np.unique(column))
            for column, real in zip(self.factors.T, self.continuous, strict=True)
        ]

    def rows(self, rows: NDArray[np.int64]) -> "LabelledCodes":
        """Return some of the samples, without those to test on."""
        part = copy.copy(self)
        part.codes = self.codes[rows]
        part.factors = None if self.factors is None else self.factors[rows]
        part.test = None
        return part

    def with_factors(self, kept: NDArray[np.bool_]) -> "LabelledCodes":
        """Return the samples with some of their factors (factors,), which keep their names."""
        part = copy.copy(self)
        if self.factors is not None:
            part.factors = self.factors[:, kept]
        part.continuous = tuple(np.array(self.continuous, np.bool_)[kept].tolist())
        part.factor_names = [self.names_of_factors[int(j)] for j in np.flatnonzero(kept)]
        if self.test is not None:
            part.test = (self.test[0], self.test[1][:, kept])
        return part


def labelled(
    codes: ArrayLike | LabelledCodes, factors: ArrayLike | None, **options: Any
) -> LabelledCodes:
    """Return what `LabelledCodes` makes of arrays, or the one that was handed over.

    Raises:
        TypeError: if there are factors, names or others beside a `LabelledCodes`, which holds them.
    """
    if not isinstance(codes, LabelledCodes):
        return LabelledCodes(codes, factors, **options)
    beside = {"factors": factors, **options}
    for name, value in beside.items():
        if value is not None and value is not False:
            raise TypeError(f"expected LabelledCodes alone, which holds {name}, got {name} beside")
    return codes


def _checked(names: Sequence[str] | None, count: int, what: str) -> list[str] | None:
    if names is None:
        return None
    if len(names) != count:
        raise ValueError(f"expected {count} {what} names, got {len(names)}")
    return list(names)
