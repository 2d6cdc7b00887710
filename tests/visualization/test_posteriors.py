import numpy as np
import pytest
from scipy import stats

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


def test_a_collapsed_latent_has_no_kl_and_is_not_active():
    rng = np.random.default_rng(0)
    mean = np.stack([rng.normal(size=1000), rng.normal(size=1000) * 0.05, np.zeros(1000)], axis=1)
    assert active_units(mean).tolist() == [True, False, False]
    assert kl_per_latent(mean, np.zeros((1000, 3)))[2] == 0
