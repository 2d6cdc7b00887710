"""The base of all methods against plain NumPy, and its contract with Keras."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from disentlib import losses, models
from disentlib.models import architectures as nets

SHAPE = (16, 16, 1)
RNG = np.random.default_rng(0)
IMAGES = RNG.uniform(size=(6, *SHAPE)).astype(np.float32)


def vae(method=models.VAE, **options):
    keras.utils.set_random_seed(1)
    encoder = nets.linear_encoder(SHAPE, latents=3)
    return method(encoder, nets.linear_decoder(SHAPE, latents=3), **options)


def test_the_objective_is_the_negative_evidence_lower_bound():
    model = vae(models.BetaVAE, beta=3.0)
    code = model(IMAGES)
    loss, terms = model.objective(IMAGES, None, code)
    mean, logvar, x = (np.asarray(part, float) for part in (code.mean, code.logvar, code.x))
    cross_entropy = np.maximum(x, 0) - x * IMAGES + np.log1p(np.exp(-abs(x)))
    reconstruction = cross_entropy.sum(axis=(1, 2, 3)).mean()
    kl = 0.5 * (mean**2 + np.exp(logvar) - logvar - 1).sum(axis=1).mean()
    assert float(terms["reconstruction"]) == pytest.approx(reconstruction, rel=1e-5)
    assert float(terms["kl"]) == pytest.approx(kl, rel=1e-5)
    assert float(loss) == pytest.approx(reconstruction + 3 * kl, rel=1e-5)


def test_samples_follow_the_posterior():
    model = vae()
    mean, logvar = tf.fill((20_000, 3), 0.5), tf.fill((20_000, 3), -1.0)
    z = model.sample(mean, logvar).numpy()
    np.testing.assert_allclose(z.mean(axis=0), 0.5, atol=0.02)
    np.testing.assert_allclose(z.var(axis=0), np.exp(-1), atol=0.02)


def test_noise_depends_on_seed_and_step_alone():
    mean, logvar = tf.zeros((4, 3)), tf.zeros((4, 3))

    def noise(seed, step):
        model = vae(seed=seed)
        model.compile("adam")
        model.optimizer.iterations.assign(step)
        return model.sample(mean, logvar).numpy()

    np.testing.assert_array_equal(noise(0, 7), noise(0, 7))
    assert not np.array_equal(noise(0, 7), noise(0, 8))
    assert not np.array_equal(noise(0, 7), noise(1, 7))


def test_what_users_ask_of_a_model_are_distributions():
    model = vae()
    mean, logvar = model.encode((IMAGES * 255).round().astype(np.uint8))
    close, _ = model.encode((IMAGES * 255).round().astype(np.float32) / 255)
    np.testing.assert_allclose(mean, close, atol=1e-6)
    posterior = model.posterior(IMAGES)
    assert posterior.event_shape == model.prior.event_shape == (3,)
    pictures = model.decode(posterior.mean()).mean()
    assert pictures.shape == IMAGES.shape
    assert 0 <= float(tf.reduce_min(pictures)) <= float(tf.reduce_max(pictures)) <= 1
    assert mean.shape == logvar.shape == (6, 3)


def test_wrong_shapes_are_named():
    model = vae()
    with pytest.raises(ValueError, match="expected images of shape"):
        model.encode(IMAGES[:, :8])
    with pytest.raises(ValueError, match=r"expected codes of shape \(batch, 3\)"):
        model.decode(np.zeros((2, 4)))
    with pytest.raises(ValueError, match="outputs mean and logvar of the decoder's input shape"):
        models.VAE(nets.linear_encoder(SHAPE, latents=3), nets.linear_decoder(SHAPE, latents=4))
    with pytest.raises(ValueError, match="expected a decoder of images"):
        models.VAE(nets.linear_encoder(SHAPE), nets.linear_decoder((8, 8, 1)))


def test_configuration_is_exactly_the_signature():
    model = vae(models.BetaVAE, beta=2.0, likelihood=losses.Gaussian(0.3, "logits"), seed=5)
    config = model.get_config()
    assert list(config) == ["encoder", "decoder", "beta", "likelihood", "regularizers", "seed"]
    again = models.BetaVAE.from_config(config)
    assert again.get_config() == config
    assert again.likelihood == losses.Gaussian(0.3, "logits")


def test_an_objective_must_return_the_terms_that_it_declares():
    class Forgetful(models.VAE):
        def objective(self, x, y, code):
            return self.kl(code), {"kl": self.kl(code)}

    model = vae(Forgetful)
    model.compile("adam")
    with pytest.raises(ValueError, match=r"terms \['reconstruction', 'kl'\], got \['kl'\]"):
        model.train_on_batch(IMAGES)


def test_damaged_and_foreign_files_are_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="found nothing at"):
        models.load(tmp_path / "none.keras")
    damaged = tmp_path / "damaged.keras"
    models.save(vae(), damaged)
    damaged.write_bytes(damaged.read_bytes()[:2000])
    with pytest.raises(ValueError, match="damaged or something else"):
        models.load(damaged)
    foreign = tmp_path / "foreign.keras"
    nets.linear_encoder(SHAPE).save(foreign)
    with pytest.raises(ValueError, match="expected a model of disentlib"):
        models.load(foreign)
