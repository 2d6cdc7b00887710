"""How alike the codes are that a study's configurations learn from several seeds."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import pandas as pd
from numpy.typing import ArrayLike

from disentlib import metrics
from disentlib.metrics.selection.seed_stability import SeedStability
from disentlib.studies import analysis


class Stability(NamedTuple):
    """The stability of one configuration on one data set.

    Attributes:
        dataset: its name.
        configuration: the method, with the weight that was swept where it has several.
        strong: of single codes.
        weak: of codes up to a linear map.
    """

    dataset: str
    configuration: str
    strong: SeedStability
    weak: SeedStability


def stabilities(frame: pd.DataFrame, codes: Mapping[Any, ArrayLike]) -> list[Stability]:
    """Return the stability of every configuration with two seeds or more.

    Args:
        frame: the results of one study.
        codes: by job, the mean codes (samples, dims) of the same images of its data set.
    """
    jobs = analysis.clean(frame).drop_duplicates("job")
    jobs = jobs[jobs["job"].isin(list(codes))]
    measured = []
    for (dataset, method), part in jobs.groupby(["dataset", "model"]):
        for (weight, strength), group in part.groupby(analysis.CONFIGURATION[1:]):
            is_swept = len(part.drop_duplicates(analysis.CONFIGURATION)) > 1
            name = f"{method}, {weight} {strength:g}" if is_swept else str(method)
            of_seeds = [codes[job] for job in group.sort_values("seed")["job"]]
            if len(of_seeds) > 1:
                kinds = (metrics.seed_stability(of_seeds, kind=kind) for kind in ("strong", "weak"))
                measured.append(Stability(str(dataset), name, *kinds))
    return measured
