import numpy as np
import pytest
from scipy import stats

from disentlib.models import priors
from disentlib.visualization import active_units, kl_per_latent


def test_kl_per_latent_against_numerical_integration():
    mean = np.array([[0.3, -2.0], [1.0, 0.0]])
    logvar = np.array([[-1.0, -4.0], [0.5, 0.0]])
    for latent in range(2):
        expected = []
        for m, lv in zip(mean[:, latent], logvar[:, latent], strict=True):
            q, p = stats.norm(m, np.exp(lv / 2)), stats.norm()
            value = q.expect(lambda z, q=q, p=p: q.logpdf(z) - p.logpdf(z))
            expected.append(value)
        assert kl_per_latent(mean, logvar)[latent] == pytest.approx(np.mean(expected), rel=1e-6)


def test_kl_to_another_prior_is_that_of_normal_distributions():
    rng = np.random.default_rng(0)
    mean, logvar = rng.normal(size=(2, 1500, 2))
    prior = priors.Normal([0.5, 4.0], means=[1.0, -2.0])
    variance, centre = np.array(prior.variances), np.array(prior.means)
    expected = 0.5 * (
        (mean - centre) ** 2 / variance + np.exp(logvar) / variance - 1 - logvar + np.log(variance)
    )
    np.testing.assert_allclose(
        kl_per_latent(mean, logvar, prior=prior), expected.mean(axis=0), rtol=1e-5
    )
    condition = np.eye(2, dtype=np.float32)[rng.integers(2, size=1500)]
    conditional = priors.Conditional(2, 2)
    logvars = np.asarray(conditional.logvar(condition), float)
    expected = 0.5 * ((mean**2 + np.exp(logvar)) / np.exp(logvars) - 1 - logvar + logvars)
    got = kl_per_latent(mean, logvar, prior=conditional, condition=condition)
    np.testing.assert_allclose(got, expected.mean(axis=0), rtol=1e-4)


def test_a_collapsed_latent_has_no_kl_and_is_not_active():
    rng = np.random.default_rng(0)
    mean = np.stack([rng.normal(size=1000), rng.normal(size=1000) * 0.05, np.zeros(1000)], axis=1)
    assert active_units(mean).tolist() == [True, False, False]
    assert kl_per_latent(mean, np.zeros((1000, 3)))[2] == 0
