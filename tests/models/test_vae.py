"""The base of all methods against plain NumPy, and its contract with Keras."""

import io
import zipfile

import h5py
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
    mean, logvar, x = (np.asarray(part, float) for part in (code.mean, code.logvar, code.output))
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
    assert again.likelihood.get_config() == {"scale": 0.3, "activation": "logits"}


def test_codes_are_the_same_in_a_graph():
    model = vae()
    for ours, theirs in zip(
        tf.function(model.encode)(tf.constant(IMAGES)), model.encode(IMAGES), strict=True
    ):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)


def test_observations_that_the_likelihood_does_not_have_are_refused_by_encode():
    model = models.VAE(
        nets.linear_encoder((2, 2, 1), latents=3),
        nets.linear_decoder((2, 2, 1), latents=3),
        likelihood=models.likelihoods.Poisson(),
    )
    counts = np.arange(8, dtype=np.float32).reshape(2, 2, 2, 1)
    assert model.encode(counts)[0].shape == (2, 3)
    with pytest.raises(ValueError, match="whole"):
        model.encode(counts + 0.5)


def test_an_objective_must_return_the_terms_that_it_declares():
    class Forgetful(models.VAE):
        def objective(self, x, y, code):
            return self.kl(code), {"kl": self.kl(code)}

    model = vae(Forgetful)
    model.compile("adam")
    with pytest.raises(ValueError, match=r"terms \['reconstruction', 'kl'\], got \['kl'\]"):
        model.train_on_batch(IMAGES)


def test_uint8_trains_as_the_same_floats_and_is_encoded_alike():
    uint8 = (IMAGES * 255).astype(np.uint8)
    floats = uint8.astype(np.float32) / 255

    def losses_of(images):
        model = vae()
        model.compile("adam")
        return model.fit(images, batch_size=None, epochs=2, verbose=0).history["loss"]

    expected = losses_of(tf.data.Dataset.from_tensors(floats))
    assert losses_of(tf.data.Dataset.from_tensors(uint8)) == expected
    assert losses_of(tf.data.Dataset.from_tensors(floats.astype(np.float64))) == expected
    np.testing.assert_array_equal(vae().encode(uint8), vae().encode(floats))


def test_black_bytes_are_images_though_no_scale_can_be_seen():
    black = np.zeros((2, *SHAPE), np.uint8)
    model = vae()
    model.compile("adam")
    np.testing.assert_array_equal(model.encode(black), model.encode(np.zeros((2, *SHAPE))))
    assert model.predict(black, verbose=0).mean.shape == (2, 3)


WRONG_IMAGES = {
    "0..255": (IMAGES * 255, r"in \[0, 1\], got values from .* to 25\d.*: rescale them"),
    "-1..1": (IMAGES * 2 - 1, r"in \[0, 1\], got values from -"),
    "NaN": (np.where(IMAGES > 0.9, np.nan, IMAGES), r"in \[0, 1\], got NaN or infinity"),
    "0 and 1": ((IMAGES > 0.5).astype(np.uint8), "got only 0 and 1: multiply them by 255"),
    "int64": (np.ones(IMAGES.shape, np.int64), "uint8, bool or floats, got int64"),
}


@pytest.mark.parametrize("kind", WRONG_IMAGES)
def test_images_that_break_the_rule_are_refused_everywhere(kind):
    images, message = WRONG_IMAGES[kind]
    model = vae()
    model.compile("adam", run_eagerly=True)
    stream = tf.data.Dataset.from_tensors(images)
    for use in (
        lambda: model.fit(images, verbose=0),
        lambda: model.fit(stream, verbose=0),
        lambda: model.evaluate(stream, verbose=0),
        lambda: model.predict(stream, verbose=0),
        lambda: model.train_on_batch(images),
        lambda: model.test_on_batch(images),
        lambda: model.encode(images),
        lambda: model.posterior(tf.constant(images)),
    ):
        with pytest.raises((TypeError, ValueError), match=message) as caught:
            use()
        assert "\n" not in str(caught.value)


def test_a_gaussian_likelihood_takes_any_finite_images():
    model = vae(likelihood=losses.Gaussian())
    model.compile("adam", run_eagerly=True)
    assert np.isfinite(model.train_on_batch(IMAGES * 9 - 4)).all()
    with pytest.raises(ValueError, match="expected finite images, got NaN or infinity"):
        model.train_on_batch(np.full_like(IMAGES, np.inf))


def test_many_images_are_encoded_and_decoded_some_at_a_time(monkeypatch):
    model = vae()
    sizes = []
    infer = model.infer
    monkeypatch.setattr(model, "infer", lambda x: sizes.append(len(x)) or infer(x))
    many = RNG.integers(256, size=(600, *SHAPE), dtype=np.uint8)
    mean, logvar = model.encode(many)
    assert sizes == [256, 256, 88]
    np.testing.assert_allclose(mean[300:310], infer(many[300:310].astype("f") / 255)[0], rtol=1e-5)
    pictures = model.decode(mean).mean()
    np.testing.assert_allclose(pictures[300:310], model.decode(mean[300:310]).mean(), rtol=1e-5)
    np.testing.assert_array_equal(model.reconstruct(many), pictures)
    assert logvar.shape == (600, 3)
    assert model.encode(many[:0])[0].shape == (0, 3)


def test_gradients_reach_images_that_are_tensors():
    images = tf.constant(IMAGES)
    with tf.GradientTape() as tape:
        tape.watch(images)
        total = tf.reduce_sum(vae().encode(images)[0])
    assert tf.reduce_any(tape.gradient(total, images) != 0)


@keras.saving.register_keras_serializable("tests")
class Subclassed(keras.Model):
    """An encoder as tutorials write it: no fixed shape, and its own sample as a third output."""

    def __init__(self, **options):
        super().__init__(**options)
        self.flatten = keras.layers.Flatten()
        self.mean, self.logvar = keras.layers.Dense(3), keras.layers.Dense(3)

    def call(self, images):
        flat = self.flatten(images)
        mean, logvar = self.mean(flat), self.logvar(flat)
        return mean, logvar, mean + keras.random.normal((1, 3))


@pytest.mark.parametrize("built", [False, True])
def test_subclassed_encoders_with_three_outputs_work(tmp_path, built):
    encoder = Subclassed()
    if built:
        encoder(IMAGES)
    model = models.BetaVAE(encoder, nets.linear_decoder(SHAPE, latents=3))
    model.compile("adam")
    model.fit(IMAGES, verbose=0)
    np.testing.assert_array_equal(model.encode(IMAGES)[0], encoder.mean(encoder.flatten(IMAGES)))
    models.save(model, tmp_path / "model.keras")
    again = models.load(tmp_path / "model.keras")
    np.testing.assert_array_equal(again.encode(IMAGES), model.encode(IMAGES))


def test_encoders_may_name_their_outputs_in_any_order():
    plain = nets.linear_encoder(SHAPE, latents=3)
    mean, logvar = plain.outputs
    decoder = nets.linear_decoder(SHAPE, latents=3)
    model = models.VAE(keras.Model(plain.inputs, {"logvar": logvar, "mean": mean}), decoder)
    np.testing.assert_array_equal(model.encode(IMAGES), plain(IMAGES))
    with pytest.raises(ValueError, match=r"outputs mean and logvar, got \['mean', 'scale'\]"):
        models.VAE(keras.Model(plain.inputs, {"mean": mean, "scale": logvar}), decoder)


def test_networks_that_cannot_work_are_named():
    decoder = nets.linear_decoder(SHAPE, latents=3)
    images = keras.Input(SHAPE)
    one = keras.Model(images, keras.layers.Dense(3)(keras.layers.Flatten()(images)))
    with pytest.raises(ValueError, match="outputs mean and logvar, got one output"):
        models.VAE(one, decoder)
    with pytest.raises(TypeError, match="expected a Keras model for the encoder, got function"):
        models.VAE(lambda images: images, decoder)
    unknown = keras.Sequential([keras.layers.Dense(256), keras.layers.Reshape(SHAPE)])
    with pytest.raises(ValueError, match=r"wrap one of them, encoder = keras\.Model"):
        models.VAE(Subclassed(), unknown)
    assert models.VAE(nets.linear_encoder(SHAPE, latents=3), unknown).latents == 3


def test_another_loss_and_weights_of_images_or_classes_are_refused():
    model = vae(models.BetaVAE)
    for options in ({"loss": "mse"}, {"loss_weights": [1.0]}):
        with pytest.raises(ValueError, match="BetaVAE brings its own loss"):
            model.compile("adam", **options)
    model.compile("adam")
    ones = np.ones(len(IMAGES))
    stream = tf.data.Dataset.from_tensors((IMAGES, IMAGES, ones))
    for use in (
        lambda: model.fit(IMAGES, sample_weight=ones),
        lambda: model.fit(IMAGES, IMAGES, sample_weight=ones),
        lambda: model.fit(IMAGES, class_weight={0: 1.0}),
        lambda: model.fit(stream, verbose=0),
        lambda: model.fit(IMAGES, validation_data=(IMAGES, None, ones)),
        lambda: model.evaluate(IMAGES, sample_weight=ones),
        lambda: model.train_on_batch(IMAGES, sample_weight=ones),
        lambda: model.test_on_batch(IMAGES, sample_weight=ones),
    ):
        with pytest.raises(ValueError, match=r"average over the batch: .*weight must be"):
            use()


def test_the_whole_model_converts_to_tensorflow_lite_once_loaded(tmp_path):
    models.save(vae(), tmp_path / "model.keras")
    converter = tf.lite.TFLiteConverter.from_keras_model(models.load(tmp_path / "model.keras"))
    # The noise of the codes is no operation of TensorFlow Lite's own.
    converter.target_spec.supported_ops = [
        tf.lite.OpsSet.TFLITE_BUILTINS,
        tf.lite.OpsSet.SELECT_TF_OPS,
    ]
    assert converter.convert()[4:8] == b"TFL3"


def members(path):
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def rewritten(path, **changed):
    """Return a file with some members of a model's file replaced, compressed."""
    new = members(path) | {name.replace("_json", ".json"): data for name, data in changed.items()}
    target = path.with_name("changed.keras")
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in new.items():
            archive.writestr(name, content)
    return target


def test_files_that_cannot_be_models_are_refused_in_one_line(tmp_path):
    good = tmp_path / "good.keras"
    models.save(vae(models.BetaVAE, beta=4.0), good)
    config = members(good)["config.json"]
    bomb = io.BytesIO()
    with h5py.File(bomb, "w") as file:
        file.create_dataset("a", (10**7, 1000), "f4", chunks=(1000, 1000), compression="gzip")
    images = keras.Input(SHAPE)
    flat = keras.layers.Flatten()(keras.layers.Lambda(lambda x: x)(images))
    unsafe = keras.Model(images, [keras.layers.Dense(3)(flat), keras.layers.Dense(3)(flat)])
    models.VAE(unsafe, nets.linear_decoder(SHAPE, latents=3)).save(tmp_path / "unsafe.keras")
    nan = vae()
    nan.encoder.layers[-1].kernel.assign(np.full((256, 3), np.nan))
    nan.save(tmp_path / "nan.keras")
    np.savez(tmp_path / "arrays.npz", a=np.zeros(3))
    wrong = [
        (lambda: rewritten(good, config_json=config.replace(b'"beta": 4.0', b'"beta": -4.0')),
         r"expected a finite number \(at least 0\) for BetaVAE\.beta, got -4\.0"),
        (lambda: rewritten(good, config_json=config.replace(b'"beta": 4.0', b'"beta": NaN')),
         r"expected a finite number \(at least 0\) for BetaVAE\.beta, got nan"),
        (lambda: rewritten(good, config_json=b" " * 70_000_000 + config),
         r"expected a config\.json of at most 62 MB, got 70 MB.*DISENTLIB_LIMIT_GB"),
        (lambda: rewritten(good, **{"model.weights.h5": bomb.getvalue()}),
         r"at most 8 GB, got weights of 40"),
        (lambda: rewritten(good, config_json=b"[" * 100_000), "recursion"),
        (lambda: tmp_path / "unsafe.keras", "Lambda.*disallowed by default"),
        (lambda: tmp_path / "nan.keras", r"expected finite weights in .*, got NaN or infinity in"),
        (lambda: tmp_path / "arrays.npz", r"config\.json and model\.weights\.h5, got an archive"),
        (lambda: tmp_path, "expected an ordinary file .*, got a folder"),
    ]  # fmt: skip
    for make, message in wrong:
        path = make()
        with pytest.raises(ValueError, match=message) as caught:
            models.load(path)
        assert str(path) in str(caught.value)
        assert "\n" not in str(caught.value)


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
