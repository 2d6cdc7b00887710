"""Move one latent at a time and decode: still grids and animated cycles.

A decoder is any callable ``codes (n, latents) -> images (n, height, width, channels)``.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from disentlib.arrays import as_array
from disentlib.visualization.cycles import gaussian_cycle, interval_cycle

Decode = Callable[[np.ndarray], np.ndarray]


def latent_traversal(
    decode: Decode,
    code: ArrayLike,
    *,
    dimensions: int | ArrayLike | None = None,
    values: int | ArrayLike | None = None,
    transpose: bool = False,
) -> np.ndarray:
    """Decode a code with one latent replaced by each of several values: ``code[l] = v``.

    Args:
        decode: codes (n, latents) to images (n, height, width, channels).
        code: the code (latents,) from which every traversal starts.
        dimensions: the latents to traverse: all by default, an int for the first so many (1 to
            latents), or a sequence of indices.
        values: the values to set: an int for so many from -1 to 1 (above 1, default 11), or a
            sequence of numbers.
        transpose: latents down and values across, instead of one column per latent.

    Returns:
        Images (values, dimensions, height, width, channels), ready for `grids.tile`;
        (dimensions, values, ...) when transposed.

    Raises:
        TypeError: an argument is of another kind, such as a fractional index.
        ValueError: wrong shape or range, or the decoder's images do not match the codes.
    """
    code = as_array(code, "code")
    if not np.issubdtype(code.dtype, np.number):
        raise TypeError(f"expected a code of numbers, got {code.dtype}")
    if code.ndim != 1 or not code.size or not np.isfinite(code).all():
        raise ValueError(f"expected one finite code (latents,), got shape {code.shape}")
    chosen = _dimensions(dimensions, code.size)
    steps = _values(values)

    codes = np.tile(code.astype(np.float32), (len(chosen), len(steps), 1))
    codes[np.arange(len(chosen)), :, chosen] = steps
    images = decode_grid(decode, codes)
    return images if transpose else images.swapaxes(0, 1)


def decode_grid(decode: Decode, codes: np.ndarray) -> np.ndarray:
    """Decode codes (..., latents) to images (..., height, width, channels) in one call."""
    *lead, latents = codes.shape
    flat = codes.reshape(-1, latents).astype(np.float32, copy=False)
    images = as_array(decode(flat), "images")
    if images.ndim != 4 or len(images) != len(flat):
        raise ValueError(
            f"expected decode to return {len(flat)} images (n, height, width, channels), "
            f"got shape {images.shape}"
        )
    return images.reshape(*lead, *images.shape[1:])


def cycle_frames(decode: Decode, code: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Decode an animation with one tile per latent, each cycling while the others rest at `code`.

    Args:
        decode: codes (n, latents) to images.
        code: the resting code (latents,).
        values: what each latent runs through, (frames, latents), as `cycle_values` gives them.

    Returns:
        Images (frames, latents, height, width, channels).
    """
    frames, latents = values.shape
    if np.shape(code) != (latents,):
        raise ValueError(f"expected a code of {latents} latents, got shape {np.shape(code)}")
    codes = np.tile(as_array(code, "code").astype(np.float32), (frames, latents, 1))
    diagonal = np.arange(latents)
    codes[:, diagonal, diagonal] = values
    return decode_grid(decode, codes)


def cycle_values(code: np.ndarray, mean: np.ndarray, logvar: np.ndarray, frames: int) -> dict:
    """Return the five customary cycles of a code's latents, each (frames, latents).

    Args:
        code: the code (latents,) at which each cycle starts.
        mean: posterior means (n, latents) of several images.
        logvar: their log-variances, same shape.
        frames: frames in a cycle.

    Returns:
        ``std_gaussian`` (quantiles of N(0, 1)), ``fitted_gaussian`` (quantiles of the Gaussian
        fitted to the posteriors), ``fixed_interval`` (-2 to 2), ``conf_interval`` (fitted mean
        minus to plus two standard deviations), ``minmax_interval`` (range of the means).
    """
    centre, sd = fitted_gaussian(mean, logvar)
    return {
        "std_gaussian": gaussian_cycle(code, 0.0, 1.0, frames),
        "fitted_gaussian": gaussian_cycle(code, centre, sd, frames),
        "fixed_interval": interval_cycle(code, -2.0, 2.0, frames),
        "conf_interval": interval_cycle(code, centre - 2 * sd, centre + 2 * sd, frames),
        "minmax_interval": interval_cycle(code, mean.min(axis=0), mean.max(axis=0), frames),
    }


def fitted_gaussian(mean: np.ndarray, logvar: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return centre and deviation of the mixture of posteriors, ``var = E[e^logvar] + Var[mean]``.

    Args:
        mean: posterior means (n, latents).
        logvar: their log-variances, same shape.

    Returns:
        (latents,) and (latents,).
    """
    return mean.mean(axis=0), np.sqrt(np.exp(logvar).mean(axis=0) + mean.var(axis=0))


def _dimensions(dimensions: int | ArrayLike | None, latents: int) -> np.ndarray:
    if dimensions is None:
        return np.arange(latents)
    indices = np.asarray(dimensions)
    if not np.issubdtype(indices.dtype, np.integer):
        raise TypeError(f"expected dimensions as an int or as indices, got {dimensions!r}")
    if indices.ndim == 0:
        if not 1 <= indices <= latents:
            raise ValueError(f"expected 1 to {latents} dimensions, got {indices}")
        return np.arange(int(indices))
    if indices.ndim != 1 or not indices.size or indices.min() < 0 or indices.max() >= latents:
        raise ValueError(f"expected indices from 0 to {latents - 1}, got {dimensions!r}")
    return indices


def _values(values: int | ArrayLike | None) -> np.ndarray:
    steps = np.asarray(11 if values is None else values)
    if steps.ndim == 0:
        if not np.issubdtype(steps.dtype, np.integer):
            raise TypeError(f"expected values as an int or as numbers, got {values!r}")
        if steps < 2:
            raise ValueError(f"expected at least 2 values, got {steps}")
        return np.linspace(-1, 1, int(steps))
    if not np.issubdtype(steps.dtype, np.number):
        raise TypeError(f"expected numbers as values, got {steps.dtype}")
    if steps.ndim != 1 or not steps.size or not np.isfinite(steps).all():
        raise ValueError(f"expected finite values (n,), got shape {steps.shape}")
    return steps
