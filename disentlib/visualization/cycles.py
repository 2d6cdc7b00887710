"""Triangular sweeps: from the current value up to the top, down to the bottom, back to the start.

Every function is vectorised: `start` of shape (...) gives values (frames, ...).
"""

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from disentlib.arrays import as_array


def interval_cycle(start: ArrayLike, low: ArrayLike, high: ArrayLike, frames: int) -> np.ndarray:
    """Sweep an interval linearly: ``low + u (high - low)``, u a triangle wave from the start.

    Args:
        start: where the sweep begins; values outside [low, high] begin at the nearer end.
        low: bottom of the sweep, broadcast against `start`.
        high: top of the sweep, at least `low`; where both are equal the sweep rests there.
        frames: number of frames in one cycle, at least 1.

    Returns:
        Values (frames, ...), float64.

    >>> interval_cycle(0, -2, 2, 8).tolist()
    [0.0, 1.0, 2.0, 1.0, 0.0, -1.0, -2.0, -1.0]
    """
    start, low, high = np.broadcast_arrays(*(as_array(a).astype(float) for a in (start, low, high)))
    if not (np.isfinite(start).all() and np.isfinite(low).all() and np.isfinite(high).all()):
        raise ValueError("expected finite start, low and high, got NaN or infinity")
    if (low > high).any():
        raise ValueError("expected low <= high, got an interval with low > high")
    width = high - low
    share = np.clip((start - low) / np.where(width > 0, width, 1.0), 0.0, 1.0)
    return low + _triangle(share, frames) * width


def gaussian_cycle(start: ArrayLike, mean: ArrayLike, sd: ArrayLike, frames: int) -> np.ndarray:
    """Sweep a Gaussian in probability: ``mean + sd Phi^-1(u)``, u a triangle wave from the start.

    The middle, where codes are frequent, gets most of the frames. Probabilities are clipped to
    [0.001, 0.999], so the sweep ends 3.09 standard deviations from the mean.

    Args:
        start: where the sweep begins.
        mean: of the Gaussian, broadcast against `start`.
        sd: its standard deviation, at least 0.
        frames: number of frames in one cycle, at least 1.

    Returns:
        Values (frames, ...), float64.
    """
    start, mean, sd = np.broadcast_arrays(*(as_array(a).astype(float) for a in (start, mean, sd)))
    if not (np.isfinite(start).all() and np.isfinite(mean).all() and np.isfinite(sd).all()):
        raise ValueError("expected finite start, mean and sd, got NaN or infinity")
    if (sd < 0).any():
        raise ValueError("expected sd >= 0, got a negative one")
    share = stats.norm.cdf((start - mean) / np.where(sd > 0, sd, 1.0))
    return mean + sd * stats.norm.ppf(np.clip(_triangle(share, frames), 0.001, 0.999))


def factor_cycle(start: int, size: int, frames: int) -> np.ndarray:
    """Sweep the values 0..size-1 of a discrete factor, each held for two steps of the triangle.

    Returns:
        Indices (frames,), int64.

    >>> factor_cycle(1, 3, 6).tolist()
    [1, 2, 2, 1, 0, 0]
    """
    if not 0 <= start < size:
        raise ValueError(f"expected 0 <= start < size, got start {start} and size {size}")
    # Integer ceiling of start + 2 * size * k / frames: floats would miss exact divisions.
    index = start - (-2 * size * _frame_numbers(frames) // frames)
    index -= np.maximum(0, 2 * index - 2 * size + 1)
    index += np.maximum(0, -2 * index - 1)
    return index


def _triangle(share: np.ndarray, frames: int) -> np.ndarray:
    share = share + (2 * _frame_numbers(frames) / frames).reshape(-1, *[1] * share.ndim)
    share = np.where(share > 1, 2 - share, share)
    return np.where(share < 0, -share, share)


def _frame_numbers(frames: int) -> np.ndarray:
    if isinstance(frames, bool) or not isinstance(frames, (int, np.integer)):
        raise TypeError(f"expected a whole number of frames, got {frames!r}")
    if frames < 1:
        raise ValueError(f"expected at least one frame, got {frames}")
    return np.arange(frames)
