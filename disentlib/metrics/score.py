"""What a table says of a score, most of it read from the function itself."""

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

Function = TypeVar("Function", bound=Callable[..., Any])


@dataclass(frozen=True)
class Score:
    """A score, what it needs, and what it is estimated with.

    Attributes:
        function: the public one, (codes, factors, *, options) -> float or NamedTuple of floats.
        estimator: what it is estimated with by default.
        reference: what it is estimated with under "locatello2019"; None where a protocol changes
            nothing, and the function takes none.
        figures: what single figures are estimated with, by name, where that is something else.
        in_sample: the figures taken on the very samples that were fitted, which tell how much a
            predictor knows by heart as well.
        moments: whether means and variances of codes decide it, and thus perhaps one outlier.
        discrete_only: why it makes no sense where a factor is real-valued; empty where it does, and
            the function takes `continuous`.
        by_default: whether `evaluate` takes it without being asked. Those that need an encoder are
            not: on a large grid they encode most of it, or their work grows with samples^2.
        name: the one that users type: the function's.
        needs_factors: False for scores of codes alone.
        intervenes: whether it holds factors fixed: instead of arrays the function takes a
            `protocol.CodeTable`, and `sampled` and `rng`.
        posteriors: whether it takes (mean, logvar, factors), and `codes` and `rng`.
        needs_encoder: whether arrays of codes and factors are not enough.
        bins: whether codes are cut into bins: the function takes `bins`.
        fits: whether it fits a predictor: the function takes `train_fraction`, `test` and `rng`.
        higher_is_better: False where the docstring says that lower is.
        paper: what the docstring refers to first.

    Raises:
        TypeError: if what is said does not fit what the function takes.
    """

    function: Callable[..., Any]
    estimator: str
    reference: str | None = None
    figures: Mapping[str, str] = field(default_factory=dict)
    in_sample: tuple[str, ...] = ()
    moments: bool = False
    discrete_only: str = ""
    by_default: bool = True
    name: str = field(init=False)
    needs_factors: bool = field(init=False)
    intervenes: bool = field(init=False)
    posteriors: bool = field(init=False)
    needs_encoder: bool = field(init=False)
    bins: bool = field(init=False)
    fits: bool = field(init=False)
    higher_is_better: bool = field(init=False)
    paper: str = field(init=False)

    def __post_init__(self) -> None:
        parameters = inspect.signature(self.function).parameters
        first, *others = (
            name for name, kind in parameters.items() if kind.kind is kind.POSITIONAL_OR_KEYWORD
        )
        doc = inspect.getdoc(self.function) or ""
        cited = re.search(r"^Reference:\n((?:    .*\n?)+)", doc, re.MULTILINE)
        intervenes, posteriors = first == "table", first == "mean"
        derived = {
            "name": self.function.__name__,
            "needs_factors": intervenes or "factors" in others,
            "intervenes": intervenes,
            "posteriors": posteriors,
            "needs_encoder": intervenes or posteriors,
            "bins": "bins" in parameters,
            "fits": "train_fraction" in parameters,
            "higher_is_better": "lower is better" not in doc,
            "paper": "" if cited is None else " ".join(cited[1].split()).partition(";")[0],
            "by_default": self.by_default and not (intervenes or posteriors),
        }
        for name, value in derived.items():
            object.__setattr__(self, name, value)
        if ("protocol" in parameters) != (self.reference is not None):
            raise TypeError(f"expected reference= if {self.name} takes a protocol, and only then")
        mixed = intervenes or not self.needs_factors or "continuous" in parameters
        if mixed == bool(self.discrete_only):
            raise TypeError(f"expected discrete_only= unless {self.name} takes continuous")


def score(
    estimator: str,
    *,
    reference: str | None = None,
    figures: Mapping[str, str] | None = None,
    in_sample: tuple[str, ...] = (),
    moments: bool = False,
    discrete_only: str = "",
    by_default: bool = True,
) -> Callable[[Function], Function]:
    """Say of a function what its signature and docstring do not: it becomes one of `SCORES`.

    The function stays as it is, with a `Score` as its attribute `score`; arguments are those of
    `Score`.
    """

    def describe(function: Function) -> Function:
        described = Score(
            function,
            estimator,
            reference,
            figures or {},
            in_sample,
            moments,
            discrete_only,
            by_default,
        )
        setattr(function, "score", described)  # noqa: B010 - a Callable has no such attribute
        return function

    return describe
