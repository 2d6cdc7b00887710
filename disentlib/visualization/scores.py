"""The figures behind the scores of a representation."""

import os
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from disentlib.data.randomness import RNG
from disentlib.metrics.information.estimates import Continuous, binned_factors, estimate
from disentlib.metrics.intervention.irs import robustness
from disentlib.metrics.labelled_codes import LabelledCodes, labelled
from disentlib.metrics.prediction.dci import importances
from disentlib.metrics.protocol import Protocol
from disentlib.visualization import encoding, plots

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CELLS = 100  # of codes x factors in the figure of effects: a cell costs 50 ms


def save_score_figures(
    codes: ArrayLike | LabelledCodes,
    factors: ArrayLike | None,
    folder: str | os.PathLike[str],
    *,
    continuous: Continuous = False,
    code_names: Sequence[str] | None = None,
    factor_names: Sequence[str] | None = None,
    protocol: Protocol | None = None,
    test: tuple[ArrayLike, ArrayLike] | None = None,
    context: str = "",
    rng: RNG = 0,
) -> list[Path]:
    """Draw what MIG, DCI and IRS are taken from.

    ``importance.png`` (of `dci`) and ``mutual_information.png`` (of `mig`) show the matrices of
    codes and factors, ``_pr`` how many factors their strongest entries recover, ``_dendrogram``
    when factors fall together; ``interventional_effects.png`` how each code answers to each factor.

    Args:
        codes: real numbers (samples, dims), or a `metrics.LabelledCodes`, which holds factors,
            kinds, names and test samples as well: factors are None then.
        factors: non-negative integers (samples, factors), or real numbers where `continuous`. One
            with a single value is left out.
        folder: where the files go; made if missing.
        continuous: which factors are real-valued, one answer for all or one each; for IRS they are
            binned at quantiles.
        code_names: names of the codes; z0, z1, ... by default.
        factor_names: names of the factors.
        protocol: whose choices; as for the scores.
        test: (codes, factors) of other samples: then all of the first ones train.
        context: where the codes are from, below each title.
        rng: draws the rows that train.

    Returns:
        The paths of the seven files.

    Raises:
        ImportError: matplotlib is missing; the message names the extra.
        TypeError: if codes are not real numbers or factors not integers.
        ValueError: if shapes do not fit, a value is not finite, or no factor varies.
    """
    given = labelled(
        codes,
        factors,
        continuous=continuous,
        code_names=code_names,
        factor_names=factor_names,
        test=test,
    )
    if given.factors is None:
        raise ValueError("expected factors to draw codes against, got None")
    varying = given.factors.min(axis=0) < given.factors.max(axis=0)
    if not varying.any():
        raise ValueError("expected a factor of several values to draw, got none")
    given = given.with_factors(varying)
    assert given.factors is not None
    names = given.names_of_factors
    kinds: dict[str, Any] = {"continuous": given.continuous, "protocol": protocol}
    context = " · ".join(
        [context] * bool(context)
        + [f"{len(given):,} samples", f"protocol: {protocol or 'default'}"]
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # scores of the same arrays say it
        importance = importances(given.codes, given.factors, test=given.test, rng=rng, **kinds)
        information = estimate(given.codes, given.factors, **kinds).mutual_information
    figures = plots.score_figures(
        importance.matrix,
        name="importance",
        code_names=given.code_names,
        factor_names=[names[int(j)] for j in importance.kept],
        label="importance to boosted trees",
        title="Which code predicts which factor",
        context=context,
    ) | plots.score_figures(
        information,
        name="mutual_information",
        code_names=given.code_names,
        factor_names=names,
        label="mutual information (nats)",
        title="Which code knows which factor",
        context=context,
    )
    effects = effects_figure(
        given.codes,
        binned_factors(given.factors, given.continuous, len(given)),
        code_names=given.code_names,
        factor_names=names,
        protocol=protocol,
        context=context,
    )
    if effects is not None:
        figures["interventional_effects"] = effects
    return [
        encoding.save(Path(folder) / f"{name}.png", plots.png(figure))
        for name, figure in figures.items()
    ]


def effects_figure(
    codes: np.ndarray,
    factors: np.ndarray,
    *,
    code_names: Sequence[str] | None = None,
    factor_names: Sequence[str],
    order: Sequence[int] | None = None,
    protocol: Protocol | None = None,
    context: str = "",
) -> "Figure | None":
    """Plot how codes answer to factors, each with the parent that IRS gives it.

    Args:
        codes: (samples, dims).
        factors: integers (samples, factors).
        code_names: z0, z1, ... by default.
        factor_names: of the columns.
        order: which codes, and in which order; by default those that stray most first. As many are
            drawn as fit the page.
        protocol: whose choices for IRS.
        context: where the codes are from, below the title.

    Returns:
        The figure; None if no code or no factor varies.
    """
    kept = np.flatnonzero(factors.min(axis=0) < factors.max(axis=0))
    if not kept.size:
        return None
    factors = factors[:, kept]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # outliers show in the figure
        merged = 20 if protocol == "locatello2019" else None  # as `irs` has it
        robust = robustness(codes, factors, protocol=protocol, factor_bins=merged)
    place = {int(code): row for row, code in enumerate(robust.live)}
    if order is None:
        order = [int(code) for code in robust.live[np.argsort(-robust.deviations, kind="stable")]]
    shown = [int(code) for code in order if code in place][: max(CELLS // len(kept), 1)]
    if not shown:
        return None
    rows = [place[code] for code in shown]
    return plots.interventional_effects(
        codes[:, shown],
        factors,
        parents=robust.parents[rows],
        scores=robust.codes[rows].tolist(),
        factor_names=[factor_names[int(j)] for j in kept],
        code_names=[f"z{code}" if code_names is None else code_names[code] for code in shown],
        title=f"How codes answer to factors (IRS {robust.score:.2f})",
        context=context,
    )
