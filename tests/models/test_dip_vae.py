import numpy as np
import pytest
import tensorflow as tf

from disentlib import models

MEAN = tf.constant([[0.1, 0.9], [0.8, -1.2]])
LOGVAR = tf.constant([[-1.0, -2.0], [-0.5, -1.0]])


@pytest.mark.parametrize(
    ("variant", "factor", "expected"), [("i", 10.0, 8.0752375), ("ii", 1.0, 0.5478347)]
)
def test_the_covariance_term_has_the_golden_values(build, variant, factor, expected):
    model = build(
        models.DIPVAE,
        latents=2,
        variant=variant,
        lambda_off_diagonal=1.0,
        diagonal_factor=factor,
    )
    code = models.Code(MEAN, LOGVAR, MEAN, tf.zeros((2, 16, 16, 1)))
    images = np.zeros((2, 16, 16, 1), np.float32)
    loss, terms = model.objective(images, None, code)
    assert float(terms["covariance"]) == pytest.approx(expected, rel=1e-5)
    assert float(terms["kl"]) == pytest.approx(1.2194062, rel=1e-5)
    assert float(loss) == pytest.approx(sum(map(float, terms.values())), rel=1e-6)


def test_an_unknown_variant_is_named(build):
    with pytest.raises(ValueError, match="variant must be 'i' or 'ii', got 'I'"):
        build(models.DIPVAE, variant="I")
