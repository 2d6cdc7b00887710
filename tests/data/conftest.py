import numpy as np
import pytest

from disentlib import data
from disentlib.data.sets import dsprites


@pytest.fixture
def published(tmp_path, monkeypatch):
    """A file of dSprites's layout with 3 x 2 x 2 x 4 x 4 of its images, which `DSprites` reads."""
    sizes = (3, 2, 2, 4, 4)
    classes = np.stack(np.unravel_index(np.arange(192), sizes), axis=1)
    path = tmp_path / f"{dsprites.FILE}.npz"
    np.savez_compressed(
        path,
        imgs=data.DSpritesRendered().images(classes)[..., 0] // 255,
        latents_classes=np.concatenate([np.zeros((192, 1), int), classes], axis=1),
    )
    monkeypatch.setattr(data.DSprites, "factor_sizes", sizes)
    return path
