"""Batches of codes between which factors were held fixed, from a data set's grid or from arrays.

A score that intervenes takes a table of codes: a `CodeTable` over a data set, whose every
combination of factors can be asked for, or, where there is no data set, an `ArrayTable` over the
samples at hand, in which interventions are rows that happen to agree.
"""

import warnings
from collections.abc import Callable, Iterator
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from disentlib import ops
from disentlib.data.randomness import Random
from disentlib.metrics.protocol import CodeTable, Lookup, Protocol

Integers = NDArray[np.int64]
PruneOn = Literal["std", "variance"]


class PrunedCodesWarning(UserWarning):
    """Under a protocol a score left codes out, as they vary little in the unit they have."""


class ArrayTable:
    """Codes and factors of samples as they are.

    Args:
        codes: real numbers (samples, dims).
        factors: non-negative integers (samples, factors).
        logvar: log-variances of the codes, for scores of sampled codes (samples, dims).
        factor_bins: into how many equal-width bins each factor's values are merged, where too few
            rows agree otherwise; None for none.

    Raises:
        TypeError: if codes are not real numbers or factors not integers.
        ValueError: if shapes do not fit, or a value is NaN, infinite or a negative factor.
    """

    def __init__(
        self,
        codes: ArrayLike,
        factors: ArrayLike,
        *,
        logvar: ArrayLike | None = None,
        factor_bins: int | None = None,
    ) -> None:
        self.codes = ops.check_codes(codes)
        self.factors = ops.check_factors(factors, len(self.codes))
        if factor_bins is not None:
            self.factors = ops.discretise(self.factors.astype(np.float64), factor_bins)
        self.logvar = None if logvar is None else ops.check_codes(logvar, name="logvar")
        if self.logvar is not None and self.logvar.shape != self.codes.shape:
            raise ValueError(
                f"expected a logvar of the codes' shape {self.codes.shape}, got {self.logvar.shape}"
            )

    def look_up(self, rows: Integers) -> Lookup:
        """Return all codes, among which the rows asked for are where they always were."""
        return Lookup(self.codes, self.logvar, rows)


InterventionTable = CodeTable | ArrayTable


class Batches(NamedTuple):
    """Row numbers of a table.

    Attributes:
        factor: what each batch was about (count,).
        rows: (count, batch); two rows a sample where it compares two batches.
    """

    factor: Integers
    rows: Integers


class Interventions:
    """Draws batches from a table and says what codes do in them.

    Args:
        table: where codes come from.
        sampled: whether codes are drawn from their distribution anew each time; the mean otherwise.
        rng: draws rows, and the noise of sampled codes. From a `RandomState` rows are drawn in the
            order of the reference.
        every_factor: whether factors with a single value are intervened on as well.
    """

    def __init__(
        self,
        table: InterventionTable,
        *,
        sampled: bool = False,
        rng: Random,
        every_factor: bool = False,
    ) -> None:
        if not isinstance(table, InterventionTable):
            raise TypeError(
                f"expected a CodeTable or ArrayTable, got {type(table).__name__}: "
                "write metrics.ArrayTable(codes, factors)"
            )
        self.table = table
        self.sampled = sampled
        self._powers: NDArray[np.int32] | None = None
        self._noise = _apart(rng, 0)
        self.rows: _Grid | _Rows = (
            _Grid(table.sizes, rng, every_factor=every_factor)
            if isinstance(table, CodeTable)
            else _Rows(table.factors, _apart(rng, 1), every_factor=every_factor)
        )

    def codes(self, rows: Integers) -> NDArray[Any]:
        """Return codes (..., dims) of rows in any shape, multiplied by 2^`powers`."""
        mean, logvar, rows = self.table.look_up(rows)
        codes: NDArray[Any] = mean[rows]
        if self.sampled:
            if logvar is None:
                raise ValueError("expected an encoder of (mean, logvar) for sampled codes")
            noise = self._noise.standard_normal(codes.shape).astype(codes.dtype)
            codes = codes + np.exp(0.5 * logvar[rows]) * noise
        return self._scaled(codes)

    @property
    def powers(self) -> NDArray[np.int32]:
        """The powers of two (dims,) that bring codes near 1, 0 for those of an everyday scale.

        The first codes that are asked for decide; scores that do not hang on the scale of codes
        need not ask for them.
        """
        assert self._powers is not None
        return self._powers

    def active(
        self,
        samples: int,
        *,
        threshold: float,
        prune_on: PruneOn = "std",
        protocol: Protocol | None = None,
    ) -> tuple[Integers, NDArray[np.float64]]:
        """Return the codes that do not hardly vary, and the variance (dims,) of all `codes`.

        Args:
            samples: how many measure the spread.
            threshold: how much of the spread of the samples from its posterior a code's mean must
                have, or, where no posterior is known, of the median code's spread; constant codes
                have none. Under the protocol, the spread itself, with a warning that names the
                codes below it.
            prune_on: whether the spread is the standard deviation or the variance.
            protocol: whose choice.
        """
        rows = self.rows.any(samples)
        codes = self.codes(rows)
        variance = codes.var(axis=0, ddof=1, dtype=np.float64)
        deviation = np.sqrt(variance)
        varying = codes.min(axis=0) < codes.max(axis=0)
        if protocol is not None:
            least = threshold if prune_on == "std" else np.sqrt(threshold)
            varying &= np.ldexp(deviation, -self.powers) >= least
            warn_of_pruned(np.flatnonzero(~varying), len(varying), threshold, prune_on)
            return np.flatnonzero(varying), variance
        # Codes that are constant but for rounding: their ratio below would be 0 over almost 0.
        varying &= deviation > np.finfo(codes.dtype).eps * np.abs(codes).max(axis=0)
        if not varying.any():
            return np.flatnonzero(varying), variance
        _, logvar, rows = self.table.look_up(rows)
        if logvar is None:
            deviation = np.ldexp(deviation, -self.powers)
            share = deviation / np.median(deviation[varying])
        else:
            noise = np.exp(logvar[rows] + 2 * np.log(2.0) * self.powers).mean(axis=0)
            whole = variance if self.sampled else variance + noise
            share = np.sqrt(variance / np.where(varying, whole, 1.0))
        varying &= share >= (threshold if prune_on == "std" else np.sqrt(threshold))
        return np.flatnonzero(varying), variance

    def votes(
        self, batches: Batches, *, scale: NDArray[Any], active: Integers, largest: bool = False
    ) -> Integers:
        """Return for each batch the active code of least or largest relative variance (count,)."""

        def vote(codes: NDArray[Any], rows: Integers) -> Integers:
            return ops.variance_votes(codes, rows, scale=scale, active=active, largest=largest)

        return self._gather(batches.rows, 1, vote)

    def differences(self, batches: Batches) -> NDArray[np.float64]:
        """Return the mean of |a - b| between each sample's two batches (count, dims)."""
        return np.ldexp(self._gather(batches.rows, 2, ops.mean_differences), -self.powers)

    def _scaled(self, codes: NDArray[Any]) -> NDArray[Any]:
        if self._powers is None:
            self._powers = ops.exponents(codes.reshape(-1, codes.shape[-1]))
        return np.ldexp(codes, self._powers) if self._powers.any() else codes

    def _gather(
        self, rows: Integers, step: int, statistic: Callable[[NDArray[Any], Integers], NDArray[Any]]
    ) -> NDArray[Any]:
        """Return a statistic of batches of rows, `step` of them at once; sampled ones in chunks."""
        if not self.sampled:
            mean, _, rows = self.table.look_up(rows)
            return statistic(self._scaled(mean), rows)
        parts = []
        for part in _chunks(rows, step * 1024):
            codes = self.codes(part)
            own = np.arange(part.size).reshape(part.shape)
            parts.append(statistic(codes.reshape(-1, codes.shape[-1]), own))
        return np.concatenate(parts)


class _Grid:
    """Draws rows of a grid of factors, the last one fastest."""

    def __init__(self, sizes: tuple[int, ...], rng: Random, *, every_factor: bool) -> None:
        # Factors of a single value do not change positions in the grid, so they may be left out.
        self.sizes = np.array([size for size in sizes if every_factor or size > 1], np.int64)
        self.factors = len(self.sizes)
        self._rng = (
            rng
            if isinstance(rng, np.random.RandomState)
            else np.random.RandomState(rng.integers(2**32, size=8, dtype=np.uint32))
        )

    def any(self, samples: int) -> Integers:
        return ops.draw_batches(self._rng, self.sizes, 1, samples)[0][0]

    def sharing_one(self, count: int, batch: int) -> Batches:
        rows, factor = ops.draw_batches(self._rng, self.sizes, count, batch, "one_factor")
        return Batches(factor, rows)

    def paired_by_one(self, count: int, batch: int) -> Batches:
        rows, factor = ops.draw_batches(self._rng, self.sizes, count, batch, "row_by_row")
        return Batches(factor, rows)

    def sharing_all_but_one(self, count: int, batch: int) -> Batches:
        factor = self._rng.randint(self.factors, size=count)
        return Batches(factor, self.varying(factor, batch))

    def varying(self, factor: Integers, batch: int) -> Integers:
        """Return rows (count, batch) in which only the factor (count,) of the batch varies."""
        base = ops.draw_batches(self._rng, self.sizes, len(factor), 1)[0]
        strides = np.cumprod(np.append(self.sizes[1:], 1)[::-1])[::-1]
        stride, size = strides[factor, None], self.sizes[factor, None]
        value = base // stride % size
        # randint takes one bound a call, so factors of one size are drawn together.
        drawn = np.empty((len(factor), batch), np.int64)
        for one in np.unique(size):
            chosen = size[:, 0] == one
            drawn[chosen] = self._rng.randint(one, size=(chosen.sum(), batch))
        rows: Integers = base + (drawn - value) * stride
        return rows


class _Pools(NamedTuple):
    """Rows that agree, pool after pool, pools of several rows only."""

    rows: Integers
    start: Integers
    size: Integers

    @classmethod
    def of(cls, labels: NDArray[Any]) -> "_Pools":
        order = np.argsort(labels, kind="stable")
        _, start, size = np.unique(labels[order], return_index=True, return_counts=True)
        several = size > 1
        return cls(order, start[several], size[several])


class _Rows:
    """Draws rows of arrays that agree in a factor, or in all but one."""

    def __init__(
        self, factors: NDArray[Any], rng: np.random.Generator, *, every_factor: bool
    ) -> None:
        self._rng = rng
        self._table = factors
        self._agreeing = [
            _Pools.of(column) for column in factors.T if every_factor or column.min() < column.max()
        ]
        self._columns = [
            k for k, column in enumerate(factors.T) if every_factor or column.min() < column.max()
        ]
        self.factors = len(self._columns)

    def any(self, samples: int) -> Integers:
        return self._rng.permutation(len(self._table))[:samples]

    def sharing_one(self, count: int, batch: int) -> Batches:
        return self._streams(self._agreeing, count, batch)

    def sharing_all_but_one(self, count: int, batch: int) -> Batches:
        return self._streams(self._differing(), count, batch)

    def paired_by_one(self, count: int, batch: int) -> Batches:
        """Every pair draws its own value of the sample's factor, and two different rows of it."""
        usable = self._usable(self._agreeing)
        factor = usable[self._rng.integers(len(usable), size=count)]
        rows = np.empty((2 * count, batch), np.int64)
        for k in usable:
            pools = self._agreeing[k]
            of_factor = np.flatnonzero(factor == k)
            pool = self._rng.integers(len(pools.start), size=(len(of_factor), batch))
            first = self._rng.integers(pools.size[pool])
            second = (first + 1 + self._rng.integers(pools.size[pool] - 1)) % pools.size[pool]
            rows[2 * of_factor] = pools.rows[pools.start[pool] + first]
            rows[2 * of_factor + 1] = pools.rows[pools.start[pool] + second]
        return Batches(factor, rows)

    def varying(self, factor: Integers, batch: int) -> Integers:
        """Return rows (count, batch), drawn with replacement, in which only the factor varies."""
        rows = np.zeros((len(factor), batch), np.int64)
        differing = self._differing()
        for k in np.unique(factor):
            pools = differing[k]
            if not len(pools.start):
                raise ValueError(
                    f"expected samples that differ in factor {self._columns[k]} alone, got none"
                )
            chosen = np.flatnonzero(factor == k)
            pool = self._rng.integers(len(pools.start), size=(len(chosen), 1))
            place = self._rng.integers(pools.size[pool], size=(len(chosen), batch))
            rows[chosen] = pools.rows[pools.start[pool] + place]
        return rows

    def _differing(self) -> list[_Pools]:
        """Return for each factor the rows that agree in all others."""
        pools = []
        for k in self._columns:
            others = np.delete(self._table, k, axis=1)
            labels = np.unique(others, axis=0, return_inverse=True)[1].ravel()
            pools.append(_Pools.of(labels))
        return pools

    def _usable(self, pools: list[_Pools]) -> Integers:
        usable = np.flatnonzero([len(pool.start) > 0 for pool in pools])
        if not len(usable):
            raise ValueError("expected samples that agree in factors, got none: merge values")
        return usable

    def _streams(self, pools: list[_Pools], count: int, batch: int) -> Batches:
        """Cut each pool's batches from one stream of reshuffled passes over its rows.

        Batches drawn one by one would repeat rows less within a batch than between batches.
        """
        usable = self._usable(pools)
        factor = usable[self._rng.integers(len(usable), size=count)]
        rows = np.empty((count, batch), np.int64)
        for k in usable:
            of_factor = np.flatnonzero(factor == k)
            pool = self._rng.integers(len(pools[k].start), size=len(of_factor))
            for one in np.unique(pool):
                votes = of_factor[pool == one]
                start, size = pools[k].start[one], pools[k].size[one]
                passes = -(-len(votes) * batch // size)
                shuffled = self._rng.random((passes, size)).argsort(axis=1)
                stream = pools[k].rows[start + shuffled.ravel()[: len(votes) * batch]]
                rows[votes] = stream.reshape(len(votes), batch)
        return Batches(factor, rows)


def warn_of_pruned(pruned: Integers, dims: int, threshold: float, prune_on: PruneOn) -> None:
    """Warn whoever called a score of the codes that locatello2019 leaves out."""
    if not len(pruned):
        return
    figure = "standard deviation" if prune_on == "std" else "variance"
    which = f"codes {', '.join(map(str, pruned))} of {dims} are"
    if len(pruned) == dims:
        which = f"all {dims} codes are"
    elif len(pruned) == 1:
        which = f"code {pruned[0]} of {dims} is"
    warnings.warn(
        f"{which} pruned: locatello2019 leaves out what has a {figure} below {threshold:g}, "
        "whatever the scale of codes",
        PrunedCodesWarning,
        stacklevel=5,
    )


def _apart(rng: Random, number: int) -> np.random.Generator:
    """Return generator `number` beside `rng`, whose own stream stays as it is."""
    if isinstance(rng, np.random.Generator):
        return rng.spawn(1)[0]
    state = rng.get_state(legacy=False)["state"]
    return np.random.default_rng([*state["key"][:8], state["pos"], number])


def _chunks(rows: Integers, size: int) -> Iterator[Integers]:
    for start in range(0, len(rows), size):
        yield rows[start : start + size]
