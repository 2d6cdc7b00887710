"""Densities of mixtures of Gaussians against SciPy."""

import numpy as np
import pytest
from scipy.special import logsumexp
from scipy.stats import norm

from disentlib import ops


def by_scipy(samples, mean, logvar):
    each = norm.logpdf(samples[:, None], mean, np.exp(logvar / 2)).sum(axis=2)
    return logsumexp(each, axis=1) - np.log(len(mean))


@pytest.mark.parametrize("dims", [1, 3])
@pytest.mark.parametrize("components", [1, 2, 5, 300])
def test_scipy(dims, components):
    rng = np.random.default_rng(0)
    mean, logvar = rng.normal(size=(2, components, dims))
    samples = 5 * rng.normal(size=(600, dims))
    for threads in (1, 2):
        found = ops.log_mixture_density(samples, mean, logvar, threads=threads)
        np.testing.assert_allclose(found, by_scipy(samples, mean, logvar), rtol=1e-13, atol=1e-13)


def test_densities_too_small_for_doubles():
    mean, logvar = np.array([[0.0], [1.0]]), np.array([[-20.0], [-40.0]])
    samples = np.array([[0.0], [1.0], [50.0], [-1e6]])
    found = ops.log_mixture_density(samples, mean, logvar)
    np.testing.assert_allclose(found, by_scipy(samples, mean, logvar), rtol=1e-13)
    assert found[3] < -1e17


def test_bad_arrays():
    with pytest.raises(ValueError, match=r"logvar of the mean's shape \(2, 1\), got \(1, 1\)"):
        ops.log_mixture_density([[0.0]], [[0.0], [1.0]], [[0.0]])
    with pytest.raises(ValueError, match="samples of 2 dims, as the mean, got 1"):
        ops.log_mixture_density([[0.0]], [[0.0, 1.0]], [[0.0, 0.0]])
    with pytest.raises(ValueError, match="expected finite mean"):
        ops.log_mixture_density([[0.0]], [[np.nan]], [[0.0]])
