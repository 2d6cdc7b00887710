"""Several scores of a representation in one table."""

import difflib
import math
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from disentlib.data import GroundTruthData
from disentlib.data.randomness import RNG
from disentlib.metrics import protocol as protocols
from disentlib.metrics.information.estimates import ConstantFactorWarning, Continuous, default_bins
from disentlib.metrics.labelled_codes import LabelledCodes, labelled
from disentlib.metrics.outliers import OutlierWarning, warn_of_outliers
from disentlib.metrics.protocol import CodeTable, Encoder, Protocol
from disentlib.metrics.score import Score
from disentlib.metrics.scores import SCORES
from disentlib.metrics.table import ScoreRow, ScoreTable
from disentlib.screen import safe


class LeftOutWarning(UserWarning):
    """A score was left out of a table, as it makes no sense of the factors."""


def evaluate(
    codes: ArrayLike | LabelledCodes,
    factors: ArrayLike | None = None,
    *,
    metrics: Iterable[str] | None = None,
    continuous: Continuous = False,
    protocol: Protocol | None = None,
    code_names: Sequence[str] | None = None,
    factor_names: Sequence[str] | None = None,
    test: tuple[ArrayLike, ArrayLike] | None = None,
    train_fraction: float = 0.75,
    repeats: int = 1,
    interval: float | None = None,
    rng: RNG = 0,
    representation: str = "given",
) -> ScoreTable:
    """Take several scores of one representation.

    Args:
        codes: real numbers (samples, dims), or a `LabelledCodes`, which holds factors, kinds, names
            and test samples as well.
        factors: non-negative integers (samples, factors), or real numbers where `continuous`; None
            for scores of codes alone.
        metrics: names of scores, as in `metrics.SCORES`; all that arrays allow when None.
        continuous: which factors are real-valued, one answer for all or one each. Scores that make
            no sense of such factors are left out with a warning that says why.
        protocol: "locatello2019" for the reference's choices, None for the sound ones.
        code_names: names for warnings (dims,); by default a data frame's.
        factor_names: likewise (factors,).
        test: (codes, factors) of other samples, for scores that fit a predictor.
        train_fraction: where no `test` is given, the share of samples that train predictors.
        repeats: how often scores are taken anew: those that fit a predictor with another split and
            seed, the others on half of the samples, drawn without replacement, whose spread is that
            of the whole to be expected from other samples. The value remains that of the arrays as
            given, or of the first split.
        interval: coverage, such as 0.95, of an interval around the value from `repeats` many.
        rng: what splits, estimators and resampling draw from. An int gives each score the same
            draws whichever others are taken.
        representation: what the table calls the codes.

    Returns:
        One row a score, or for scores of several figures one a figure.

    Raises:
        TypeError: if codes are not real numbers, or discrete factors not integers.
        ValueError: if shapes do not fit, a value is not finite, or a score is unknown or needs more
            than arrays.

    >>> import numpy as np
    >>> factors = np.indices((10, 10, 10)).reshape(3, -1).T
    >>> evaluate(factors.astype(float), factors, metrics=["mig"]).value("mig")
    1.0
    """
    protocols.check_protocol(protocol)
    _check_repeats(repeats, interval)
    with_factors = (codes.factors if isinstance(codes, LabelledCodes) else factors) is not None
    scores = _chosen(metrics, arrays_only=True, with_factors=with_factors)
    arrays = labelled(
        codes,
        factors,
        continuous=continuous,
        code_names=code_names,
        factor_names=factor_names,
        test=test,
    )
    scores = [score for score in scores if _makes_sense(score, arrays)]
    sizes = arrays.factor_sizes()
    _warn_of_constants(sizes, arrays.factor_names)
    if any(score.moments for score in scores):
        warn_of_outliers(arrays.codes, names=arrays.code_names)
    rows: list[ScoreRow] = []
    for score in scores:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConstantFactorWarning)  # warned of above, by name
            warnings.simplefilter("ignore", OutlierWarning)
            value = _take(score, arrays, train_fraction, protocol, rng)
            # The score of a half is no repeat of the score of the whole; another split is one.
            repeated = [value] if score.fits or repeats == 1 else []
            for repeat in range(len(repeated), repeats):
                seed = _seed(rng, repeat)
                part = arrays if score.fits else _half(arrays, seed)
                repeated.append(_take(score, part, train_fraction, protocol, seed))
        train, tested = _sizes_of_parts(arrays, score, train_fraction)
        rows += _rows(
            score,
            value,
            repeated,
            interval=interval,
            bins=_bins(score, sizes, train, protocol),
            representation=representation,
            samples=train,
            test_samples=tested,
            protocol=protocol,
        )
    return ScoreTable(tuple(rows))


def evaluate_encoder(
    data: GroundTruthData,
    encode: Encoder,
    *,
    metrics: Iterable[str] | None = None,
    protocol: Protocol | None = None,
    samples: int = 10_000,
    test_samples: int = 5_000,
    repeats: int = 1,
    interval: float | None = None,
    rng: RNG = 0,
    batch_size: int = 256,
) -> ScoreTable:
    """Sample a data set, encode it and take several scores.

    No example of a set of countable ones is drawn twice, so that none trains a predictor that it
    tests; of a set with fewer than are asked for all are taken, and the table says how many.
    Factors are real-valued where `data.factor_sizes` says None.

    An encoder that returns (mean, logvar) has two representations, and both are scored: "mean" and
    "sampled", codes drawn from the distribution.

    Args:
        data: the set.
        encode: images, float32 in [0, 1] (n, height, width, channels), to codes (n, dims), or to
            (mean, logvar).
        metrics: names of scores, as in `metrics.SCORES`; all that the set allows when None.
        protocol: "locatello2019" for the reference's choices, None for the sound ones. It draws
            from grids with replacement.
        samples: how many to fit on, at most.
        test_samples: how many more to test on, at most.
        repeats: as in `evaluate`.
        interval: as in `evaluate`.
        rng: what samples, splits and estimators draw from.
        batch_size: how many images are encoded at once.

    Returns:
        One row a representation and score.

    Raises:
        ValueError: if a score is unknown, or the encoder does not give one finite code an image.
    """
    scores = _chosen(metrics, arrays_only=False, with_factors=True)
    _check_repeats(repeats, interval)
    scores = [score for score in scores if _can_intervene(score, data)]
    random = protocols.generator(rng, protocol)
    parts = protocols.encode_parts(
        data,
        encode,
        (samples, test_samples),
        rng=random,
        batch_size=batch_size,
        protocol=protocol,
    )
    train, test = parts
    distinct = protocols.count_distinct(data, parts, protocol)
    continuous = tuple(size is None for size in data.factor_sizes)
    kinds = {"codes" if train.logvar is None else "mean": (train.mean, test.mean)}
    if train.logvar is not None:
        kinds["sampled"] = (train.sampled(random), test.sampled(random))
    else:
        for score in scores:
            if score.posteriors:
                raise ValueError(f"{score.name} needs an encoder of (mean, logvar), got codes")
    arrays = LabelledCodes(train.mean, train.factors, continuous=continuous)
    _warn_of_constants(arrays.factor_sizes(), data.factor_names)
    table: CodeTable | None = None
    if any(score.intervenes for score in scores):
        table = CodeTable(data, encode, rng=rng, batch_size=batch_size)
    rows: list[ScoreRow] = []
    for kind, (train_codes, test_codes) in kinds.items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConstantFactorWarning)
            rows += evaluate(
                train_codes,
                train.factors,
                metrics=[score.name for score in scores if not score.needs_encoder],
                continuous=continuous,
                protocol=protocol,
                test=(test_codes, test.factors),
                repeats=repeats,
                interval=interval,
                rng=rng,
                representation=kind,
            )
        for score in scores:
            if score.intervenes:
                assert table is not None
                options = _options(score, protocol) | {"sampled": kind == "sampled"}
                given: tuple[Any, ...] = (table,)
                used = math.prod(table.sizes)
            elif score.posteriors and kind == "sampled":
                options = {"continuous": continuous}
                given = (train.mean, train.logvar, train.factors)
                used = len(train.mean)
            else:
                continue
            taken = [
                score.function(*given, rng=_seed(rng, repeat), **options)
                for repeat in range(repeats)
            ]
            rows += _rows(
                score,
                taken[0],
                taken,
                interval=interval,
                bins=None,
                representation=kind,
                samples=used,
                test_samples=0,
                protocol=protocol,
            )
    return ScoreTable(tuple(replace(row, distinct=distinct) for row in rows))


def _half(arrays: LabelledCodes, seed: RNG) -> LabelledCodes:
    """Return half of the samples, drawn without replacement."""
    order = protocols.generator(seed).permutation(len(arrays))
    return arrays.rows(order[: max(len(order) // 2, 2)])


def _sizes_of_parts(arrays: LabelledCodes, score: Score, train_fraction: float) -> tuple[int, int]:
    """Return how many samples a score is fitted on, and how many more it is tested on."""
    if not score.fits:
        return len(arrays), 0
    if arrays.test is not None:
        return len(arrays), len(arrays.test[0])
    train = protocols.train_rows(len(arrays), train_fraction)
    return train, len(arrays) - train


def _options(score: Score, protocol: Protocol | None) -> dict[str, Any]:
    return {} if score.reference is None else {"protocol": protocol}


def _take(
    score: Score, arrays: LabelledCodes, train_fraction: float, protocol: Protocol | None, seed: RNG
) -> Any:
    options = _options(score, protocol)
    if score.fits:
        options |= {"train_fraction": train_fraction, "test": arrays.test, "rng": seed}
    if score.needs_factors and any(arrays.continuous):
        options["continuous"] = arrays.continuous
    given = [arrays.codes, arrays.factors] if score.needs_factors else [arrays.codes]
    return score.function(*given, **options)


def _chosen(metrics: Iterable[str] | None, *, arrays_only: bool, with_factors: bool) -> list[Score]:
    if metrics is None:
        return [
            score
            for score in SCORES.values()
            if score.by_default
            and not (score.needs_encoder and arrays_only)
            and (with_factors or not score.needs_factors)
        ]
    if isinstance(metrics, str):
        raise TypeError(f"expected a list of scores, got {metrics!r}: write metrics=[{metrics!r}]")
    chosen = []
    for name in metrics:
        if name not in SCORES:
            close = difflib.get_close_matches(str(name), SCORES, n=1)
            hint = f", did you mean {close[0]!r}?" if close else ""
            raise ValueError(f"expected scores among {', '.join(SCORES)}, got {name!r}{hint}")
        score = SCORES[name]
        if score.needs_encoder and arrays_only:
            reason = "intervenes on factors" if score.intervenes else "needs posteriors"
            raise ValueError(f"{name} {reason}: use evaluate_encoder, or call it yourself")
        if score.needs_factors and not with_factors:
            raise ValueError(f"{name} needs factors, got None")
        chosen.append(score)
    return chosen


def _makes_sense(score: Score, arrays: LabelledCodes) -> bool:
    """Return whether a score can speak of real-valued factors, if there are; say why not."""
    if not (score.needs_factors and score.discrete_only and any(arrays.continuous)):
        return True
    warnings.warn(
        f"{score.name} is left out where factors are real-valued: {score.discrete_only}",
        LeftOutWarning,
        stacklevel=3,
    )
    return False


def _can_intervene(score: Score, data: GroundTruthData) -> bool:
    """Return whether a score can hold factors of the set fixed, if it must; say why not."""
    if not score.intervenes or (data.has_full_grid and all(data.factor_sizes)):
        return True
    warnings.warn(
        f"{score.name} is left out: it intervenes on factors, and {data.name} has no full grid of "
        "discrete ones",
        LeftOutWarning,
        stacklevel=3,
    )
    return False


def _check_repeats(repeats: int, interval: float | None) -> None:
    if repeats < 1:
        raise ValueError(f"expected at least 1 repeat, got {repeats}")
    if interval is not None and not 0 < interval < 1:
        raise ValueError(f"expected an interval's coverage between 0 and 1, got {interval}")
    if interval is not None and repeats < 2:
        raise ValueError("expected several repeats for an interval, got 1")


def _warn_of_constants(sizes: Sequence[int], names: Sequence[str] | None) -> None:
    for factor, size in enumerate(sizes):
        if size == 1:
            name = f"{factor}" if names is None else f"{factor} ({safe(names[factor])})"
            warnings.warn(
                f"factor {name} has a single value and is left out",
                ConstantFactorWarning,
                stacklevel=3,
            )


def _bins(
    score: Score, sizes: Sequence[int], samples: int, protocol: Protocol | None
) -> int | None:
    if not score.bins:
        return None
    if protocol == "locatello2019":
        return 20
    return default_bins(max(sizes, default=0) if score.needs_factors else 0, samples)


def _seed(rng: RNG, repeat: int) -> RNG:
    """Return what a repeat draws from: given generators go on, ints give new seeds."""
    if repeat == 0 or not isinstance(rng, (int, np.integer)):
        return rng
    return int(np.random.SeedSequence((int(rng), repeat)).generate_state(1)[0])


def _figures(score: Score, value: Any) -> dict[str, float]:
    """Return the named figures of a score's answer."""
    if isinstance(value, tuple):
        fields = value._asdict()  # type: ignore[attr-defined]
        return {f"{score.name}.{field}": float(figure) for field, figure in fields.items()}
    return {score.name: float(value)}


def _rows(
    score: Score, value: Any, taken: list[Any], *, interval: float | None, **shared: Any
) -> list[ScoreRow]:
    repeated = [_figures(score, figures) for figures in taken]
    rows = []
    for name, figure in _figures(score, value).items():
        figures = np.array([one[name] for one in repeated])
        low = high = float("nan")
        if interval is not None:
            tails = (0.5 - interval / 2, 0.5 + interval / 2)
            low, high = (figure + np.quantile(figures - figures.mean(), tails)).tolist()
        rows.append(
            ScoreRow(
                score=name,
                value=figure,
                mean=float(figures.mean()),
                spread=float(figures.std(ddof=1)) if len(figures) > 1 else float("nan"),
                low=low,
                high=high,
                repeats=len(figures),
                higher_is_better=score.higher_is_better,
                **_estimated(score, name.rpartition(".")[2], **shared),
            )
        )
    return rows


def _estimated(
    score: Score,
    figure: str,
    *,
    bins: int | None,
    test_samples: int,
    protocol: Protocol | None,
    **shared: Any,
) -> dict[str, Any]:
    """Return what a row says of how its figure was taken."""
    estimator = score.estimator
    if protocol is not None and score.reference is not None:
        estimator = score.reference
    if figure in score.figures:
        estimator, bins = score.figures[figure], None
    elif bins is not None:
        estimator = f"{bins} {estimator}"
    if figure in score.in_sample:
        estimator, test_samples = f"{estimator}, in-sample", 0
    return shared | {
        "estimator": estimator,
        "bins": bins,
        "test_samples": test_samples,
        "protocol": protocol,
    }
