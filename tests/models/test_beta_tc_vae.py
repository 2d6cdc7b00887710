import pytest
import tensorflow as tf

from disentlib import models
from disentlib.losses import total_correlation


def test_only_the_total_correlation_is_weighted(build, images):
    model = build(models.BetaTCVAE, beta=5.0)
    code = model(images)
    loss, terms = model.objective(images, None, code)
    expected = total_correlation.from_batch(code.z, code.mean, code.logvar)
    assert float(terms["total_correlation"]) == pytest.approx(float(expected))
    assert float(loss) == pytest.approx(
        float(terms["reconstruction"] + terms["kl"] + 4 * expected), rel=1e-6
    )


def test_beta_one_is_the_vae(build, images):
    tc, vae = build(models.BetaTCVAE, beta=1.0), build(models.VAE)
    losses = [model.objective(images, None, model(images))[0] for model in (tc, vae)]
    assert float(losses[0]) == pytest.approx(float(losses[1]), rel=1e-6)


def test_estimators_without_the_size_of_the_data_are_refused(build):
    with pytest.raises(ValueError, match="weighted estimator needs dataset_size"):
        build(models.BetaTCVAE, estimator="weighted")


def test_hausdorff_support_goes_with_it(build, images):
    support = models.HausdorffSupport(gamma=3.0)
    model = build(models.BetaTCVAE, regularizers=[support])
    plain = build(models.BetaTCVAE)
    code = model(images)
    loss, terms = model.regularized_objective(images, None, code)
    without, _ = plain.regularized_objective(images, None, code)
    assert list(terms)[-2:] == ["support_distance", "support_scale"]
    assert float(terms["support_distance"]) > 0
    assert float(loss) == pytest.approx(float(without + 3 * terms["support_distance"]), rel=1e-5)
    assert isinstance(code.z, tf.Tensor)
