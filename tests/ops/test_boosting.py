import numpy as np
import pytest
from sklearn.ensemble import GradientBoostingClassifier, GradientBoostingRegressor

from disentlib.ops import gradient_boosting


def mixed(seed, samples, classes, *, noise=0.3):
    """Codes that tell about a factor: well, a little, not at all, and by a few whole numbers."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, classes, samples)
    labels[:classes] = np.arange(classes)
    codes = np.stack(
        [
            labels / classes + noise * rng.normal(size=samples),
            labels % 3 + rng.normal(size=samples),
            rng.normal(size=samples),
            rng.integers(0, 5, samples) + (labels % 2),
        ],
        axis=1,
    )
    return codes.astype(np.float32), labels


@pytest.mark.parametrize(
    ("samples", "classes", "change"),
    [
        (300, 2, None),
        (300, 3, None),
        (200, 20, None),
        (1200, 4, None),
        (300, 3, "rounded"),
        (300, 2, "rounded"),
        (300, 3, "constant"),
        (300, 4, "gap"),
    ],
)
def test_classification_matches_scikit_learn(samples, classes, change):
    codes, labels = mixed(0, samples, classes)
    if change == "rounded":
        codes = np.round(2 * codes)
    if change == "constant":
        codes[:, 1] = 0.1
    if change == "gap":
        labels = 5 - 3 * labels
    ours = gradient_boosting(codes, labels)
    theirs = GradientBoostingClassifier(random_state=0).fit(codes, labels)
    np.testing.assert_allclose(ours.importances, theirs.feature_importances_, atol=0.02)
    assert np.mean(ours.fitted == theirs.predict(codes)) >= 0.99
    np.testing.assert_array_equal(ours.predict(codes), ours.fitted)
    np.testing.assert_allclose(
        ours.probabilities(codes), theirs.predict_proba(codes), atol=0.15 if classes < 20 else 0.5
    )
    fresh, _ = mixed(1, samples, classes)
    # Codes that split a node equally well take turns in both; so do two seeds of scikit-learn.
    other = GradientBoostingClassifier(random_state=1).fit(codes, labels).predict(fresh)
    agreement = np.mean(other == theirs.predict(fresh))
    assert np.mean(ours.predict(fresh) == theirs.predict(fresh)) >= agreement - 0.05


def test_regression_matches_scikit_learn():
    rng = np.random.default_rng(0)
    codes = rng.normal(size=(1500, 4)).astype(np.float32)
    targets = 1e3 + 50 * np.sin(codes[:, 0]) + 20 * codes[:, 1] * codes[:, 2]
    ours = gradient_boosting(codes, targets, continuous=True)
    theirs = GradientBoostingRegressor(random_state=0).fit(codes, targets)
    # Where two codes part the same samples, fits agree and only fresh samples may not.
    np.testing.assert_allclose(ours.fitted, theirs.predict(codes), rtol=1e-9)
    np.testing.assert_allclose(ours.importances, theirs.feature_importances_, atol=0.002)


def test_one_code_leaves_no_choice():
    rng = np.random.default_rng(0)
    codes = rng.normal(size=(900, 1)).astype(np.float32)
    fresh = rng.normal(size=(500, 1)).astype(np.float32)
    targets = np.sin(3 * codes[:, 0]) + 0.1 * rng.normal(size=900)
    theirs = GradientBoostingRegressor(random_state=0).fit(codes, targets)
    ours = gradient_boosting(codes, targets, continuous=True)
    np.testing.assert_allclose(ours.predict(fresh), theirs.predict(fresh), rtol=1e-9)
    labels = np.digitize(targets, [-0.5, 0.5])
    theirs = GradientBoostingClassifier(random_state=0).fit(codes, labels)
    ours = gradient_boosting(codes, labels)
    np.testing.assert_allclose(
        ours.probabilities(fresh), theirs.predict_proba(fresh), rtol=1e-6, atol=1e-9
    )


def best_gain(codes, targets):
    """Return the largest decrease of the squared error that one split makes, by trying them all."""
    best = -1.0
    for column in codes.T:
        order = np.argsort(column)
        left = np.cumsum(targets[order])[:-1]
        n = np.arange(1, len(column))
        right = targets.sum() - left
        gains = left**2 / n + right**2 / (len(column) - n) - targets.sum() ** 2 / len(column)
        gains = gains[np.diff(column[order]) > 0]
        best = max(best, gains.max(initial=-1.0))
    return best


@pytest.mark.parametrize("kind", ["many values", "few values", "ties", "one heavy value"])
def test_no_split_gains_more_than_the_chosen_ones(kind):
    rng = np.random.default_rng(3)
    samples = 1100
    codes = rng.normal(size=(samples, 3))
    if kind == "few values":
        codes = np.round(codes * 3)
    if kind == "ties":
        codes = np.round(codes * 200)
    if kind == "one heavy value":
        codes[rng.random((samples, 3)) < 0.4] = 0.25
    labels = np.digitize(codes[:, 0] + codes[:, 1] + rng.normal(size=samples), [-1, 0, 1.5])
    model = gradient_boosting(codes, labels, stages=3)
    truth = np.eye(4)[labels]
    scores = np.tile(model.baseline, (samples, 1))
    total = np.zeros(3)
    for stage in range(3):
        odds = np.exp(scores)
        residuals = truth - odds / odds.sum(axis=1, keepdims=True)
        for k in range(4):
            tree = 4 * stage + k
            place = np.zeros(samples, int)
            for node in range(7):
                inside = place == node
                column, threshold = model.columns[tree, node], model.thresholds[tree, node]
                right = inside & (codes[:, column] > threshold)
                left = inside & ~right
                if np.isfinite(threshold):
                    targets = residuals[:, k]
                    gain = targets[inside].var() * inside.sum()
                    gain -= targets[left].var() * left.sum() + targets[right].var() * right.sum()
                    total[column] += gain
                    assert gain == pytest.approx(best_gain(codes[inside], targets[inside]))
                place[left] = 2 * node + 1
                place[right] = 2 * node + 2
            for leaf in range(7, 15):
                inside = place == leaf
                if inside.any():
                    r = residuals[inside, k]
                    step = 0.1 * 3 / 4 * r.sum() / (abs(r) * (1 - abs(r))).sum()
                    assert model.leaves[tree, leaf - 7] == pytest.approx(step)
                    scores[inside, k] += step
    np.testing.assert_allclose(model.scores(codes), scores)
    # Codes that part a small node equally share what one of them is given here.
    np.testing.assert_allclose(model.importances, total / total.sum(), atol=1e-3)


@pytest.mark.parametrize("threads", [2, 5])
def test_threads_strides_and_dtype_change_no_bit(threads):
    codes, labels = mixed(0, 3000, 5)
    one = gradient_boosting(codes, labels, threads=1, stages=20)
    fields = ("importances", "fitted", "columns", "thresholds", "leaves")
    layouts = [
        codes.astype(np.float64),
        np.asfortranarray(codes),
        np.repeat(codes, 2, axis=1)[:, ::2],
    ]
    for layout in layouts:
        many = gradient_boosting(layout, labels.astype(np.uint8), threads=threads, stages=20)
        for field in fields:
            np.testing.assert_array_equal(getattr(one, field), getattr(many, field))
        np.testing.assert_array_equal(
            one.scores(codes, threads=1), many.scores(layout, threads=threads)
        )


def test_a_power_of_two_as_scale_changes_no_importance():
    codes, labels = mixed(0, 600, 3)
    small = gradient_boosting(codes * np.float32(2**-40), labels)
    np.testing.assert_array_equal(small.importances, gradient_boosting(codes, labels).importances)


def test_the_order_of_samples_does_not_matter():
    codes, labels = mixed(0, 600, 3)
    order = np.random.default_rng(0).permutation(600)
    one = gradient_boosting(codes, labels)
    other = gradient_boosting(codes[order], labels[order])
    np.testing.assert_allclose(one.importances, other.importances, rtol=1e-9)


def test_equal_codes_share_the_credit():
    codes, labels = mixed(0, 300, 3)
    alone = gradient_boosting(codes, labels, stages=20).importances
    twice = gradient_boosting(np.hstack([codes, codes * [1, -1, 2, 0.5]]), labels, stages=20)
    np.testing.assert_allclose(twice.importances, np.tile(alone / 2, 2), rtol=1e-12)


@pytest.mark.parametrize("kind", ["classes", "two classes", "rounded", "real"])
def test_order_sign_and_names_do_not_matter(kind):
    codes, labels = mixed(0, 500, 2 if kind == "two classes" else 4)
    if kind == "rounded":
        codes = np.round(2 * codes)
    continuous = kind == "real"
    one = gradient_boosting(codes, labels, continuous=continuous)
    order, signs = [2, 0, 3, 1], np.float32([1, -4, -0.5, 2])
    names = labels if continuous else np.array([3, 0, 7, 1])[labels]
    other = gradient_boosting((codes * signs)[:, order], names, continuous=continuous)
    np.testing.assert_allclose(other.importances, one.importances[order], rtol=1e-9)
    if not continuous:
        assert (other.fitted == np.array([3, 0, 7, 1])[one.fitted]).all()


def test_more_columns_than_a_block_holds():
    rng = np.random.default_rng(0)
    codes = rng.normal(size=(150, 300)).astype(np.float32)
    labels = (codes[:, 290] > 0) + 0
    model = gradient_boosting(codes, labels, stages=5)
    assert model.importances[290] == pytest.approx(1.0)
    assert (model.fitted == labels).all()


def test_no_gain_at_first_is_no_obstacle():
    grid = np.array([[a, b] for a in (0, 1) for b in (0, 1)] * 10, float)
    labels = (grid[:, 0] != grid[:, 1]).astype(int)
    assert (gradient_boosting(grid, labels).fitted == labels).all()


def test_neighbouring_floats_are_told_apart():
    codes = np.array([[1.0], [np.nextafter(1.0, 2)]] * 4)
    labels = np.array([0, 1] * 4)
    assert (gradient_boosting(codes, labels).predict(codes) == labels).all()


def test_an_outvoted_sample_does_not_overflow():
    codes = np.r_[np.zeros(500), np.ones(3)][:, None]
    labels = np.r_[np.zeros(499), 1, 1, 2, 0].astype(int)
    model = gradient_boosting(codes, labels, stages=2000)
    probabilities = model.probabilities(codes)
    assert np.isfinite(probabilities).all()
    np.testing.assert_allclose(probabilities[0], [499 / 500, 1 / 500, 0], atol=1e-3)


@pytest.mark.parametrize("samples", [2, 10])
def test_few_samples(samples):
    rng = np.random.default_rng(0)
    codes = rng.normal(size=(samples, 3))
    labels = np.arange(samples) % 2
    assert (gradient_boosting(codes, labels).fitted == labels).all()
    values = rng.normal(size=samples)
    fitted = gradient_boosting(codes, values, continuous=True, stages=400).fitted
    np.testing.assert_allclose(fitted, values, atol=1e-6)


def test_nothing_to_learn():
    codes = np.random.default_rng(0).normal(size=(6, 2))
    alone = gradient_boosting(codes, np.full(6, 4))
    assert (alone.importances == 0).all()
    assert (alone.predict(codes[:1]) == 4).all()
    assert (alone.probabilities(codes) == 1).all()
    constant = gradient_boosting(codes, np.full(6, 0.1), continuous=True)
    assert (constant.importances == 0).all()
    np.testing.assert_allclose(constant.predict(codes), 0.1)
    blind = gradient_boosting(np.ones((6, 2)), [0, 0, 0, 0, 1, 2])
    assert (blind.importances == 0).all()
    assert (blind.fitted == 0).all()


def test_bad_input_is_named():
    codes, labels = mixed(0, 20, 2)
    with pytest.raises(ValueError, match="train_codes"):
        gradient_boosting(np.where(codes > 1, np.nan, codes), labels)
    with pytest.raises(TypeError, match="whole numbers in factor 0"):
        gradient_boosting(codes, labels + 0.5)
    with pytest.raises(ValueError, match="shape"):
        gradient_boosting(codes, labels[:, None])
    with pytest.raises(ValueError, match="got 19 and 20"):
        gradient_boosting(codes, labels[1:])
    with pytest.raises(ValueError, match="got 19 and 20"):
        gradient_boosting(codes, labels[1:] + 0.5, continuous=True)
    with pytest.raises(ValueError, match="depth"):
        gradient_boosting(codes, labels, depth=0)
    with pytest.raises(ValueError, match="expected 4 codes, got 3"):
        gradient_boosting(codes, labels).predict(codes[:, 1:])
    with pytest.raises(ValueError, match="real-valued"):
        gradient_boosting(codes, labels + 0.5, continuous=True).probabilities(codes)
