import pytest

from disentlib import models
from disentlib.losses import factorized_support


def test_the_objective_is_beta_vae_with_the_support_distance(build, images):
    model = build(models.HFSVAE, gamma=3.0, beta=0.5, delta=2.0)
    code = model(images)
    loss, terms = model.regularized_objective(images, None, code)
    pairs = factorized_support.draw_pairs(3, 25, model.noise_key(1))  # all 3 of them
    distance = factorized_support.support_distance(code.mean, pairs)
    scale = factorized_support.minimal_support(code.mean)
    assert float(terms["support_distance"]) == pytest.approx(float(distance), rel=1e-6)
    expected = terms["reconstruction"] + 0.5 * terms["kl"] + 3 * distance + 2 * scale
    assert float(loss) == pytest.approx(float(expected), rel=1e-6)


def test_mistakes_are_named():
    with pytest.raises(ValueError, match=r"matching must be one of hard, .* got 'soft'"):
        models.HausdorffSupport(matching="soft")
    with pytest.raises(ValueError, match="scale must be one of minimal_support"):
        models.HausdorffSupport(scale="support")
