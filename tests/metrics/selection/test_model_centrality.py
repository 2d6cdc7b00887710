"""ModelCentrality against worked examples and a plain loop."""

import numpy as np
import pytest

from disentlib import metrics
from disentlib.metrics.selection.model_centrality import cross_score


def test_worked_example():
    scores = [[1, 0.8, 0.5], [0.6, 1, 0.7], [0.9, 0.3, 1]]
    found = metrics.model_centrality(scores)
    np.testing.assert_allclose(found, [0.7, 0.6, 0.6])
    without = np.array(scores)
    np.fill_diagonal(without, np.nan)
    np.testing.assert_allclose(metrics.model_centrality(without), found)


def test_one_model_has_no_others():
    assert np.isnan(metrics.model_centrality([[1.0]])).all()


def test_cross_score_equals_a_plain_loop():
    rng = np.random.default_rng(0)
    held = np.arange(90) % 3
    codes = rng.normal(size=(90, 20, 4)) * [1, 5, 1, 1]
    codes[np.arange(90), :, held] *= rng.uniform(0, 1.5, size=(90, 1))
    spread = codes.reshape(-1, 4).std(axis=0)
    votes = np.zeros((3, 4))
    for group, latent in zip(codes, held, strict=True):
        votes[latent, np.argmin(group.std(axis=0) / spread)] += 1
    expected = votes.max(axis=0).sum() / 90
    assert cross_score(codes, held) == pytest.approx(expected)
    dead = np.insert(codes, 2, 0.1, axis=2)
    assert cross_score(dead, held) == pytest.approx(expected)
    assert cross_score(np.zeros((6, 5, 2)), np.arange(6) % 2) == 0


def test_what_it_refuses():
    with pytest.raises(ValueError, match=r"\(models, models\), got \(2, 3\)"):
        metrics.model_centrality(np.ones((2, 3)))
    with pytest.raises(ValueError, match=r"\(groups, batch, dims\)"):
        cross_score(np.ones((4, 3)), np.arange(4))
