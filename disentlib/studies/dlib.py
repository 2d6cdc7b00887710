"""Results of disentanglement_lib as a table of results, so that old and new plot together.

Reads what its stages leave in `results/` folders, `json/*.json` and `aggregate/*.json`, and the
files into which it aggregates them. Values of single factors are not imported.
"""

import ast
import hashlib
import json
import os
import re
import reprlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

Flat = dict[str, Any]  # "file.binding" -> value

STEPS = ("evaluation", "validation")
COLUMNS = (
    *("study", "job", "dataset", "model", "hyperparameter", "strength", "seed"),
    *("representation", "score", "value", "wall_time_s", "uuid", "config_digest", "versions"),
)
VERSIONS = '{"library": "disentanglement_lib"}'

DATASETS = {"dsprites_full": "dsprites"}

# By the reference's model class: our name, the gin binding that is swept, our name of that weight.
METHODS = {
    "vae": ("beta_vae", "vae.beta", "beta"),
    "annealed_vae": ("annealed_vae", "annealed_vae.c_max", "c_max"),
    "factor_vae": ("factor_vae", "factor_vae.gamma", "gamma"),
    "dip_vae": ("dip_vae", "dip_vae.lambda_od", "lambda_off_diagonal"),
    "beta_tc_vae": ("beta_tc_vae", "beta_tc_vae.beta", "beta"),
    "group_vae_labels": ("group_vae", "group_vae.beta", "beta"),
    "group_vae_argmax": ("ada_gvae", "group_vae.beta", "beta"),
    "mlvae_labels": ("ml_vae", "mlvae.beta", "beta"),
    "mlvae_argmax": ("ada_ml_vae", "mlvae.beta", "beta"),
    "s2_vae": ("s2_vae", "s2_vae.gamma_sup", "label_weight"),
    "s2_factor_vae": ("s2_factor_vae", "s2_factor_vae.gamma_sup", "label_weight"),
    "s2_dip_vae": ("s2_dip_vae", "s2_dip_vae.gamma_sup", "label_weight"),
    "s2_beta_tc_vae": ("s2_beta_tc_vae", "s2_beta_tc_vae.gamma_sup", "label_weight"),
    "supervised": ("supervised_vae", "", ""),
}
TRAINING = {
    "reconstruction_loss": "reconstruction",
    "kl_loss": "kl",
    "elbo": "elbo",
    "loss": "loss",
    "regularizer": "regularizer",
}
# By evaluation function and key. Others keep their names, "function.key".
SCORES = {
    "beta_vae_sklearn": {
        "eval_accuracy": "beta_vae_score.accuracy",
        "train_accuracy": "beta_vae_score.train_accuracy",
    },
    "factor_vae_score": {
        "eval_accuracy": "factor_vae_score.accuracy",
        "train_accuracy": "factor_vae_score.train_accuracy",
    },
    "mig": {"discrete_mig": "mig"},
    "sap_score": {"SAP_score": "sap"},
    "irs": {"IRS": "irs"},
    "dci": {
        "disentanglement": "dci.disentanglement",
        "completeness": "dci.completeness",
        "informativeness_test": "dci.informativeness",
    },
    "modularity_explicitness": {
        "modularity_score": "modularity",
        "explicitness_score_test": "explicitness",
    },
    "unsupervised_metrics": {
        "gaussian_total_correlation": "gaussian_total_correlation",
        "gaussian_wasserstein_correlation": "gaussian_wasserstein_correlation",
        "gaussian_wasserstein_correlation_norm": "gaussian_wasserstein_correlation_norm",
        "mutual_info_score": "mutual_information_score",
    },
}
_SINGLE = re.compile(r"_factor_\d|reduced_factor_\d|(pred|sens)\d|(code|factor)_\d|merge_\d")
_REPEAT = re.compile(r"_(\d+)_\d+$")  # of samples, and which repetition


class Skipped(NamedTuple):
    """A file or folder without usable results, and the reason."""

    path: str
    reason: str


class Imported(NamedTuple):
    """What was read.

    Attributes:
        table: a row per model x representation x score, as a study's results are.
        evaluations: how many evaluations it holds.
        skipped: what could not be read. The table has the numbers of such a file all the same if
            another file holds them, too.
    """

    table: pd.DataFrame
    evaluations: int
    skipped: list[Skipped]


def read(path: str | os.PathLike[str], *, study: str = "disentanglement_lib") -> Imported:
    """Read a folder of disentanglement_lib's output, or one file of aggregated results.

    Args:
        path: searched for results to any depth.
        study: what the table calls them.

    Returns:
        The table, and what was skipped. An evaluation that several files hold is there once.

    Raises:
        FileNotFoundError: if there is no such path.
    """
    root = Path(path)
    if not root.exists():
        raise FileNotFoundError(f"expected disentanglement_lib's results, found nothing at {root}")
    skipped: list[Skipped] = []
    evaluations: dict[str, tuple[str, Flat]] = {}
    for place, flat in _flats(root, skipped):
        steps = [step for step in STEPS if f"{step}_results.uuid" in flat]
        key = str(flat[f"{steps[0]}_results.uuid"]) if steps else place
        if not steps and not any(name.startswith("train_results.") for name in flat):
            skipped.append(Skipped(place, "no results"))
        elif "train_config.dataset.name" not in flat:
            skipped.append(Skipped(place, "no train_config: what was trained is not known"))
        else:
            evaluations.setdefault(key, (place, flat))
    rows: list[tuple[Any, ...]] = []
    scored = 0
    for place, flat in evaluations.values():
        try:
            rows += _rows(flat, study)
        except (TypeError, ValueError, OverflowError) as error:
            skipped.append(Skipped(place, f"cannot be read: {error}"))
            continue
        scored += any(f"{step}_results.uuid" in flat for step in STEPS)
        skipped += [Skipped(place, reason) for reason in _unreadable(flat)]
    table = pd.DataFrame(rows, columns=list(COLUMNS)).drop_duplicates(ignore_index=True)
    return Imported(_numbered(_largest(table)), scored, skipped)


def _flats(root: Path, skipped: list[Skipped]) -> Iterator[tuple[str, Flat]]:
    """Yield the path and the results of every stage."""
    if root.is_file():
        yield from _aggregated(root, root.name, skipped)
        return
    has_results = False
    for folder, folders, names in os.walk(root):
        folders.sort()
        path = Path(folder)
        place = str(path.relative_to(root))
        if path.name == "results":
            has_results = True
            folders.clear()
            flat = _results(path, place, skipped)
            if flat:
                yield place, flat
            elif not any(other.path.startswith(place) for other in skipped):
                skipped.append(Skipped(place, "no results"))
        elif path.parent.parent.name in ("metrics", "validation") and "results" not in folders:
            skipped.append(Skipped(place, "no results: the evaluation did not finish"))
        for name in sorted(names):
            if name.startswith("aggregated") and name.endswith(".json"):
                has_results = True
                yield from _aggregated(path / name, str(Path(place, name)), skipped)
    if not has_results:
        for file in sorted(root.glob("*.json")):
            yield from _aggregated(file, file.name, skipped)


def _results(folder: Path, place: str, skipped: list[Skipped]) -> Flat:
    """Return a stage's results from its aggregate file, or from the parts if that is damaged."""
    for step in (*STEPS, "postprocess", "train"):
        file = folder / "aggregate" / f"{step}.json"
        if file.exists():  # earlier steps' files are copies without this one's results
            if flat := _load(file, f"{place}/aggregate/{file.name}", skipped):
                return flat
            break
    flat = {}
    for file in sorted((folder / "json").glob("*.json")):
        part = _load(file, f"{place}/json/{file.name}", skipped)
        flat |= {f"{file.stem}.{name}": value for name, value in part.items()}
    return flat


def _aggregated(file: Path, place: str, skipped: list[Skipped]) -> Iterator[tuple[str, Flat]]:
    """Yield the rows of a file that holds a table by columns, column -> row -> value."""
    columns = _load(file, place, skipped)
    columns = {name: column for name, column in columns.items() if isinstance(column, dict)}
    if columns and not any("_results." in name for name in columns):
        skipped.append(Skipped(place, "no results"))
        return
    rows = dict.fromkeys(row for column in columns.values() for row in column)
    for row in rows:
        flat = {name: column[row] for name, column in columns.items() if row in column}
        yield f"{place} row {row}", {k: value for k, value in flat.items() if value is not None}


def _load(file: Path, place: str, skipped: list[Skipped]) -> Flat:
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        skipped.append(Skipped(place, f"cannot be read: {error}"))
        return {}
    if not isinstance(content, dict):
        skipped.append(Skipped(place, f"expected an object, got {type(content).__name__}"))
        return {}
    return content


def _rows(flat: Flat, study: str) -> list[tuple[Any, ...]]:
    """Return the rows of one evaluation; `job` identifies the model."""
    model, hyperparameter, strength = _method(flat)
    dataset = str(_value(flat, "train_config.dataset.name"))
    seed = _number(flat, "train_config.model.random_seed")
    if seed is None:
        seed = _number(flat, "train_config.model.model_seed")
    trained = {k: str(value) for k, value in flat.items() if k.startswith("train_config.")}
    digest = hashlib.sha256(json.dumps(trained, sort_keys=True).encode()).hexdigest()
    job = str(flat.get("train_results.uuid", digest))
    model_columns = (
        study,
        job,
        DATASETS.get(dataset, dataset),
        model,
        hyperparameter,
        strength,
        seed,
    )
    wall_time = _number(flat, "train_results.elapsed_time")
    provenance = (digest, VERSIONS)
    rows: list[tuple[Any, ...]] = []
    for name, value in _numbers(flat, "train_results."):
        if name in TRAINING:
            uuid = _text(flat, "train_results.uuid")
            figure = ("model", TRAINING[name], value)
            rows.append((*model_columns, *figure, wall_time, uuid, *provenance))
    for step in STEPS:
        uuid = _text(flat, f"{step}_results.uuid")
        for score, value in dict(_scores(flat, step)).items():
            figure = (_representation(flat), score, value)
            rows.append((*model_columns, *figure, wall_time, uuid, *provenance))
    return rows


def _unreadable(flat: Flat) -> Iterator[str]:
    """Yield a message for each figure of a known name that is not a number."""
    known = {f"train_results.{name}" for name in TRAINING}
    for step in STEPS:
        known |= {f"{step}_results.{name}" for names in SCORES.values() for name in names}
    for name in sorted(known & flat.keys()):
        if not _is_number(flat[name]):
            yield f"{name}: expected a number, got {reprlib.repr(flat[name])}"


def _method(flat: Flat) -> tuple[str, str, float | None]:
    """Return our names of the method and of its weight, and the weight."""
    kind = str(flat.get("train_config.model.model", "")).strip("@() '\"")
    if kind not in METHODS:
        name = _value(flat, "train_config.model.name")
        return kind or str(name or "unknown"), "", None
    model, binding, weight = METHODS[kind]
    if kind == "dip_vae":
        model = f"dip_vae_{_value(flat, 'train_config.dip_vae.dip_type') or 'i'}"
    strength = _number(flat, f"train_config.{binding}")
    return model, weight, None if strength is None else float(strength)


def _representation(flat: Flat) -> str:
    function = str(flat.get("postprocess_config.postprocess.postprocess_fn", "")).strip("@()")
    known = {"mean_representation": "mean", "sampled_representation": "sampled"}
    return known.get(function) or str(_value(flat, "postprocess_config.postprocess.name") or "")


def _scores(flat: Flat, step: str) -> Iterator[tuple[str, float]]:
    """Yield the scores of one evaluation under our names."""
    name = str(_value(flat, f"{step}_config.{step}.name") or "")
    function = str(flat.get(f"{step}_config.{step}.{step}_fn", name)).strip("@()")
    known = SCORES.get(function.removesuffix("_validation"), {})
    if function == "downstream_task":
        predictor = str(flat.get(f"{step}_config.predictor.predictor_fn", ""))
        function += ".logistic_regression" if "logistic_regression" in predictor else ""
    prefix = "validation." if step == "validation" else ""
    repeat = _REPEAT.search(name)
    suffix = f"@{repeat[1]}" if repeat else ""  # the number of samples
    numbers: dict[str, float] = dict(_numbers(flat, f"{step}_results."))
    many = numbers.get("10000:mean_test_accuracy")
    for few in (100, 1000):
        accuracy = numbers.get(f"{few}:mean_test_accuracy")
        if accuracy is not None and many:
            numbers[f"efficiency:{few}/10000"] = accuracy / many
    for key, value in numbers.items():
        if not _SINGLE.search(key):
            yield prefix + known.get(key, f"{function}.{key}") + suffix, value


def _numbers(flat: Flat, prefix: str) -> Iterator[tuple[str, Any]]:
    for name, value in flat.items():
        key = name.removeprefix(prefix)
        if (
            name.startswith(prefix)
            and _is_number(value)
            and key not in ("elapsed_time", "global_step")
        ):
            yield key, float(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _number(flat: Flat, name: str) -> float | None:
    """Return a binding's number, None where there is no binding."""
    value = _value(flat, name)
    if value is not None and not _is_number(value):
        raise ValueError(f"expected a number for {name}, got {reprlib.repr(value)}")
    return value


def _text(flat: Flat, name: str) -> str | None:
    value = flat.get(name)
    return None if value is None else str(value)


def _value(flat: Mapping[str, Any], name: str) -> Any:
    """Return a binding's value, which is stored as its text in the gin file."""
    value = flat.get(name)
    if isinstance(value, str):
        try:
            return ast.literal_eval(value)
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            return value
    return value


def _largest(table: pd.DataFrame) -> pd.DataFrame:
    """Name a score "name@samples" by its plain name where it has the largest number of samples."""
    parts = table["score"].str.extract(r"^(.*)@(\d+)$")
    sized = parts[1].notna()
    if sized.any():
        sizes = parts.loc[sized, 1].astype(int)
        plain = sizes == sizes.groupby(parts.loc[sized, 0]).transform("max")
        table.loc[plain[plain].index, "score"] = parts[0]
    return table


def _numbered(table: pd.DataFrame) -> pd.DataFrame:
    """Number the jobs in order of data set, method, strength and seed."""
    order = ["dataset", "model", "strength", "seed", "job"]
    jobs = table[order].drop_duplicates("job").sort_values(order, ignore_index=True)
    table["job"] = table["job"].map({job: number for number, job in enumerate(jobs["job"])})
    return table.sort_values(["job", "representation", "score"], ignore_index=True, kind="stable")
