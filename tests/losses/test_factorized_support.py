"""Hausdorff factorized support against hand-worked values and plain loops, gradients included."""

import itertools

import numpy as np
import pytest
import tensorflow as tf

from disentlib.losses import factorized_support as support

KEY = tf.constant([0, 1])
DIAGONAL = [[0, 0], [1, 1]]
SQUARE = [[0, 0], [0, 1], [1, 0], [1, 1]]
THREE = [[0, 0, 0], [1, 1, 2], [2, 0, 1]]


def distance(points, matching="hard", temperature=1.0):
    codes = tf.constant(points, tf.float32)
    pairs = support.draw_pairs(codes.shape[1], 25, KEY)
    value = support.support_distance(
        codes, pairs, matching=matching, temperatures=(temperature, temperature), key=KEY
    )
    return float(value)


def by_loops(points):
    points = np.asarray(points, float)
    rows = range(len(points))
    total = 0.0
    for i, j in itertools.combinations(range(points.shape[1]), 2):
        total += max(
            min(
                (points[a, i] - points[n, i]) ** 2 + (points[b, j] - points[n, j]) ** 2
                for n in rows
            )
            for a in rows
            for b in rows
        )
    return total


@pytest.mark.parametrize(
    ("points", "matching", "temperature", "expected"),
    [
        (DIAGONAL, "hard", 1.0, 1),
        (DIAGONAL, "hard_mean", 1.0, 1),
        (DIAGONAL, "soft_full_min", 1.0, 0.757584),
        (DIAGONAL, "soft_full_min", 0.1, 0.999955),
        (SQUARE, "hard", 1.0, 0),
        (SQUARE, "hard_mean", 1.0, 0),
        (SQUARE, "soft_full_min", 1.0, 0.537883),
        (SQUARE, "soft_full_min", 0.1, 0.000091),
        (THREE, "hard", 1.0, 3),
        (THREE, "soft_full_min", 1.0, 2.715363),
        (THREE, "soft_full_min", 0.1, 2.999900),
    ],
)
def test_the_golden_values(points, matching, temperature, expected):
    assert distance(points, matching, temperature) == pytest.approx(expected, abs=1e-6, rel=1e-5)


def test_a_plain_loop_agrees():
    points = np.random.default_rng(0).normal(size=(9, 4))
    assert distance(points) == pytest.approx(by_loops(points), rel=1e-5)


@pytest.mark.parametrize("matching", ["hard", "hard_mean", "soft_full_min", "soft_single_min"])
def test_gradients_are_those_of_finite_differences(matching):
    rng = np.random.default_rng(1)
    codes = tf.Variable(rng.normal(size=(6, 3)), dtype=tf.float64)
    pairs = support.draw_pairs(3, 25, KEY)

    def value():
        return support.support_distance(codes, pairs, matching=matching)

    with tf.GradientTape() as tape:
        loss = value()
    gradient = tape.gradient(loss, codes).numpy()
    for row, column in itertools.product(range(6), range(3)):
        change = np.zeros((6, 3))
        change[row, column] = 1e-6
        codes.assign_add(change)
        up = float(value())
        codes.assign_sub(2 * change)
        down = float(value())
        codes.assign_add(change)
        assert gradient[row, column] == pytest.approx((up - down) / 2e-6, abs=1e-5)


@pytest.mark.parametrize("matching", support.MATCHINGS)
def test_chunks_change_nothing(matching, monkeypatch):
    points = np.random.default_rng(2).normal(size=(10, 3))
    whole = distance(points, matching)
    monkeypatch.setattr(support, "CHUNK_ELEMENTS", 3 * 10 * 10 * 3)  # 3 rows of 10
    chunked = distance(points, matching)
    if matching == "probabilistic":  # other draws
        assert chunked == pytest.approx(whole, rel=0.5)
    else:
        assert chunked == pytest.approx(whole, rel=1e-6)


def test_soft_matchings_approach_the_hard_one():
    points = np.random.default_rng(3).normal(size=(12, 3))
    assert distance(points, "soft_full_min", 1e-3) == pytest.approx(distance(points), rel=1e-3)
    assert distance(points, "soft_single_min", 1e-3) == pytest.approx(distance(points), rel=1e-3)


def test_pairs_are_distinct_and_change_with_the_key():
    pairs = support.draw_pairs(10, 25, KEY).numpy()
    assert len({tuple(pair) for pair in pairs}) == 25
    assert (pairs[:, 0] < pairs[:, 1]).all()
    assert not np.array_equal(pairs, support.draw_pairs(10, 25, KEY + 1))
    assert len(support.draw_pairs(4, 25, KEY)) == 6


def test_nothing_to_factorise_costs_nothing():
    assert distance([[1.0], [2.0]]) == 0
    assert distance([[1.0, 2.0]]) == 0


def test_scale_losses_are_taken_over_the_batch():
    codes = tf.constant([[0.0, 0.2], [0.5, 0.4]])
    assert float(support.minimal_support(codes)) == pytest.approx(0.5 + 0.6 + 0.2)
    expected = (1 - np.sqrt(codes.numpy().var(axis=0) + 1e-6)).sum()
    assert float(support.minimal_variance(codes)) == pytest.approx(expected, rel=1e-5)


def test_a_large_batch_fits():
    codes = tf.random.stateless_normal((512, 10), KEY)
    pairs = support.draw_pairs(10, 25, KEY)
    with tf.GradientTape() as tape:
        tape.watch(codes)
        value = support.support_distance(codes, pairs)
    assert float(value) > 0
    assert np.isfinite(tape.gradient(value, codes)).all()


def test_mistakes_are_named():
    with pytest.raises(ValueError, match="matching must be one of hard"):
        distance(DIAGONAL, "soft")
    with pytest.raises(ValueError, match="needs a key"):
        support.support_distance(tf.zeros((2, 2)), tf.constant([[0, 1]]), matching="probabilistic")


def with_temperatures(points, matching, inner, outer, key=KEY):
    codes = tf.constant(points, tf.float32)
    pairs = tf.constant([[0, 1]])
    return float(
        support.support_distance(
            codes, pairs, matching=matching, temperatures=(inner, outer), key=key
        )
    )


def weighted(values, scores, *, largest_alone):
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights /= weights.sum(axis=-1, keepdims=True)
    if not largest_alone:
        return (weights * values).sum(axis=-1)
    at = weights.argmax(axis=-1)[..., None]
    return np.take_along_axis(weights * values, at, axis=-1)[..., 0]


@pytest.mark.parametrize("matching", ["soft_full_min", "soft_full_max", "soft_single_min"])
def test_min_and_max_have_a_temperature_each(matching):
    points = np.random.default_rng(3).normal(size=(7, 2))
    first, second = ((column[:, None] - column) ** 2 for column in points.T)
    distances = first[:, None] + second[None]  # (a, b, n)
    alone = "single" in matching
    sign = 1 if matching.endswith("max") else -1
    nearest = weighted(distances, sign * distances / 0.3, largest_alone=alone).ravel()
    expected = weighted(nearest, nearest / 2.0, largest_alone=alone)
    assert with_temperatures(points, matching, 0.3, 2.0) == pytest.approx(expected, rel=1e-5)


def test_draws_are_as_many_as_in_the_paper_and_follow_their_temperatures():
    corner = [[0, 0], [0, 1], [1, 0]]  # nearest distances: 1 from (1, 1), 0 elsewhere
    keys = [tf.constant([0, n]) for n in range(100)]
    # The nearest exactly: each of 20 draws is 0 or 1, and (1, 1) is 1 of 9 combinations.
    outer = np.array([with_temperatures(corner, "probabilistic", 1e-4, 2.0, key) for key in keys])
    np.testing.assert_allclose(outer * 20, np.round(outer * 20), atol=1e-4)
    share = np.exp(0.5) / (np.exp(0.5) + 8)
    assert np.mean(outer) == pytest.approx(share, abs=4 * np.sqrt(share * (1 - share) / 2000))
    # The farthest exactly: all 20 draws are one combination, a mean of 5 whole distances.
    inner = np.array([with_temperatures(corner, "probabilistic", 1e4, 1e-4, key) for key in keys])
    np.testing.assert_allclose(inner * 5, np.round(inner * 5), atol=1e-4)
    assert np.any(np.abs(inner - np.round(inner)) > 0.1)
