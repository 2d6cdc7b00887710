"""A run, and what several sections of its report are made from."""

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from disentlib import named, ops
from disentlib.visualization import encoding, pages, plots
from disentlib.visualization.pages import Drawing
from disentlib.visualization.posteriors import active_units, kl_per_latent

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BINS = 20
SHOWN = 64  # images in the grids
POINTS = 2000  # observations of the sample that is kept


class Encoded(NamedTuple):
    """What a run's encoder makes of a sample of its data."""

    images: np.ndarray  # the first of the sample: SHOWN pictures (SHOWN, h, w, c), or more vectors
    factors: np.ndarray  # (n, factors)
    mean: np.ndarray  # (n, latents)
    logvar: np.ndarray  # (n, latents)
    condition: np.ndarray | None  # (n, ...), the auxiliary variable of data that have one


class Sample(NamedTuple):
    """Observations with what the model makes of each, no example twice where they are countable."""

    observations: Any  # (n, ...), or {"x": ..., "u": ...}
    factors: np.ndarray  # (n, factors)
    mean: np.ndarray  # (n, latents)
    clusters: list[np.ndarray]  # p(c|x) (n, clusters), one a facet; none of models without


class ReportedRun:
    """A run, and what its model makes of a sample of its data, each computed once.

    Args:
        run: a `disentlib.Run`, or an object with its attributes.
        samples: observations that are encoded, at least 64.
        seed: draws observations and codes.
        tell: called with what is being done.

    Attributes:
        title: of the page.
        context: the line below each figure's title.
        folder: where pictures are written as files.
        rng: draws observations first, then codes.
    """

    def __init__(
        self, run: Any, *, samples: int, seed: int, tell: Callable[[str], None] = lambda _: None
    ):
        if samples < SHOWN:
            raise ValueError(f"expected at least {SHOWN} samples, got {samples}")
        self.run, self.samples, self.seed, self.tell = run, samples, seed, tell
        self.rng = np.random.default_rng(seed)
        self.folder = run.path / "pictures"
        self.settings, self.history, self.scores = run.settings, run.history, run.scores
        self.title, self.context = headline(self.settings)

    @property
    def state(self) -> str:
        """How far the run is."""
        steps = self.history.get("step", ())
        done, planned = int(steps[-1]) if len(steps) else 0, self.settings.get("steps", 0)
        return f"{done:,} steps" if done >= planned else f"step {done:,} of {planned:,}"

    @property
    def notices(self) -> list[str]:
        """What the reader should know before all else."""
        if not self.has_model:
            return [
                "No checkpoint is written yet: pictures and latents appear after the first one."
            ]
        if not self.is_finite:
            return ["The encoder returns NaN or infinity: the training diverged."]
        return []

    @cached_property
    def has_model(self) -> bool:
        """Whether a checkpoint is there."""
        try:
            self.run.model  # noqa: B018
        except FileNotFoundError:
            return False
        return True

    @cached_property
    def encoded(self) -> Encoded:
        """A sample of the data with its posteriors; for runs that have a model."""
        self.tell(f"encoding {self.samples:,} observations")
        return encode(self.run, self.samples, self.rng)

    @cached_property
    def sample(self) -> Sample:
        """Some observations, kept, of a generator of their own; for runs whose codes are finite."""
        data, rng = self.run.data, np.random.default_rng(self.seed)
        examples = getattr(data, "examples", None)
        if examples is None:
            factors, observations = data.sample(POINTS, rng)
        else:
            rows = rng.choice(examples, min(POINTS, examples), replace=False)
            factors, observations = data.take(rows, rng)
        codes = self.run.encode(observations)
        mean = np.asarray(codes[0] if isinstance(codes, tuple) else codes)
        return Sample(observations, factors, mean, self._clusters(observations))

    @property
    def condition_class(self) -> dict[str, np.ndarray]:
        """The sample's {"condition": its class (n,)} where the auxiliary variable is one-hot."""
        observations = self.sample.observations
        u = observations["u"] if isinstance(observations, Mapping) else np.empty(0)
        one_hot = u.ndim == 2 and bool(
            ((u != 0).sum(axis=1) == 1).all() and (u.max(axis=1) == 1).all()
        )
        return {"condition": u.argmax(axis=1)} if one_hot else {}

    def _clusters(self, observations: Any) -> list[np.ndarray]:
        clusters = getattr(self.run.model, "clusters", None)
        if not callable(clusters):
            return []
        try:
            facets = clusters(observations)
        except ValueError:  # the mixture is not fitted yet
            return []
        return [np.asarray(one) for one in (facets if isinstance(facets, list) else [facets])]

    @cached_property
    def is_finite(self) -> bool:
        """Whether there is a model that gives finite codes."""
        return self.has_model and all(
            np.isfinite(part).all() for part in (self.encoded.mean, self.encoded.logvar)
        )

    @property
    def has_pictures(self) -> bool:
        """Whether observations are pictures."""
        return (
            self.is_finite
            and self.encoded.images.ndim == 4
            and self.encoded.images.shape[-1] in (1, 3)
        )

    @cached_property
    def kl(self) -> np.ndarray:
        """KL to the prior of each latent, in nats, mean over the sample (latents,)."""
        encoded = self.encoded
        return kl_per_latent(
            encoded.mean, encoded.logvar, prior=self.run.model.prior, condition=encoded.condition
        )

    def draws(self, count: int) -> np.ndarray:
        """Return draws from the prior (count, latents), under the sample's first conditions."""
        condition = self.encoded.condition
        key = self.rng.integers(2**31, size=2).astype(np.int32)
        given = None if condition is None else condition[:count]
        return np.asarray(self.run.model.prior.draw(count, key, given))

    @cached_property
    def active(self) -> np.ndarray:
        """Which latents are used (latents,)."""
        return active_units(self.encoded.mean)

    @cached_property
    def order(self) -> np.ndarray:
        """The latents by their KL, largest first."""
        return np.argsort(-self.kl, kind="stable")

    @cached_property
    def discrete_factors(self) -> np.ndarray:
        """Factors as integers (n, factors); real-valued ones in equal-width bins."""
        factors = self.encoded.factors
        if np.issubdtype(factors.dtype, np.integer):
            return factors
        return ops.discretise(factors, BINS).astype(int)

    @cached_property
    def information(self) -> np.ndarray | None:
        """Mutual information of latents and factors (latents, factors), nats, if there are any."""
        if not self.encoded.factors.shape[1]:
            return None
        return ops.mutual_information(self.encoded.mean, self.discrete_factors, bins=BINS)

    def decode(self, codes: np.ndarray, chunk: int = 256) -> np.ndarray:
        """Return the mean observations of codes (n, latents), a few hundred at a time."""
        batches = [codes[start : start + chunk] for start in range(0, len(codes), chunk)]
        return np.concatenate([np.asarray(self.run.model.decode(one).mean()) for one in batches])

    def drawing(
        self,
        draw: Callable[..., "Figure"],
        name: str,
        *,
        title: str,
        context: str,
        alt: str,
        caption: str,
    ) -> Drawing:
        """Save a figure with its titles as a file; return it without them for the page."""
        encoding.save(self.folder / name, plots.png(draw(title=title, context=context)))
        return pages.drawing(draw(), alt=alt, caption=caption)


def encode(run: Any, samples: int, rng: np.random.Generator, chunk: int = 1000) -> Encoded:
    """Draw a sample of a run's data and encode it."""
    factors, means, logvars, conditions, shown = [], [], [], [], None
    for start in range(0, samples, chunk):
        values, images = run.data.sample(min(chunk, samples - start), rng)
        mean, logvar = run.encode(images)
        if shown is None:
            shown = named.observation(images)
            shown = shown[:SHOWN] if shown.ndim > 2 else shown
        factors.append(values)
        if isinstance(images, Mapping):
            conditions.append(images["u"])
        means.append(np.asarray(mean))
        logvars.append(np.asarray(logvar))
    assert shown is not None
    condition = np.concatenate(conditions) if conditions else None
    all_factors, mean, logvar = (np.concatenate(part) for part in (factors, means, logvars))
    return Encoded(shown, all_factors, mean, logvar, condition)


def headline(settings: Mapping[str, Any]) -> tuple[str, str]:
    """Return the page's title and the line below each figure's title, from a run's settings."""
    configuration = settings.get("configuration", {})
    model = configuration.get("model", {})
    method = model.get("class", "model")
    data = _data_name(configuration.get("data", {}))
    weights = [
        f"{name} {', '.join(f'{number:g}' for number in numbers)}"
        for name, value in model.items()
        if name not in ("seed", "dataset_size")  # which weigh nothing
        and (numbers := value if isinstance(value, list) else [value])
        and all(isinstance(one, (int, float)) and not isinstance(one, bool) for one in numbers)
    ]
    described = f"{method} ({', '.join(weights)})" if weights else method
    return f"{described} on {data}", f"{data} · {described}"


def _data_name(configuration: Mapping[str, Any]) -> str:
    """Name a set, and after it what it is made from: "correlated shapes3d_rendered"."""
    name, inner = configuration.get("name", "data"), configuration.get("data")
    return f"{name} {_data_name(inner)}" if isinstance(inner, Mapping) else name
