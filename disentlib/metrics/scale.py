"""Codes on a scale, or with an offset, for which a protocol's choices were not made."""

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from disentlib.ops import Standardisation


class ScaleWarning(UserWarning):
    """A protocol takes codes as they are, and their scale or offset decides what it says."""


def warn_of_scale(
    codes: NDArray[Any], *, least: float = 0.05, intercept: bool = False, stacklevel: int = 3
) -> None:
    """Warn whoever called a score whose predictor is penalised and sees codes as they are.

    Args:
        codes: what it is fitted on (samples, dims).
        least: standard deviation that one of the codes should have.
        intercept: whether its intercept is penalised as well, so that an offset matters.
        stacklevel: whose call the warning names.
    """
    standardisation = Standardisation.of(codes)
    deviation = np.ldexp(standardisation.deviation, -standardisation.powers) * standardisation.live
    most = float(deviation.max(initial=0.0))
    reasons = []
    if most > 0 and not least <= most <= 1e50:
        reasons.append(f"standard deviations of codes are at most {most:.2g}")
    strayed = (
        standardisation.live
        & (np.abs(standardisation.centre) > 10 * standardisation.deviation)
        & (deviation >= least)
    )
    if intercept and strayed.any():
        code = int(strayed.argmax())
        reasons.append(f"the mean of code {code} is more than 10 standard deviations from 0")
    for reason in reasons:
        warnings.warn(
            f"{reason}, and the predictor of locatello2019 is penalised on codes as they are: the "
            "score tells of their scale; standardise codes, or use the default",
            ScaleWarning,
            stacklevel=stacklevel,
        )


def to_float32(codes: NDArray[Any], *, stacklevel: int = 4) -> NDArray[np.float32]:
    """Return codes rounded to float32, and warn where that takes away what told samples apart.

    Raises:
        ValueError: if a code is beyond the range of float32.
    """
    if codes.dtype == np.float32:
        return codes
    with np.errstate(over="ignore"):
        rounded = codes.astype(np.float32)
    beyond = np.flatnonzero(np.isinf(rounded).any(axis=0))
    if beyond.size:
        raise ValueError(
            f"expected codes within the range of float32, to which locatello2019 rounds them, got "
            f"{np.abs(codes[:, beyond[0]]).max():.2g} in code {beyond[0]}: scale codes down, or "
            "use the default"
        )
    standardisation = Standardisation.of(codes)
    error = np.abs(np.ldexp(rounded.astype(np.float64) - codes, standardisation.powers)).max(axis=0)
    for code in np.flatnonzero(standardisation.live & (error > 1e-3 * standardisation.deviation)):
        warnings.warn(
            f"locatello2019 rounds codes to float32, which takes away what tells samples of code "
            f"{code} apart: centre and scale codes, or use the default",
            ScaleWarning,
            stacklevel=stacklevel,
        )
    return rounded
