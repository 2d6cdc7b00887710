"""Explicitness against the reference's answers, scikit-learn, and its own promises."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from disentlib import metrics
from disentlib.metrics.protocol import encode_samples

CONSTANT = "ignore::disentlib.metrics.ConstantFactorWarning"

# Which of the reference's versions solved which problem.
SOLVED = {"dlib@sk0.21.3": "locatello2019", "dlib@sk1.9.1": None}


@pytest.mark.filterwarnings(CONSTANT)
@pytest.mark.parametrize("version", SOLVED)
def test_reference_answers(case, version):
    expected = case[version]["explicitness"]
    train = case.codes[: case.train], case.factors[: case.train]
    test = case.codes[case.train :], case.factors[case.train :]
    if case.name.startswith("dsprites_const"):
        return  # the reference divides constants by the rounding of their deviation
    on_train = metrics.explicitness(*train, test=train, protocol=SOLVED[version])
    if "test" in expected:
        on_test = metrics.explicitness(*train, test=test, protocol=SOLVED[version])
        assert on_test == pytest.approx(expected["test"], abs=0.003)
        assert on_train == pytest.approx(expected["train"], abs=0.003)
    else:  # it raises where a value is missing among the test rows, or a factor is constant
        areas = [area for area in case[version]["explicitness_train_only"] if area != "error"]
        if all(isinstance(area, float) for area in areas):
            assert on_train == pytest.approx(np.mean(areas), abs=0.003)


def test_reference_answers_on_data_sets(world):
    for version, protocol in SOLVED.items():
        for name, expected in world.expected[version].items():
            if "explicitness_score_test" not in expected:
                continue
            rng = np.random.RandomState(int(name[-1]))
            train, test = (
                encode_samples(world.data, world.encode, samples, rng=rng, protocol="locatello2019")
                for samples in (2000, 1000)
            )
            for part, key in ((test, "test"), (train, "train")):
                found = metrics.explicitness(
                    train.mean, train.factors, test=(part.mean, part.factors), protocol=protocol
                )
                assert found == pytest.approx(expected[f"explicitness_score_{key}"], abs=0.003)


@pytest.fixture(scope="module")
def arrays():
    rng = np.random.default_rng(0)
    factors = np.stack([rng.integers(0, size, 800) for size in (2, 5, 9)], axis=1)
    codes = factors + 0.8 * rng.normal(size=factors.shape)
    return codes @ rng.normal(size=(3, 3)) * [1, 100, 0.01] + 7, factors


def test_scikit_learn(arrays):
    codes, factors = arrays
    scaled = (codes - codes[:600].mean(axis=0)) / codes[:600].std(axis=0)
    areas = []
    for labels in factors.T:
        fit = LogisticRegression(tol=1e-8, max_iter=10_000).fit(scaled[:600], labels[:600])
        told = fit.predict_proba(scaled[600:])
        one_hot = labels[600:, None] == fit.classes_
        areas.append(roc_auc_score(one_hot, told))
    test = codes[600:], factors[600:]
    found = metrics.explicitness(codes[:600], factors[:600], test=test)
    assert found == pytest.approx(np.mean(areas), abs=1e-4)


def test_guessing_gets_a_half():
    rng = np.random.default_rng(1)
    factors = np.stack([rng.integers(0, size, 10_000) for size in (3, 6, 40)], axis=1)
    codes = rng.normal(size=(10_000, 10))
    for protocol in (None, "locatello2019"):
        assert metrics.explicitness(codes, factors, protocol=protocol) == pytest.approx(
            0.5, abs=0.02
        )


def test_values_missing_among_the_test_rows_have_no_say(arrays):
    codes, factors = arrays
    keep = factors[:, 2] != 4
    test = codes[600:][keep[600:]], factors[600:][keep[600:]]
    assert 0.5 < metrics.explicitness(codes[:600], factors[:600], test=test) < 1
    unseen = codes[600:], factors[600:] + 50
    assert np.isnan(metrics.explicitness(codes[:600], factors[:600], test=unseen))


def test_dead_codes_and_constant_factors_do_not_matter(arrays):
    codes, factors = arrays
    expected = metrics.explicitness(codes, factors)
    assert metrics.explicitness(np.insert(codes, 1, 0.1, axis=1), factors) == pytest.approx(
        expected, abs=1e-6
    )
    with pytest.warns(metrics.ConstantFactorWarning, match="factor 0"):
        assert metrics.explicitness(codes, np.insert(factors, 0, 3, axis=1)) == expected
