import numpy as np
import pytest

from disentlib.metrics import dci_es
from disentlib.metrics.prediction.dci_es import explicitness_of

SIZES = (2, 4)


def sample(samples=400):
    rng = np.random.default_rng(0)
    factors = np.stack([rng.integers(0, size, samples) for size in SIZES], axis=1)
    codes = factors + 0.1 * rng.normal(size=factors.shape)
    return np.hstack([codes, rng.normal(size=(samples, 1))]), factors


@pytest.mark.parametrize(
    ("capacities", "losses", "expected"),
    [
        ([1, 2, 4], [0.5, 0.2, 0.3], 0.9),
        ([1, 2, 3], [1, 0.5, 0], 0),
        ([1, 2, 3], [1, 1, 0], -0.5),
        ([1, 5], [0.4, 0.4], 1),
    ],
)
def test_known_curves(capacities, losses, expected):
    assert explicitness_of(capacities, losses, 1.0) == pytest.approx(expected)


def test_plain_codes_are_more_explicit_than_twisted_ones():
    codes, factors = sample()
    options = {"depths": (1, 2, 4, 8), "trees": 10}
    plain = dci_es(codes, factors, **options)
    assert plain.disentanglement > 0.9
    assert plain.completeness > 0.9
    assert plain.informativeness > 0.95
    assert plain.size == pytest.approx(2 / 3)
    assert plain == dci_es(codes, factors, **options)
    assert all(type(score) is float for score in plain)
    # Every second value changes sign: one threshold no longer tells the first factor.
    turns = np.abs(codes[:, :1] * 8 + codes[:, 1:2])
    twisted = dci_es(np.hstack([turns % 3, turns % 5]), factors, **options)
    assert twisted.explicitness < plain.explicitness


def test_real_valued_factors():
    codes, _ = sample()
    found = dci_es(codes, codes[:, :2], continuous=True, depths=(1, 3, 9), trees=10)
    assert found.informativeness > 0.95
    assert -1 <= found.explicitness <= 1


def test_bad_input_is_named():
    codes, factors = sample(40)
    with pytest.raises(ValueError, match="rising depths"):
        dci_es(codes, factors, depths=(3,))
    with pytest.raises(ValueError, match="rising depths"):
        dci_es(codes, factors, depths=(3, 2))
    with pytest.raises(ValueError, match="got one in factor 1"):
        dci_es(codes, factors * [1, 0], depths=(1, 2), trees=2)
