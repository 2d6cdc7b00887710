"""Label losses against hand-worked values and NumPy."""

import itertools

import numpy as np
import pytest
import tensorflow as tf

from disentlib import models

KEY = tf.constant([0, 1])
RNG = np.random.default_rng(0)


def penalty(loss, mean, labels, step=0):
    mean = tf.constant(mean, tf.float32)
    code = models.Code(mean, mean, mean, mean)
    labels = tf.constant(labels, tf.float32)
    weighted, terms = loss.penalty(code, labels, step=tf.constant(step, tf.int64), key=KEY)
    return float(weighted), float(terms["labels"])


@pytest.mark.parametrize(
    ("mean", "factors", "expected"), [(0.0, 5, 221.807), (0.0, 10, 443.614), (1.0, 10, 840.487)]
)
def test_cross_entropy_has_the_golden_values(mean, factors, expected):
    loss = models.LabelCrossEntropy([2] * factors)
    got = penalty(loss, np.full((64, 10), mean), np.zeros((64, factors)))
    assert got[0] == pytest.approx(expected, rel=1e-5)


def test_covariance_has_the_golden_value():
    got = penalty(models.LabelCovariance(), [[1, 0], [0, 1]], [[0, 1], [1, 0]])
    assert got[0] == pytest.approx(0.125, rel=1e-6)


@pytest.mark.parametrize("make", [
    lambda: models.LabelCrossEntropy((3, 4)),
    models.LabelSquaredError,
    lambda: models.LabelSquaredError((3, 4), learn_scale=False),
    models.LabelCovariance,
    lambda: models.LabelEmbedding((3, 4)),
    lambda: models.LabelEmbedding((3, 4), use_order=True, sigma=None),
    lambda: models.LabelInformation(2, 3),
])  # fmt: skip
def test_images_without_labels_do_not_count_and_give_no_gradient(make):
    loss = make()
    mean = RNG.normal(size=(12, 3)).astype(np.float32)
    labels = np.stack([RNG.integers(3, size=12), RNG.integers(4, size=12)], axis=1).astype(float)
    with_missing = np.concatenate([np.full((12, 2), np.nan), labels])
    both = tf.constant(np.concatenate([mean * 3, mean]))
    code = models.Code(both, both, both, both)
    with tf.GradientTape() as tape:
        tape.watch(both)
        value, terms = loss.penalty(
            code, tf.constant(with_missing, tf.float32), step=tf.constant(0, tf.int64), key=KEY
        )
    gradient = tf.convert_to_tensor(tape.gradient(value, both)).numpy()
    assert np.isfinite(gradient).all()
    assert not gradient[:12].any()
    assert gradient[12:].any()
    if not isinstance(loss, models.LabelInformation):  # which shuffles the labels by the key
        assert float(terms["labels"]) == pytest.approx(penalty(loss, mean, labels)[1], rel=1e-5)


def test_squared_errors_are_numpys():
    mean, labels = RNG.normal(size=(7, 3)), RNG.integers(3, size=(7, 2)).astype(float)
    learned = models.LabelSquaredError()
    learned.scale.assign(2.0)
    expected = ((2 * mean[:, :2] - labels) ** 2).sum()
    assert penalty(learned, mean, labels)[1] == pytest.approx(expected, rel=1e-5)
    fixed = models.LabelSquaredError((3, 3), learn_scale=False)
    expected = ((1 / (1 + np.exp(-mean[:, :2])) - labels / 3) ** 2).sum()
    assert penalty(fixed, mean, labels)[1] == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("use_order", [False, True])
def test_embedding_is_a_softmax_over_the_values_of_each_label(use_order):
    sizes = (2, 4)
    loss = models.LabelEmbedding(sizes, use_order=use_order, sigma=1.5)
    mean, labels = RNG.normal(size=(6, 3)), np.stack([[0, 1] * 3, [0, 1, 2, 3, 3, 2]], axis=1)
    expected = 0.0
    for j, size in enumerate(sizes):
        places = np.arange(size) if use_order else loss.places.numpy()[j, :size]
        logits = -(((mean[:, j, None] - places) * 1.5) ** 2)
        logs = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
        expected -= logs[np.arange(6), labels[:, j]].mean()
    assert penalty(loss, mean, labels)[1] == pytest.approx(expected, rel=1e-5)


def test_an_embedding_starts_where_its_seed_says():
    first, again, other = (
        models.LabelEmbedding((2, 3), initial_seed=seed).places.numpy() for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, again)
    assert (first != other).all()


def test_critics_learn_what_codes_say_about_labels():
    rng = np.random.default_rng(1)
    labels = rng.integers(4, size=(256, 2)).astype(np.float32)
    mean = np.stack([labels[:, 1] - 1.5, rng.normal(size=256)], axis=1).astype(np.float32)
    loss = models.LabelInformation(2, 2)
    optimizer = tf.keras.optimizers.Adam(1e-4)
    code = models.Code(*[tf.constant(mean)] * 4)
    known = tf.ones_like(labels)

    @tf.function
    def update(step):
        key = tf.stack([0, step])
        with tf.GradientTape() as tape:
            value, _ = loss.penalty(code, tf.constant(labels), step=tf.constant(0), key=key)
        weights = loss.trainable_variables
        optimizer.apply_gradients(zip(tape.gradient(value, weights), weights, strict=True))

    for step in range(400):
        update(tf.constant(step))
    bounds = np.mean(
        [loss.information(mean, labels, known, tf.constant([1, s]), loss._weights())
         for s in range(20)], axis=0)  # fmt: skip
    # Latent 0 holds label 1, ln 4 nats; nothing else is held.
    assert bounds[0, 1] > 0.8
    assert bounds[0, 1] < np.log(4) + 0.2
    others = [bounds[i, j] for i, j in itertools.product(range(2), range(2)) if (i, j) != (0, 1)]
    assert max(others) < 0.2


@pytest.mark.parametrize(
    ("schedule", "step", "weight"),
    [("fixed", 0, 5), ("anneal", 50, 2.5), ("anneal", 500, 5), ("fine_tune", 100, 0),
     ("fine_tune", 101, 5)],
)  # fmt: skip
def test_schedules(schedule, step, weight):
    loss = models.LabelCovariance(gamma=5.0, schedule=schedule, schedule_steps=100)
    weighted, raw = penalty(loss, [[1, 0], [0, 1]], [[0, 1], [1, 0]], step=step)
    assert weighted == pytest.approx(weight * raw)


EVERY_LOSS = [
    lambda: models.LabelCrossEntropy((3, 4)),
    models.LabelSquaredError,
    lambda: models.LabelSquaredError((3, 4), learn_scale=False),
    models.LabelCovariance,
    lambda: models.LabelEmbedding((3, 4)),
    lambda: models.LabelInformation(2, 3),
]


@pytest.mark.parametrize("make", EVERY_LOSS)
def test_a_batch_without_labels_adds_nothing(make):
    mean = tf.constant(RNG.normal(size=(6, 3)).astype(np.float32))
    code = models.Code(mean, mean, mean, mean)
    with tf.GradientTape() as tape:
        tape.watch(mean)
        value, terms = make().penalty(
            code, tf.fill((6, 2), np.nan), step=tf.constant(0, tf.int64), key=KEY
        )
    assert float(value) == float(terms["labels"]) == 0
    gradient = tape.gradient(value, mean)
    assert gradient is None or not np.any(tf.convert_to_tensor(gradient))


@pytest.mark.parametrize("make", EVERY_LOSS)
def test_labels_of_any_number_type_count_alike(make):
    labels, mean = [[0, 1], [2, 3], [1, 0]], RNG.normal(size=(3, 3))
    code = models.Code(*[tf.constant(mean, tf.float32)] * 4)
    found = {
        float(make().penalty(code, tf.constant(labels, kind), step=tf.constant(0), key=KEY)[0])
        for kind in (tf.float32, tf.float64, tf.int64, tf.uint8)
    }
    assert len(found) == 1


@pytest.mark.parametrize("make", EVERY_LOSS)
def test_labels_that_do_not_fit_are_named(make):
    def refuses(labels, message):
        with pytest.raises(ValueError, match=message):
            penalty(make(), np.zeros((2, 3)), labels)

    refuses([[0.0, np.inf], [0, 0]], "expected finite labels, or NaN where one is missing")
    refuses([0.0, 1.0], r"expected labels \(batch, factors\), got shape \(2,\)")
    loss = make()
    if isinstance(loss, models.LabelInformation):
        refuses([[0.0], [1.0]], "expected 2 labels an image, got 1")
    elif getattr(loss, "sizes", None):
        refuses(
            [[0.0], [1.0]], r"expected 2 labels an image, one for each of sizes=\(3, 4\), got 1"
        )
        refuses([[0, 4.0], [0, 0]], r"labels from 0 to 3 in column 1, or NaN .*, got 4")
        refuses([[-1.0, 0], [0, 0]], r"labels from 0 to 2 in column 0, or NaN .*, got -1")
    if isinstance(loss, models.LabelEmbedding):
        refuses([[0.5, 0], [0, 0]], r"expected whole labels from 0 to 2 in column 0, .*, got 0\.5")


def test_a_compiled_step_names_wrong_labels_in_one_line(build, images):
    model = build(models.S2VAE, label_loss=models.LabelEmbedding((2, 2)))
    model.compile("adam")
    labels = np.zeros((len(images), 2))
    labels[3, 1] = 7
    with pytest.raises(ValueError, match=r"^expected whole labels from 0 to 1 in column 1, .* 7$"):
        model.fit(images, labels, verbose=0)


def test_mistakes_are_named(build, images):
    with pytest.raises(ValueError, match="schedule must be one of fixed"):
        models.LabelCovariance(schedule="linear")
    with pytest.raises(ValueError, match="sizes of the labels are needed"):
        models.LabelSquaredError(learn_scale=False)
    with pytest.raises(ValueError, match="at most 1 labels, one a latent, got 2"):
        penalty(models.LabelCovariance(), [[1.0]], [[0, 1]])
    model = build(models.S2VAE, label_loss=models.LabelCovariance())
    with pytest.raises(ValueError, match=r"expected labels \(batch, factors\) beside the images"):
        model.regularized_objective(images, None, model(images))


def test_the_decoder_of_a_supervised_vae_leaves_the_encoder_alone(build, images):
    model = build(models.SupervisedVAE, label_loss=models.LabelCrossEntropy((3,)))
    with tf.GradientTape(persistent=True) as tape:
        loss, _ = model.objective(images, None, model(images))
    encoder = tape.gradient(loss, model.encoder.trainable_variables)
    assert not any(gradient.numpy().any() for gradient in encoder)
    assert tape.gradient(loss, model.decoder.trainable_variables)[0] is not None


def test_sizes_limit_labels_where_no_scale_is_learned():
    labels = np.array([[5.0, 1.0]], np.float32)
    learned = models.LabelSquaredError((3, 4))
    np.testing.assert_array_equal(learned.checked(labels), labels)
