"""RMIG against worked answers, another library's, Monte Carlo, and its own promises."""

import numpy as np
import pytest

from disentlib import metrics, ops


@pytest.mark.filterwarnings("ignore::disentlib.metrics.ConstantFactorWarning")
def test_without_variances_it_is_mig(case):
    for options in ({}, {"protocol": "locatello2019"}, {"bins": 13}):
        found = metrics.rmig(case.codes, case.factors, **options)
        assert found == metrics.mig(case.codes, case.factors, **options)


def test_golden_value(posteriors):
    found = metrics.rmig(
        posteriors["mean"], posteriors["factors"], logvar=2 * posteriors["log_sigma"]
    )
    assert found == pytest.approx(0.65424717, abs=1e-8)


def test_spreading_is_what_many_draws_show():
    rng = np.random.default_rng(0)
    factors = rng.integers(0, 4, (200, 2))
    mean = factors - 1.5 + 0.1 * rng.normal(size=factors.shape)
    logvar = rng.normal(-2, 0.3, size=mean.shape)
    draws = [mean + np.exp(logvar / 2) * rng.normal(size=mean.shape) for _ in range(2000)]
    # The ends are pinned, so that bins are the same.
    codes = np.concatenate([*draws, [[-4, -4], [4, 4]]])
    labels = np.concatenate([np.tile(factors, (2000, 1)), [[0, 0], [0, 0]]])
    expected = metrics.mig(codes, labels, bins=80)
    found = metrics.rmig(mean, factors, logvar=logvar, bins=80)
    assert found == pytest.approx(expected, abs=2e-3)


def test_narrow_and_distant_posteriors_count_in_the_nearest_bin():
    rng = np.random.default_rng(0)
    factors = rng.integers(0, 5, (2000, 2))
    mean = factors - 2.0
    narrow = np.full(mean.shape, -40.0)
    hard = metrics.mig(
        np.concatenate([mean, [[-4, -4], [4, 4]]]), np.pad(factors, [(0, 2), (0, 0)]), bins=100
    )
    assert metrics.rmig(mean, factors, logvar=narrow) == pytest.approx(hard, abs=1e-2)
    far = mean * [1, 1e6]
    assert np.isfinite(metrics.rmig(far, factors, logvar=narrow))


def test_wider_posteriors_tell_less():
    factors = np.indices((10, 10)).reshape(2, -1).T
    mean = (factors - 4.5) / 2
    scores = [
        metrics.rmig(mean, factors, logvar=np.full(mean.shape, logvar)) for logvar in (-6, -3, 0)
    ]
    assert scores[0] > scores[1] > scores[2] > 0


def test_sampling_is_the_aggregated_posterior():
    factors = np.indices((6, 5)).reshape(2, -1).T
    mean, logvar = factors / 2.0, np.full(factors.shape, -2.0)
    found = metrics.rmig(mean, factors, logvar=logvar, estimator="sampling", rng=3)
    assert found == metrics.mig_aggregated_posterior(mean, logvar, factors, rng=3)
    assert found == pytest.approx(metrics.rmig(mean, factors, logvar=logvar), abs=0.15)


def test_real_valued_factors_are_cut_at_quantiles():
    factors = np.random.default_rng(0).normal(size=(2100, 2))
    logvar = np.full(factors.shape, -6.0)
    cut = ops.discretise(factors, 21, rule="quantile").astype(int)
    found = metrics.rmig(factors, factors, logvar=logvar, continuous=True)
    assert found == metrics.rmig(factors, cut, logvar=logvar)
    assert 0.7 < found < 1


def test_estimators_need_what_they_are_made_of():
    codes, factors = np.zeros((5, 2)), np.zeros((5, 2), int)
    with pytest.raises(ValueError, match="expected logvar for estimator 'sampling'"):
        metrics.rmig(codes, factors, estimator="sampling")
    with pytest.raises(ValueError, match="'grid' or 'sampling' with logvar, got 'width'"):
        metrics.rmig(codes, factors, logvar=codes, estimator="width")


def test_bad_variances():
    codes, factors = np.zeros((5, 2)), np.zeros((5, 2), int)
    with pytest.raises(ValueError, match=r"logvar of the codes' shape \(5, 2\), got \(5, 1\)"):
        metrics.rmig(codes, factors, logvar=codes[:, :1])
    with pytest.raises(ValueError, match="expected finite logvar"):
        metrics.rmig(codes, factors, logvar=codes + np.nan)
