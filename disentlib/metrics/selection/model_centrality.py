"""ModelCentrality (Lin, Thekumparampil, Fanti and Oh 2020)."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from disentlib import ops
from disentlib.arrays import as_array


def model_centrality(scores: ArrayLike) -> NDArray[np.float64]:
    """s_i = mean over j != i of (A_ij + A_ji) / 2.

    Which of several models of one data set is disentangled, without factors: the one that is most
    central. A_ij says how well model i's encoder disentangles images that model j generates, with
    j's own codes as factors; `cross_score` gives such an entry.

    Args:
        scores: A (models, models); the diagonal does not matter.

    Returns:
        (models,), the largest for the model to choose; NaN for a single model.

    Raises:
        ValueError: if the matrix is not square.

    Reference:
        Lin, Thekumparampil, Fanti and Oh, "InfoGAN-CR and ModelCentrality: Self-supervised Model
        Training and Selection for Disentangling GANs" (2020).

    >>> model_centrality([[1.0, 0.8, 0.5], [0.6, 1.0, 0.7], [0.9, 0.3, 1.0]])
    array([0.7, 0.6, 0.6])
    """
    matrix = np.asarray(scores, np.float64)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise ValueError(f"expected scores of shape (models, models), got {matrix.shape}")
    others = ~np.eye(len(matrix), dtype=bool)
    if len(matrix) < 2:
        return np.full(len(matrix), np.nan)
    both = np.where(others, matrix + matrix.T, 0.0) / 2
    return both.sum(axis=1) / (len(matrix) - 1)


def cross_score(codes: ArrayLike, latents: ArrayLike) -> float:
    """Return how well an encoder's codes tell which latent of a generator was held fixed.

    The FactorVAE score on generated images: group g holds latent g mod c at one value. Each group
    votes for the code whose standard deviation, relative to that over all groups, is least; a code
    answers the latent that it was voted for most often.

    Args:
        codes: of the generated images, group by group (groups, batch, dims).
        latents: which latent each group held fixed (groups,).

    Returns:
        The share of votes that are answered rightly, from 1 / latents to 1; 0 if all codes are
        constant.

    Raises:
        ValueError: if shapes do not fit.

    >>> rng = np.random.default_rng(0)
    >>> held = np.arange(200) % 2
    >>> z = rng.normal(size=(200, 50, 2))
    >>> z[np.arange(200), :, held] = z[np.arange(200), :1, held]
    >>> cross_score(z, held)
    1.0
    """
    array, held = as_array(codes, "codes").astype(np.float64), as_array(latents)
    if array.ndim != 3 or held.shape != array.shape[:1]:
        raise ValueError(
            "expected codes of shape (groups, batch, dims) and latents (groups,), "
            f"got {array.shape} and {held.shape}"
        )
    live = array.min(axis=(0, 1)) < array.max(axis=(0, 1))
    if not live.any():
        return 0.0
    flat = ops.near_one(array.reshape(-1, len(live))[:, live])
    array = flat.reshape(*array.shape[:2], -1)
    winners = (array.std(axis=1) / array.std(axis=(0, 1))).argmin(axis=1)
    _, label = np.unique(held, return_inverse=True)
    votes = np.zeros((label.max() + 1, array.shape[2]), np.int64)
    np.add.at(votes, (label, winners), 1)
    return float(votes.max(axis=0).sum() / votes.sum())
