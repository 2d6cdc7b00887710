"""Images a second on one core: the drawing kernels beside drawing with Pillow.

python tools/benchmarks/drawing.py
"""

import time

import numpy as np
from PIL import Image, ImageDraw

from disentlib import data
from disentlib.data.catalog import SETS

BATCH = 64


def seconds_per_image(draw, factors):
    """Return the best of five passes over `factors` in batches."""
    best = np.inf
    for _ in range(5):
        start = time.perf_counter()
        for first in range(0, len(factors), BATCH):
            draw(factors[first : first + BATCH])
        best = min(best, (time.perf_counter() - start) / len(factors))
    return best


def outlines():
    t, u = 2 * np.pi * np.arange(100) / 100, 2 * np.pi * np.arange(150) / 150
    height = 13 * np.cos(u) - 5 * np.cos(2 * u) - 2 * np.cos(3 * u) - np.cos(4 * u)
    return [
        9.6 * np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]),
        9.6 * np.stack([1.33 * np.cos(t), np.sin(t) / 1.33], axis=1),
        np.stack([9.6 * np.sin(u) ** 3, -19.2 / 29 * height - 1.44], axis=1),
    ]


OUTLINES = outlines()


def with_pillow(factors):
    """Draw the same sprites with NumPy and Pillow, one after another."""
    images = np.empty((len(factors), 64, 64, 1), np.uint8)
    for image, (shape, scale, orientation, x, y) in zip(images, factors, strict=True):
        angle, size = -2 * np.pi * orientation / 39, 0.5 + 0.1 * scale
        turn = size * np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
        corners = OUTLINES[shape] @ turn + 15.5 + 32 * np.array([x, y]) / 31
        picture = Image.new("L", (64, 64))
        ImageDraw.Draw(picture).polygon([tuple(corner) for corner in corners], fill=255)
        image[..., 0] = picture
    return images


TARGETS = {"dsprites_rendered": 100_000, "shapes3d_rendered": 12_000}


def main():
    sprites = data.DSpritesRendered()
    factors = sprites.sample_factors(50 * BATCH, 0)
    differing = (sprites.images(factors) != with_pillow(factors)).mean()
    # Pillow fills whole boundary pixels, so it agrees but for outlines.
    assert differing < 0.03, f"{100 * differing:.2f} % of the pixels differ from Pillow's"
    pillow = seconds_per_image(with_pillow, factors)
    print(f"{'one core':28}{'images/s':>10}{'target':>10}{'dSprites by a Pillow loop':>30}")
    for name, kind in SETS.items():
        if kind.needs != "nothing":
            continue
        source = data.load(name)
        factors = source.sample_factors(50 * BATCH, 0)
        seconds = seconds_per_image(lambda batch, source=source: source.images(batch, 0), factors)
        target = f"{TARGETS[name]:,}" if name in TARGETS else ""
        print(f"{name:28}{1 / seconds:10,.0f}{target:>10}{pillow / seconds:28.1f} x")


if __name__ == "__main__":
    main()
