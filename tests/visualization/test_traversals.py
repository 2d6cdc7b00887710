import numpy as np
import pytest

from disentlib.visualization import cycle_frames, cycle_values, fitted_gaussian, latent_traversal
from disentlib.visualization.traversals import decode_grid


def decode(codes):
    """Show a code of four numbers as an image of 2 x 2 pixels."""
    return codes.reshape(-1, 2, 2, 1)


CODE = np.array([0.1, 0.2, 0.3, 0.4])


@pytest.mark.parametrize(
    ("dimensions", "chosen"),
    [(None, [0, 1, 2, 3]), (2, [0, 1]), (np.int64(4), [0, 1, 2, 3]), ([3, 1], [3, 1]), ([2], [2])],
)
@pytest.mark.parametrize(
    ("values", "steps"),
    [(None, np.linspace(-1, 1, 11)), (3, [-1, 0, 1]), ([5, 6], [5, 6]), (np.array([7.5]), [7.5])],
)
@pytest.mark.parametrize("transpose", [False, True])
def test_latent_traversal_against_a_plain_loop(dimensions, chosen, values, steps, transpose):
    images = latent_traversal(
        decode, CODE, dimensions=dimensions, values=values, transpose=transpose
    )
    if transpose:
        images = images.swapaxes(0, 1)
    assert images.shape == (len(steps), len(chosen), 2, 2, 1)
    for row, value in enumerate(steps):
        for column, latent in enumerate(chosen):
            code = CODE.copy()
            code[latent] = value
            assert images[row, column].ravel() == pytest.approx(code, abs=1e-6)


def test_cycle_frames_move_one_latent_a_tile():
    values = np.random.default_rng(0).normal(size=(5, 4))
    frames = cycle_frames(decode, CODE, values)
    assert frames.shape == (5, 4, 2, 2, 1)
    for k in range(5):
        for latent in range(4):
            code = CODE.copy()
            code[latent] = values[k, latent]
            assert frames[k, latent].ravel() == pytest.approx(code, abs=1e-6)


def test_the_five_cycles_start_at_the_code_and_reach_their_ends():
    rng = np.random.default_rng(0)
    mean, logvar = rng.normal(1, 0.5, (64, 4)), rng.normal(-2, 0.1, (64, 4))
    cycles = cycle_values(mean[0], mean, logvar, 40)
    assert list(cycles) == [
        "std_gaussian",
        "fitted_gaussian",
        "fixed_interval",
        "conf_interval",
        "minmax_interval",
    ]
    for values in cycles.values():
        assert values.shape == (40, 4)
        assert values[0] == pytest.approx(mean[0])
    centre = mean.mean(axis=0)
    sd = np.sqrt(np.exp(logvar).mean(axis=0) + mean.var(axis=0))
    assert fitted_gaussian(mean, logvar)[1] == pytest.approx(sd)
    assert cycles["fixed_interval"].max() == pytest.approx(2, abs=0.1)
    assert cycles["conf_interval"].max(axis=0) == pytest.approx(centre + 2 * sd, abs=0.15)
    assert cycles["conf_interval"].min(axis=0) == pytest.approx(centre - 2 * sd, abs=0.15)
    assert cycles["minmax_interval"].min(axis=0) == pytest.approx(mean.min(axis=0), abs=0.15)


def test_the_fitted_gaussian_is_the_mixture_of_posteriors():
    rng = np.random.default_rng(0)
    mean, logvar = rng.normal(2, 1, (500, 1)), rng.normal(0, 0.5, (500, 1))
    draws = mean + np.exp(logvar / 2) * rng.normal(size=(500, 4000))
    centre, sd = fitted_gaussian(mean, logvar)
    assert centre[0] == pytest.approx(draws.mean(), abs=0.01)
    assert sd[0] == pytest.approx(draws.std(), abs=0.01)


@pytest.mark.parametrize(
    ("code", "options", "error", "message"),
    [
        (np.zeros((1, 4)), {}, ValueError, r"one finite code \(latents,\)"),
        (np.full(4, np.nan), {}, ValueError, "finite code"),
        (np.array(list("abcd")), {}, TypeError, "code of numbers"),
        (CODE, {"dimensions": 0}, ValueError, "1 to 4 dimensions, got 0"),
        (CODE, {"dimensions": 5}, ValueError, "1 to 4 dimensions, got 5"),
        (CODE, {"dimensions": 1.0}, TypeError, "an int or as indices"),
        (CODE, {"dimensions": True}, TypeError, "an int or as indices"),
        (CODE, {"dimensions": [4]}, ValueError, "from 0 to 3"),
        (CODE, {"dimensions": [-1]}, ValueError, "from 0 to 3"),
        (CODE, {"dimensions": [[1]]}, ValueError, "from 0 to 3"),
        (CODE, {"values": 1}, ValueError, "at least 2 values, got 1"),
        (CODE, {"values": 2.0}, TypeError, "an int or as numbers"),
        (CODE, {"values": [[1, 2]]}, ValueError, r"finite values \(n,\)"),
        (CODE, {"values": []}, ValueError, r"finite values \(n,\)"),
        (CODE, {"values": [np.inf]}, ValueError, "finite values"),
        (CODE, {"values": ["a"]}, TypeError, "numbers as values"),
    ],
)
def test_bad_arguments(code, options, error, message):
    with pytest.raises(error, match=message):
        latent_traversal(decode, code, **options)


def test_a_decoder_of_the_wrong_shape_is_named():
    with pytest.raises(ValueError, match=r"expected decode to return 3 images .* \(3, 4\)"):
        decode_grid(lambda codes: codes, np.zeros((3, 4)))
    with pytest.raises(ValueError, match="code of 4 latents"):
        cycle_frames(decode, np.zeros(3), np.zeros((5, 4)))
