"""Correlated factors in training (Träuble et al., ICML 2021; Roth et al., ICLR 2023)."""

from collections.abc import Sequence

import numpy as np

from disentlib.data.ground_truth import GroundTruthData
from disentlib.data.reweighted import Reweighted

Settings = dict[str, str | list[tuple[str, str]]]

# The settings of Roth et al., "Disentanglement of correlated factors via Hausdorff factorized
# support", ICLR 2023: which factors are tied, by the factors that a set has.
_SHAPES3D: Settings = {
    "single_1": [("floor_hue", "wall_hue")],
    "single_2": [("shape", "scale")],
    "single_3": [("shape", "wall_hue")],
    "double_1": [("scale", "floor_hue"), ("shape", "wall_hue")],
    "double_2": [("scale", "shape"), ("floor_hue", "wall_hue")],
    "triple_1": [("scale", "orientation"), ("shape", "wall_hue"), ("object_hue", "floor_hue")],
    "triple_2": [("object_hue", "orientation"), ("shape", "scale"), ("floor_hue", "wall_hue")],
    "confounder_1": "shape",
    "confounder_2": "wall_hue",
}
_MPI3D: Settings = {
    "single_1": [("camera_height", "background_color")],
    "single_2": [("object_color", "object_size")],
    "single_3": [("horizontal_axis", "vertical_axis")],
    "double_1": [("object_color", "object_shape"), ("horizontal_axis", "vertical_axis")],
    "double_2": [("object_color", "horizontal_axis"), ("object_shape", "vertical_axis")],
    "triple_1": [
        ("object_color", "background_color"),
        ("camera_height", "horizontal_axis"),
        ("object_shape", "vertical_axis"),
    ],
    "triple_2": [
        ("object_color", "object_shape"),
        ("horizontal_axis", "vertical_axis"),
        ("background_color", "camera_height"),
    ],
    "confounder_1": "object_shape",
    "confounder_2": "horizontal_axis",
}
_DSPRITES: Settings = {
    "single_1": [("shape", "scale")],
    "single_2": [("pos_x", "pos_y")],
    "single_3": [("shape", "pos_y")],
    "double_1": [("shape", "pos_x"), ("scale", "pos_y")],
    "double_2": [("shape", "scale"), ("pos_x", "pos_y")],
    "confounder_1": "shape",
    "confounder_2": "pos_x",
}
_CARS3D: Settings = {
    "single_1": [("elevation", "azimuth")],
    "single_2": [("elevation", "object_type")],
    "single_3": [("azimuth", "object_type")],
}
HFS_SETTINGS: dict[tuple[str, ...], Settings] = {
    ("floor_hue", "wall_hue", "object_hue", "scale", "shape", "orientation"): _SHAPES3D,
    (
        "object_color",
        "object_shape",
        "object_size",
        "camera_height",
        "background_color",
        "horizontal_axis",
        "vertical_axis",
    ): _MPI3D,
    ("shape", "scale", "orientation", "pos_x", "pos_y"): _DSPRITES,
    ("elevation", "azimuth", "object_type"): _CARS3D,
}


class Correlated(Reweighted):
    """p(c) proportional to the product over pairs of exp(-(c_i - c_j)^2 / (2 sigma^2)).

    Factor values are scaled to [0, 1]. Pairs multiply, and factors in no pair stay uniform and
    independent. Train on this, and score on `evaluation`, the same set without correlation.

    Args:
        data: a set with a full grid.
        pairs: names of the factors tied, two and two.
        confounder: one factor to tie with every other, instead of pairs.
        sigma: how tightly, one for all or one a pair; 0.1 is strong, 0.7 weak.
        inverted: tie high values of one with low values of the other.

    Raises:
        ValueError: if a factor is unknown or tied with itself, or a sigma is not positive.

    Reference:
        Träuble et al.: On disentangled representations learned from correlated data, ICML 2021.

    >>> from disentlib.data import MiniSprites
    >>> tied = Correlated(MiniSprites(), pairs=[("pos_x", "pos_y")], sigma=0.05)
    >>> x, y = tied.sample_factors(1000, rng=0)[:, 2:].T
    >>> bool((abs(x - y) <= 1).all())
    True
    """

    name = "correlated"

    def __init__(
        self,
        data: GroundTruthData,
        *,
        pairs: Sequence[tuple[str, str]] = (),
        confounder: str | None = None,
        sigma: float | Sequence[float] = 0.1,
        inverted: bool = False,
    ):
        super().__init__(data)
        if bool(pairs) == bool(confounder):
            raise ValueError(f"expected pairs or a confounder, got {pairs!r} and {confounder!r}")
        self.pairs = [(first, second) for first, second in pairs]
        self.confounder = confounder
        self.sigma = sigma
        self.inverted = inverted
        tied = self.pairs
        if confounder:
            tied = [(confounder, name) for name in self.factor_names if name != confounder]
        widths = [float(width) for width in np.broadcast_to(sigma, len(tied))]
        for (first, second), width in zip(tied, widths, strict=True):
            if first == second or not width > 0:
                raise ValueError(
                    f"expected two factors and a sigma over 0, got {first}, {second}, {width}"
                )
            columns = (self._column(first), self._column(second))
            self._tables.append((columns, self._weights(columns, width)))

    def _weights(self, columns: tuple[int, int], sigma: float) -> np.ndarray:
        first, second = (np.linspace(0, 1, self.sizes[column]) for column in columns)
        if self.inverted:
            second = 1 - second
        return np.exp(-((first[:, None] - second) ** 2) / (2 * sigma**2))


def hfs_setting(
    data: GroundTruthData,
    setting: str,
    *,
    sigma: float | None = None,
    inverted: bool = False,
) -> Correlated:
    """Return a correlation setting of Roth et al. (ICLR 2023) for sets with the factors they name.

    Args:
        data: a set with the factors of Shapes3D, MPI3D, dSprites or Cars3D.
        setting: single_1 to single_3, double_1, double_2, triple_1, triple_2 or confounder_1,
            confounder_2, where the set has it.
        sigma: how tightly; by default 0.2 for confounders and 0.1 for the others.
        inverted: tie high values of one factor with low values of the other.

    Raises:
        ValueError: if the paper has no such setting for these factors.
    """
    settings = next((s for names, s in HFS_SETTINGS.items() if names == data.factor_names), {})
    if setting not in settings:
        raise ValueError(
            f"expected a setting for factors {data.factor_names}, one of {sorted(settings)}, "
            f"got {setting!r}"
        )
    tied = settings[setting]
    if isinstance(tied, str):
        width = 0.2 if sigma is None else sigma
        return Correlated(data, confounder=tied, sigma=width, inverted=inverted)
    return Correlated(data, pairs=tied, sigma=0.1 if sigma is None else sigma, inverted=inverted)
