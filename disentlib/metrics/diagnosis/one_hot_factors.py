"""One factor in several columns of 0 and 1."""

from collections.abc import Iterator

from disentlib.metrics.diagnosis.examined import Examined
from disentlib.metrics.diagnosis.finding import Finding


def one_hot_factors(examined: Examined) -> Iterator[Finding]:
    """Yield groups of factors of which exactly one is 1 in each row."""
    for group in examined.one_hot:
        names = examined.named_factors(group)
        yield Finding(
            "one_hot_factors",
            (),
            group,
            {"values": len(group)},
            f"{names} are one factor of {len(group)} values in one-hot form: what tells one tells "
            "of the others, so that no codes score 1; numpy.argmax over them is a factor",
        )
