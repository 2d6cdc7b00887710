"""Parts by name: made for the set, handed over, and named where they do not fit."""

import functools

import keras
import numpy as np
import pytest

import disentlib
from disentlib import data, models
from disentlib.models import networks as nets
from disentlib.models.architectures import linear_decoder, linear_encoder
from disentlib.training import parts, train

SOURCES = data.NonstationarySources(
    segments=3, per_segment=8, sources=2, observed=4, layers=1, seed=0
)


def given(*arguments, **options):
    return arguments, options


def test_a_part_is_called_with_what_it_takes():
    shape = SOURCES.shape
    cases = [
        (lambda shape, *, latents: given(shape, latents=latents), given(shape, latents=7)),
        (
            lambda shape, *, latents, condition: given(shape, latents=latents, condition=condition),
            given(shape, latents=7, condition=3),
        ),
        (lambda: given(), given()),
        (lambda *, latents: given(latents=latents), given(latents=7)),
        (lambda size, **options: given(size, **options), given(shape, latents=7)),
        (lambda shape, latents: given(shape, latents), given(shape, 7)),
        (lambda scale=0.1: given(scale), given(0.1)),
        (lambda scale=0.1, latents=2: given(scale, latents), given(0.1, 7)),
        (lambda latents, scale=0.1: given(latents, scale), given(7, 0.1)),
        (
            functools.partial(lambda shape, condition=9: given(shape, condition), condition=None),
            given(shape, None),
        ),
    ]
    for maker, expected in cases:
        assert parts.part(maker, SOURCES, latents=7) == expected
    images = data.MiniSprites()
    assert parts.part(lambda shape, condition=0: (shape, condition), images, latents=7) == (
        images.shape,
        0,
    )


class Pair:
    def __init__(self, *, backbone, projector, seed=0, weight=1.0):
        self.parts = (backbone, projector, seed, weight)


def test_parts_go_by_their_names():
    made = parts.model(
        Pair,
        {"projector": lambda shape: "p", "backbone": lambda shape: "b"},
        SOURCES,
        latents=2,
        seed=5,
    )
    assert made.parts == ("b", "p", 5, 1.0)


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["backbone", "projektor"], "no part 'projektor': Pair takes backbone, projector, seed"),
        (["backbone"], "expected a part 'projector', got backbone: Pair takes backbone, proj"),
        ([], "expected a part 'backbone', got none: Pair takes"),
    ],
)
def test_wrong_and_missing_parts_are_named(names, message):
    with pytest.raises(ValueError, match=message):
        parts.model(Pair, dict.fromkeys(names, given), SOURCES, latents=2, seed=0)


OPTIONS = {
    "data": data.MiniSprites,
    "model": models.BetaVAE,
    "latents": 2,
    "batch_size": 4,
    "log_every": 1,
    "checkpoint_every": 1,
    "evaluation_steps": 1,
    "quiet": True,
}


def test_encoder_and_decoder_by_either_way_are_the_same_run(tmp_path):
    made = {"encoder": linear_encoder, "decoder": linear_decoder}
    train(run_dir=tmp_path / "named", steps=1, parts=made, **OPTIONS)
    train(run_dir=tmp_path / "named", steps=2, **made, **OPTIONS)  # goes on
    train(run_dir=tmp_path / "old", steps=2, **made, **OPTIONS)
    named, old = (disentlib.Run(tmp_path / name) for name in ("named", "old"))
    assert named.settings["configuration"] == old.settings["configuration"]
    np.testing.assert_array_equal(named.history["loss"], old.history["loss"])
    tuned = OPTIONS | {"init_from": tmp_path / "old", "seed": 3, "parts": made}
    train(run_dir=tmp_path / "tuned", steps=0, **tuned)
    start = models.load(tmp_path / "tuned/model.keras")
    for one, other in zip(old.model.weights, start.weights, strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_condition_of_a_set_reaches_what_takes_it(tmp_path):
    plan = train(
        run_dir=tmp_path,
        steps=1,
        dry_run=True,
        parts={
            "encoder": nets.mlp_encoder,
            "decoder": nets.mlp_decoder,
            "prior": models.priors.Conditional,
        },
        **OPTIONS | {"data": SOURCES, "model": models.IVAE, "stream": data.streams.batches},
    )
    assert plan["configuration"]["model"]["prior"]["config"]["condition"] == 3


def test_a_part_that_is_made_already_is_refused(tmp_path):
    encoder = linear_encoder((4, 4, 1), latents=2)
    with pytest.raises(TypeError, match="expected part encoder to be a class or a function that"):
        train(run_dir=tmp_path, steps=1, parts={"encoder": encoder}, **OPTIONS)
    assert isinstance(encoder, keras.Model)


def test_a_part_is_given_once(tmp_path):
    with pytest.raises(ValueError, match="expected encoder= or a part 'encoder', got both"):
        train(
            run_dir=tmp_path,
            data=data.MiniSprites,
            model=models.BetaVAE,
            encoder=linear_encoder,
            parts={"encoder": linear_encoder, "decoder": linear_decoder},
        )
