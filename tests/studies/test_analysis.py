"""Every analysis on tables with a known answer, beside plain loops."""

import itertools

import numpy as np
import pandas as pd
import pytest

from disentlib import metrics
from disentlib.studies import analysis


def ranks(values):
    """Average ranks, by counting."""
    return np.array([np.sum(values < v) + (np.sum(values == v) + 1) / 2 for v in values])


def spearman(a, b):
    a, b = ranks(np.asarray(a)), ranks(np.asarray(b))
    a, b = a - a.mean(), b - b.mean()
    return (a @ b) / np.sqrt((a @ a) * (b @ b))


@pytest.mark.parametrize(
    ("score", "kind", "higher"),
    [
        ("mig", "supervised", True),
        ("dci.completeness", "supervised", True),
        ("dci.informativeness_train", "other", True),
        ("factor_vae_score.num_active_dims", "other", True),
        ("capacity", "other", True),
        ("factor_vae_score.accuracy", "supervised", True),
        ("factor_vae_score.active_codes", "other", True),
        ("gaussian_total_correlation", "unsupervised", False),
        ("mutual_information_score", "unsupervised", False),
        ("reconstruction", "unsupervised", False),
        ("elbo", "unsupervised", True),
        ("udr", "criterion", True),
        ("model_centrality", "criterion", True),
        ("downstream_task.accuracy", "downstream", True),
        ("downstream_task.efficiency:100/10000", "downstream", True),
        ("downstream_task.logistic_regression.100:mean_test_accuracy", "downstream", True),
        ("downstream_task.100:min_test_accuracy", "other", True),
        ("downstream_task.100:mean_train_accuracy", "other", True),
        ("downstream_task.100:test_accuracy_factor_3", "other", True),
        ("fairness.mean_fairness:mean_pred:mean_sens", "downstream", False),
        ("fairness.mean_fairness:pred0:sens1", "other", False),
    ],
)
def test_kinds_of_scores(score, kind, higher):
    assert analysis.kind(score) == kind
    assert analysis.higher_is_better(score) is higher


def test_every_public_score_has_a_kind():
    kinds = {name: analysis.kind(name) for name in metrics.SCORES}
    assert {kinds["dci"], kinds["factorized_support"]} == {"supervised", "unsupervised"}
    for name, score in metrics.SCORES.items():
        assert (kinds[name] == "supervised") == score.needs_factors
        assert analysis.higher_is_better(name) == score.higher_is_better


def test_clean_fills_in_and_drops_the_undefined(small):
    frame = small(lambda *_: 0.5).drop(columns=["study", "job", "hyperparameter"])
    frame.loc[0, "value"] = np.nan
    frame.loc[1, "value"] = np.inf
    frame["strength"] = frame["strength"].where(frame["model"] == "a")
    table = analysis.clean(frame)
    assert len(table) == len(frame) - 2
    assert set(table[table["model"] == "b"]["strength"]) == {0.0}
    assert analysis.clean(table).equals(table)
    assert table[table["model"] == "a"]["job"].nunique() == 12 - 2
    unseeded = analysis.clean(frame.assign(seed=np.where(frame.index == 5, None, frame["seed"])))
    assert set(unseeded["seed"]) == {-1, 0, 1, 2, 3}
    with pytest.raises(ValueError, match="missing dataset, value"):
        analysis.clean(frame.drop(columns=["dataset", "value"]))


def test_wide_gives_every_representation_what_belongs_to_the_model(small):
    frame = small(lambda d, score, m, strength, seed: strength, scores=("mig", "kl"))
    other = frame[frame["score"] == "mig"].assign(representation="sampled", value=-1.0)
    twice = frame[frame["score"] == "mig"].assign(value=frame["value"] + 2)
    whole = frame[frame["score"] == "kl"].assign(representation=None, score="my_size", value=7.0)
    table = pd.concat([frame, other, twice, whole])
    mean, sampled = analysis.wide(table), analysis.wide(table, "sampled")
    strength = mean.index.get_level_values("strength")
    assert (mean["mig"] == strength + 1).all()
    assert (sampled["mig"] == -1).all()
    assert (sampled["kl"] == strength).all()
    assert (sampled["my_size"] == 7).all()
    assert len(mean) == len(sampled) == 24


def test_distributions_summarise_each_method_on_each_data_set(small):
    frame = small(
        lambda dataset, score, method, strength, seed: strength * (seed + 1) + (dataset == "e"),
        datasets=("d", "e"),
    )
    found = analysis.distributions(frame).set_index(["dataset", "score", "model"])
    values = [s * (k + 1) + 1 for s in (1, 2, 4) for k in range(4)]
    row = found.loc["e", "mig", "b"]
    assert row["n"] == 12
    assert row["mean"] == pytest.approx(sum(values) / 12)
    assert row["sd"] == pytest.approx(np.sqrt(sum((v - row["mean"]) ** 2 for v in values) / 11))
    assert (row["low"], row["high"]) == (2, 17)
    ordered = sorted(values)
    assert row["median"] == (ordered[5] + ordered[6]) / 2
    assert len(found) == 4


def test_rank_correlation_is_spearmans_on_the_models_that_have_both(realistic):
    frame = realistic(seeds=3)
    gone = (frame["score"] == "sap") & (frame["seed"] == 1)
    frame = frame[~gone]
    found = analysis.rank_correlation(frame)
    table = frame[frame["representation"] == "mean"].pivot_table(
        index="job", columns="score", values="value"
    )
    place = frame.drop_duplicates("job").set_index("job")["dataset"]
    for _, row in found.sample(20, random_state=0).iterrows():
        pair = table[place == row["dataset"]][[row["score"], row["other"]]].dropna()
        if row["score"] == row["other"]:
            assert row["rho"] == pytest.approx(1)
            continue
        assert row["n"] == len(pair) == (72 if "sap" in (row["score"], row["other"]) else 108)
        assert row["rho"] == pytest.approx(spearman(pair.iloc[:, 0], pair.iloc[:, 1]))


def test_rank_correlation_of_known_orders(small):
    def value(dataset, score, method, strength, seed):
        x = strength + 10 * seed + 100 * (method == "b")
        return {"mig": x, "sap": x**3, "kl": -x, "irs": 0.25, "downstream_task.accuracy": -x}[score]

    frame = small(value, scores=("mig", "sap", "kl", "irs", "downstream_task.accuracy"))
    both = analysis.rank_correlation(frame).set_index(["score", "other"])["rho"]
    assert both["mig", "sap"] == 1
    assert np.isnan(both["mig", "irs"])  # a constant has no ranks
    training = analysis.rank_correlation(frame, "unsupervised", "supervised")
    assert training.set_index("other")["rho"]["sap"] == -1
    later = analysis.rank_correlation(frame, "supervised", "downstream")
    assert later.set_index("score")["rho"]["mig"] == -1
    assert analysis.rank_correlation(frame, "criterion", "supervised").empty


def test_by_strength_averages_over_seeds_and_ranks_the_strengths(small):
    frame = small(lambda d, s, method, strength, seed: (1 + (method == "b")) * strength + seed)
    found = analysis.by_strength(frame)
    row = found[(found["model"] == "b") & (found["strength"] == 4)].iloc[0]
    assert row["mean"] == 8 + 1.5
    assert row["sd"] == pytest.approx(np.sqrt(5 / 3))
    assert (row["rank"], row["n"]) == (3, 4)
    assert list(found["rank"]) == [1, 2, 3] * 2


def test_mean_and_sampled_codes_side_by_side(realistic):
    frame = realistic(seeds=2)
    found = analysis.mean_and_sampled(frame)
    assert set(found["representation"]) == {"mean", "sampled"}
    part = frame[
        (frame["score"] == "gaussian_total_correlation")
        & (frame["representation"] == "sampled")
        & (frame["model"] == "factor_vae")
        & (frame["dataset"] == "shapes3d_rendered")
        & (frame["strength"] == 30)
    ]
    row = found[
        (found["representation"] == "sampled")
        & (found["model"] == "factor_vae")
        & (found["dataset"] == "shapes3d_rendered")
        & (found["strength"] == 30)
    ]
    assert row["mean"].item() == pytest.approx(sum(part["value"]) / len(part))
    slopes = found.groupby(["representation", "model"])["mean"].agg(lambda v: v.iloc[5] - v.iloc[0])
    assert slopes["mean", "beta_vae"] > 0 > slopes["sampled", "beta_vae"]
    assert slopes["mean", "dip_vae_i"] < 0
    assert analysis.mean_and_sampled(frame, "no_such_score").empty


def one_hot_r2(values, labels):
    """R2 of least squares on one-hots, by the normal equations' solver."""
    known = sorted(set(labels))
    design = np.array([[label == one for one in known] for label in labels], float)
    fitted = design @ np.linalg.lstsq(design, values, rcond=None)[0]
    return 1 - ((values - fitted) ** 2).sum() / ((values - values.mean()) ** 2).sum()


def test_variance_explained_is_least_squares_on_one_hots(realistic):
    frame = realistic(seeds=3)
    found = analysis.variance_explained(frame).set_index(["dataset", "score"])
    part = frame[
        (frame["dataset"] == "shapes3d_rendered")
        & (frame["score"] == "mig")
        & (frame["representation"] == "mean")
    ]
    row = found.loc["shapes3d_rendered", "mig"]
    values = part["value"].to_numpy()
    assert row["method"] == pytest.approx(one_hot_r2(values, list(part["model"])))
    both = list(zip(part["model"], part["strength"], strict=True))
    assert row["configuration"] == pytest.approx(one_hot_r2(values, both))
    assert row["n"] == 108
    assert row["configuration_chance"] == 35 / 107
    # Variances in place of sums of squares: of what is left, with 108 - 36 degrees of freedom.
    left = (1 - row["configuration"]) / (108 - 36)
    assert row["configuration_adjusted"] == pytest.approx(1 - left * (108 - 1))


def test_variance_explained_of_known_tables(small):
    def share(value):
        return analysis.variance_explained(small(value)).iloc[0]

    row = share(lambda d, s, method, strength, seed: float(method == "b"))
    assert (row["method"], row["configuration"], row["method_adjusted"]) == (1, 1, 1)
    row = share(lambda d, s, method, strength, seed: strength)
    assert (row["method"], row["configuration"]) == (pytest.approx(0), 1)
    row = share(lambda d, s, method, strength, seed: seed)
    assert row["configuration"] == pytest.approx(0)
    assert np.isnan(share(lambda *_: 0.1)["method"])
    rng = np.random.default_rng(0)
    noise = pd.DataFrame([share(lambda *_: rng.normal()) for _ in range(25)]).mean(
        numeric_only=True
    )
    assert noise["configuration"] == pytest.approx(noise["configuration_chance"], abs=0.08)
    assert noise["configuration_adjusted"] == pytest.approx(0, abs=0.1)


def test_hyperparameter_transfer_is_the_rank_correlation_of_configurations(small):
    order = {("a", 1): 0, ("a", 2): 1, ("a", 4): 2, ("b", 1): 3, ("b", 2): 4, ("b", 4): 5}

    def value(dataset, score, method, strength, seed):
        turn = -1 if dataset == "e" and score == "mig" else 1
        return turn * order[method, strength] + (seed - 1.5)

    frame = small(value, datasets=("d", "e"), scores=("mig", "sap"))
    found = analysis.hyperparameter_transfer(frame).set_index(
        ["dataset", "score", "other_dataset", "other_score"]
    )
    assert found.loc["d", "mig", "e", "mig"]["rho"] == pytest.approx(-1)
    assert found.loc["d", "sap", "e", "sap"]["rho"] == pytest.approx(1)
    assert found.loc["d", "mig", "d", "sap"]["rho"] == pytest.approx(1)
    assert (found["n"] == 6).all()
    means = analysis.configuration_means(frame)
    assert means.loc[("b", "beta", 2.0), ("d", "mig")] == 4


def probabilities(frame):
    return analysis.random_transfer(frame).set_index(["score", "dataset"])["probability"]


def test_random_transfer_of_known_tables(small):
    options = {"datasets": ("d", "e"), "scores": ("mig", "sap")}

    def turned(dataset, score, method, strength, seed):
        turn = (-1 if dataset == "e" else 1) * (-1 if score == "sap" else 1)
        return turn * (strength + 10 * (method == "b"))

    found = probabilities(small(turned, **options))
    assert found["same", "same"] == 1
    assert found["same", "other"] == found["other", "same"] == 0
    assert found["other", "other"] == 1
    assert (probabilities(small(lambda *_: 1.0, **options)) == 0.5).all()
    frame = small(turned, **options)  # a configuration and its only rival
    assert probabilities(frame[(frame["model"] == "a") & (frame["strength"] < 3)]).iloc[0] == 1
    # One data set and one score leave one row, one seed none.
    assert list(probabilities(small(turned)).index) == [("same", "same")]
    assert probabilities(small(turned, seeds=1)).empty


def test_random_transfer_turns_scores_of_which_less_is_better(small, monkeypatch):
    frame = small(lambda *cell: cell[3] + 10 * (cell[2] == "b"), scores=("mig", "sap"))
    assert probabilities(frame)["other", "same"] == 1
    monkeypatch.setattr(analysis, "higher_is_better", lambda score: score != "sap")
    assert probabilities(frame)["other", "same"] == 0


def drawn(frame, draws, rng):
    """The experiment as the paper tells it, one draw after another."""
    table = {}
    for _, row in frame[frame["score"].map(analysis.kind) == "supervised"].iterrows():
        if row["representation"] == "mean":
            task = (row["dataset"], row["score"])
            cell = ((row["model"], row["strength"]), row["seed"])
            table.setdefault(task, {})[cell] = row["value"]
    tasks = sorted(table)
    seeds = sorted({seed for cells in table.values() for _, seed in cells})
    found = {relation: [] for relation in itertools.product((True, False), repeat=2)}
    for _ in range(draws):
        source = tasks[rng.integers(len(tasks))]
        seed, other = rng.permutation(seeds)[:2]
        cells = table[source]
        best = max((c for c, s in cells if s == seed), key=lambda c: cells[c, seed])
        rivals = sorted({c for c, _ in cells} - {best})
        rival = rivals[rng.integers(len(rivals))]
        for same_score, same_data in found:
            targets = [
                (d, m)
                for d, m in tasks
                if (m == source[1]) == same_score and (d == source[0]) == same_data
            ]
            target = table[targets[rng.integers(len(targets))]]
            mine, random = target[best, other], target[rival, other]
            found[same_score, same_data].append((mine > random) + (mine == random) / 2)
    return {relation: np.mean(hits) for relation, hits in found.items()}


def test_random_transfer_is_the_mean_of_ten_thousand_draws(realistic):
    frame = realistic(seeds=3, strengths=2)
    expected = drawn(frame, 10_000, np.random.default_rng(1))
    found = probabilities(frame)
    for (same_score, same_data), probability in expected.items():
        key = ("same" if same_score else "other", "same" if same_data else "other")
        assert found[key] == pytest.approx(probability, abs=0.02)  # four standard errors


def test_random_transfer_survives_holes(realistic):
    frame = realistic(seeds=3, strengths=2)
    holes = np.random.default_rng(0).random(len(frame)) < 0.4
    found = analysis.random_transfer(frame[~holes])
    assert len(found) == 4
    assert found["probability"].between(0, 1).all()


def test_selection_beside_the_oracle_and_chance(small):
    def value(dataset, score, method, strength, seed):
        x = strength + 10 * (method == "b")
        return {"mig": x, "udr": x, "kl": x, "elbo": -abs(x - 4)}[score]

    frame = small(value, scores=("mig", "udr", "kl", "elbo"), seeds=1)
    found = analysis.selection(frame).set_index("criterion")
    values = [1, 2, 4, 11, 12, 14]
    mean = sum(values) / 6
    assert found.loc["udr"]["gain"] == 1
    assert found.loc["udr"]["beats"] == 1
    assert found.loc["udr"]["job"] == 5
    assert found.loc["kl"]["chosen"] == 1  # the least
    assert found.loc["kl"]["gain"] == pytest.approx((1 - mean) / (14 - mean))
    assert found.loc["elbo"]["chosen"] == 4
    assert found.loc["elbo"]["beats"] == 2 / 5
    assert (found["oracle"] == 14).all()
    assert (found["random"] == mean).all()
    assert list(analysis.selection(frame, ["kl", "nothing"])["criterion"]) == ["kl"]


def test_selection_of_a_score_of_which_less_is_better(small, monkeypatch):
    frame = small(lambda d, score, m, strength, seed: strength, scores=("mig", "udr"), seeds=1)
    monkeypatch.setattr(analysis, "higher_is_better", lambda score: score != "mig")
    row = analysis.selection(frame, ["udr"]).iloc[0]
    assert (row["chosen"], row["oracle"], row["random"]) == (4, 1, pytest.approx(7 / 3))
    assert (row["gain"], row["beats"]) == (pytest.approx((4 - 7 / 3) / (1 - 7 / 3)), 0.1)


def test_selection_among_equals_is_their_mean(small):
    frame = small(
        lambda d, score, m, strength, seed: strength if score == "mig" else 1.0,
        scores=("mig", "udr"),
    )
    row = analysis.selection(frame).iloc[0]
    assert row["chosen"] == row["random"] == pytest.approx(7 / 3)
    assert (row["gain"], row["beats"]) == (pytest.approx(0), pytest.approx(0.5))


def test_udr_compares_seeds_of_a_configuration(small):
    frame = small(lambda *_: 0.0, seeds=3)
    rng = np.random.default_rng(0)
    z = rng.normal(size=(300, 3))
    jobs = {}
    for job in frame["job"]:
        alike = job % 3 < 2  # two seeds agree, the third mixes all codes
        mixed = z @ rng.normal(size=(3, 3))
        jobs[job] = z[:, rng.permutation(3)] * rng.choice([-1, 1], 3) if alike else mixed
    table = analysis.with_udr(frame, jobs, correlation="spearman")
    found = table[table["score"] == "udr"].set_index("job")["value"]
    assert len(found) == len(jobs)
    expected = metrics.udr([jobs[3], jobs[4], jobs[5]], correlation="spearman").scores
    assert list(found.loc[3:5]) == pytest.approx(list(expected))
    assert (found[found.index % 3 == 2] < found[found.index % 3 == 0].min()).all()
    again = analysis.with_udr(table, jobs, correlation="spearman")
    assert (again["score"] == "udr").sum() == len(jobs)
    assert (table["score"] == "mig").sum() == len(frame)
    assert table.index.equals(pd.RangeIndex(len(table)))


def test_model_centrality_compares_the_models_of_a_data_set(small):
    frame = small(lambda *_: 0.0, datasets=("d", "e"), seeds=1)
    cross = np.random.default_rng(0).random((12, 12))
    table = analysis.with_model_centrality(frame, pd.DataFrame(cross))
    found = table[table["score"] == "model_centrality"].set_index("job")["value"]
    for job in range(12):
        mates = [other for other in range(12) if other // 6 == job // 6 and other != job]
        mean = sum((cross[job, other] + cross[other, job]) / 2 for other in mates) / 5
        assert found[job] == pytest.approx(mean)


def test_a_model_without_another_is_compared_with_none(small):
    frame = small(lambda *_: 0.0, methods=("a",), seeds=1)[:1]
    codes = {0: np.random.default_rng(0).normal(size=(50, 2))}
    assert "udr" not in set(analysis.with_udr(frame, codes)["score"])
    table = analysis.with_model_centrality(frame, pd.DataFrame([[1.0]]))
    assert "model_centrality" not in set(table["score"])


@pytest.mark.parametrize("rows", [0, 1])
def test_little_or_nothing_gives_little_or_nothing(small, rows):
    frame = small(lambda *_: 0.5).head(rows)
    assert len(analysis.distributions(frame)) == rows
    assert len(analysis.by_strength(frame)) == rows
    assert len(analysis.variance_explained(frame)) == rows
    for function in (analysis.random_transfer, analysis.selection, analysis.mean_and_sampled):
        assert function(frame).empty
    assert not (analysis.rank_correlation(frame)["rho"] <= 1).any()
    assert not (analysis.hyperparameter_transfer(frame)["rho"] <= 1).any()


def test_twelve_thousand_models_fit(realistic):
    rng = np.random.default_rng(0)
    table = realistic(seeds=1)
    big = pd.concat([table.assign(seed=k, job=table["job"] + 72 * k) for k in range(175)])
    big["value"] += rng.normal(size=len(big)) / 10
    assert big["job"].nunique() == 12_600
    found = analysis.random_transfer(big)
    # Each of 12 tasks and 175 seeds chooses once; the choice meets the rest of the seeds.
    assert (found["sources"] == 12 * 175).all()
    assert found["comparisons"].min() == 12 * 175 * 174
