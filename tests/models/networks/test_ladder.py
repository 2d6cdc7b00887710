"""Ladder networks: each facet at a depth of its own, against plain NumPy."""

import keras
import numpy as np
import pytest

from disentlib.models import networks as nets
from disentlib.models.networks.ladder import rungs

SHAPE = (4, 3, 1)
FACETS = [3, (2, 7), 1]  # with or without numbers of clusters
OPTIONS = {"facets": FACETS, "units": (8, 9, 10)}


def dense(network, name, x):
    kernel, bias = network.get_layer(name).get_weights()
    return x @ kernel + bias


def relu(x):
    return np.maximum(x, 0)


def drawn(network):
    """Give a network random biases, too."""
    rng = np.random.default_rng(0)
    network.set_weights([rng.normal(size=weight.shape) / 3 for weight in network.get_weights()])
    return network


def test_a_facets_heads_are_at_its_depth():
    encoder = drawn(nets.ladder_encoder(SHAPE, **OPTIONS))
    images = np.random.default_rng(1).normal(size=(5, *SHAPE)).astype(np.float32)
    hidden, mean, logvar = images.reshape(5, -1), [], []
    for number in (1, 2, 3):
        hidden = relu(dense(encoder, f"dense_{number}", hidden))
        mean.append(dense(encoder, f"mean_{number}", hidden))
        logvar.append(dense(encoder, f"logvar_{number}", hidden))
    assert [part.shape[1] for part in mean] == [3, 2, 1]
    found = encoder(images)
    np.testing.assert_allclose(found[0], np.concatenate(mean, axis=1), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(found[1], np.concatenate(logvar, axis=1), rtol=1e-4, atol=1e-5)


def test_facets_join_from_the_deepest():
    decoder = drawn(nets.ladder_decoder(SHAPE, **OPTIONS, parameters=2))
    codes = np.random.default_rng(1).normal(size=(5, 6)).astype(np.float32)
    z = {1: codes[:, :3], 2: codes[:, 3:5], 3: codes[:, 5:]}
    hidden = relu(dense(decoder, "rung_3", z[3]))
    for number in (2, 1):
        rung = relu(dense(decoder, f"rung_{number}", z[number]))
        joined = np.concatenate([rung, hidden], axis=1)
        hidden = relu(dense(decoder, f"dense_{number}", joined))
    expected = dense(decoder, "output", hidden).reshape(5, 4, 3, 2)
    np.testing.assert_allclose(decoder(codes), expected, rtol=1e-4, atol=1e-5)
    assert decoder.get_layer("dense_1").units == 8
    assert decoder.get_layer("rung_3").units == 10


@pytest.mark.parametrize("make", [nets.ladder_encoder, nets.ladder_decoder])
def test_the_latents_of_facets_can_be_read_from_a_network(make, tmp_path):
    network = make(SHAPE, **OPTIONS)
    assert rungs(network) == [3, 2, 1]
    network.save(tmp_path / "network.keras")
    again = keras.models.load_model(tmp_path / "network.keras")
    assert rungs(again) == [3, 2, 1]
    assert network.get_config() == make(SHAPE, **OPTIONS).get_config()
    many = [(size, 5) for size in range(1, 12)]
    assert rungs(make(7, facets=many, units=[4] * 11)) == [*range(1, 12)]
    assert rungs(nets.mlp_encoder(3)) is None
    assert rungs(nets.mlp_decoder(3)) is None


def test_one_facet_is_a_plain_network():
    encoder = nets.ladder_encoder(7, facets=[4], latents=4, units=[5], activation="tanh")
    decoder = nets.ladder_decoder(7, facets=[4], latents=4, units=[5], activation="tanh")
    assert [part[-1] for part in encoder.output_shape] == [4, 4]
    assert decoder.output_shape == (None, 7)
    activations = [encoder.get_layer("dense_1").activation, decoder.get_layer("rung_1").activation]
    assert activations == [keras.activations.tanh] * 2


def test_codes_are_in_float32_under_mixed_precision():
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        encoder = nets.ladder_encoder(7, **OPTIONS)
    finally:
        keras.config.set_dtype_policy("float32")
    assert encoder.get_layer("dense_2").compute_dtype == "bfloat16"
    assert [part.dtype for part in encoder.outputs] == ["float32", "float32"]


@pytest.mark.parametrize("make", [nets.ladder_encoder, nets.ladder_decoder])
@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"facets": 5}, TypeError, "^expected facets as a sequence, an entry a facet, got 5$"),
        ({"facets": "55"}, TypeError, "^expected facets as a sequence, an entry a facet, got '55'"),
        ({"facets": []}, ValueError, r"^expected facets of at least one latent each, got \[\]$"),
        ({"facets": [5, 0]}, ValueError, r"^expected facets of at least one latent each, got \[5,"),
        (
            {"latents": 9},
            ValueError,
            r"^expected facets whose latents add up to latents=9, got 5 \+ 5 = 10$",
        ),
        (
            {"units": (8,)},
            ValueError,
            r"^expected 2 units of at least 1, one a facet, got \(8,\)$",
        ),
        ({"units": (8, 0)}, ValueError, r"^expected 2 units of at least 1, one a facet, got \(8,"),
    ],
)
def test_facets_and_units_that_do_not_go_together(make, options, error, message):
    with pytest.raises(error, match=message):
        make(SHAPE, **options)
