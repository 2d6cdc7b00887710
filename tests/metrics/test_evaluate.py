"""Several scores at once: of arrays, and of a data set and an encoder."""

import contextlib
import json
import tracemalloc
import types
from typing import NamedTuple

import numpy as np
import pytest

from disentlib import metrics
from disentlib.data import ArrayData, DSpritesRendered, MiniSprites, splits
from disentlib.metrics import SCORES, Score
from disentlib.metrics.evaluate import LeftOutWarning, _can_intervene


class Pair(NamedTuple):
    good: float
    bad: float


def draw(samples=1000):
    rng = np.random.default_rng(0)
    factors = np.stack([rng.integers(0, size, samples) for size in (3, 4, 6)], axis=1)
    return factors + rng.normal(size=factors.shape), factors


@pytest.fixture
def fitting(monkeypatch):
    """A score that fits something, and remembers what it was given."""
    given = []

    def fitting(codes, factors, *, train_fraction, test, rng, protocol=None):
        """Return two figures."""
        given.append((codes, factors, train_fraction, test, rng, protocol))
        return Pair(float(np.random.default_rng(rng).random()), 0.0)

    monkeypatch.setitem(
        SCORES, "fitting", Score(fitting, "trees", "old trees", discrete_only="it is a toy")
    )
    return given


def test_each_score_is_what_its_function_gives():
    codes, factors = draw()
    for protocol in (None, "locatello2019"):
        table = metrics.evaluate(codes, factors, protocol=protocol)
        assert table.value("mig") == metrics.mig(codes, factors, protocol=protocol)
        assert table.value("modularity") == metrics.modularity(codes, factors, protocol=protocol)
        total_correlation = metrics.gaussian_total_correlation(codes)
        assert table.value("gaussian_total_correlation") == total_correlation


def test_rows_say_how_they_were_taken():
    codes, factors = draw()
    (row,) = metrics.evaluate(codes, factors, metrics=["mig"], representation="mean")
    assert row.estimator == "21 adaptive bins, chance-adjusted"
    assert (row.bins, row.samples, row.test_samples, row.repeats) == (21, 1000, 0, 1)
    assert (row.representation, row.protocol) == ("mean", None)
    assert row.mean == row.value
    assert np.isnan(row.spread)
    (row,) = metrics.evaluate(codes, factors, metrics=["mig"], protocol="locatello2019")
    assert row.estimator == "20 equal-width bins, plug-in"
    assert (row.bins, row.protocol) == (20, "locatello2019")


def test_resampling_tells_the_spread_of_other_samples():
    others = [
        metrics.gaussian_total_correlation(np.random.default_rng(seed).normal(size=(400, 3)))
        for seed in range(300)
    ]
    codes = np.random.default_rng(1000).normal(size=(400, 3))
    (row,) = metrics.evaluate(
        codes + 5.0, None, metrics=["gaussian_total_correlation"], repeats=200
    )
    assert row.value == pytest.approx(metrics.gaussian_total_correlation(codes))
    assert row.repeats == 200
    assert 0.3 < row.spread / np.std(others) < 3


def test_interval_lies_around_the_value():
    codes, factors = draw()
    narrow, wide = (
        metrics.evaluate(codes, factors, metrics=["mig"], repeats=50, interval=p).rows[0]
        for p in (0.5, 0.95)
    )
    assert wide.low < narrow.low < narrow.value < narrow.high < wide.high


def test_the_same_seed_gives_the_same_table_whichever_scores_are_asked_for():
    codes, factors = draw()
    everything = metrics.evaluate(codes, factors, repeats=3, rng=5)
    alone = metrics.evaluate(codes, factors, metrics=["modularity"], repeats=3, rng=5)
    assert str(alone.rows[0]) in [str(row) for row in everything]
    assert metrics.evaluate(codes, factors, repeats=3, rng=5).to_json() == everything.to_json()


def test_scores_that_fit_are_given_splits_and_seeds(fitting):
    codes, factors = draw()
    table = metrics.evaluate(
        codes, factors, metrics=["fitting"], repeats=4, train_fraction=0.6, rng=7
    )
    assert [row.score for row in table] == ["fitting.good", "fitting.bad"]
    assert table.rows[0].value == np.random.default_rng(7).random()
    assert table.rows[0].spread > 0
    assert (table.rows[0].samples, table.rows[0].test_samples) == (600, 400)
    assert table.rows[0].estimator == "trees"
    seeds = [given[4] for given in fitting]
    assert seeds[0] == 7
    assert len(set(seeds)) == 4
    assert all(len(given[0]) == 1000 and given[2] == 0.6 for given in fitting)


def test_scores_that_fit_are_given_the_test_samples(fitting):
    codes, factors = draw()
    (row, _) = metrics.evaluate(
        codes,
        factors,
        metrics=["fitting"],
        test=(codes[:10], factors[:10]),
        protocol="locatello2019",
    )
    assert (row.samples, row.test_samples) == (1000, 10)
    assert row.estimator == "old trees"
    assert len(fitting[0][3][0]) == 10
    assert fitting[0][5] == "locatello2019"


def test_codes_alone():
    codes, _ = draw()
    assert {row.score for row in metrics.evaluate(codes, None)} == {
        name for name, score in SCORES.items() if not score.needs_factors
    }
    with pytest.raises(ValueError, match="mig needs factors, got None"):
        metrics.evaluate(codes, None, metrics=["mig"])


def test_constant_factors_are_named_once():
    codes, factors = draw()
    with pytest.warns(metrics.ConstantFactorWarning) as caught:
        table = metrics.evaluate(
            codes, np.insert(factors, 1, 0, axis=1), factor_names=["a", "colour", "b", "c"]
        )
    assert [str(warning.message) for warning in caught] == [
        "factor 1 (colour) has a single value and is left out"
    ]
    assert table.value("mig") == metrics.mig(codes, factors)


def test_real_valued_factors():
    codes, factors = draw()
    real = factors + np.random.default_rng(1).uniform(size=factors.shape) * [0, 1, 1]
    continuous = (False, True, True)
    names = ["mig", "sap", "explicitness", "irs", "mcc"]
    with pytest.warns(metrics.LeftOutWarning) as caught:
        table = metrics.evaluate(codes, real, metrics=names, continuous=continuous, repeats=2)
    assert [str(warning.message) for warning in caught] == [
        "explicitness is left out where factors are real-valued: it is about the probabilities of "
        "values",
    ]
    assert [row.score for row in table] == ["mig", "sap", "irs", "mcc"]
    assert table.value("irs") == metrics.irs(codes, real, continuous=continuous)
    assert table.value("mig") == metrics.mig(codes, real, continuous=continuous)
    assert table.rows[0].bins == 21
    with pytest.raises(TypeError, match=r"whole numbers in factor 1, got .*: is it continuous"):
        metrics.evaluate(codes, real, continuous=(False, False, True))
    with pytest.warns(metrics.ConstantFactorWarning, match="factor 3 has a single value"):
        metrics.evaluate(
            codes, np.insert(real, 3, 0.5, axis=1), metrics=["mig"], continuous=(*continuous, True)
        )


def test_bad_requests():
    codes, factors = draw(50)
    with pytest.raises(
        ValueError, match=r"scores among .*, mig, .*got 'migg', did you mean 'mig'\?"
    ):
        metrics.evaluate(codes, factors, metrics=["migg"])
    with pytest.raises(TypeError, match=r"a list of scores, got 'mig': write metrics=\['mig'\]"):
        metrics.evaluate(codes, factors, metrics="mig")
    with pytest.raises(ValueError, match="expected 3 factor names, got 1"):
        metrics.evaluate(codes, factors, factor_names=["a"])
    with pytest.raises(ValueError, match="at least 1 repeat, got 0"):
        metrics.evaluate(codes, factors, repeats=0)
    with pytest.raises(ValueError, match="several repeats for an interval"):
        metrics.evaluate(codes, factors, interval=0.9)
    with pytest.raises(ValueError, match="coverage between 0 and 1, got 95"):
        metrics.evaluate(codes, factors, interval=95, repeats=5)
    with pytest.raises(ValueError, match=r"expected protocol None or one of"):
        metrics.evaluate(codes, factors, protocol="chen2018")


def moments(images):
    """An encoder: darkness, and where it lies."""
    mass = images.sum(axis=(1, 2, 3)) + 1e-6
    rows = np.arange(images.shape[1])[:, None, None]
    columns = np.arange(images.shape[2])[:, None]
    centre = [(images * axis).sum(axis=(1, 2, 3)) / mass for axis in (rows, columns)]
    return np.stack([mass, *centre], axis=1).astype(np.float32)


def test_encoder_of_codes():
    seen = []

    def encode(images):
        seen.append((images.dtype, images.min(), images.max(), len(images)))
        return moments(images)

    table = metrics.evaluate_encoder(
        MiniSprites(), encode, metrics=["mig"], samples=300, test_samples=100, batch_size=64
    )
    (row,) = table
    assert (row.representation, row.samples) == ("codes", 300)
    assert row.value > 0.1
    assert {kind[0] for kind in seen} == {np.dtype(np.float32)}
    assert min(kind[1] for kind in seen) == 0
    assert max(kind[2] for kind in seen) == 1
    assert sum(kind[3] for kind in seen) == 400
    assert max(kind[3] for kind in seen) == 64


def test_encoder_of_distributions_has_two_representations():
    def encode(images):
        mean = moments(images)
        return mean, np.full_like(mean, 2 * np.log(3.0))

    table = metrics.evaluate_encoder(
        MiniSprites(), encode, metrics=["mig"], samples=2000, test_samples=2, rng=1
    )
    assert [row.representation for row in table] == ["mean", "sampled"]
    assert table.value("mig", "mean") > table.value("mig", "sampled") + 0.05
    again = metrics.evaluate_encoder(
        MiniSprites(), encode, metrics=["mig"], samples=2000, test_samples=2, rng=1
    )
    assert json.loads(again.to_json()) == json.loads(table.to_json())


def test_scores_of_posteriors_are_of_the_sampled_codes():
    def encode(images):
        mean = moments(images)
        return mean, np.full_like(mean, -2.0)

    name = "mig_aggregated_posterior"
    options = {"metrics": [name], "samples": 300, "test_samples": 2}
    (row,) = metrics.evaluate_encoder(MiniSprites(), encode, **options)
    assert (row.representation, row.samples) == ("sampled", 300)
    assert 0 < row.value < 1
    with pytest.raises(ValueError, match=r"needs an encoder of \(mean, logvar\), got codes"):
        metrics.evaluate_encoder(MiniSprites(), moments, **options)
    with pytest.raises(ValueError, match=f"{name} needs posteriors: use evaluate_encoder"):
        metrics.evaluate(*draw(50), metrics=[name])


def test_the_reference_draws_16_samples_at_a_time():
    data = MiniSprites()
    factors = []

    def encode(images):
        factors.append(len(images))
        return moments(images)

    random = np.random.RandomState(3)
    expected = [data.sample(size, random)[0] for size in (16, 16, 8)]
    found = metrics.protocol.encode_samples(
        data,
        encode,
        40,
        rng=metrics.protocol.generator(3, "locatello2019"),
        batch_size=20,
        protocol="locatello2019",
    )
    np.testing.assert_array_equal(found.factors, np.concatenate(expected))
    assert factors == [32, 8]


def test_interventions_get_a_table_of_codes(monkeypatch):
    def intervening(table, *, sampled, rng):
        """Return the spread of the first code over part of the grid."""
        mean, logvar, rows = table.look_up(np.arange(10))
        assert logvar is not None
        return float(mean[rows, 0].std()) + sampled

    encoded = []

    def encode(images):
        encoded.append(len(images))
        return moments(images), np.zeros((len(images), 3), np.float32)

    monkeypatch.setitem(SCORES, "intervening", Score(intervening, "votes"))
    table = metrics.evaluate_encoder(
        MiniSprites(), encode, metrics=["intervening"], samples=20, test_samples=20, repeats=2
    )
    assert [row.representation for row in table] == ["mean", "sampled"]
    assert table.rows[1].value == table.rows[0].value + 1
    assert sum(encoded) == 20 + 20 + 10
    with pytest.raises(ValueError, match="intervening intervenes on factors: use evaluate_encoder"):
        metrics.evaluate(*draw(), metrics=["intervening"])


def test_a_table_of_codes_encodes_each_point_once():
    data = MiniSprites()
    encoded = []

    def encode(images):
        encoded.append(len(images))
        return moments(images)

    table = metrics.protocol.CodeTable(data, encode, batch_size=50)
    rows = np.array([[5, 5, 7], [0, 7, 5]])
    mean, logvar, places = table.look_up(rows)
    assert logvar is None
    assert len(mean) == 3
    images = data.images(data.grid_factors(rows.ravel())).astype(np.float32) / 255
    np.testing.assert_allclose(mean[places], moments(images).reshape(2, 3, -1), rtol=1e-6)
    table.look_up(np.arange(100))
    table.look_up(np.arange(100))
    assert encoded == [3, 50, 47]
    again, _, places = table.look_up(rows)
    np.testing.assert_array_equal(again[places], mean[table.look_up(rows).rows])


def test_a_table_of_codes_keeps_what_was_asked_for_alone():
    """The whole grid of dSprites would be 2.9 GB of a thousand codes; and many small questions."""
    data = DSpritesRendered()
    weights = np.random.default_rng(0).normal(size=(64 * 64, 1000)).astype(np.float32)

    def encode(images):
        flat = images.reshape(len(images), -1)
        return flat @ weights, -(flat @ weights)

    whole = metrics.CodeTable(data, encode)
    order = np.random.default_rng(1).choice(data.grid_size, 2000, replace=False)
    tracemalloc.start()
    try:
        parts = [whole.look_up(part) for part in np.split(order, [500, 510, 520, 1000])]
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    asked = 2 * len(order) * 1000 * 4
    assert peak < 3 * asked
    mean, logvar, rows = whole.look_up(order)
    assert len(mean) == len(order)
    np.testing.assert_array_equal(mean, -logvar)
    np.testing.assert_array_equal(parts[1].mean[parts[1].rows], mean[rows[500:510]])
    few = order[[0, 505, 515, 999, 1999]]
    expected = encode(data.as_input(data.images(data.grid_factors(few))))[0]
    np.testing.assert_allclose(mean[rows[[0, 505, 515, 999, 1999]]], expected, rtol=1e-3, atol=1e-2)


@pytest.mark.parametrize(
    ("encode", "message"),
    [
        (lambda images: images, r"codes of shape \(.*, dims\) from the encoder"),
        (lambda images: moments(images)[1:], r"codes of shape"),
        (lambda images: (moments(images),) * 3, r"codes or \(mean, logvar\), got 3 arrays"),
        (lambda images: (moments(images), moments(images)[:, 1:]), "logvar of the mean's shape"),
        (lambda images: moments(images) * np.nan, "expected finite codes, got nan"),
    ],
)
def test_bad_encoders(encode, message):
    with pytest.raises(ValueError, match=message):
        metrics.evaluate_encoder(MiniSprites(), encode, samples=20, test_samples=20)


def noise(rows=300, *, real=False, grid=False):
    """A set of noise images with labels that have nothing to do with them, and a memory of them."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (rows, 4, 4), dtype=np.uint8)
    labels = rng.integers(0, 10, (rows, 2)) * (1 if grid else 3)
    if grid:
        labels = np.indices((10, rows // 10)).reshape(2, -1).T
    if real:
        labels = labels + np.column_stack([rng.uniform(size=rows), np.zeros(rows)])
    return ArrayData(images, labels, continuous=[real, False])


def flat(images):
    """An encoder that tells every image of noise apart."""
    return images.reshape(len(images), -1)[:, :4]


def seen_by(encode):
    seen = []

    def remembering(images):
        seen.append(images.reshape(len(images), -1))
        return encode(images)

    return remembering, seen


@pytest.mark.parametrize("protocol", [None, "locatello2019"])
def test_no_row_of_a_set_without_a_grid_is_drawn_twice(protocol):
    data = noise()
    assert not data.has_full_grid
    encode, seen = seen_by(flat)
    table = metrics.evaluate_encoder(data, encode, metrics=["dci"], protocol=protocol)
    rows = np.concatenate(seen)
    assert len(rows) == len(np.unique(rows, axis=0)) == 300
    row = table.rows[2]
    assert (row.score, row.samples, row.test_samples, row.distinct) == (
        "dci.informativeness", 200, 100, 300
    )  # fmt: skip
    # Labels are noise: guessing one of ten values.
    assert row.value < 0.25
    assert "200 samples; 100 more to test; 300 distinct rows" in str(table)


def test_fewer_rows_than_a_set_has_are_drawn_as_asked():
    encode, seen = seen_by(flat)
    (row,) = metrics.evaluate_encoder(
        noise(), encode, metrics=["mig"], samples=40, test_samples=20, rng=3
    )
    assert (row.samples, row.distinct) == (40, 60)
    rows = np.concatenate(seen)
    assert len(rows) == len(np.unique(rows, axis=0)) == 60


def test_a_grid_smaller_than_the_request_is_drawn_once():
    encode, seen = seen_by(flat)
    table = metrics.evaluate_encoder(noise(grid=True), encode, metrics=["dci"])
    rows = np.concatenate(seen)
    assert len(rows) == len(np.unique(rows, axis=0)) == 300
    assert table.value("dci.informativeness") < 0.25
    # The reference draws with replacement, and the table says of how many rows.
    table = metrics.evaluate_encoder(
        noise(grid=True), flat, metrics=["mcc"], protocol="locatello2019"
    )
    assert (table.rows[0].samples, table.rows[0].distinct) == (10_000, 300)


def test_sets_of_too_few_rows_are_refused():
    with pytest.raises(ValueError, match="at least 2 examples for each of 2 parts of array_data"):
        metrics.evaluate_encoder(noise(3), flat, metrics=["mig"])


def test_held_out_rows_are_scored_alone():
    train, _, test = splits(noise(), fractions=(0.6, 0.2, 0.2))
    parts = []
    for part in (train, test):
        encode, seen = seen_by(flat)
        table = metrics.evaluate_encoder(part, encode, metrics=["mcc"])
        assert table.rows[0].distinct == len(np.concatenate(seen))
        parts.append({tuple(row) for row in np.concatenate(seen)})
    assert [len(part) for part in parts] == [180, 60]
    assert not parts[0] & parts[1]


def test_real_valued_factors_of_a_set_are_scored_as_such():
    data = noise(real=True)
    assert data.factor_sizes == (None, 10)
    names = ["mcc", "explicitness", "factor_vae_score", "mig_aggregated_posterior"]

    def encode(images):
        return flat(images), np.full((len(images), 4), -2.0, np.float32)

    with pytest.warns(metrics.LeftOutWarning) as caught:
        table = metrics.evaluate_encoder(data, encode, metrics=names)
    assert {str(warning.message).split(" is ")[0] for warning in caught} == {
        "explicitness", "factor_vae_score"
    }  # fmt: skip
    assert {row.score for row in table} == {"mcc", "mig_aggregated_posterior"}
    train = metrics.protocol.encode_parts(
        data, encode, (10_000, 5_000), rng=np.random.default_rng(0)
    )[0]
    expected = metrics.mcc(train.mean, train.factors, continuous=(True, False))
    assert table.value("mcc", "mean") == expected


def test_half_a_pair_of_test_rows_is_refused():
    codes, factors = draw(100)
    for half in ((codes, None), (None, factors), (codes,)):
        with pytest.raises(ValueError, match=r"expected test as \(codes, factors\), got \("):
            metrics.evaluate(codes, factors, metrics=["dci"], test=half)
        for score in (metrics.dci, metrics.explicitness, metrics.affine_mcc):
            with pytest.raises(ValueError, match=r"expected test as \(codes, factors\)"):
                score(codes, factors, test=half)
    with pytest.raises(TypeError, match=r"expected test as .*, got ndarray"):
        metrics.evaluate(codes, factors, test=codes)
    with pytest.raises(ValueError, match="expected factors beside those of the test rows"):
        metrics.evaluate(codes, None, test=(codes, factors))


def test_figures_on_the_samples_that_were_fitted_say_so():
    rng = np.random.default_rng(0)
    codes, factors = rng.normal(size=(60, 100)), rng.integers(0, 2, (60, 2))
    table = metrics.evaluate(codes, factors, metrics=["info_mec", "med", "dci"])
    found = {row.score: (row.estimator, row.bins, row.test_samples) for row in table}
    assert found["info_mec.explicitness"] == ("linear or logistic regression, in-sample", None, 0)
    assert "in-sample" not in found["info_mec.modularity"][0]
    assert found["med.informativeness"] == ("linear or logistic regression", None, 15)
    assert found["med.informativeness_train"][0] == "linear or logistic regression, in-sample"
    assert found["dci.informativeness_train"] == (
        "gradient boosting, random rows train, in-sample", None, 0
    )  # fmt: skip
    # What it is about: noise that a regression knows by heart.
    assert table.value("info_mec.explicitness") > 0.99
    lines = [line for line in str(table).splitlines() if "info_mec" in line]
    assert [("in-sample" in line) for line in lines] == [False, True, False]
    data = MiniSprites()
    names = ["factor_vae_score", "beta_vae_score"]
    for row in metrics.evaluate_encoder(data, moments, metrics=names):
        assert ("in-sample" in row.estimator) == row.score.endswith("train_accuracy")


@pytest.mark.parametrize(
    ("has_full_grid", "sizes", "possible"),
    [(True, (2, 3), True), (True, (2, None), False), (False, (2, 3), False), (False, (), False)],
)
def test_factors_are_held_fixed_on_full_grids_of_discrete_ones_alone(
    has_full_grid, sizes, possible
):
    data = types.SimpleNamespace(name="some", has_full_grid=has_full_grid, factor_sizes=sizes)
    score = next(score for score in SCORES.values() if score.intervenes)
    with contextlib.nullcontext() if possible else pytest.warns(LeftOutWarning, match="some has"):
        assert _can_intervene(score, data) is possible
