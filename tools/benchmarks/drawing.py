"""Images a second on one core: the drawing kernels beside drawing with Pillow.

python tools/benchmarks/drawing.py
"""

import time

import numpy as np
from PIL import Image, ImageDraw

from disentlib import data

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


def main():
    sprites = data.DSpritesRendered()
    factors = sprites.sample_factors(100 * BATCH, 0)
    differing = (sprites.images(factors) != with_pillow(factors)).mean()
    # Pillow fills whole boundary pixels, so it agrees but for outlines.
    assert differing < 0.03, f"{100 * differing:.2f} % of the pixels differ from Pillow's"

    kernel = seconds_per_image(sprites.images, factors)
    pillow = seconds_per_image(with_pillow, factors)
    print(f"{'set':20}{'images/s':>12}{'Pillow loop':>14}{'ratio':>8}{'target':>12}")
    print(
        f"{sprites.name:20}{1 / kernel:12,.0f}{1 / pillow:14,.0f}{pillow / kernel:8.0f}"
        f"{100_000:12,}"
    )


if __name__ == "__main__":
    main()
