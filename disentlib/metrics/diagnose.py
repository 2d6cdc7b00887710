"""What could fool the scores of a representation, in words."""

import json
import math
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse.csgraph import connected_components
from scipy.stats import rankdata

from disentlib import files, ops, screen
from disentlib.arrays import column_names
from disentlib.data.randomness import RNG
from disentlib.metrics.information.estimates import Continuous, adjusted, default_bins
from disentlib.metrics.information.modularity import modularity_of
from disentlib.metrics.outliers import hanging_on_one, variance_shares
from disentlib.metrics.protocol import generator

BINS = 20  # of equal width: what the literature and `protocol="locatello2019"` cut codes into


class Finding(NamedTuple):
    """Something that could fool scores.

    Attributes:
        kind: "outliers", "many_codes", "duplicate_codes", "one_hot_factors", "correlated_factors",
            "missing_combinations", "unbalanced_factors", "few_samples", "constant_factor",
            "plug_in_bias", "dead_codes" or "unrelated_codes".
        codes: which codes it is about.
        factors: which factors it is about.
        figures: what was measured, by name.
        sentence: all of it in words, and what it does to which scores.
    """

    kind: str
    codes: tuple[int, ...]
    factors: tuple[int, ...]
    figures: dict[str, float]
    sentence: str


@dataclass(frozen=True)
class Diagnosis:
    """Findings, the most serious first. Print it: one a line, or "nothing found"."""

    findings: tuple[Finding, ...]

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.findings)

    def __len__(self) -> int:
        return len(self.findings)

    def __str__(self) -> str:
        return "\n".join(screen.safe(finding.sentence) for finding in self) or "nothing found"

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        rows = [screen.html_row([finding.kind, finding.sentence]) for finding in self]
        return screen.html_table(rows, "what could fool these scores" if rows else str(self))

    def to_dict(self) -> dict[str, Any]:
        """Return the findings as `json.dumps` takes them."""
        findings = [finding._asdict() for finding in self]
        for finding in findings:
            finding |= {"codes": list(finding["codes"]), "factors": list(finding["factors"])}
        return {"findings": findings}

    def to_json(self, path: str | os.PathLike[str] | None = None) -> str:
        """Return the findings as JSON, and write it to `path`, all or nothing, if one is given."""
        text = json.dumps(self.to_dict(), indent=1, allow_nan=False)
        if path is not None:
            files.write(path, text + "\n")
        return text


def diagnose(
    codes: ArrayLike,
    factors: ArrayLike | None,
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
        codes: real numbers (samples, dims).
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

    >>> factors = np.indices((60, 60)).reshape(2, -1).T
    >>> print(diagnose(factors + [[1.0, 2.0]], factors))
    nothing found
    >>> print(diagnose(factors[:, [0, 1, 1]] * [1.0, 2.0, -3.0], factors))
    z1 and z2 are the same code (rank correlation 1.00): mig, sap and jemmig see no gap between them
    """
    arrays = _Arrays.checked(codes, factors, continuous, code_names, factor_names, rng)
    checks: tuple[Callable[[_Arrays], Iterator[Finding]], ...] = (
        _outliers,
        _many_codes,
        _duplicate_codes,
        _one_hot_factors,
        _correlated_factors,
        _missing_combinations,
        _unbalanced_factors,
        _few_samples,
        _constant_factors,
        _plug_in_bias,
        _dead_codes,
        _unrelated_codes,
    )
    return Diagnosis(tuple(finding for check in checks for finding in check(arrays)))


@dataclass(frozen=True)
class _Arrays:
    """What every check looks at.

    Attributes:
        codes: (samples, dims).
        labels: factors numbered from 0, real-valued ones cut at quantiles (samples, factors).
        values: what each label stood for, empty for a real-valued factor.
        counts: samples of each label.
        code_names: of the codes.
        names: of the factors.
        one_hot: groups of factors that are columns of 0 and 1, in each row a single 1.
        live: which codes are more than a constant and its rounding.
        shuffle: an order of the samples.
    """

    codes: NDArray[Any]
    labels: NDArray[np.int64]
    values: list[NDArray[Any]]
    counts: list[NDArray[np.int64]]
    code_names: list[str]
    names: list[str]
    one_hot: list[tuple[int, ...]]
    live: NDArray[np.bool_]
    shuffle: NDArray[np.int64]

    @classmethod
    def checked(
        cls,
        codes: ArrayLike,
        factors: ArrayLike | None,
        continuous: Continuous,
        code_names: Sequence[str] | None,
        names: Sequence[str] | None,
        rng: RNG,
    ) -> "_Arrays":
        code_names = column_names(codes) if code_names is None else code_names
        names = column_names(factors) if names is None else names
        codes = ops.check_codes(codes)
        table: NDArray[Any] = np.empty((len(codes), 0), np.int64)
        real = np.empty(0, np.bool_)
        if factors is not None:
            table, real = ops.check_mixed_factors(factors, continuous, len(codes))
        if code_names is not None and len(code_names) != codes.shape[1]:
            raise ValueError(f"expected {codes.shape[1]} code names, got {len(code_names)}")
        if names is not None and len(names) != table.shape[1]:
            raise ValueError(f"expected {table.shape[1]} factor names, got {len(names)}")
        values, columns = [], []
        for column, cut in zip(table.T, real, strict=True):
            if cut:
                column = ops.discretise(column[:, None], BINS, rule="quantile")[:, 0]
            found, labels = np.unique(column, return_inverse=True)
            values.append(found[:0] if cut else found)
            columns.append(labels)
        low, high = codes.min(axis=0), codes.max(axis=0)
        rounding = 8 * np.finfo(codes.dtype).eps * np.maximum(np.abs(low), np.abs(high))
        return cls(
            codes=codes,
            labels=np.stack(columns, axis=1) if columns else table,
            values=values,
            counts=[np.bincount(labels) for labels in columns],
            code_names=list(code_names or [f"z{i}" for i in range(codes.shape[1])]),
            names=list(names or [f"factor {j}" for j in range(len(columns))]),
            one_hot=_one_hot_groups(columns, values),
            live=high - low > rounding,
            shuffle=generator(rng).permutation(len(codes)),
        )

    @property
    def samples(self) -> int:
        return len(self.codes)

    @property
    def entropies(self) -> NDArray[np.float64]:
        return np.atleast_1d(ops.entropy(self.labels)) if self.counts else np.empty(0)

    def named(self, codes: Sequence[int]) -> str:
        """Name codes as "a, b and c"."""
        return _list([self.code_names[code] for code in codes])

    def value(self, factor: int, label: int) -> str:
        """Name a value, or a real-valued factor's bin."""
        known = self.values[factor]
        what = f"{known[label]:g}" if known.size else f"bin {label + 1} of {BINS}"
        return f"{self.names[factor]} = {what}"


def _outliers(arrays: _Arrays) -> Iterator[Finding]:
    few = math.ceil(arrays.samples / 1000)
    if arrays.samples < 20:
        return
    shares, hanging = variance_shares(arrays.codes), hanging_on_one(arrays.codes)
    for code in np.flatnonzero(arrays.live):
        z = np.sort(arrays.codes[:, code].astype(np.float64))
        low, high = z[few], z[-1 - few]
        kept = float((high - low) / (z[-1] - z[0]))
        if kept > 1 / 3 and not hanging[code]:
            continue
        # What lies farther out than the others are wide.
        far = int(((z < 2 * low - high) | (z > 2 * high - low)).sum())
        bins = max(1, math.ceil(BINS * kept))
        text = f"{arrays.code_names[code]}: {_count(far, 'sample')} of {arrays.samples:,} far out"
        if kept <= 1 / 3:
            text += (
                f" leave the others {_count(bins, 'bin')} of {BINS} equal-width ones "
                '(protocol="locatello2019", bins=)'
            )
        if hanging[code]:
            text += (
                f"{';' if kept <= 1 / 3 else ':'} one carries {shares[code]:.0%} of its variance, "
                "on which mcc, explicitness, irs and the Gaussian scores hang"
            )
        figures = {"samples": far, "range_of_others": kept, "variance_share": float(shares[code])}
        yield Finding("outliers", (int(code),), (), figures, text)


def _duplicate_codes(arrays: _Arrays) -> Iterator[Finding]:
    live = np.flatnonzero(arrays.live)
    if len(live) < 2:
        return
    ranks = rankdata(arrays.codes[:, live], axis=0)
    related = np.abs(np.corrcoef(ranks, rowvar=False))
    left = list(range(len(live)))
    while left:
        first = left[0]
        group = [other for other in left if related[first, other] >= 0.99]
        left = [other for other in left if other not in group]
        if len(group) > 1:
            least = float(related[np.ix_(group, group)].min())
            copies = tuple(int(live[other]) for other in group)
            yield Finding(
                "duplicate_codes",
                copies,
                (),
                {"rank_correlation": least},
                f"{arrays.named(copies)} are the same code (rank correlation {least:.2f}): mig, "
                "sap and jemmig see no gap between them",
            )


def _many_codes(arrays: _Arrays) -> Iterator[Finding]:
    dims = arrays.codes.shape[1]
    if 2 * dims >= arrays.samples:
        yield Finding(
            "many_codes",
            tuple(range(dims)),
            (),
            {"codes": dims, "samples": arrays.samples},
            f"{_count(dims, 'code')} of {_count(arrays.samples, 'sample')}: linear predictors "
            "learn so few by heart, so that figures in-sample (explicitness of info_mec, "
            "informativeness_train) are near 1 for noise, and those of test samples rough",
        )


def _one_hot_factors(arrays: _Arrays) -> Iterator[Finding]:
    for group in arrays.one_hot:
        names = _list([arrays.names[j] for j in group])
        yield Finding(
            "one_hot_factors",
            (),
            group,
            {"values": len(group)},
            f"{names} are one factor of {len(group)} values in one-hot form: what tells one tells "
            "of the others, so that no codes score 1; numpy.argmax over them is a factor",
        )


def _correlated_factors(arrays: _Arrays) -> Iterator[Finding]:
    labels, entropies = arrays.labels, arrays.entropies
    varying = [j for j in range(len(entropies)) if entropies[j] > 0]
    if len(varying) < 2:
        return
    bins = default_bins(max(len(arrays.counts[j]) for j in varying), arrays.samples)
    found = adjusted(labels[:, varying].astype(np.float64), labels[:, varying], bins)
    shares = found.shared / found.factors
    shares[~found.significant] = 0.0
    shares = np.maximum(shares, shares.T)
    position = {factor: i for i, factor in enumerate(varying)}
    for one_hot in arrays.one_hot:  # said already
        inside = [position[factor] for factor in one_hot]
        shares[np.ix_(inside, inside)] = 0.0
    np.fill_diagonal(shares, 0.0)
    _, component = connected_components(shares >= 0.01, directed=False)
    findings = []
    for which in range(component.max() + 1):
        members = np.flatnonzero(component == which)
        if len(members) < 2:
            continue
        inner = shares[np.ix_(members, members)]
        shared = float(inner.max())
        first, second = sorted(members[np.array(np.unravel_index(inner.argmax(), inner.shape))])
        group = tuple(varying[i] for i in members)
        text = f"{_list([arrays.names[j] for j in group])} are correlated, one tells {shared:.0%} "
        if len(group) == 2:
            text += "of the other"
        else:
            text += (
                f"of another ({arrays.names[varying[first]]} and {arrays.names[varying[second]]})"
            )
        text += ": perfect codes score below 1 in mig, modularity and dci"
        findings.append(Finding("correlated_factors", (), group, {"shared": shared}, text))
    yield from sorted(findings, key=lambda finding: -finding.figures["shared"])


def _missing_combinations(arrays: _Arrays) -> Iterator[Finding]:
    factors = [j for j, counts in enumerate(arrays.counts) if len(counts) > 1]
    one_hot = [set(group) for group in arrays.one_hot]
    groups: list[tuple[int, ...]] = [
        pair
        for pair in combinations(factors, 2)
        if not any(set(pair) <= group for group in one_hot)
    ]
    if len(factors) > 2 and not one_hot:
        groups.append(tuple(factors))
    found = False
    for group in groups:
        sizes = [len(arrays.counts[j]) for j in group]
        cells = math.prod(sizes)
        if (len(group) > 2 and found) or cells > arrays.samples:
            continue  # the pairs say it already; or no cell could be missed
        expected = np.array([float(arrays.samples)])
        for j in group:
            expected = np.outer(expected, arrays.counts[j] / arrays.samples).ravel()
        position = np.ravel_multi_index(tuple(arrays.labels[:, j] for j in group), sizes)
        seen = np.bincount(position, minlength=cells)
        # Chance alone leaves out any of these once in e^10 data sets.
        missing = np.flatnonzero((seen == 0) & (expected > 10 + math.log(cells)))
        if missing.size:
            found = True
            example = np.unravel_index(missing[0], sizes)
            names = _list([arrays.names[j] for j in group])
            values = ", ".join(
                arrays.value(j, int(label)) for j, label in zip(group, example, strict=True)
            )
            yield Finding(
                "missing_combinations",
                (),
                group,
                {"missing": int(missing.size), "combinations": cells},
                f"{names}: {missing.size:,} of {cells:,} combinations never occur ({values}, for "
                "one), so that these factors cannot be told apart there",
            )


def _unbalanced_factors(arrays: _Arrays) -> Iterator[Finding]:
    told = {factor for group in arrays.one_hot for factor in group}
    shares = {}
    for j, (counts, values) in enumerate(zip(arrays.counts, arrays.values, strict=True)):
        half = arrays.samples / (2 * len(counts))
        # Four standard deviations of a count of this size: chance alone does not make as few.
        if j not in told and values.size and counts.min() + 4 * math.sqrt(half) < half:
            shares[j] = counts.max() / arrays.samples
    if not shares:
        return
    factors = sorted(shares, key=lambda j: -shares[j])
    worst = factors[0]
    frequent = arrays.value(worst, int(arrays.counts[worst].argmax()))
    least = int(arrays.counts[worst].min())
    rarest = arrays.value(worst, int(arrays.counts[worst].argmin()))
    yield Finding(
        "unbalanced_factors",
        (),
        tuple(factors),
        {"most": float(shares[worst]), "least": least / arrays.samples},
        f"{_list([arrays.names[j] for j in factors])} {'is' if len(factors) == 1 else 'are'} "
        f"unbalanced ({shares[worst]:.1%} of samples have {frequent}, {least / arrays.samples:.1%} "
        f"{rarest}): guessing the frequent value is right as often (informativeness of dci and "
        "med), and equal-width bins lose the rare ones",
    )


def _few_samples(arrays: _Arrays) -> Iterator[Finding]:
    for j, (counts, values) in enumerate(zip(arrays.counts, arrays.values, strict=True)):
        few = np.flatnonzero(counts < 20)
        if not values.size or not few.size or len(counts) < 2:
            continue
        least = int(counts.min())
        figures: dict[str, float] = {"values": len(counts), "few": len(few), "least": least}
        text = (
            f"{arrays.names[j]}: {len(few):,} of {len(counts):,} values have fewer than 20 samples"
        )
        if len(counts) > max(arrays.samples / 3, 10):
            text += ", as real numbers would: continuous= says that they are"
        else:
            rarest = few[np.argsort(counts[few], kind="stable")][:3]
            named = _list([f"{values[k]:g} has {counts[k]}" for k in rarest])
            text += (
                f" ({named}): scores of information, irs, sap, dci and explicitness are rough there"
            )
        yield Finding("few_samples", (), (j,), figures, text)


def _constant_factors(arrays: _Arrays) -> Iterator[Finding]:
    for j, counts in enumerate(arrays.counts):
        if len(counts) == 1:
            text = f"{arrays.names[j]} has a single value: scores leave it out"
            yield Finding("constant_factor", (), (j,), {}, text)


def _plug_in_bias(arrays: _Arrays) -> Iterator[Finding]:
    """Compare what bins of equal width show of shuffled samples with the factors' entropies."""
    if not arrays.live.any() or not arrays.counts:
        return
    nothing = ops.mutual_information(
        arrays.codes[:, arrays.live], arrays.labels[arrays.shuffle], bins=BINS
    )
    seen, entropies = nothing.mean(axis=0), arrays.entropies
    shares = np.divide(seen, entropies, out=np.zeros_like(seen), where=entropies > 0)
    biased = [int(j) for j in np.argsort(-shares, kind="stable") if shares[j] >= 0.05]
    if biased:
        worst = biased[0]
        yield Finding(
            "plug_in_bias",
            (),
            tuple(biased),
            {"shown": float(seen[worst]), "share": float(shares[worst])},
            f"plug-in information ({BINS} equal-width bins, bins=) is biased at "
            f"{arrays.samples:,} samples: shuffled codes, which know nothing, show "
            f"{shares[worst]:.0%} of {arrays.names[worst]}; the default is adjusted for it",
        )


def _dead_codes(arrays: _Arrays) -> Iterator[Finding]:
    dead = tuple(int(i) for i in np.flatnonzero(~arrays.live))
    if dead:
        text = (
            f"{arrays.named(dead)} {'is' if len(dead) == 1 else 'are'} constant: the completeness "
            "of dci and med counts codes, these too, and the reference's modularity takes them as 0"
        )
        yield Finding("dead_codes", dead, (), {}, text)


def _unrelated_codes(arrays: _Arrays) -> Iterator[Finding]:
    live = np.flatnonzero(arrays.live)
    varying = arrays.entropies > 0
    if not live.size or varying.sum() < 2:
        return
    codes, labels = arrays.codes[:, live], arrays.labels[:, varying]
    bins = default_bins(max(map(len, arrays.counts)), arrays.samples)
    unrelated = ~adjusted(codes, labels, bins).significant.any(axis=1)
    if unrelated.any():
        matrix = ops.mutual_information(codes[:, unrelated], labels, bins=BINS)
        score = float(modularity_of(matrix).mean())
        found = tuple(int(i) for i in live[unrelated])
        what = "tells" if len(found) == 1 else "tell"
        yield Finding(
            "unrelated_codes",
            found,
            (),
            {"reference_modularity": score},
            f"{arrays.named(found)} {what} no factor more than chance does: the default leaves "
            f"them out of modularity, the reference gives them {score:.2f} there",
        )


def _one_hot_groups(
    columns: list[NDArray[np.int64]], values: list[NDArray[Any]]
) -> list[tuple[int, ...]]:
    """Return groups of columns of 0 and 1 of which each row has a single 1."""
    binary = [j for j, known in enumerate(values) if known.tolist() == [0, 1]]
    groups: list[tuple[int, ...]] = []
    if len(binary) < 2:
        return groups
    rows = np.unique(np.stack([columns[j] for j in binary], axis=1).astype(np.bool_), axis=0)
    exclusive = (rows.T.astype(np.int64) @ rows) == 0
    left = set(range(len(binary)))
    for start in range(len(binary)):
        group = _exact_cover(rows, exclusive, start, left) if start in left else None
        if group:
            groups.append(tuple(sorted(binary[k] for k in group)))
            left -= set(group)
    return groups


def _exact_cover(
    rows: NDArray[np.bool_], exclusive: NDArray[np.bool_], start: int, left: set[int]
) -> list[int] | None:
    """Return columns, `start` among them, of which each row has exactly one; None without."""
    tried = 0
    partial = [([start], rows[:, start])]
    # Depth first. Real tables need a try a column; where they are contrived it gives up.
    while partial and tried < 1000:
        group, covered = partial.pop()
        tried += 1
        if covered.all():
            return group
        row = rows[int(np.argmin(covered))]
        partial += [
            ([*group, k], covered | rows[:, k])
            for k in sorted(left, reverse=True)
            if row[k] and exclusive[k, group].all()
        ]
    return None


def _list(names: Sequence[str]) -> str:
    """Write names as "a, b and c", and of more than 12 the first 10.

    >>> _list(["a", "b", "c"])
    'a, b and c'
    >>> _list(list("abcdefghijklm"))
    'a, b, c, d, e, f, g, h, i, j and 3 others'
    """
    if len(names) > 12:
        names = [*names[:10], f"{len(names) - 10:,} others"]
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'s' if number != 1 else ''}"
