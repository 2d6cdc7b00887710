"""FactorVAE score against a plain loop, and its own promises."""

import numpy as np
import pytest

from disentlib import data, metrics
from disentlib.metrics.intervention.interventions import ArrayTable
from disentlib.metrics.protocol import CodeTable


@pytest.fixture(scope="module")
def arrays():
    rng = np.random.default_rng(0)
    factors = np.stack([rng.integers(0, size, 3000) for size in (3, 4, 6)], axis=1)
    codes = factors / [3, 4, 6] + 0.2 * rng.normal(size=factors.shape)
    return codes @ np.linalg.qr(rng.normal(size=(3, 3)))[0], factors


def test_plain_loop(arrays):
    codes, factors = arrays
    rng = np.random.default_rng(1)
    scale = codes.var(axis=0, ddof=1)
    votes = np.zeros((3, 3))
    for _ in range(3000):
        k = rng.integers(3)
        rows = np.flatnonzero(factors[:, k] == rng.integers(factors[:, k].max() + 1))
        local = codes[rng.choice(rows, 64)].var(axis=0, ddof=1)
        votes[k, (local / scale).argmin()] += 1
    expected = votes.max(axis=0).sum() / 3000
    found = metrics.factor_vae_score(ArrayTable(codes, factors))
    assert found.accuracy == pytest.approx(expected, abs=0.03)


def test_dead_codes_are_pruned_and_counted(arrays):
    codes, factors = arrays
    more = np.hstack([np.full((3000, 1), 0.1), codes, np.full((3000, 1), 1e6)])
    for threshold in (0.0, 0.05):
        found = metrics.factor_vae_score(ArrayTable(more, factors), threshold=threshold)
        assert found.active_codes == 3
        assert found.accuracy > 0.4
    nothing = metrics.factor_vae_score(ArrayTable(np.zeros((3000, 2)), factors))
    assert nothing == (0.0, 0.0, 0.0)


def test_the_threshold_is_of_the_deviation_or_of_the_variance(arrays):
    _, factors = arrays
    codes = 0.1 * factors / factors.std(axis=0)
    options = {"protocol": "locatello2019", "train_votes": 100, "test_votes": 100}
    assert metrics.factor_vae_score(ArrayTable(codes, factors), **options).active_codes == 3
    with pytest.warns(metrics.PrunedCodesWarning, match="all 3 codes are pruned: .* variance bel"):
        found = metrics.factor_vae_score(ArrayTable(codes, factors), prune_on="variance", **options)
    assert found == (0.0, 0.0, 0.0)
    # Var(mean) is 0.01 of 0.17, its root 0.24 of the deviation of samples.
    table = ArrayTable(codes, factors, logvar=np.full(codes.shape, np.log(0.16)))
    for threshold, on_std, on_variance in ((0.05, 3, 3), (0.1, 3, 0), (0.3, 0, 0)):
        for prune_on, expected in (("std", on_std), ("variance", on_variance)):
            found = metrics.factor_vae_score(table, prune_on=prune_on, threshold=threshold)
            assert found.active_codes == expected


def test_the_scale_of_no_code_matters(arrays):
    codes, factors = arrays
    logvar = np.log([0.01, 0.01, 1e6]) + np.zeros_like(codes)
    expected = metrics.factor_vae_score(ArrayTable(codes, factors, logvar=logvar))
    assert expected.active_codes == 2
    for scale in (0.01, 1e-200, 1e200, np.array([1.0, 1e-3, 1e200])):
        changed = ArrayTable(codes * scale, factors, logvar=logvar + 2 * np.log(scale))
        assert metrics.factor_vae_score(changed, batch=64) == expected


def test_codes_without_posteriors_are_pruned_beside_the_median_code(arrays):
    codes, factors = arrays
    expected = metrics.factor_vae_score(ArrayTable(codes, factors))
    for scale in (0.01, 1e-200, 1e200):
        assert metrics.factor_vae_score(ArrayTable(codes * scale, factors)) == expected
    for scale, active in (([1, 1, 0.001], 2), ([1, 1, 1000], 3)):
        assert metrics.factor_vae_score(ArrayTable(codes * scale, factors)).active_codes == active


def test_a_code_that_is_constant_but_for_rounding_wins_no_vote(arrays):
    codes, factors = arrays
    nearly = np.full((3000, 1), 0.1)
    nearly[0] += np.spacing(0.1)
    expected = metrics.factor_vae_score(ArrayTable(codes, factors))
    found = metrics.factor_vae_score(ArrayTable(np.hstack([codes, nearly]), factors))
    assert found == expected


def test_the_protocol_prunes_codes_as_they_are_and_says_so(arrays):
    codes, factors = arrays
    options = {"protocol": "locatello2019", "train_votes": 100, "test_votes": 100}
    with pytest.warns(metrics.PrunedCodesWarning, match="all 3 codes are pruned: .* standard dev"):
        found = metrics.factor_vae_score(ArrayTable(codes * 0.01, factors), **options)
    assert found == (0.0, 0.0, 0.0)
    with pytest.warns(metrics.PrunedCodesWarning, match="code 2 of 3 is pruned: locatello2019"):
        found = metrics.factor_vae_score(ArrayTable(codes * [1, 1, 0.01], factors), **options)
    assert found.active_codes == 2


def test_factors_of_a_single_value_do_not_matter(arrays):
    codes, factors = arrays
    more = np.insert(factors, 1, 7, axis=1)
    expected = metrics.factor_vae_score(ArrayTable(codes, factors), rng=3)
    assert metrics.factor_vae_score(ArrayTable(codes, more), rng=3) == expected
    constant = metrics.factor_vae_score(ArrayTable(codes, np.ones((3000, 1), int)))
    assert np.isnan(constant.accuracy)


def test_sampled_codes_are_noisier_than_their_mean():
    sprites = data.DSpritesRendered()

    def encode(images):
        ys, xs = (np.linspace(-1, 1, 64), np.linspace(-1, 1, 64))
        mass = images[..., 0].sum(axis=(1, 2))
        x = (images[..., 0].sum(axis=1) * xs).sum(axis=1) / mass
        y = (images[..., 0].sum(axis=2) * ys).sum(axis=1) / mass
        mean = np.stack([x, y, mass / 500], axis=1)
        return mean, np.full_like(mean, 2 * np.log(0.3))

    table = CodeTable(sprites, encode, batch_size=4096)
    options = {"train_votes": 300, "test_votes": 300, "variance_samples": 500, "batch": 16}
    mean = metrics.factor_vae_score(table, **options)
    sampled = metrics.factor_vae_score(table, sampled=True, **options)
    assert sampled.accuracy < mean.accuracy
    assert sampled == metrics.factor_vae_score(table, sampled=True, **options)
    codes_alone = CodeTable(sprites, lambda images: encode(images)[0], batch_size=4096)
    with pytest.raises(ValueError, match="expected an encoder of"):
        metrics.factor_vae_score(codes_alone, sampled=True, **options)


def test_what_it_refuses(arrays):
    with pytest.raises(TypeError, match="expected a CodeTable or ArrayTable, got ndarray"):
        metrics.factor_vae_score(arrays[0])
    with pytest.raises(ValueError, match="expected a batch of at least 2, got 1"):
        metrics.factor_vae_score(ArrayTable(*arrays), batch=1)
    with pytest.raises(ValueError, match=r"expected prune_on as one of .* got 'range'"):
        metrics.factor_vae_score(ArrayTable(*arrays), prune_on="range")
