"""Directories as disentanglement_lib leaves them, whole and broken."""

import json
import shutil

import pandas as pd
import pytest

from disentlib.studies import analysis, dlib

FUNCTIONS = {
    "mig": ("mig", {"discrete_mig": 0.25}),
    "sap_score": ("sap_score", {"SAP_score": 0.05}),
    "beta_vae_sklearn": ("beta_vae_sklearn", {"train_accuracy": 0.9, "eval_accuracy": 0.8}),
    "factor_vae_metric": (
        "factor_vae_score",
        {"train_accuracy": 0.7, "eval_accuracy": 0.6, "num_active_dims": 7},
    ),
    "dci": (
        "dci",
        {
            "informativeness_train": 0.99,
            "informativeness_test": 0.9,
            "disentanglement": 0.4,
            "completeness": 0.3,
        },
    ),
    "modularity_explicitness": (
        "modularity_explicitness",
        {"modularity_score": 0.85, "explicitness_score_train": 0.9, "explicitness_score_test": 0.8},
    ),
    "unsupervised": (
        "unsupervised_metrics",
        {
            "gaussian_total_correlation": 2.0,
            "gaussian_wasserstein_correlation": 0.3,
            "gaussian_wasserstein_correlation_norm": 0.1,
            "mutual_info_score": 0.07,
        },
    ),
    "downstream_task_logistic_regression": (
        "downstream_task",
        {
            "100:mean_test_accuracy": 0.45,
            "10000:mean_test_accuracy": 0.9,
            "100:mean_train_accuracy": 1.0,
            "100:min_test_accuracy": 0.1,
            "100:test_accuracy_factor_0": 0.2,
        },
    ),
}


def write(folder, step, config, results, before=None):
    """A stage's results/ folder: the earlier stages' copies and its own, and the aggregate."""
    results_dir = folder / "results"
    if before is not None:
        shutil.copytree(before / "results", results_dir)
    for name in ("gin", "json", "aggregate"):
        (results_dir / name).mkdir(parents=True, exist_ok=True)
    text = "".join(f"{name} = {value}\n" for name, value in config.items())
    (results_dir / "gin" / f"{step}.gin").write_text(text)
    for kind, content in (("config", config), ("results", results)):
        file = results_dir / "json" / f"{step}_{kind}.json"
        file.write_text(json.dumps(content, indent=2))
    flat = {}
    for file in (results_dir / "json").glob("*.json"):
        for name, value in json.loads(file.read_text()).items():
            flat[f"{file.stem}.{name}"] = value
    (results_dir / "aggregate" / f"{step}.json").write_text(json.dumps(flat, indent=2))
    return folder


def model(root, number, *, kind="vae", weights=None, seed=0, dataset="dsprites_full", metrics=None):
    """What the study's pipeline leaves of one model."""
    folder = root / str(number)
    config = {
        "dataset.name": f"'{dataset}'",
        "model.model": f"@{kind}()",
        "model.name": f"'{kind}'",
        "model.model_num": str(number),
        "model.random_seed": str(seed),
        "encoder.num_latent": "10",
        **(weights or {"vae.beta": "4.0"}),
    }
    results = {
        "elbo": -120.0,
        "kl_loss": 20.0,
        "loss": 180.0,
        "reconstruction_loss": 100.0 + number,
        "regularizer": 80.0,
        "global_step": 300000,
        "elapsed_time": 3600.5,
        "uuid": f"train-{number}",
    }
    trained = write(folder / "model", "train", config, results)
    for codes in ("mean", "sampled"):
        processed = write(
            folder / "postprocessed" / codes,
            "postprocess",
            {
                "postprocess.name": f"'{codes}'",
                "postprocess.postprocess_fn": f"@{codes}_representation",
                "dataset.name": "'auto'",
            },
            {"elapsed_time": 5.0, "uuid": f"post-{codes}-{number}"},
            trained,
        )
        for name in metrics or FUNCTIONS:
            function, scores = FUNCTIONS[name]
            configured = {
                "evaluation.evaluation_fn": f"@{function}",
                "evaluation.name": f"'{name}'",
                "evaluation.random_seed": "3638918503",
                "dataset.name": "'auto'",
            }
            if function == "downstream_task":
                configured["predictor.predictor_fn"] = "@logistic_regression_cv"
            write(
                folder / "metrics" / codes / name,
                "evaluation",
                configured,
                {**scores, "elapsed_time": 7.0, "uuid": f"eval-{codes}-{name}-{number}"},
                processed,
            )
    return folder


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    root = tmp_path_factory.mktemp("output") / "unsupervised_study_v1"
    model(root, 0)
    dip = {"dip_vae.lambda_od": "20.0", "dip_vae.dip_type": "'ii'"}
    model(root, 1, kind="dip_vae", weights=dip, seed=3, dataset="shapes3d", metrics=["mig"])
    return root


@pytest.fixture
def broken(whole, tmp_path):
    return shutil.copytree(whole, tmp_path / "output")


def values(table, job=0, representation="mean"):
    part = table[(table["job"] == job) & (table["representation"] == representation)]
    return dict(zip(part["score"], part["value"], strict=True))


def test_a_study_is_read_under_our_names(whole):
    imported = dlib.read(whole.parent)
    table = imported.table
    assert imported.skipped == []
    assert imported.evaluations == 2 * len(FUNCTIONS) + 2
    assert tuple(table.columns) == dlib.COLUMNS
    first, second = (table[table["job"] == job].iloc[0] for job in (0, 1))
    fields = ["dataset", "model", "hyperparameter", "strength", "seed"]
    assert list(first[fields]) == ["dsprites", "beta_vae", "beta", 4.0, 0]
    assert list(second[fields]) == ["shapes3d", "dip_vae_ii", "lambda_off_diagonal", 20.0, 3]
    assert values(table) == values(table, representation="sampled")
    assert values(table) == {
        "mig": 0.25,
        "sap": 0.05,
        "beta_vae_score.accuracy": 0.8,
        "beta_vae_score.train_accuracy": 0.9,
        "factor_vae_score.accuracy": 0.6,
        "factor_vae_score.train_accuracy": 0.7,
        "factor_vae_score.num_active_dims": 7,
        "dci.disentanglement": 0.4,
        "dci.completeness": 0.3,
        "dci.informativeness": 0.9,
        "dci.informativeness_train": 0.99,
        "modularity": 0.85,
        "explicitness": 0.8,
        "modularity_explicitness.explicitness_score_train": 0.9,
        "gaussian_total_correlation": 2.0,
        "gaussian_wasserstein_correlation": 0.3,
        "gaussian_wasserstein_correlation_norm": 0.1,
        "mutual_information_score": 0.07,
        "downstream_task.logistic_regression.100:mean_test_accuracy": 0.45,
        "downstream_task.logistic_regression.10000:mean_test_accuracy": 0.9,
        "downstream_task.logistic_regression.100:mean_train_accuracy": 1.0,
        "downstream_task.logistic_regression.100:min_test_accuracy": 0.1,
        "downstream_task.logistic_regression.efficiency:100/10000": 0.5,
    }
    training = {"elbo": -120, "kl": 20, "loss": 180, "reconstruction": 100, "regularizer": 80}
    assert values(table, representation="model") == training
    assert set(table["wall_time_s"]) == {3600.5}
    mig = table[(table["score"] == "mig") & (table["job"] == 0)]
    assert set(mig["uuid"]) == {"eval-mean-mig-0", "eval-sampled-mig-0"}
    assert table["config_digest"].nunique() == 2


def test_the_analyses_take_it(whole):
    table = dlib.read(whole).table
    wide = analysis.wide(table, "sampled")
    assert list(wide["reconstruction"]) == [100, 101]
    supervised = analysis.names(wide, "supervised")
    assert {"mig", "sap", "beta_vae_score.accuracy", "modularity", "dci.disentanglement"} <= set(
        supervised
    )
    assert len(analysis.names(wide, "downstream")) == 3


@pytest.mark.parametrize("damage", ["", "{", "[1, 2]", "\udcff".encode("utf-8", "surrogateescape")])
def test_a_broken_aggregate_is_named_and_its_parts_are_read(whole, broken, damage):
    file = broken / "0/metrics/mean/mig/results/aggregate/evaluation.json"
    file.write_bytes(damage if isinstance(damage, bytes) else damage.encode())
    imported = dlib.read(broken)
    assert [skipped.path for skipped in imported.skipped] == [str(file.relative_to(broken))]
    pd.testing.assert_frame_equal(imported.table, dlib.read(whole).table)


def test_what_is_lost_is_named_and_the_rest_is_there(whole, broken):
    shutil.rmtree(broken / "0/metrics/mean/mig/results")
    results = broken / "0/metrics/mean/dci/results"
    (results / "aggregate/evaluation.json").write_text("{")
    (results / "json/evaluation_results.json").write_text("")
    sap = broken / "0/metrics/sampled/sap_score/results"
    shutil.rmtree(sap / "aggregate")
    shutil.rmtree(sap / "json")
    stray = broken / "0/metrics/sampled/dci/results/aggregate/evaluation.json"
    stray.write_text(json.dumps({"evaluation_results.uuid": "x", "evaluation_results.a": 1.0}))
    imported = dlib.read(broken)
    reasons = dict(imported.skipped)
    assert reasons.pop("0/metrics/mean/mig").startswith("no results")
    assert reasons.pop("0/metrics/sampled/sap_score/results") == "no results"
    assert "no train_config" in reasons.pop("0/metrics/sampled/dci/results")
    broken_files = {"aggregate/evaluation.json", "json/evaluation_results.json"}
    assert set(reasons) == {f"0/metrics/mean/dci/results/{name}" for name in broken_files}
    before, after = (dlib.read(root).table for root in (whole, broken))
    lost = before.merge(after, how="left", indicator=True)
    lost = lost[lost["_merge"] == "left_only"]
    assert set(zip(lost["representation"], lost["score"].str.partition(".")[0], strict=True)) == {
        ("mean", "mig"),
        ("mean", "dci"),
        ("sampled", "sap"),
        ("sampled", "dci"),
    }
    assert len(after) == len(before) - len(lost)


def aggregate(root):
    """The column-oriented file into which evaluations are aggregated."""
    files = sorted(root.glob("*/metrics/*/*/results/aggregate/evaluation.json"))
    rows = [json.loads(file.read_text()) | {"path": str(file)} for file in files]
    return pd.DataFrame(rows).to_json()


def test_an_aggregated_file_gives_the_same_table(whole, tmp_path):
    file = tmp_path / "aggregated_results.json"
    file.write_text(aggregate(whole))
    expected = dlib.read(whole).table
    for path in (file, tmp_path):
        imported = dlib.read(path)
        assert imported.skipped == []
        assert imported.evaluations == 2 * len(FUNCTIONS) + 2
        columns = ["job", "representation", "score", "value", "strength", "uuid"]
        pd.testing.assert_frame_equal(imported.table[columns], expected[columns])


def test_what_is_found_twice_counts_once(whole, broken):
    (broken / "metrics").mkdir()
    (broken / "metrics" / "aggregated_results.json").write_text(aggregate(whole))
    again = dlib.read(broken)
    assert len(again.table) == len(dlib.read(whole).table)
    assert again.evaluations == 2 * len(FUNCTIONS) + 2


def test_other_numbers_of_samples_are_not_mixed(tmp_path):
    root = tmp_path / "output"
    model(root, 0, metrics=["mig"])
    for size, value in ((100, 0.1), (10000, 0.3)):
        config = {"evaluation.evaluation_fn": "@mig", "evaluation.name": f"'mig_{size}_0'"}
        results = {"discrete_mig": value, "uuid": f"mig-{size}", "elapsed_time": 1.0}
        before = root / "0/postprocessed/mean"
        write(root / "0/metrics/mean" / f"mig_{size}_0", "evaluation", config, results, before)
    shutil.rmtree(root / "0/metrics/mean/mig")
    found = values(dlib.read(root).table)
    assert found == {"mig": 0.3, "mig@100": 0.1}
    assert analysis.kind("mig@100") == "other"


def test_methods_that_are_not_known_keep_their_names(tmp_path):
    root = tmp_path / "output"
    model(root, 0, kind="my_vae", weights={"my_vae.alpha": "1"}, metrics=["mig"])
    table = dlib.read(root).table
    assert set(table["model"]) == {"my_vae"}
    assert table["strength"].isna().all()


@pytest.mark.parametrize(
    ("kind", "weights", "expected"),
    [
        ("annealed_vae", {"annealed_vae.c_max": "25."}, ("annealed_vae", "c_max", 25)),
        ("factor_vae", {"factor_vae.gamma": "30"}, ("factor_vae", "gamma", 30)),
        ("group_vae_argmax", {"group_vae.beta": "8."}, ("ada_gvae", "beta", 8)),
        ("s2_vae", {"s2_vae.gamma_sup": "4."}, ("s2_vae", "label_weight", 4)),
        ("supervised", {"none": "1"}, ("supervised_vae", "", None)),
    ],
)
def test_methods(kind, weights, expected):
    flat = {f"train_config.{name}": value for name, value in weights.items()}
    assert dlib._method(flat | {"train_config.model.model": f"@{kind}()"}) == expected


def test_nothing_is_there(tmp_path):
    assert dlib.read(tmp_path).table.empty
    with pytest.raises(FileNotFoundError, match="found nothing at"):
        dlib.read(tmp_path / "no")
    (tmp_path / "other.json").write_text('{"a": 1}')
    assert dlib.read(tmp_path).table.empty


@pytest.mark.parametrize(
    ("change", "reason", "kept"),
    [
        ({"train_config.vae.beta": "%beta"}, "for train_config.vae.beta, got '%beta'", False),
        ({"train_config.model.random_seed": "[1]"}, "random_seed, got [1]", False),
        ({"train_results.elapsed_time": {"s": 1}}, "elapsed_time, got {'s': 1}", False),
        ({"evaluation_results.discrete_mig": "0.1?"}, "discrete_mig: expected a number", True),
        ({"evaluation_results.discrete_mig": int("9" * 400)}, "read: int too large", False),
        ({"evaluation_results.uuid": [1]}, "", True),
    ],
)  # fmt: skip
def test_a_figure_that_cannot_be_read_is_named_and_the_others_stay(tmp_path, change, reason, kept):
    good = {
        "train_config.dataset.name": "'cars3d'",
        "train_config.model.model": "@vae()",
        "train_config.model.random_seed": "2",
        "train_config.vae.beta": "16.",
        "evaluation_config.evaluation.evaluation_fn": "@mig",
        "evaluation_results.discrete_mig": 0.125,
        "evaluation_results.extra": 0.5,
    }
    rows = [
        {**good, "train_results.uuid": "a", "evaluation_results.uuid": "a"},
        {**good, "train_results.uuid": "b", "evaluation_results.uuid": "b", **change},
    ]
    columns = {name: {str(k): row.get(name) for k, row in enumerate(rows)} for name in rows[1]}
    (tmp_path / "aggregated_results.json").write_text(json.dumps(columns))
    imported = dlib.read(tmp_path)
    assert imported.table.query("uuid == 'a'")["value"].tolist() == [0.125, 0.5]
    assert imported.evaluations == 1 + kept
    assert len(imported.table) == 2 + kept + (change == {"evaluation_results.uuid": [1]})
    if reason:
        (skipped,) = imported.skipped
        assert skipped.path == "aggregated_results.json row 1"
        assert reason in skipped.reason
    else:
        assert imported.skipped == []
