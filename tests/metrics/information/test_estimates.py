"""The estimates that scores of information share."""

import sys

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm
from sklearn.metrics import adjusted_mutual_info_score

from disentlib import metrics, ops
from disentlib.metrics.information.estimates import (
    adjusted,
    default_bins,
    estimate,
    information_between_codes,
    mean,
    top_two,
)


def draw(samples=500):
    rng = np.random.default_rng(0)
    factors = np.stack([rng.integers(0, size, samples) for size in (3, 7, 12)], axis=1)
    return factors + rng.normal(size=factors.shape), factors


def test_adjustment_is_scikit_learns():
    codes, factors = draw()
    found = estimate(codes, factors)
    labels = ops.discretise(codes, int(found.bins[0]), rule="quantile")
    entropies = ops.entropy(factors)
    for j, code in enumerate(labels.T):
        for i, factor in enumerate(factors.T):
            # Their norm is a mean of both entropies, never larger than the factor's here.
            least = adjusted_mutual_info_score(factor, code, average_method="min")
            norm = min(entropies[i], ops.entropy(code))
            assert norm == pytest.approx(entropies[i])
            assert found.mutual_information[j, i] == pytest.approx(max(least, 0) * norm, abs=1e-9)


def test_what_is_significant():
    codes, factors = draw(5000)
    assert (estimate(codes, factors).significant == np.eye(3, dtype=bool)).all()
    noise = np.random.default_rng(1).normal(size=(5000, 200))
    assert not estimate(noise, factors).significant.any()
    assert estimate(noise, factors, bins=20).significant.all()


def test_no_more_is_shared_than_there_is():
    _, factors = draw(50)
    for codes in (factors, -factors, np.zeros((50, 2))):
        found = estimate(codes, factors)
        assert (found.mutual_information >= 0).all()
        assert (found.mutual_information <= found.factor_entropy).all()


def test_labels_that_differ_in_every_sample_share_nothing():
    labels = np.arange(100)[:, None]
    found = estimate(np.concatenate([labels, labels], axis=1)[:4], labels[:4])
    assert not found.mutual_information.any()


@pytest.mark.parametrize(
    ("values", "samples", "bins"), [(3, 10_000, 21), (40, 10_000, 81), (40, 200, 39), (2, 2, 3)]
)
def test_default_bins(values, samples, bins):
    assert default_bins(values, samples) == bins


RARE = [0.95] + [0.05 / 9] * 9  # of 10,000 samples, nine values have a few tens


def unbalanced(samples=10_000, factors=2, chances=RARE, seed=0):
    return np.random.default_rng(seed).choice(len(chances), (samples, factors), p=chances)


def share_by_quadrature(chances, noise):
    """I / H(factor) of y + noise N(0, 1), where y is k with the k-th chance."""

    def log_loss(z):
        joint = np.array([p * norm.pdf(z, k, noise) for k, p in enumerate(chances)])
        joint = joint[joint > 0]
        return -(joint * np.log(joint / joint.sum())).sum()

    spots = np.arange(len(chances))
    left = quad(log_loss, -8 * noise, spots[-1] + 8 * noise, points=spots, limit=500)[0]
    return 1 + left / (chances * np.log(chances)).sum()


def shares_of_noisy(chances, noise, samples, seeds, change=lambda z: z, **options):
    figures = []
    for seed in range(seeds):
        y = unbalanced(samples, 1, chances, seed)
        z = y + noise * np.random.default_rng(100 + seed).normal(size=y.shape)
        figures.append(estimate(change(z), y, **options).shares()[0, 0])
    return np.mean(figures)


@pytest.mark.parametrize("q", [0.005, 0.02, 0.05, 0.3, 0.5])
def test_noisy_codes_of_rare_values_share_what_quadrature_says(q):
    chances = np.array([1 - q, q])
    truth = share_by_quadrature(chances, 0.3)
    known = {0.005: 0.689, 0.02: 0.744, 0.05: 0.776, 0.3: 0.820, 0.5: 0.824}
    assert truth == pytest.approx(known[q], abs=5e-4)
    assert shares_of_noisy(chances, 0.3, 20_000, 12) == pytest.approx(truth, abs=0.02)


@pytest.mark.parametrize(
    ("chances", "noise"),
    [
        (RARE, 0.3),
        ([0.8] + [0.2 / 9] * 9, 0.3),
        (RARE[1:5] + RARE[:1] + RARE[5:], 0.3),  # rare on both sides
        ([0.495, 0.01, 0.495], 0.2),  # rare in the middle
        ([0.4975, 0.005, 0.4975], 0.3),
    ],
)
def test_rare_values_anywhere(chances, noise):
    truth = share_by_quadrature(np.array(chances), noise)
    assert shares_of_noisy(chances, noise, 20_000, 3) == pytest.approx(truth, abs=0.02)


@pytest.mark.parametrize(
    "change",
    [
        lambda z: -z,
        lambda z: z**3,
        lambda z: np.exp(5 * z),
        lambda z: z.argsort(axis=0).argsort(axis=0),
    ],
)
@pytest.mark.parametrize("q", [0.005, 0.05])
def test_monotone_maps_of_codes_keep_rare_values(change, q):
    truth = share_by_quadrature(np.array([1 - q, q]), 0.3)
    share = shares_of_noisy([1 - q, q], 0.3, 20_000, 6, change)
    assert share == pytest.approx(truth, abs=0.04)
    assert share > shares_of_noisy([1 - q, q], 0.3, 20_000, 6, estimator="quantile")


def least(name, **options):
    """A score of information as a function of codes and factors: its least figure."""
    return lambda z, y: np.min(metrics.SCORES[name].function(z, y, **options))


OF_INFORMATION = [
    name
    for name, score in metrics.SCORES.items()
    if score.function.__module__.startswith("disentlib.metrics.information.")
    and not score.needs_encoder
]
ON_UNBALANCED = {name: least(name) for name in OF_INFORMATION if name != "med"} | {
    "med": lambda z, y: min(metrics.med(z, y)[:2]),  # the others are a predictor's
    "mig_sup of codes": least("mig_sup", normaliser="code"),
    "info_mec of neighbours": least("info_mec", estimator="neighbours"),
    "mig of neighbours": least("mig", estimator="neighbours"),
    "mutual information": lambda z, y: (
        metrics.mutual_information_score(z[:, [0, 0]]) / ops.entropy(y[:, 0])
    ),
}


def test_scores_of_information_are_recognised():
    assert {"mig", "mig_sup", "rmig", "dcimig", "jemmig", "modularity", "med", "top_k_med"} <= set(
        OF_INFORMATION
    )
    assert "info_mec" in OF_INFORMATION


@pytest.mark.parametrize("score", ON_UNBALANCED.values(), ids=ON_UNBALANCED)
def test_perfect_codes_of_unbalanced_factors(score):
    y = unbalanced()
    assert score(y.astype(float), y) > 0.98


def test_perfect_codes_of_any_discrete_factor():
    rng = np.random.default_rng(0)
    zipf = 1 / np.arange(1, 101)
    for chances, samples in ((RARE, 10_000), (zipf / zipf.sum(), 30_000)):
        y = unbalanced(samples, 2, chances)
        order = rng.permutation(len(chances))
        narrow = order[y] + 0.02 * rng.normal(size=y.shape)
        for z in (y.astype(np.float32), order[y], narrow, np.exp(narrow / 5), narrow**3):
            assert metrics.mig(z, y) > 0.98
            assert metrics.modularity(z, y) > 0.98
    narrow[:3] = [[1e9], [-1e9], [1e300]]
    assert metrics.mig(narrow, y) > 0.98


@pytest.mark.parametrize(("samples", "above"), [(70_000, 100), (70_000, 30), (10_000, 25)])
def test_one_threshold_tells_a_rare_value(samples, above):
    rng = np.random.default_rng(0)
    codes = np.column_stack([np.sort(rng.exponential(size=samples)), rng.normal(size=samples)])
    factor = (np.arange(samples) >= samples - above)[:, None].astype(int)
    for side in (codes, -codes, np.exp(codes)):
        assert metrics.mig(side, factor) > 0.98


def test_scores_of_gaps_say_different_things():
    """One code of both factors, and two equal codes of each: what each docstring says it is not."""
    factors = np.indices((4, 5)).reshape(2, -1).T.repeat(100, axis=0)
    rng = np.random.default_rng(0)
    both = np.column_stack([factors @ [5, 1], rng.normal(size=len(factors))])
    assert metrics.mig(both, factors) > 0.98
    assert metrics.mig_sup(both, factors) < 0.2
    assert metrics.dcimig(both, factors) < 0.2
    assert metrics.jemmig(both, factors) < 0.85
    twice = factors[:, [0, 0, 1, 1]]
    assert metrics.mig(twice, factors) == pytest.approx(0, abs=1e-9)
    for score in (metrics.mig_sup, metrics.dcimig, metrics.modularity):
        assert score(twice, factors) > 0.98
    assert metrics.med(twice, factors).completeness < 0.6
    assert metrics.mig_sup(factors[:, :1], factors) > 0.98
    assert metrics.rmig(both, factors) == metrics.mig(both, factors)


def test_balanced_factors_are_estimated_at_quantiles():
    codes, factors = draw(2000)
    factors[:, 1] = codes[:, 1] > np.sort(codes[:, 1])[-50]
    rare, even = estimate(codes, factors[:, 1:2]), estimate(codes, factors[:, ::2])
    both = estimate(codes, factors)
    quantiles = estimate(codes, factors, estimator="quantile")
    np.testing.assert_array_equal(
        both.mutual_information[:, ::2], quantiles.mutual_information[:, ::2]
    )
    assert both.mutual_information[1, 1] > quantiles.mutual_information[1, 1]
    np.testing.assert_array_equal(both.code_entropy, quantiles.code_entropy)
    assert (even.bins[0], rare.bins[0]) == (25, 21)


@pytest.mark.parametrize("chances", [[0.5, 0.5], [0.1] * 10, [0.98, 0.02], [0.995, 0.005], RARE])
def test_independent_codes_share_nothing_on_average(chances):
    for samples, codes in ((10_000, 200), (1000, 1000)):
        y = unbalanced(samples, 1, chances)
        noise = np.random.default_rng(1).normal(size=(samples, codes))
        found = adjusted(noise, y, default_bins(len(chances), samples))
        shares = found.mutual_information[:, 0] / found.factor_entropy
        assert abs(shares.mean()) < max(0.003, 4 * shares.std() / np.sqrt(codes))
        assert found.significant.mean() <= 0.002


def test_top_two():
    best, second = top_two(np.array([[3.0, 1.0], [2.0, 5.0], [0.0, 5.0]]), axis=0)
    np.testing.assert_array_equal([best, second], [[3, 5], [2, 5]])
    best, second = top_two(np.array([[3.0, 1.0]]), axis=0)
    np.testing.assert_array_equal([best, second], [[3, 1], [0, 0]])


def test_the_mean_of_nothing():
    assert np.isnan(mean(np.array([])))
    assert type(mean(np.array([1.0, 2.0]))) is float


def worked_example():
    a = np.repeat([0, 1], 6)
    b = np.array([0, 0, 1, 1, 2, 2] * 2)
    codes = np.array(
        [[0, 0, 0, 0, 1, 1, 3, 3, 3, 3, 2, 2], [0, 0, 1, 1, 3, 3, 0, 1, 1, 1, 3, 2], [0, 1] * 6]
    ).T
    return codes, np.stack([a, b], axis=1)


def test_miller_madow():
    codes, factors = worked_example()
    plain, corrected = (
        estimate(codes, factors, bins=4, correction=correction)
        for correction in ("none", "miller_madow")
    )
    expected = [[0.73481385, 0.63651417], [0.01113524, 0.93177795], [-0.04166667, -0.08333333]]
    np.testing.assert_allclose(corrected.mutual_information, np.clip(expected, 0, None), atol=1e-8)
    np.testing.assert_allclose(
        corrected.factor_entropy, plain.factor_entropy + np.array([1, 2]) / 24
    )
    np.testing.assert_allclose(
        corrected.code_entropy[:, 0], plain.code_entropy[:, 0] + np.array([3, 3, 1]) / 24
    )


def test_what_shuffling_shows_is_its_exact_mean():
    codes, factors = worked_example()
    rng = np.random.default_rng(0)
    shuffled = [
        estimate(codes, rng.permutation(factors), bins=4, correction="none").mutual_information
        for _ in range(500)
    ]
    chance = ops.information(codes, factors, bins=4, chance=True).chance
    expected = [[0.17531093, 0.35376361], [0.17292788, 0.33745496], [0.04798413, 0.10543294]]
    np.testing.assert_allclose(chance, expected, atol=1e-8)
    np.testing.assert_allclose(np.mean(shuffled, axis=0), chance, atol=0.02)
    score = metrics.mig(codes, factors, estimator="width", bins=4, correction="shuffle")
    assert score == pytest.approx(0.6732328233801631, abs=1e-12)


@pytest.mark.parametrize("correction", ["miller_madow", "shuffle"])
def test_corrections_take_the_bias_of_independent_codes(correction):
    rng = np.random.default_rng(0)
    factors = rng.integers(0, 20, (1000, 2))
    codes = rng.uniform(size=(1000, 50))
    plain, corrected = (
        estimate(codes, factors, bins=10, correction=kind).mutual_information.mean()
        for kind in ("none", correction)
    )
    assert plain == pytest.approx(9 * 19 / 2000, rel=0.1)
    assert corrected < 0.15 * plain


def test_shuffled_neighbours():
    rng = np.random.default_rng(0)
    factors = np.column_stack([rng.integers(0, 3, 200), rng.normal(size=200)])
    codes = np.column_stack([factors + 0.1 * rng.normal(size=factors.shape), rng.normal(size=200)])
    options = {"continuous": (False, True), "estimator": "neighbours", "correction": "shuffle"}
    found = estimate(codes, factors, **options)
    np.testing.assert_array_equal(found.significant, np.eye(3, 2, dtype=bool))
    assert found.shares()[2] == pytest.approx([0, 0], abs=0.2)
    assert metrics.modularity(codes, factors, **options) > 0.98
    assert found.factor_entropy[1] == np.inf


@pytest.mark.parametrize("estimator", ["quantile", "width", "neighbours"])
def test_every_score_takes_every_estimator(estimator):
    rng = np.random.default_rng(0)
    factors = rng.integers(0, 5, (3000, 3))
    codes = factors[:, [1, 0, 2]] + 0.1 * rng.normal(size=factors.shape)
    noise = rng.normal(size=(3000, 4))
    for score in (metrics.mig, metrics.mig_sup, metrics.rmig, metrics.dcimig):
        assert score(codes, factors, estimator=estimator) > 0.9
        assert score(noise, factors, estimator=estimator) < 0.03
    assert metrics.modularity(codes, factors, estimator=estimator) > 0.98
    assert metrics.med(codes, factors, estimator=estimator).disentanglement > 0.9
    assert metrics.top_k_med(codes, factors, estimator=estimator).completeness > 0.9
    independent = metrics.mutual_information_score(noise, estimator=estimator)
    assert independent < 0.08
    assert metrics.mutual_information_score(codes[:, [0, 0]], estimator=estimator) > 1


def test_information_of_gaussians():
    rng = np.random.default_rng(0)
    for correlation in (0.3, 0.8):
        turn = [[1, correlation], [0, np.sqrt(1 - correlation**2)]]
        x = rng.normal(size=(5000, 2)) @ turn
        truth = -0.5 * np.log(1 - correlation**2)
        options = {"continuous": True, "estimator": "neighbours"}
        found = estimate(x[:, :1], x[:, 1:], **options)
        assert found.mutual_information[0, 0] == pytest.approx(truth, abs=0.04)
        assert metrics.mig(x[:, :1], x[:, 1:], **options) == pytest.approx(correlation**2, abs=0.05)
        # Cut into 21 bins something is lost.
        assert estimate(x[:, :1], x[:, 1:], continuous=True).mutual_information[
            0, 0
        ] == pytest.approx(truth, abs=0.05)
        assert information_between_codes(x, estimator="neighbours")[0, 1] == pytest.approx(
            truth, abs=0.04
        )


def test_real_valued_factors_are_cut_as_codes_are():
    rng = np.random.default_rng(0)
    factors = np.column_stack([rng.integers(0, 4, 500), rng.normal(size=(500, 2))])
    codes = rng.normal(size=(500, 2)) + factors[:, 1:]
    for options, rule, bins in (({}, "quantile", 21), ({"bins": 7}, "width", 7)):
        mixed = estimate(codes, factors, continuous=(False, True, True), **options)
        cut = ops.discretise(factors[:, 1:], bins, rule=rule)
        reals = estimate(codes, cut, estimator=rule, bins=bins)
        discrete = estimate(codes, factors[:, :1].astype(int), **options)
        for part, alone in ((slice(1), discrete), (slice(1, 3), reals)):
            np.testing.assert_array_equal(
                mixed.mutual_information[:, part], alone.mutual_information
            )
            np.testing.assert_array_equal(mixed.factor_entropy[part], alone.factor_entropy)
            np.testing.assert_array_equal(mixed.code_entropy[:, part], alone.code_entropy)
            np.testing.assert_array_equal(mixed.bins[part], alone.bins)
            np.testing.assert_array_equal(mixed.significant[:, part], alone.significant)


def test_options_that_do_not_go_together():
    codes, factors = draw(50)
    for options, message in (
        ({"estimator": "kernel"}, "estimator as one of"),
        ({"correction": "jackknife"}, "correction as one of"),
        ({"estimator": "neighbours", "bins": 3}, "no bins for neighbours, got 3"),
        ({"estimator": "neighbours", "correction": "miller_madow"}, "bins for miller_madow"),
    ):
        with pytest.raises(ValueError, match=message):
            estimate(codes, factors, **options)
        with pytest.raises(ValueError, match=message):
            metrics.mutual_information_score(codes, **options)
    for score, options in (
        (metrics.jemmig, {}),
        (metrics.dcimig, {"continuous": True}),
        (metrics.mig_sup, {"normaliser": "code"}),
    ):
        with pytest.raises(ValueError, match="bins"):
            score(codes, factors, estimator="neighbours", **options)


@pytest.mark.parametrize(("few", "values"), [(2, 2), (2, 5), (4, 3)])
def test_the_deviation_of_chance_is_that_of_shuffled_samples(few, values, monkeypatch):
    rng = np.random.default_rng(0)
    codes = rng.integers(few, size=(1000, 1)).astype(float)
    factors = rng.integers(values, size=(1000, 1))
    seen = []

    def beyond_chance(information, chance, deviation, entropy):
        seen.append(float(deviation[0, 0]))
        return information, np.ones_like(information, bool)

    monkeypatch.setattr(sys.modules[estimate.__module__], "_beyond_chance", beyond_chance)
    estimate(codes, factors)
    shuffled = [
        ops.mutual_information(codes, rng.permutation(factors), bins=few)[0, 0] for _ in range(2000)
    ]
    assert seen[0] == pytest.approx(np.std(shuffled), rel=0.15)
