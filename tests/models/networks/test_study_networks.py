"""The study's networks: parameter counts, shapes, and the details that ports get wrong."""

import numpy as np
import pytest

from disentlib.models import architectures
from disentlib.models import networks as nets

GREY, COLOUR = (64, 64, 1), (64, 64, 3)


@pytest.mark.parametrize(
    ("network", "shape", "parameters"),
    [
        (nets.conv_encoder, GREY, 309_204),
        (nets.conv_encoder, COLOUR, 310_228),
        (nets.deconv_decoder, GREY, 381_313),
        (nets.deconv_decoder, COLOUR, 382_339),
        (nets.fc_encoder, GREY, 6_381_620),
        (nets.fc_encoder, COLOUR, 16_212_020),
        (nets.fc_decoder, GREY, 7_814_896),
        (nets.fc_decoder, COLOUR, 17_653_488),
    ],
)
def test_parameter_counts_are_the_studys(network, shape, parameters):
    assert network(shape, latents=10).count_params() == parameters


def test_the_discriminator_is_the_studys():
    discriminator = nets.fc_discriminator(latents=10)
    assert discriminator.count_params() == 5_018_002
    assert discriminator.get_layer("leaky_1").negative_slope == 0.2


@pytest.mark.parametrize(
    ("encoder", "decoder"),
    [
        (nets.conv_encoder, nets.deconv_decoder),
        (nets.fc_encoder, nets.fc_decoder),
        (nets.linear_encoder, nets.linear_decoder),
    ],
)
def test_shapes(encoder, decoder):
    images = np.zeros((2, 32, 48, 3), np.float32)
    mean, logvar = encoder(images.shape[1:], latents=4)(images)
    assert mean.shape == logvar.shape == (2, 4)
    assert decoder(images.shape[1:], latents=4)(mean).shape == images.shape


def test_the_last_two_convolutions_are_2x2_unless_asked():
    kernels = [nets.conv_encoder(GREY).get_layer(f"conv_{k}").kernel_size for k in (1, 2, 3, 4)]
    assert kernels == [(4, 4), (4, 4), (2, 2), (2, 2)]
    original = nets.conv_encoder(GREY, kernels=(4, 4, 4, 4))
    assert original.get_layer("conv_4").kernel_size == (4, 4)


def test_the_same_call_gives_the_same_configuration():
    assert nets.conv_encoder(GREY).get_config() == nets.conv_encoder(GREY).get_config()


@pytest.mark.parametrize("shape", [(60, 64, 1), (64, 64), (64, 40, 1)])
def test_other_sizes_are_refused(shape):
    with pytest.raises(ValueError, match="multiples of 16, got"):
        nets.conv_encoder(shape)
    with pytest.raises(ValueError, match="multiples of 16, got"):
        nets.deconv_decoder(shape)


@pytest.mark.parametrize(
    "decoder", [nets.deconv_decoder, nets.fc_decoder, nets.linear_decoder, nets.mlp_decoder]
)
def test_decoders_give_several_numbers_an_element(decoder):
    assert decoder((32, 48, 3), latents=4, parameters=2).output_shape == (None, 32, 48, 6)


def test_counts_are_seen_as_their_logarithm():
    x = np.array([[0.0, 3.0, 100.0]], np.float32)
    seen = nets.mlp_encoder(3, latents=2, log1p=True)
    plain = nets.mlp_encoder(3, latents=2)
    plain.set_weights(seen.get_weights())
    np.testing.assert_allclose(seen(x)[0], plain(np.log(1 + x))[0], rtol=1e-5)


def test_perceptrons_are_models_of_the_name_given():
    assert nets.mlp(3, 2, name="prior_mean").name == "prior_mean"
    assert nets.table(3, 2, name="prior_mean").name == "prior_mean"


def test_their_older_name_has_the_same_networks():
    for name in ("conv_encoder", "deconv_decoder", "fc_encoder", "fc_decoder", "fc_discriminator"):
        assert getattr(architectures, name) is getattr(nets, name)
    assert architectures.linear_encoder is nets.linear_encoder
    assert architectures.linear_decoder is nets.linear_decoder


def test_the_layers_of_dense_networks_are_chosen():
    encoder = nets.fc_encoder((28, 28, 1), units=(500, 500, 2000))
    decoder = nets.fc_decoder((28, 28, 1), units=(2000, 500, 500), activation="relu")
    assert encoder.count_params() == 1_685_020  # VaDE's
    assert decoder.count_params() == 1_665_784
    dense = [layer for layer in decoder.layers if layer.name.startswith("dense")]
    assert [layer.units for layer in dense] == [2000, 500, 500]
    assert {layer.activation.__name__ for layer in dense} == {"relu"}
