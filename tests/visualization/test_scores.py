"""The figures behind scores show the matrices that the scores are taken from."""

import numpy as np
import pytest
from PIL import Image

from disentlib import metrics
from disentlib.metrics.information.estimates import estimate
from disentlib.metrics.intervention.irs import robustness
from disentlib.metrics.prediction.dci import importances
from disentlib.visualization import plots, save_score_figures
from disentlib.visualization.scores import effects_figure

NAMES = ("shape", "constant", "x")


def arrays(samples=400):
    rng = np.random.default_rng(0)
    factors = np.stack([rng.integers(0, size, samples) for size in (3, 1, 6)], axis=1)
    codes = factors[:, [2, 0]] + 0.2 * rng.normal(size=(samples, 2))
    return np.column_stack([codes, np.full(samples, 0.1), 3 * rng.normal(size=samples)]), factors


def test_files(tmp_path, monkeypatch):
    drawn = {}

    def score_figures(matrix, *, name, **captions):
        drawn[name] = (matrix, captions)
        return original(matrix, name=name, **captions)

    original = plots.score_figures
    monkeypatch.setattr(plots, "score_figures", score_figures)
    codes, factors = arrays()
    paths = save_score_figures(
        codes, factors, tmp_path / "new", factor_names=NAMES, protocol="locatello2019", context="me"
    )
    stems = [f"{matrix}{what}" for matrix in drawn for what in ("", "_pr", "_dendrogram")]
    assert [path.stem for path in paths] == [*stems, "interventional_effects"]
    for path in paths:
        with Image.open(path) as image:
            assert min(image.size) > 300
    varying = factors[:, [0, 2]]
    matrix, captions = drawn["importance"]
    expected = importances(codes, varying, protocol="locatello2019").matrix
    np.testing.assert_array_equal(matrix, expected)
    assert captions["factor_names"] == ["shape", "x"]
    assert captions["context"] == "me · 400 samples · protocol: locatello2019"
    matrix, captions = drawn["mutual_information"]
    np.testing.assert_array_equal(matrix, estimate(codes, varying, bins=20).mutual_information)


def test_test_samples_and_names_by_default(tmp_path):
    codes, factors = arrays()
    codes[0, 0] = 1e9  # no warning: the scores have given it
    paths = save_score_figures(codes, factors, tmp_path, test=(codes[:50], factors[:50]))
    assert len(paths) == 7


def test_nothing_to_draw(tmp_path):
    with pytest.raises(ValueError, match="expected a factor of several values"):
        save_score_figures(np.eye(2), np.zeros((2, 1), int), tmp_path)
    assert effects_figure(np.eye(2), np.zeros((2, 1), int), factor_names=["a"]) is None
    assert effects_figure(np.ones((2, 1)), np.arange(2)[:, None], factor_names=["a"]) is None


def titles(figure):
    return [axes.get_title() for axes in figure.axes if axes.get_title()]


def test_effects_have_the_parents_and_scores_of_irs():
    codes, factors = arrays()
    found = robustness(codes, factors[:, [0, 2]])
    figure = effects_figure(codes, factors, factor_names=NAMES)
    # The code that strays most is first; the dead one is left out.
    assert found.live[np.argsort(-found.deviations)].tolist() == [3, 0, 1]
    expected = [f"{('shape', 'x')[found.parents[i]]} {found.codes[i]:.2f}" for i in (2, 0, 1)]
    assert titles(figure) == expected
    score = metrics.irs(codes, factors[:, [0, 2]])
    assert any(f"(IRS {score:.2f})" in text.get_text() for text in figure.texts)
    chosen = effects_figure(codes, factors, factor_names=NAMES, order=[1, 2, 3])
    assert titles(chosen) == [expected[2], expected[0]]


def test_effects_under_the_protocol_are_its_irs():
    rng = np.random.default_rng(0)
    factors = rng.integers(0, 60, (600, 2))
    codes = factors + rng.normal(size=factors.shape)
    score = metrics.irs(codes, factors, protocol="locatello2019")
    assert f"{score:.2f}" != f"{robustness(codes, factors, protocol='locatello2019').score:.2f}"
    figure = effects_figure(codes, factors, factor_names=["x", "y"], protocol="locatello2019")
    assert any(f"(IRS {score:.2f})" in text.get_text() for text in figure.texts)
