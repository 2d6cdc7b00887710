"""How scores are taken: whose choices, which rows train, where codes of a data set come from."""

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from disentlib import named
from disentlib.arrays import as_array, as_labels
from disentlib.data import GroundTruthData, randomness
from disentlib.data.randomness import RNG, Random
from disentlib.ops import check_codes, check_factors

Protocol = Literal["locatello2019"]


# Images as `data.as_input` gives them in; codes, or (mean, logvar) of their distribution, out.
Encoder = Callable[[NDArray[np.float32]], Any]


class TrainTestSplit(NamedTuple):
    """Rows to fit on and rows to test on.

    Attributes:
        train_codes: (train, dims).
        train_factors: (train, factors).
        test_codes: (test, dims).
        test_factors: (test, factors).
    """

    train_codes: NDArray[Any]
    train_factors: NDArray[Any]
    test_codes: NDArray[Any]
    test_factors: NDArray[Any]


def check_protocol(protocol: str | None) -> None:
    """Raise ValueError unless `protocol` is None, the sound definitions, or a known name."""
    if protocol is not None and protocol not in get_args(Protocol):
        raise ValueError(f"expected protocol None or one of {get_args(Protocol)}, got {protocol!r}")


def check_test(test: Any) -> None:
    """Raise unless `test` is None or (codes, factors): half a pair would be ignored or misread."""
    if test is None:
        return
    if not isinstance(test, (tuple, list)):
        raise TypeError(f"expected test as (codes, factors), got {type(test).__name__}")
    if len(test) != 2 or any(part is None for part in test):
        parts = ", ".join("None" if part is None else "an array" for part in test)
        raise ValueError(f"expected test as (codes, factors), got ({parts})")


def generator(rng: RNG | None, protocol: Protocol | None = None) -> Random:
    """Return the generator that `rng` means; under "locatello2019" an int seeds a `RandomState`."""
    check_protocol(protocol)
    if protocol == "locatello2019" and isinstance(rng, (int, np.integer)):
        return np.random.RandomState(int(rng))
    return randomness.generator(rng)


def train_rows(samples: int, train_fraction: float) -> int:
    """Return how many of the samples train: the fraction rounded up, but for at least one to test.

    >>> train_rows(1000, 0.75), train_rows(7, 0.75), train_rows(2, 0.75)
    (750, 6, 1)
    """
    return min(math.ceil(train_fraction * samples), samples - 1)


def split_rows(
    samples: int, *, train_fraction: float, rng: RNG, protocol: Protocol | None = None
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return which rows train and which test; see `split`.

    Args:
        samples: how many rows, at least two.
        train_fraction: the share that trains, between 0 and 1, rounded up.
        rng: draws the rows.
        protocol: None, or "locatello2019", which takes the leading ones.

    Raises:
        ValueError: if `train_fraction` is not between 0 and 1.
    """
    if not 0 < train_fraction < 1:
        raise ValueError(f"expected a train_fraction between 0 and 1, got {train_fraction}")
    leading = protocol == "locatello2019"
    order = np.arange(samples) if leading else generator(rng).permutation(samples)
    train = train_rows(samples, train_fraction)
    return order[:train], order[train:]


def split(
    codes: ArrayLike,
    factors: ArrayLike,
    *,
    train_fraction: float = 0.75,
    test: tuple[ArrayLike, ArrayLike] | None = None,
    protocol: Protocol | None = None,
    rng: RNG = 0,
) -> TrainTestSplit:
    """Return checked rows to fit on and rows to test on.

    Args:
        codes: real numbers (samples, dims).
        factors: integers (samples, factors).
        train_fraction: the share of samples to fit on, between 0 and 1, rounded up; ignored where
            `test` is given.
        test: (codes, factors) of other samples: then all of the first ones train.
        protocol: None draws the training rows from `rng`; "locatello2019" takes the leading ones,
            so there the caller must hand over samples in random order.
        rng: draws the rows.

    Raises:
        TypeError: if codes are not real numbers or factors not integers.
        ValueError: if shapes do not fit, or a part would be empty.
    """
    check_protocol(protocol)
    codes = check_codes(codes)
    check_test(test)
    if test is not None:  # words are numbered alike in both
        factors, test_factors = as_labels(factors, test[1])
    factors = check_factors(factors, len(codes))
    if test is not None:
        test_codes = check_codes(test[0], name="test codes")
        test_factors = check_factors(test_factors, len(test_codes), name="test factors")
        for name, train_part, test_part in (
            ("codes", codes, test_codes),
            ("factors", factors, test_factors),
        ):
            if train_part.shape[1] != test_part.shape[1]:
                raise ValueError(
                    f"expected test {name} of {train_part.shape[1]} columns, "
                    f"got {test_part.shape[1]}"
                )
        return TrainTestSplit(codes, factors, test_codes, test_factors)
    rows, others = split_rows(len(codes), train_fraction=train_fraction, rng=rng, protocol=protocol)
    return TrainTestSplit(codes[rows], factors[rows], codes[others], factors[others])


class EncodedSamples(NamedTuple):
    """Samples of a data set and their codes.

    Attributes:
        factors: (samples, factors).
        mean: (samples, dims), the codes themselves where the encoder gives no distribution.
        logvar: (samples, dims), None where the encoder gives no distribution.
    """

    factors: NDArray[Any]
    mean: NDArray[Any]
    logvar: NDArray[Any] | None

    def sampled(self, rng: Random) -> NDArray[Any]:
        """Return codes drawn from their distribution (samples, dims)."""
        assert self.logvar is not None
        noise = rng.standard_normal(self.mean.shape).astype(self.mean.dtype)
        return self.mean + np.exp(0.5 * self.logvar) * noise


def encode_samples(
    data: GroundTruthData,
    encode: Encoder,
    samples: int,
    *,
    rng: Random,
    batch_size: int = 256,
    protocol: Protocol | None = None,
) -> EncodedSamples:
    """Draw samples of a data set and encode them: `encode_parts` of a single part."""
    (part,) = encode_parts(
        data, encode, [samples], rng=rng, batch_size=batch_size, protocol=protocol
    )
    return part


def encode_parts(
    data: GroundTruthData,
    encode: Encoder,
    sizes: Sequence[int],
    *,
    rng: Random,
    batch_size: int = 256,
    protocol: Protocol | None = None,
) -> list[EncodedSamples]:
    """Draw parts of a data set, such as one to fit on and one to test on, and encode them.

    Of a set of countable examples none is drawn twice, neither within a part nor in another one.
    Where there are fewer than asked for, all are taken, and parts shrink in proportion.

    Args:
        data: the set.
        encode: the encoder.
        sizes: how many samples in each part, at least 2.
        rng: draws examples, or factors and images.
        batch_size: how many images are encoded at once.
        protocol: "locatello2019" draws from grids with replacement, 16 samples at a time.

    Raises:
        ValueError: if there are not 2 examples a part, the encoder does not return one code an
            image, or its codes are not finite.
    """
    examples = data.examples
    if examples is None or (protocol is not None and data.has_full_grid):
        draw = 16 if protocol is not None else batch_size
        return [
            _encode_all(
                data,
                encode,
                (data.sample(min(draw, size - start), rng) for start in range(0, size, draw)),
                batch_size,
            )
            for size in sizes
        ]
    counts = np.array(sizes, np.int64)
    if counts.sum() > examples:
        counts = np.maximum(counts * examples // counts.sum(), 2)
        counts[counts.argmax()] += examples - counts.sum()
    if counts.min() < 2:
        raise ValueError(
            f"expected at least 2 examples for each of {len(sizes)} parts of {data.name}, "
            f"got {examples} in all"
        )
    rows = rng.choice(examples, int(counts.sum()), replace=False)
    return [
        _encode_all(
            data,
            encode,
            (
                data.take(part[start : start + batch_size], rng)
                for start in range(0, len(part), batch_size)
            ),
            batch_size,
        )
        for part in np.split(rows, np.cumsum(counts)[:-1])
    ]


def count_distinct(
    data: GroundTruthData, parts: Sequence[EncodedSamples], protocol: Protocol | None = None
) -> int | None:
    """Return how many different examples `encode_parts` drew; None where draws never end."""
    if data.examples is None:
        return None
    factors = np.concatenate([part.factors for part in parts])
    if protocol is None or not data.has_full_grid:
        return len(factors)
    return len(np.unique(data.grid_indices(factors)))


def _encode_all(
    data: GroundTruthData,
    encode: Encoder,
    drawn: Iterable[tuple[NDArray[Any], NDArray[Any]]],
    batch_size: int,
) -> EncodedSamples:
    """Encode (factors, images) as they are drawn, about `batch_size` images at a time."""
    factors: list[NDArray[Any]] = []
    parts: list[tuple[NDArray[Any], NDArray[Any] | None]] = []
    waiting: list[Any] = []
    for some, images in drawn:
        factors.append(some)
        waiting.append(images)
        if sum(map(named.length, waiting)) >= batch_size:
            parts.append(_encode(encode, data.as_input(named.join(waiting))))
            waiting = []
    if waiting:
        parts.append(_encode(encode, data.as_input(named.join(waiting))))
    means, logvars = zip(*parts, strict=True)
    return EncodedSamples(
        np.concatenate(factors),
        np.concatenate(means),
        None if logvars[0] is None else np.concatenate(logvars),
    )


class Lookup(NamedTuple):
    """Codes that a table holds, and where among them those are that were asked for.

    Attributes:
        mean: the mean, or code, of every row that was asked for so far (known, dims).
        logvar: likewise, None where the encoder gives codes alone.
        rows: positions in `mean` of the rows asked for, in the shape they were asked for.
    """

    mean: NDArray[Any]
    logvar: NDArray[Any] | None
    rows: NDArray[np.int64]


class CodeTable:
    """Codes of a data set's grid of factors, each point encoded once, when first asked for.

    What scores that intervene on factors draw from: an intervention costs a gather, not a forward
    pass. Sets whose images are not a function of the factors show one image a point. It keeps the
    codes of the points that were asked for, and 4 bytes for each point of the grid.

    Args:
        data: a set with a full grid of discrete factors.
        encode: images -> codes, or -> (mean, logvar).
        rng: draws what the factors leave open in the images.
        batch_size: how many images are encoded at once.

    Attributes:
        sizes: number of values of each factor.
    """

    def __init__(
        self, data: GroundTruthData, encode: Encoder, *, rng: RNG = 0, batch_size: int = 256
    ) -> None:
        self.data = data
        self.sizes = data.sizes
        self._encode = encode
        self._rng = randomness.generator(rng)
        self._batch_size = batch_size
        kind = np.int32 if data.grid_size < 2**31 else np.int64
        self._place: NDArray[np.signedinteger[Any]] = np.full(data.grid_size, -1, kind)
        self._known = 0
        self._mean: NDArray[Any] | None = None
        self._logvar: NDArray[Any] | None = None

    def look_up(self, rows: NDArray[np.int64]) -> Lookup:
        """Return the codes of rows of the grid.

        Args:
            rows: positions in the grid, the last factor fastest, in any shape.
        """
        places = self._place[rows]
        if (places < 0).any():
            # A mask, for sorting a million rows takes longer than gathering their codes.
            wanted = np.zeros(len(self._place), np.bool_)
            wanted[rows[places < 0]] = True
            self._add(np.flatnonzero(wanted))
            places = self._place[rows]
        assert self._mean is not None
        logvar = None if self._logvar is None else self._logvar[: self._known]
        return Lookup(self._mean[: self._known], logvar, places.astype(np.int64, copy=False))

    def _add(self, rows: NDArray[np.int64]) -> None:
        """Encode rows of the grid (count,) that are not known yet."""
        for start in range(0, len(rows), self._batch_size):
            batch = rows[start : start + self._batch_size]
            images = self.data.images(self.data.grid_factors(batch), self._rng)
            mean, logvar = _encode(self._encode, self.data.as_input(images))
            if start == 0:
                count = self._known + len(rows)
                self._mean = self._with_room(self._mean, mean, count)
                if logvar is not None:
                    self._logvar = self._with_room(self._logvar, mean, count)
            place = slice(self._known, self._known + len(batch))
            assert self._mean is not None
            self._mean[place] = mean
            if self._logvar is not None:
                self._logvar[place] = logvar
            self._place[batch] = np.arange(place.start, place.stop)
            self._known = place.stop

    def _with_room(self, kept: NDArray[Any] | None, like: NDArray[Any], count: int) -> NDArray[Any]:
        """Return an array with room for at least `count` rows, those of `kept` first."""
        if kept is not None and len(kept) >= count:
            return kept
        if kept is not None:  # half as much again, so that many small questions copy little
            count = min(max(count, len(kept) * 3 // 2), len(self._place))
        room = np.empty((count, like.shape[1]), like.dtype)
        if kept is not None:
            room[: self._known] = kept[: self._known]
        return room


def _encode(encode: Encoder, images: Any) -> tuple[NDArray[Any], NDArray[Any] | None]:
    encoded = encode(images)
    parts = encoded if isinstance(encoded, tuple) else (encoded, None)
    if len(parts) != 2:
        raise ValueError(f"expected an encoder of codes or (mean, logvar), got {len(parts)} arrays")
    mean, logvar = (None if part is None else as_array(part, "codes") for part in parts)
    assert mean is not None
    for name, array in (("codes", mean), ("logvar", logvar)):
        if array is not None and (array.ndim != 2 or len(array) != named.length(images)):
            raise ValueError(
                f"expected {name} of shape ({named.length(images)}, dims) from the encoder, "
                f"got {array.shape}"
            )
    if logvar is not None and logvar.shape != mean.shape:
        raise ValueError(
            f"expected a logvar of the mean's shape {mean.shape} from the encoder, "
            f"got {logvar.shape}"
        )
    return mean, logvar
