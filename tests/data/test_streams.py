import functools
import itertools
import subprocess
import sys
import threading

import numpy as np
import pytest

from disentlib import data
from disentlib.data.labellers import noisy, permuted
from disentlib.data.pairs import changed_factors, moved_factors
from disentlib.data.randomness import counter


def batches(stream, n):
    return [batch.numpy() for batch in stream.take(n)]


def test_batches_are_the_samples_of_their_step_scaled_to_one():
    sprites = data.DSpritesRendered()
    stream = data.streams.images(sprites, batch_size=8, seed=3)
    for step, batch in enumerate(batches(stream, 4)):
        expected = sprites.sample(8, counter(3, step))[1].astype(np.float32) / 255
        np.testing.assert_array_equal(batch, expected)


def test_a_stream_continues_exactly_where_it_stopped():
    sprites = data.DSpritesRendered()
    whole = batches(data.streams.images(sprites, batch_size=4, seed=0), 9)
    again = batches(data.streams.images(sprites, batch_size=4, seed=0, start=5), 4)
    np.testing.assert_array_equal(whole[5:], again)
    other = batches(data.streams.images(sprites, batch_size=4, seed=1), 9)
    assert (np.array(whole) != other).any()


def test_a_batch_may_be_a_single_image():
    (image,) = batches(data.streams.images(data.MiniSprites(), batch_size=1, seed=0), 1)
    expected = data.MiniSprites().sample(1, counter(0, 0))[1] / np.float32(255)
    np.testing.assert_array_equal(image, expected)


def test_batches_of_images_alone_are_those_of_images():
    sprites = data.MiniSprites()
    got = data.streams.batches(sprites, batch_size=4, seed=3, start=2)
    expected = data.streams.images(sprites, batch_size=4, seed=3, start=2)
    np.testing.assert_array_equal(batches(got, 3), batches(expected, 3))
    assert got.element_spec == expected.element_spec


def test_batches_with_an_auxiliary_variable_show_it_to_networks_and_losses():
    sources = data.NonstationarySources(segments=3, per_segment=8, sources=2, observed=2)
    stream = data.streams.batches(sources, batch_size=4, seed=3, start=2)
    for step, (x, y) in enumerate(stream.take(3), 2):
        seen = sources.sample(4, counter(3, step))[1]
        np.testing.assert_array_equal(x["x"], seen["x"])
        for part in (x, y):
            np.testing.assert_array_equal(part["u"], seen["u"])
    with pytest.raises(ValueError, match="seed and start of at least 0, got -1 and 0"):
        data.streams.batches(sources, batch_size=4, seed=-1)


def test_a_batch_that_takes_long_is_not_overtaken_by_the_next(monkeypatch):
    monkeypatch.setattr(data.streams, "BATCHES_A_CALL", 1)
    calls, later = itertools.count(), threading.Event()

    class Slow(data.MiniSprites):
        def sample(self, n, rng):
            if (call := next(calls)) == 1:  # the first but for the one that checks the options
                later.wait(1.0)
            elif call > 1:
                later.set()
            return super().sample(n, rng)

    got = batches(data.streams.images(Slow(), batch_size=4, seed=0), 4)
    expected = batches(data.streams.images(data.MiniSprites(), batch_size=4, seed=0), 4)
    np.testing.assert_array_equal(got, expected)


def test_shapes_and_types_are_known_before_a_batch_is_drawn():
    stream = data.streams.images(data.DSpritesRendered(), batch_size=64, seed=0)
    assert stream.element_spec.shape.as_list() == [64, 64, 64, 1]
    assert stream.element_spec.dtype == np.float32


@pytest.mark.parametrize("options", [{"batch_size": 0}, {"seed": -1}, {"start": -1}])
def test_options_that_do_not_fit_are_refused(options):
    with pytest.raises(ValueError, match="of at least"):
        data.streams.images(data.DSpritesRendered(), **{"batch_size": 4, "seed": 0, **options})


def test_looking_at_data_does_not_import_tensorflow():
    code = (
        "import sys; from disentlib import data; data.DSpritesRendered().sample(2, 0);"
        "sys.exit('tensorflow' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_pairs_are_two_images_and_what_changed_between_them():
    sprites = data.MiniSprites()
    stream = data.streams.pairs(sprites, batch_size=16, seed=0, changed=1)
    assert stream.element_spec[0].shape.as_list() == [16, 2, 16, 16, 1]
    assert stream.element_spec[1].shape.as_list() == [16, 4]
    for step, (images, changed) in enumerate(stream.take(3)):
        first, second, chosen = changed_factors(sprites, 16, counter(0, step), changed=1)
        np.testing.assert_array_equal(images[:, 0], sprites.images(first) / np.float32(255))
        np.testing.assert_array_equal(images[:, 1], sprites.images(second) / np.float32(255))
        np.testing.assert_array_equal(changed, chosen)
        assert (changed.numpy().sum(axis=1) == 1).all()


def test_pairs_of_the_reference_change_as_it_does():
    sprites = data.MiniSprites()
    stream = data.streams.pairs(sprites, batch_size=32, seed=4, protocol="locatello2020")
    images, changed = next(iter(stream))
    first, second, chosen = changed_factors(sprites, 32, counter(4, 0), protocol="locatello2020")
    np.testing.assert_array_equal(images[:, 1], sprites.images(second) / np.float32(255))
    np.testing.assert_array_equal(changed, chosen)
    assert (first == second).all(axis=1).any()  # a new value that is the old one


def test_pairs_draw_chance_afresh_for_either_image():
    stream = data.streams.pairs(data.ColorDSpritesRendered(), batch_size=4, seed=0, changed=1)
    images = next(iter(stream))[0].numpy()
    colours = images.max(axis=(2, 3))
    assert (colours[:, 0] != colours[:, 1]).all()


def test_transitions_move_at_least_one_factor():
    stream = data.streams.transitions(data.MiniSprites(), batch_size=32, seed=1, rate=2.0)
    images, moved = next(iter(stream))
    _, _, expected = moved_factors(data.MiniSprites(), 32, counter(1, 0), rate=2.0)
    np.testing.assert_array_equal(moved, expected)
    assert moved.numpy().any(axis=1).all()
    assert moved.numpy().mean() < 0.6
    assert (images[:, 0].numpy() != images[:, 1].numpy()).any(axis=(1, 2, 3)).all()


def test_labels_come_round_in_order_beside_fresh_images():
    sprites = data.MiniSprites()
    stream = data.streams.labelled(sprites, batch_size=4, seed=2, labels=10, label_seed=5)
    known, rest = data.streams.labelled_set(sprites, 10, seed=5).split(0.9)
    assert (len(known.labels), len(rest.labels)) == (9, 1)
    for step, (images, labels) in enumerate(stream.take(5)):
        assert np.isnan(labels[:4]).all()
        rows = [(4 * step + k) % 9 for k in range(4)]
        np.testing.assert_array_equal(labels[4:], known.labels[rows])
        np.testing.assert_array_equal(images[4:], known.images[rows] / np.float32(255))
        fresh = sprites.sample(4, counter(2, step))[1] / np.float32(255)
        np.testing.assert_array_equal(images[:4], fresh)


def test_the_reference_draws_its_labelled_images_from_one_random_state():
    sprites = data.MiniSprites()
    known = data.streams.labelled_set(
        sprites, 20, seed=3, labeller="permuted", protocol="locatello2019"
    )
    rng = np.random.RandomState(3)
    factors = sprites.sample_factors(20, rng)
    labels, _ = permuted(factors, sprites.sizes, rng)
    np.testing.assert_array_equal(known.images, sprites.images(factors))
    np.testing.assert_array_equal(known.labels, labels)


@pytest.mark.parametrize(
    "options",
    [
        {"labeller": "permuted", "protocol": "locatello2019"},
        {"labeller": noisy, "label_seed": 3},
    ],
)
def test_a_labelled_stream_shows_the_labels_of_the_set_that_its_options_draw(options):
    sprites = data.MiniSprites()
    stream = data.streams.labelled(
        sprites, batch_size=6, seed=0, labels=9, train_fraction=0.6, **options
    )
    options = {"seed" if name == "label_seed" else name: options[name] for name in options}
    known = data.streams.labelled_set(sprites, 9, **options)
    images, labels = next(iter(stream))
    np.testing.assert_array_equal(labels[6:], known.labels[:6])  # ceil(0.6 * 9) of them
    np.testing.assert_array_equal(images[6:], known.images[:6] / np.float32(255))
    labels = list(stream.take(2))[1][1]
    np.testing.assert_array_equal(labels[6:], known.labels[:6])  # and again


@pytest.mark.parametrize(
    ("stream", "options", "message"),
    [
        ("pairs", {"changed": 9}, "changed in 1..4, got 9"),
        ("transitions", {"rate": -1.0}, "a rate over 0"),
        ("labelled", {"labeller": "exact"}, "a labeller in perfect, binned"),
        ("labelled", {"labels": 0}, "labelled images to train on"),
        ("labelled", {"protocol": "locatello"}, "expected protocol None or"),
    ],
)
def test_options_of_the_other_streams_are_checked_at_once(stream, options, message):
    with pytest.raises(ValueError, match=message):
        getattr(data.streams, stream)(data.MiniSprites(), batch_size=4, seed=0, **options)


@pytest.mark.parametrize("stream", ["pairs", "transitions", "labelled"])
def test_every_stream_continues_where_it_stopped(stream):
    make = getattr(data.streams, stream)
    whole = list(make(data.MiniSprites(), batch_size=4, seed=0).take(5).as_numpy_iterator())
    rest = make(data.MiniSprites(), batch_size=4, seed=0, start=3).take(2).as_numpy_iterator()
    for expected, got in zip(whole[3:], rest, strict=True):
        for one, other in zip(expected, got, strict=True):
            np.testing.assert_array_equal(one, other)


def test_a_stream_is_described_with_its_options():
    sprites = data.MiniSprites()

    def described(stream, **options):
        drawn = functools.partial(stream, **options)
        return data.streams.describe(drawn, drawn(sprites, batch_size=2, seed=0))

    name = "disentlib.data.streams."
    assert described(data.streams.images) == {"stream": name + "images"}
    assert described(data.streams.pairs, changed=1) == {
        "stream": name + "pairs",
        "stream_options": {"changed": 1, "protocol": None},
    }
    assert described(data.streams.transitions)["stream_options"] == {"rate": 1.0}
    assert described(data.streams.labelled, labels=20, labeller=permuted)["stream_options"] == {
        "labels": 20,
        "label_seed": 0,
        "labeller": "disentlib.data.labellers.permuted",
        "train_fraction": 0.9,
        "protocol": None,
    }


def test_several_batches_a_call_of_python_are_the_batches_one_by_one(monkeypatch):
    sprites = data.MiniSprites()  # 4 x 256 floats a batch of 4

    def drawn(size):
        monkeypatch.setattr(data.streams, "BYTES_A_CALL", size)
        stream = data.streams.labelled(sprites, batch_size=2, seed=0, start=3)
        return [[part.numpy() for part in batch] for batch in stream.take(40)]

    for several, one in zip(drawn(1 << 22), drawn(1), strict=True):
        for a, b in zip(several, one, strict=True):
            np.testing.assert_array_equal(a, b)
