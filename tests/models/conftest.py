"""Small networks and images for the tests of methods."""

import keras
import numpy as np
import pytest

from disentlib.models import architectures as nets

SHAPE = (16, 16, 1)

collect_ignore = ["replicas.py"]  # a program of test_conformance.py's, not a module of doctests


@pytest.fixture
def images():
    rng = np.random.default_rng(0)
    return (rng.uniform(size=(8, *SHAPE)) > 0.7).astype(np.float32)


@pytest.fixture
def build():
    """Return a function that builds a method on linear networks, always with the same weights."""

    def build(method, *, latents: int = 3, **options):
        keras.utils.set_random_seed(1)
        encoder = nets.linear_encoder(SHAPE, latents=latents)
        return method(encoder, nets.linear_decoder(SHAPE, latents=latents), **options)

    return build
