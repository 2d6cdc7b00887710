"""The report of a study: one self-contained page of figures, tables and the data behind them."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from disentlib.studies import analysis
from disentlib.visualization import files, pages, study_plots
from disentlib.visualization.pages import Drawing, Table

LISTED = 12  # missing figures that are named
HEADLINES = 12  # scores a figure; more are in the files
DEPENDENCE = ("gaussian_total_correlation", "mutual_information_score")
NOISE = 1.96  # two-sided 5 % of a normal distribution


class Numbers(NamedTuple):
    """A table of the page."""

    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]  # the first cell of a row is its head


class Section(NamedTuple):
    """A part of the page; without figures and tables its text says why."""

    anchor: str
    name: str
    text: Sequence[str]
    drawings: Sequence[Drawing] = ()
    tables: Sequence[Numbers] = ()


class Study(NamedTuple):
    """What the sections are written from."""

    table: pd.DataFrame  # clean
    wide: pd.DataFrame  # of `codes`
    codes: str
    look: dict[str, study_plots.Style]
    scores: list[str]

    @property
    def datasets(self) -> list[str]:
        """The data sets, in order."""
        return sorted(self.table["dataset"].unique())


def report(frame: pd.DataFrame | str | os.PathLike[str], path: Any, *, title: str) -> Path:
    """Write the page of a study's results.

    Args:
        frame: the table of results, or the Parquet or CSV file that holds it. Tables of several
            studies stand side by side: each study's data sets are named after it.
        path: of the page.
        title: at its top.

    Returns:
        The path of the page.

    Raises:
        ImportError: if matplotlib or jinja2 is missing.
        ValueError: if a column is missing or no value is finite.
    """
    template = pages.template("study.html")
    given = frame if isinstance(frame, pd.DataFrame) else read(frame)
    table = _by_study(analysis.clean(given))
    if table.empty:
        raise ValueError(f"expected results with finite values, got {len(given)} rows without any")
    found = set(table["representation"])
    codes = next((one for one in analysis.REPRESENTATIONS if one in found), "mean")
    wide = analysis.wide(table, codes)
    study = Study(
        table,
        wide,
        codes,
        study_plots.styles(sorted(table["model"].unique())),
        analysis.names(wide, "supervised"),
    )
    sections = [
        write(study)
        for write in (
            _runs,
            _distributions,
            _agreement,
            _strength,
            _dependence,
            _variance,
            _transfer,
            _unsupervised,
            _selection,
            _downstream,
        )
    ]
    sections.append(_origin(study, given))
    content = {
        "kicker": "disentlib study",
        "title": title,
        "notices": _notices(study, given),
        "facts": _facts(study),
        "parts": sections,
        "subject": ", ".join(sorted(set(table["study"]) - {""})) or "results",
        "models": f"{len(wide):,} models",
    }
    page = pages.render(
        template,
        content,
        sections=[(section.anchor, section.anchor.capitalize()) for section in sections],
    )
    return files.save(path, page)


def read(path: str | os.PathLike[str]) -> pd.DataFrame:
    """Return the table that a Parquet or CSV file holds."""
    return pd.read_csv(path) if str(path).endswith(".csv") else pd.read_parquet(path)


def _by_study(table: pd.DataFrame) -> pd.DataFrame:
    """Name data sets after their study, where there are several."""
    if table["study"].nunique() > 1:
        table["dataset"] = table["dataset"] + " (" + table["study"].replace("", "unnamed") + ")"
    return table


def _facts(study: Study) -> list[tuple[str, str]]:
    models = study.wide.reset_index()
    seeds = models.groupby(["dataset", *analysis.CONFIGURATION])["seed"].nunique()
    low, high = int(seeds.min()), int(seeds.max())
    facts = [
        ("models", f"{len(models):,}"),
        ("data sets", str(len(study.datasets))),
        ("methods", str(models["model"].nunique())),
        ("seeds per configuration", str(low) if low == high else f"{low} to {high}"),
        ("scores", str(len(study.scores))),
    ]
    if "wall_time_s" in study.table:
        seconds = study.table.drop_duplicates(["study", "job"])["wall_time_s"].sum()
        if seconds > 0:
            facts.append(("computing time", _duration(float(seconds))))
    return facts


def _notices(study: Study, given: pd.DataFrame) -> list[str]:
    """Return what is missing from the table, in words."""
    notices = []
    if undefined := len(given) - len(study.table):
        notices.append(f"Left out, without a finite value: {_count(undefined, 'row')}.")
    models = study.wide.reset_index()
    gaps = []
    for dataset, part in models.groupby("dataset"):
        expected = len(part.drop_duplicates(analysis.CONFIGURATION)) * part["seed"].nunique()
        there = len(part.drop_duplicates([*analysis.CONFIGURATION, "seed"]))
        if there < expected:
            gaps.append(f"{dataset}: {there:,} of {expected:,}")
    if gaps:
        notices.append(
            "Not every configuration has every seed; the rest failed or did not run. Models there "
            f"are: {'; '.join(gaps)}. All figures are of those."
        )
    holes = study.wide[study.scores].isna().sum()
    holes = holes[holes > 0]
    if len(holes):
        shown = ", ".join(f"{score} ({n:,})" for score, n in holes.head(LISTED).items())
        more = f" and {len(holes) - LISTED} more scores" if len(holes) > LISTED else ""
        notices.append(f"Scores that some models lack, and how many lack them: {shown}{more}.")
    return notices


def _runs(study: Study) -> Section:
    models = study.wide.reset_index()
    rows = []
    for (dataset, model, weight), part in models.groupby(["dataset", "model", "hyperparameter"]):
        values = ", ".join(f"{value:g}" for value in sorted(part["strength"].unique()))
        seeds = part.groupby("strength")["seed"].nunique()
        low, high = seeds.min(), seeds.max()
        rows.append(
            [
                f"{model} on {dataset}",
                f"{weight} = {values}" if weight else "–",
                str(low) if low == high else f"{low} to {high}",
                f"{len(part):,}",
            ]
        )
    columns = ["method and data", "swept weight", "seeds", "models"]
    text = [
        f"All figures are of {study.codes} codes where nothing else is said. A model is one "
        "training: a method, a strength of its weight and a seed."
    ]
    table = Numbers("What was trained", columns, rows)
    return Section("runs", "What was run", text, tables=[table])


def _distributions(study: Study) -> Section:
    anchor, name = "scores", "Scores by method"
    if not study.scores:
        return Section(anchor, name, ["The table has no score that compares codes with factors."])
    summary = analysis.distributions(study.table, representation=study.codes)
    drawings = []
    for dataset, part in study.wide.groupby(level="dataset"):
        values = {
            score: {
                model: group.to_numpy()
                for model, group in part[score].dropna().groupby(level="model")
            }
            for score in _headlines(study)
            if part[score].notna().any()
        }
        if values:
            table = _csv(f"scores {dataset}", part[study.scores].reset_index())
            n = part.groupby(level="model").size()
            drawings.append(
                pages.drawing(
                    study_plots.violins(values, study.look),
                    title=str(dataset),
                    alt=f"Distributions of {', '.join(values)} by method on {dataset}",
                    caption=f"{_range(n)} models a method. Line: median. A violin needs "
                    f"{study_plots.FEWEST} models and ends at the least and the largest value.",
                    table=table,
                )
            )
    rows = [
        [
            f"{row.model} on {row.dataset}",
            row.score,
            str(row.n),
            f"{_number(row.mean)} ± {_number(row.sd)}",
            f"{_number(row.low)} to {_number(row.high)}",
        ]
        for row in summary.itertuples()
        if row.score in _headlines(study)
    ]
    columns = ["method and data", "score", "n", "mean ± sd", "range"]
    summarised = Numbers("Every score by method and data set", columns, rows)
    text = [
        "If the ranges of methods overlap, the choice of the method decides less than strength and "
        "seed do; how much less is below.",
        *_unshown(study),
    ]
    return Section(anchor, name, text, drawings, [summarised])


def _agreement(study: Study) -> Section:
    anchor, name = "agreement", "Do the scores agree?"
    found = analysis.rank_correlation(study.table, representation=study.codes)
    found = found[found["score"] != found["other"]]
    drawings = list(_maps(study, found, "agreement"))
    if not drawings:
        return Section(
            anchor, name, ["Two scores of the same three models are needed, which are not there."]
        )
    text = [
        "Spearman's rank correlation over all models of a data set, times 100. "
        + _noise(study, "score")
    ]
    return Section(anchor, name, text, drawings)


def _strength(study: Study) -> Section:
    anchor, name = "strength", "Scores against regularisation strength"
    table = analysis.by_strength(study.table, representation=study.codes)
    table = table[table["score"].isin(study.scores)]
    if table.empty or table["rank"].max() < 2:
        return Section(
            anchor, name, ["No method was trained with two strengths, so nothing was swept."]
        )
    drawings = [
        pages.drawing(
            study_plots.strengths(
                {
                    score: _lines(part[part["score"] == score])
                    for score in _headlines(study)
                    if (part["score"] == score).any()
                },
                study.look,
            ),
            title=str(dataset),
            alt=f"Mean scores on {dataset} against the rank of the strength, a line a method",
            caption=f"Mean over {_range(part['n'])} seeds; bars: its standard error.",
            table=_csv(f"strength {dataset}", part),
        )
        for dataset, part in table.groupby("dataset")
    ]
    text = ["Strengths are ranked within a method, for the weights of two methods share no unit."]
    return Section(anchor, name, text, drawings)


def _dependence(study: Study) -> Section:
    anchor, name = "dependence", "Are the codes independent?"
    drawings = []
    for score in DEPENDENCE:
        table = analysis.mean_and_sampled(study.table, score)
        for dataset, part in table.groupby("dataset"):
            panels = {
                f"{codes} codes": _lines(part[part["representation"] == codes])
                for codes in analysis.REPRESENTATIONS
                if (part["representation"] == codes).any()
            }
            drawings.append(
                pages.drawing(
                    study_plots.strengths(panels, study.look, together=True),
                    title=f"{score} on {dataset}",
                    alt=f"{score} of mean and sampled codes on {dataset} against strength",
                    caption=f"Mean over {_range(part['n'])} seeds; bars: its standard error. "
                    "Panels share their axis.",
                    table=_csv(f"{score} {dataset}", part),
                )
            )
    if not drawings:
        return Section(
            anchor, name, [f"The table has neither {DEPENDENCE[0]} nor {DEPENDENCE[1]}."]
        )
    text = [
        "Regularisers of the total correlation act on sampled codes, whose dependence should fall "
        "with strength. The mean codes, which are used afterwards, need not follow: in Locatello "
        "et al. (2019) theirs rises for all methods but DIP-VAE-I, which regularises them directly."
    ]
    if set(study.table["representation"]) & set(analysis.REPRESENTATIONS) != {"mean", "sampled"}:
        text.append("Only one kind of codes was scored, so the comparison is missing.")
    return Section(anchor, name, text, drawings)


def _variance(study: Study) -> Section:
    anchor, name = "variance", "What explains the scores?"
    found = analysis.variance_explained(study.table, representation=study.codes)
    found = found.dropna(subset=["method", "configuration"])
    # With a model a configuration nothing is left for the seed, whatever the data say.
    found = found[found["configuration_chance"] < 1]
    if found.empty:
        return Section(
            anchor,
            name,
            ["A share for the seed needs two seeds of a configuration; there are none."],
        )
    drawings = [
        pages.drawing(
            study_plots.shares(
                {
                    row.score: (row.method, row.configuration - row.method, 1 - row.configuration)
                    for row in _first(part).itertuples()
                },
                marks={
                    row.score: (row.method_chance, row.configuration_chance)
                    for row in _first(part).itertuples()
                },
            ),
            title=str(dataset),
            alt=f"Shares of each score's variance on {dataset}: method, hyperparameter, seed",
            caption=f"R² of least squares on one-hots, {_range(part['n'])} models.",
            table=_csv(f"variance {dataset}", part),
        )
        for dataset, part in found.groupby("dataset")
    ]
    mean = found.mean(numeric_only=True)
    text = [
        f"On average over scores and data sets, the method explains {mean['method']:.0%} of the "
        f"variance (chance alone: {mean['method_chance']:.0%}), method and hyperparameter together "
        f"{mean['configuration']:.0%} (chance: {mean['configuration_chance']:.0%}). The rest is "
        "the seed's.",
        "Groups explain variance by chance, the more the fewer models a group has; corrected for "
        f"that (adjusted R²) it is {mean['method_adjusted']:.0%} and "
        f"{mean['configuration_adjusted']:.0%}.",
    ]
    return Section(anchor, name, text, drawings)


def _transfer(study: Study) -> Section:
    anchor, name = "transfer", "Do hyperparameters transfer?"
    random = analysis.random_transfer(study.table, representation=study.codes)
    if random.empty:
        return Section(
            anchor,
            name,
            ["A choice must be tried on another seed; no two configurations share two seeds."],
        )
    rows = [
        [
            f"{row.score} score, {row.dataset} data set",
            f"{row.probability:.1%}",
            f"{row.sources:,}",
            f"{row.comparisons:,}",
        ]
        for row in random.itertuples()
    ]
    columns = ["the choice is tried on the", "beats another configuration", "choices", "trials"]
    tables = [Numbers("Random transfer", columns, rows)]
    text = [
        "Random transfer: draw a data set, a score and a seed and choose the best configuration. "
        "How often does it beat another configuration, on a seed that was not used? 50% is chance. "
        "All draws are counted, not a sample of them.",
    ]
    drawings: list[Drawing] = []
    if len(study.datasets) < 2:
        text.append("With one data set, transfer to another cannot be seen.")
    else:
        drawings += _transfer_scatters(study)
        drawings += _transfer_map(study)
    if len(study.scores) < 2:
        text.append("With one score, transfer to another score cannot be seen.")
    return Section(anchor, name, text, drawings, tables)


def _transfer_scatters(study: Study) -> Iterator[Drawing]:
    """Draw configurations on one data set against the others, by the first score they share."""
    means = analysis.configuration_means(study.table, representation=study.codes)
    first, *others = study.datasets
    for score in _headlines(study):
        panels = {}
        for other in others:
            if {(first, score), (other, score)} <= set(means.columns):
                both = means[[(first, score), (other, score)]].dropna()
                if len(both):
                    panels[f"on {first}", f"on {other}"] = {
                        str(model): part.to_numpy() for model, part in both.groupby(level="model")
                    }
        if panels:
            yield pages.drawing(
                study_plots.scatters(panels, study.look),
                title=f"{score} of each configuration",
                alt=f"Mean {score} of each configuration on {first} against other data sets",
                caption="A point is a configuration, the mean over its seeds.",
                table=_csv("configurations", _flat(means)),
            )
            return


def _transfer_map(study: Study) -> Iterator[Drawing]:
    """Draw the rank correlation of configurations between data sets, by score."""
    found = analysis.hyperparameter_transfer(study.table, representation=study.codes)
    same = found[(found["score"] == found["other_score"]) & found["score"].isin(_headlines(study))]
    same = same[same["dataset"] < same["other_dataset"]]
    pairs = same.assign(pair=same["dataset"] + " and " + same["other_dataset"])
    matrix = pairs.pivot(index="pair", columns="score", values="rho")
    if matrix.notna().any(axis=None):
        title = "Are the same configurations good on both?"
        yield _map(matrix, title, "transfer", found, "configurations")


def _unsupervised(study: Study) -> Section:
    anchor, name = "unsupervised", "Do quantities without factors tell?"
    found = analysis.rank_correlation(
        study.table, "unsupervised", "supervised", representation=study.codes
    )
    drawings = list(_maps(study, found, "unsupervised"))
    if not drawings:
        return Section(
            anchor,
            name,
            ["The table has no quantity that needs no factors (reconstruction, kl, elbo, ...)."],
        )
    text = [
        "Rank correlation, times 100, of what can be measured without factors with the scores that "
        "need them. Losses and dependences are shown as they are: where less is better, a useful "
        "one is negative. " + _noise(study, "quantity")
    ]
    return Section(anchor, name, text, drawings)


def _selection(study: Study) -> Section:
    anchor, name = "selection", "Choosing a model without factors"
    found = analysis.selection(study.table, representation=study.codes)
    if found["gain"].notna().sum() == 0:
        return Section(
            anchor,
            name,
            ["The table has neither UDR nor ModelCentrality nor another criterion to choose by."],
        )
    look = study_plots.styles(_headlines(study))
    drawings = []
    for dataset, part in found.groupby("dataset"):
        gains = {
            str(criterion): dict(zip(rows["score"], rows["gain"], strict=True))
            for criterion, rows in part[part["score"].isin(look)].groupby("criterion", sort=False)
        }
        drawings.append(
            pages.drawing(
                study_plots.choices(gains, look),
                title=str(dataset),
                alt=f"How good the model is that each criterion chooses on {dataset}",
                caption=f"One choice among {_range(part['n'])} models a criterion. A single choice "
                "may be luck.",
                table=_csv(f"selection {dataset}", part),
            )
        )
    rows = [
        [f"{criterion} on {dataset}", f"{part['gain'].mean():.2f}", f"{part['beats'].mean():.0%}"]
        for (dataset, criterion), part in found.groupby(["dataset", "criterion"], sort=False)
    ]
    columns = ["criterion and data", "gain, mean over scores", "beats of the other models"]
    text = ["The model that a criterion likes best, beside the best one there is (the oracle's)."]
    absent = [
        label
        for criterion, label in zip(analysis.CRITERIA, ("UDR", "ModelCentrality"), strict=True)
        if criterion not in set(found["criterion"])
    ]
    if absent:
        text.append(
            f"Not in the table: {' and '.join(absent)}. Such a criterion compares models with each "
            "other and is computed from the codes of a whole study."
        )
    return Section(anchor, name, text, drawings, [Numbers("Choices", columns, rows)])


def _downstream(study: Study) -> Section:
    anchor, name = "downstream", "Are disentangled codes more useful?"
    found = analysis.rank_correlation(
        study.table, "supervised", "downstream", representation=study.codes
    )
    drawings = list(_maps(study, found, "downstream"))
    if not drawings:
        return Section(anchor, name, ["No downstream task was measured on these models."])
    text = [
        "Rank correlation, times 100, of the scores with accuracy and efficiency (accuracy with "
        "few samples over accuracy with many) of predicting the factors from the codes. "
        + _noise(study, "score")
    ]
    return Section(anchor, name, text, drawings)


def _origin(study: Study, given: pd.DataFrame) -> Section:
    rows = [["rows", f"{len(given):,}"]]
    for name, label in (("uuid", "results"), ("config_digest", "configurations")):
        if name in study.table:
            rows.append([label, f"{study.table[name].nunique():,} different"])
    if "versions" in study.table:
        kinds = [str(value) for value in study.table["versions"].dropna().map(str).unique()]
        rows += [["versions", value] for value in kinds[:LISTED]]
    text = ["Every figure's numbers are in the file that its caption links."]
    return Section("origin", "Where it comes from", text, tables=[Numbers("Origin", (), rows)])


def _maps(study: Study, found: pd.DataFrame, name: str) -> Iterator[Drawing]:
    """Draw one map of rank correlations a data set."""
    for dataset, part in found.groupby("dataset"):
        matrix = part.pivot(index="score", columns="other", values="rho")
        for axis, labels in ((0, matrix.index), (1, matrix.columns)):
            shown = [label for label in labels if label not in study.scores]
            shown += [label for label in _headlines(study) if label in labels]
            matrix = matrix.reindex(shown, axis=axis)
        bases = {column.partition(".")[0] for column in matrix.columns}
        if len(bases) == 1:  # "downstream_task." before each says nothing
            matrix.columns = matrix.columns.str.partition(".").get_level_values(2)
        if matrix.notna().any(axis=None):
            yield _map(matrix, str(dataset), f"{name} {dataset}", part, "models")


def _map(matrix: pd.DataFrame, title: str, name: str, table: pd.DataFrame, unit: str) -> Drawing:
    return pages.drawing(
        study_plots.correlations(
            matrix.to_numpy(), rows=[*map(str, matrix.index)], columns=[*map(str, matrix.columns)]
        ),
        title=title,
        alt=f"Rank correlations: {title}",
        caption=f"{_range(table['n'])} {unit}.",
        table=_csv(name, table),
    )


def _headlines(study: Study) -> list[str]:
    return study.scores[:HEADLINES]


def _unshown(study: Study) -> list[str]:
    rest = study.scores[HEADLINES:]
    if not rest:
        return []
    return [f"The figures show {HEADLINES} scores; the files have {', '.join(rest)} as well."]


def _first(part: pd.DataFrame) -> pd.DataFrame:
    return part.head(HEADLINES)


def _lines(table: pd.DataFrame) -> dict[str, np.ndarray]:
    """Return rank, mean and standard error by method."""
    error = table["sd"] / np.sqrt(table["n"])
    rows = table.assign(error=error).sort_values("rank")
    return {
        str(model): part[["rank", "mean", "error"]].to_numpy()
        for model, part in rows.groupby("model")
    }


def _noise(study: Study, what: str) -> str:
    """Say below which size a rank correlation is no news."""
    n = study.wide.groupby(level="dataset").size()
    bound = NOISE / np.sqrt(max(2, int(n.min())) - 1)
    return (
        f"With {_range(n)} models a data set, a {what} that says nothing stays within "
        f"±{100 * min(1.0, bound):.0f} nineteen times of twenty."
    )


def _flat(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table whose columns have several levels with one."""
    flat = table.copy()
    flat.columns = pd.Index([" ".join(map(str, column)) for column in flat.columns])
    return flat.reset_index()


def _csv(name: str, table: pd.DataFrame) -> Table:
    safe = "".join(letter if letter.isalnum() or letter in "-." else "_" for letter in name)
    return Table(f"{safe}.csv", table.to_csv(index=False, float_format="%.6g"))


def _count(n: int, what: str) -> str:
    return f"{n:,} {what}" + ("" if n == 1 else "s")


def _range(values: Any) -> str:
    low, high = int(min(values)), int(max(values))
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def _number(value: float) -> str:
    return "–" if np.isnan(value) else f"{value:.3f}" if abs(value) < 1000 else f"{value:.4g}"


def _duration(seconds: float) -> str:
    units = (("years", 365.25 * 86400), ("days", 86400.0), ("hours", 3600.0), ("minutes", 60.0))
    for unit, size in units:
        if seconds >= 1.5 * size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.0f} s"
