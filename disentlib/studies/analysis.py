"""The analyses of a study's results (Locatello et al. 2019, section 5): tables in, tables out.

Every function takes the table of results, a row per job x representation x score, and returns a
data frame. Combinations that are missing are left out; `n` is the number of models behind a figure.
No function trains, draws or reads files.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from disentlib import metrics

Kind = Literal["supervised", "unsupervised", "downstream", "criterion", "other"]

REQUIRED = ("dataset", "model", "strength", "seed", "representation", "score", "value")
CONFIGURATION = ["model", "hyperparameter", "strength"]
MODEL = ["study", "job", "dataset", *CONFIGURATION, "seed"]
REPRESENTATIONS = ("mean", "sampled")
CRITERIA = ("udr", "model_centrality")

# The figures of training, which do not depend on the representation.
TRAINING = ("loss", "reconstruction", "kl", "elbo", "regularizer", "total_correlation")
_DOWNSTREAM = ("downstream_task", "reduced_downstream_task", "strong_downstream_task", "fairness")
_DETAIL = re.compile(r"train_|min_|(factor_|pred|sens)\d")


def kind(score: str) -> Kind:
    """Return what a score is, by its name.

    "supervised" scores compare codes with factors; "unsupervised" quantities need none; a
    "criterion" compares models with each other; "downstream" figures are a later task's, the
    headline ones. Values of single factors, figures on training samples and unknown names are
    "other".

    >>> kind("dci.disentanglement"), kind("kl"), kind("downstream_task.100:mean_test_accuracy")
    ('supervised', 'unsupervised', 'downstream')
    """
    base, *parts = score.split(".")
    part = parts[-1] if parts else ""
    if base in CRITERIA:
        return "criterion"
    if base in _DOWNSTREAM:
        return "other" if _DETAIL.search(part) else "downstream"
    if base in TRAINING:
        return "unsupervised"
    if "train" in part or part.startswith("num_") or part == "active_codes":
        return "other"
    if base not in metrics.SCORES:  # a method's own term of the loss, say
        return "other"
    return "supervised" if metrics.SCORES[base].needs_factors else "unsupervised"


def higher_is_better(score: str) -> bool:
    """Return whether larger values of a score are better; unknown ones are taken to be so."""
    base = score.partition(".")[0]
    if base in metrics.SCORES:
        return metrics.SCORES[base].higher_is_better
    return base == "elbo" or base not in (*TRAINING, "fairness")


def clean(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the table with every column that the analyses use and without undefined values.

    A method without a weight has strength 0. A table without job numbers gets one for each model.

    Raises:
        ValueError: if a column is missing that cannot be filled in.
    """
    missing = [name for name in REQUIRED if name not in frame]
    if missing:
        raise ValueError(
            f"expected the columns {', '.join(REQUIRED)}; missing {', '.join(missing)}"
        )
    table = frame.copy()
    for name in ("study", "hyperparameter"):
        table[name] = table[name].fillna("").astype(str) if name in table else ""
    for name in ("strength", "value"):
        table[name] = pd.to_numeric(table[name], errors="coerce").astype(float)
    table["strength"] = table["strength"].fillna(0.0)
    table["seed"] = pd.to_numeric(table["seed"], errors="coerce").fillna(-1).astype(int)
    for name in ("dataset", "model", "score", "representation"):
        table[name] = table[name].astype(object).where(table[name].notna(), "").astype(str)
    if "job" not in table or table["job"].isna().any():
        parts = [name for name in MODEL if name != "job"]
        table["job"] = table.groupby(parts, sort=False).ngroup()
    return table[np.isfinite(table["value"])].reset_index(drop=True)


def wide(frame: pd.DataFrame, representation: str = "mean") -> pd.DataFrame:
    """Return one row a model and one column a score; figures taken twice are averaged.

    Figures of training, and rows of neither "mean" nor "sampled" codes, belong to every
    representation.
    """
    table = clean(frame)
    codes = table["representation"]
    of_model = ~codes.isin(REPRESENTATIONS) | table["score"].isin(TRAINING)
    rows = table[of_model | (codes == representation)]
    return rows.pivot_table(index=MODEL, columns="score", values="value", aggfunc="mean")


def names(table: pd.DataFrame, wanted: Kind) -> list[str]:
    """Return the columns of a `wide` table, or the scores of a results table, of one kind."""
    scores = table["score"].unique() if "score" in table else table.columns
    return sorted(score for score in scores if kind(score) == wanted)


def distributions(frame: pd.DataFrame, *, representation: str = "mean") -> pd.DataFrame:
    """Return a summary of each score's values by data set and method, which violins show.

    Returns:
        dataset, score, model, n, mean, sd (ddof 1), low, q1, median, q3, high.
    """
    table = wide(frame, representation)
    values = _long(table[names(table, "supervised")])
    groups = values.groupby(["dataset", "score", "model"], sort=True)["value"]
    summary = groups.agg(n="count", mean="mean", sd="std", low="min", high="max")
    for name, share in (("q1", 0.25), ("median", 0.5), ("q3", 0.75)):
        summary[name] = groups.quantile(share)
    order = ["n", "mean", "sd", "low", "q1", "median", "q3", "high"]
    return summary[order].reset_index()


def rank_correlation(
    frame: pd.DataFrame,
    rows: Kind = "supervised",
    columns: Kind = "supervised",
    *,
    representation: str = "mean",
    least: int = 3,
) -> pd.DataFrame:
    """Spearman's rank correlation of scores over all models of a data set.

    Args:
        frame: the results.
        rows: the kind of scores in `score`.
        columns: the kind of scores in `other`.
        representation: whose codes.
        least: models that must have both scores.

    Returns:
        dataset, score, other, rho, n. rho is NaN where a score is constant or n below `least`.
    """
    table = wide(frame, representation)
    records = []
    for dataset, part in table.groupby(level="dataset"):
        rho, n = _spearman(part, least)
        records += [
            (dataset, score, other, rho.at[score, other], n.at[score, other])
            for score in names(part, rows)
            for other in names(part, columns)
            if n.at[score, other]
        ]
    return pd.DataFrame(records, columns=["dataset", "score", "other", "rho", "n"])


def by_strength(frame: pd.DataFrame, *, representation: str = "mean") -> pd.DataFrame:
    """Return each score against regularisation strength, over seeds.

    Returns:
        dataset, *configuration, score, rank, mean, sd (ddof 1), n. `rank` counts a method's
        strengths on a data set from 1, the weakest: methods share no unit.
    """
    values = _long(wide(frame, representation))
    groups = values.groupby(["dataset", *CONFIGURATION, "score"])["value"]
    table = groups.agg(mean="mean", sd="std", n="count").reset_index()
    ranks = table.groupby(["dataset", "model"])["strength"].rank("dense").astype(int)
    table.insert(5, "rank", ranks)
    return table


def mean_and_sampled(
    frame: pd.DataFrame, score: str = "gaussian_total_correlation"
) -> pd.DataFrame:
    """Return a score of the mean and of the sampled codes against strength: `by_strength` of both.

    Returns:
        representation and the columns of `by_strength`; empty where no codes have the score.
    """
    parts = []
    for representation in REPRESENTATIONS:
        table = by_strength(frame, representation=representation)
        table.insert(0, "representation", representation)
        parts.append(table[table["score"] == score])
    return pd.concat(parts, ignore_index=True)


def variance_explained(frame: pd.DataFrame, *, representation: str = "mean") -> pd.DataFrame:
    """R2 of least squares on one-hots of the method, and of method x hyperparameter.

    The variance that the configuration does not explain is the seed's. Groups explain variance by
    chance, too: g groups of n models with independent scores have an expected R2 of
    (g - 1) / (n - 1), which the columns `*_chance` give, and an expected adjusted R2 of 0.

    Returns:
        dataset, score, method, method_chance, method_adjusted, the same of `configuration`, n.
        NaN where a score is constant; adjusted NaN where every group has one model.
    """
    table = wide(frame, representation)
    records = []
    for dataset, part in table.groupby(level="dataset"):
        for score in names(part, "supervised"):
            values = part[score].dropna()
            row: dict[str, Any] = {"dataset": dataset, "score": score}
            for name, levels in (("method", ["model"]), ("configuration", CONFIGURATION)):
                groups = values.groupby(level=levels)
                # The best predictions from one-hots are the groups' means.
                row |= _r2(values, groups.transform("mean"), groups.ngroups, name)
            records.append(row | {"n": len(values)})
    columns = ["dataset", "score"]
    for name in ("method", "configuration"):
        columns += [name, f"{name}_chance", f"{name}_adjusted"]
    return pd.DataFrame(records, columns=[*columns, "n"])


def configuration_means(frame: pd.DataFrame, *, representation: str = "mean") -> pd.DataFrame:
    """Return the mean over seeds: a row a configuration, a column (dataset, score)."""
    values = _long(wide(frame, representation))
    values = values[values["score"].map(kind) == "supervised"]
    return values.pivot_table(
        index=CONFIGURATION, columns=["dataset", "score"], values="value", aggfunc="mean"
    )


def hyperparameter_transfer(
    frame: pd.DataFrame, *, representation: str = "mean", least: int = 3
) -> pd.DataFrame:
    """Rank correlation over configurations of their mean scores, across data sets and scores.

    Near 1, a configuration that is good for one is good for the other.

    Returns:
        dataset, score, other_dataset, other_score, rho, n (configurations).
    """
    means = configuration_means(frame, representation=representation)
    rho, n = _spearman(means, least)
    records = [
        (*first, *second, rho.loc[first, second], n.loc[first, second])
        for first in means.columns
        for second in means.columns
        if n.loc[first, second]
    ]
    columns = ["dataset", "score", "other_dataset", "other_score", "rho", "n"]
    return pd.DataFrame(records, columns=columns)


def random_transfer(frame: pd.DataFrame, *, representation: str = "mean") -> pd.DataFrame:
    """P(the best configuration of one task and seed beats a random other one on another seed).

    Draw a data set, a score and a seed; choose the best configuration; compare it with another one
    on a seed that was not used, on the same or another score and data set. Locatello et al. average
    10,000 draws; here all draws are counted, so that the only randomness left is that of the
    models. Ties count half.

    Returns:
        score and dataset ("same" or "other"), probability, sources (choices that were averaged),
        comparisons. Only rows that the data allow.
    """
    tasks, values = _cells(frame, representation)
    wins = _wins(values)
    seeds = values.shape[2]
    share: dict[tuple[bool, bool], list[float]] = {}
    pairs: dict[tuple[bool, bool], int] = {}
    for source, (dataset, score) in enumerate(tasks):
        relations = [(score == other, dataset == place) for place, other in tasks]
        for seed in range(seeds):
            candidates = values[source, :, seed]
            if np.isfinite(candidates).sum() < 2:
                continue
            chosen = candidates == np.nanmax(candidates)
            other_seeds = np.delete(wins[:, chosen], seed, axis=2)
            known = np.isfinite(other_seeds)
            for relation in set(relations):
                targets = np.array([other == relation for other in relations])
                # A target counts once, however many of its seeds have a value.
                counts = known[targets].sum(axis=(1, 2))
                if counts.any():
                    sums = np.where(known[targets], other_seeds[targets], 0.0).sum(axis=(1, 2))
                    share.setdefault(relation, []).append(
                        float((sums[counts > 0] / counts[counts > 0]).mean())
                    )
                    pairs[relation] = pairs.get(relation, 0) + int(counts.sum())
    records = [
        (
            "same" if same_score else "other",
            "same" if same_data else "other",
            float(np.mean(share[same_score, same_data])),
            len(share[same_score, same_data]),
            pairs[same_score, same_data],
        )
        for same_data in (True, False)
        for same_score in (True, False)
        if (same_score, same_data) in share
    ]
    columns = ["score", "dataset", "probability", "sources", "comparisons"]
    return pd.DataFrame(records, columns=columns)


def selection(
    frame: pd.DataFrame,
    criteria: Sequence[str] | None = None,
    *,
    representation: str = "mean",
) -> pd.DataFrame:
    """Compare the model that a criterion without factors chooses with the best and with chance.

    Args:
        frame: the results; `with_udr` and `with_model_centrality` add their criteria.
        criteria: names of scores; UDR, ModelCentrality and every unsupervised quantity by default.
        representation: whose codes.

    Returns:
        dataset, criterion, score, job (the choice; the first of equals), chosen (its score, the
        mean of equals), oracle (the best model's), random (the mean of all models), gain =
        (chosen - random) / (oracle - random): 1 for the oracle's choice, 0 for chance, NaN where
        all models score alike; beats (share of the other models, ties half), n.
    """
    table = wide(frame, representation)
    if criteria is None:
        criteria = [*names(table, "criterion"), *names(table, "unsupervised")]
    records = []
    for dataset, part in table.groupby(level="dataset"):
        for criterion in criteria:
            for score in names(part, "supervised"):
                if criterion not in part:
                    continue
                both = part[[criterion, score]].dropna()
                if len(both) > 1:
                    records.append((dataset, criterion, score, *_choice(both, criterion, score)))
    columns = ["dataset", "criterion", "score", "job", "chosen", "oracle", "random"]
    return pd.DataFrame(records, columns=[*columns, "gain", "beats", "n"])


def with_udr(
    frame: pd.DataFrame,
    codes: Mapping[Any, ArrayLike],
    kl: Mapping[Any, ArrayLike] | None = None,
    *,
    within: Sequence[str] = ("study", "dataset", *CONFIGURATION),
    **options: Any,
) -> pd.DataFrame:
    """Return the results of one study with a row "udr" for each job whose codes are given.

    Args:
        frame: the results.
        codes: by job, the mean codes (samples, dims) of the same images of its data set.
        kl: by job, each code's divergence from the prior (dims,).
        within: models that agree in these columns are compared: by default those that differ in
            their seed alone, as Duan et al. do.
        **options: of `metrics.udr`.
    """
    jobs = clean(frame).drop_duplicates("job")
    jobs = jobs[jobs["job"].isin(list(codes))]
    by_job: dict[Any, float] = {}
    for _, part in jobs.groupby(list(within)):
        group = list(part["job"])
        if len(group) > 1:
            divergences = None if kl is None else [kl[job] for job in group]
            result = metrics.udr([codes[job] for job in group], divergences, **options)
            by_job |= dict(zip(group, map(float, result.scores), strict=True))
    return _with(frame, "udr", by_job)


def with_model_centrality(frame: pd.DataFrame, cross: pd.DataFrame) -> pd.DataFrame:
    """Return the results of one study with a row "model_centrality" for each job in `cross`.

    Args:
        frame: the results.
        cross: A by job and job: how well the row's encoder disentangles what the column's model
            generates, as `cross_score` of `metrics.model_centrality` measures. Models of one data
            set are compared.
    """
    jobs = clean(frame).drop_duplicates("job")
    jobs = jobs[jobs["job"].isin(cross.index)]
    by_job: dict[Any, float] = {}
    for _, part in jobs.groupby(["study", "dataset"]):
        group = list(part["job"])
        if len(group) > 1:
            scores = metrics.model_centrality(cross.loc[group, group].to_numpy())
            by_job |= dict(zip(group, map(float, scores), strict=True))
    return _with(frame, "model_centrality", by_job)


def _with(frame: pd.DataFrame, score: str, values: Mapping[Any, float]) -> pd.DataFrame:
    table = clean(frame)
    rows = table[table["job"].isin(list(values))].drop_duplicates("job").copy()
    rows["score"], rows["value"] = score, rows["job"].map(values)
    rows["representation"] = "mean"
    return pd.concat([table[table["score"] != score], rows], ignore_index=True)


def _long(table: pd.DataFrame) -> pd.DataFrame:
    """Return a `wide` table with a row per model and score, without missing values."""
    return table.reset_index().melt(MODEL, var_name="score", value_name="value").dropna()


def _spearman(table: pd.DataFrame, least: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return rank correlations of columns over the rows that have both, and how many have."""
    present = table.notna().to_numpy(int)
    n = pd.DataFrame(present.T @ present, index=table.columns, columns=table.columns)
    return table.corr("spearman", min_periods=least), n


def _r2(values: pd.Series, predicted: pd.Series, groups: int, name: str) -> dict[str, float]:
    n = len(values)
    total = float(((values - values.mean()) ** 2).sum())
    # The computed variance of a constant score may be above 0 by rounding.
    is_constant = n < 2 or total <= 1e-20 * n * float((values**2).max())
    r2 = np.nan if is_constant else 1 - float(((values - predicted) ** 2).sum()) / total
    return {
        name: r2,
        f"{name}_chance": (groups - 1) / (n - 1) if n > 1 else np.nan,
        f"{name}_adjusted": 1 - (1 - r2) * (n - 1) / (n - groups) if n > groups else np.nan,
    }


def _cells(
    frame: pd.DataFrame, representation: str
) -> tuple[list[tuple[str, str]], NDArray[np.float64]]:
    """Return (data set, score) of each task, and values (tasks, configurations, seeds).

    Larger is better throughout; NaN is missing.
    """
    values = _long(wide(frame, representation))
    values = values[values["score"].map(kind) == "supervised"]
    task, tasks = pd.factorize(pd.MultiIndex.from_frame(values[["dataset", "score"]]), sort=True)
    place, places = pd.factorize(pd.MultiIndex.from_frame(values[CONFIGURATION]), sort=True)
    seed, seeds = pd.factorize(values["seed"], sort=True)
    sums = np.zeros((len(tasks), len(places), len(seeds)))
    counts = np.zeros_like(sums)
    sign = np.where(values["score"].map(higher_is_better).to_numpy(bool), 1.0, -1.0)
    np.add.at(sums, (task, place, seed), sign * values["value"].to_numpy())
    np.add.at(counts, (task, place, seed), 1)
    cells = np.divide(sums, counts, out=np.full_like(sums, np.nan), where=counts > 0)
    return list(tasks), cells


def _wins(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the share of other configurations that each beats on the same task and seed."""
    wins = np.full_like(values, np.nan)
    for task, cells in enumerate(values):
        present = np.isfinite(cells)
        others = present.sum(axis=0) - 1
        # NaN compares false, so a missing value is neither beaten nor equal.
        beaten = (cells[:, None] > cells[None]).sum(axis=1)
        ties = (cells[:, None] == cells[None]).sum(axis=1) - 1
        valid = present & (others > 0)
        np.divide(beaten + ties / 2, others, out=wins[task], where=valid)
    return wins


def _choice(both: pd.DataFrame, criterion: str, score: str) -> Iterable[Any]:
    """Return job, chosen, oracle, random, gain, beats and n of one choice."""
    criteria = both[criterion] if higher_is_better(criterion) else -both[criterion]
    goal = both[score].to_numpy() * (1 if higher_is_better(score) else -1)
    picked = (criteria == criteria.max()).to_numpy()
    job = both.index.get_level_values("job")[picked][0]
    chosen, oracle, random = goal[picked].mean(), goal.max(), goal.mean()
    gain = (chosen - random) / (oracle - random) if oracle > random else np.nan
    n = len(goal)
    beats = [
        ((goal < value).sum() + ((goal == value).sum() - 1) / 2) / (n - 1) for value in goal[picked]
    ]
    sign = 1 if higher_is_better(score) else -1
    return job, sign * chosen, sign * oracle, sign * random, gain, float(np.mean(beats)), n
