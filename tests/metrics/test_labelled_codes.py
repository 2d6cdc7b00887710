"""Codes, factors, names, kinds and test rows are checked once, and then go everywhere."""

import numpy as np
import pytest

from disentlib import metrics
from disentlib.metrics import LabelledCodes
from disentlib.visualization import save_score_figures


def draw(samples=300, seed=0):
    rng = np.random.default_rng(seed)
    factors = np.column_stack([rng.integers(0, 3, samples), rng.normal(size=samples)])
    return factors[:, [1, 0]] + 0.1 * rng.normal(size=factors.shape), factors


def labelled(**options):
    options = {"continuous": [False, True], "factor_names": ["kind", "angle"]} | options
    return LabelledCodes(*draw(), **options)


def test_they_score_as_their_arrays_do():
    names = {"code_names": ["a", "b"], "factor_names": ["kind", "angle"]}
    kinds = {"continuous": [False, True]}
    (codes, factors), test = draw(), draw(100, seed=1)
    whole = LabelledCodes(codes, factors, test=test, **names, **kinds)
    chosen = {"metrics": ["mig", "affine_mcc", "gaussian_total_correlation"], "repeats": 2}
    expected = metrics.evaluate(codes, factors, test=test, **names, **kinds, **chosen)
    table = metrics.evaluate(whole, **chosen)
    assert table.to_json() == expected.to_json()
    assert len(table) == 3
    assert {row.test_samples for row in table} == {0, 100}


def test_they_are_diagnosed_as_their_arrays_are():
    codes, factors = draw()
    codes[0, 0] = 1e6
    for given in ({"code_names": ["a", "b"]}, {}):
        whole = LabelledCodes(codes, factors, continuous=[False, True], **given)
        expected = metrics.diagnose(codes, factors, continuous=[False, True], **given)
        assert metrics.diagnose(whole) == expected
        assert len(expected) > 0
    assert len(metrics.diagnose(LabelledCodes(codes))) == 1


def test_they_are_drawn(tmp_path):
    paths = save_score_figures(labelled(), None, tmp_path)
    assert len(paths) == 7
    with pytest.raises(ValueError, match="expected factors to draw codes against, got None"):
        save_score_figures(LabelledCodes(draw()[0]), None, tmp_path)


def test_nothing_goes_beside_them():
    for given in (
        {"factors": draw()[1]},
        {"continuous": [False, True]},
        {"continuous": True},
        {"factor_names": ["x", "y"]},
        {"code_names": ["x", "y"]},
    ):
        (name,) = given
        for function in (metrics.evaluate, metrics.diagnose):
            with pytest.raises(TypeError, match=f"alone, which holds {name}, got {name} beside"):
                function(labelled(), **given)
    with pytest.raises(TypeError, match="expected LabelledCodes alone, which holds test"):
        metrics.evaluate(labelled(), test=draw())


def test_what_it_holds():
    codes = labelled(test=draw(50, seed=1))
    assert len(codes) == 300
    assert codes.continuous == (False, True)
    assert codes.factors.dtype == np.float64
    assert (codes.code_names, codes.names_of_codes) == (None, ["z0", "z1"])
    assert codes.names_of_factors == ["kind", "angle"]
    assert codes.factor_sizes() == [3, 0]
    rows = np.array([3, 1])
    part = codes.rows(rows)
    np.testing.assert_array_equal(part.codes, codes.codes[rows])
    np.testing.assert_array_equal(part.factors, codes.factors[rows])
    assert part.test is None
    assert len(codes.test[0]) == 50
    second = codes.with_factors(np.array([False, True]))
    assert (second.names_of_factors, second.continuous) == (["angle"], (True,))
    np.testing.assert_array_equal(second.factors, codes.factors[:, 1:])
    np.testing.assert_array_equal(second.test[1], codes.test[1][:, 1:])
    unnamed = LabelledCodes(*draw(), continuous=True).with_factors(np.array([False, True]))
    assert unnamed.names_of_factors == ["factor 1"]
    constant = LabelledCodes(draw()[0], np.ones((300, 2)), continuous=[False, True])
    assert constant.factor_sizes() == [1, 1]
    alone = LabelledCodes(draw()[0])
    assert (alone.factors, alone.factor_sizes(), alone.rows(rows).factors) == (None, [], None)


def test_words_are_numbered_alike_in_test_rows():
    codes = LabelledCodes(np.eye(3), ["b", "a", "c"], test=(np.eye(3)[:2], ["c", "b"]))
    assert codes.factors.tolist() == [[1], [0], [2]]
    assert codes.test[1].tolist() == [[2], [1]]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"code_names": ["a"]}, "expected 2 code names, got 1"),
        ({"factor_names": ["a"]}, "expected 2 factor names, got 1"),
        ({"continuous": [True]}, r"one for each of \(2,\) factors, got \(1,\)"),
        ({"factors": None, "test": draw(5)}, "expected factors beside those of the test rows"),
        ({"factors": None, "factor_names": ["a"]}, "expected 0 factor names, got 1"),
        ({"test": (draw(5)[0], None)}, r"expected test as \(codes, factors\)"),
        ({"test": (draw(5)[0] + np.nan, draw(5)[1])}, "expected finite test codes"),
        ({"test": (draw(5)[0], draw(6)[1])}, "as many rows of test factors as of codes"),
        ({"codes": draw(5)[0]}, "as many rows of factors as of codes, got 300 and 5"),
    ],
)
def test_what_does_not_fit_is_refused(options, message):
    codes, factors = draw()
    given = {"codes": codes, "factors": factors, "continuous": [False, True]} | options
    with pytest.raises(ValueError, match=message):
        LabelledCodes(**given)
