"""Every finding on arrays that show it, and not on those that do not; figures by plain counting."""

import inspect
import json
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import spearmanr
from sklearn.metrics import mutual_info_score

from disentlib import metrics
from disentlib.metrics.diagnose import CHECKS
from disentlib.metrics.diagnosis import finding

SIZES = (3, 6, 8)
NAMES = ("shape", "scale", "x")


def clean(samples=5000, seed=0):
    rng = np.random.default_rng(seed)
    factors = np.stack([rng.integers(0, size, samples) for size in SIZES], axis=1)
    return factors + 0.1 * rng.normal(size=factors.shape), factors


def found(kind, codes, factors, **options):
    diagnosis = metrics.diagnose(codes, factors, factor_names=NAMES[: factors.shape[1]], **options)
    return [finding for finding in diagnosis if finding.kind == kind]


def test_nothing_found():
    diagnosis = metrics.diagnose(*clean())
    assert str(diagnosis) == "nothing found"
    assert len(diagnosis) == 0
    assert json.loads(diagnosis.to_json()) == diagnosis.to_dict() == {"findings": []}


@pytest.mark.parametrize("value", [1e6, -20.0])
def test_outliers(value):
    codes, factors = clean()
    codes[17, 1] = value
    (finding,) = found("outliers", codes, factors)
    assert finding.codes == (1,)
    z = np.sort(codes[:, 1])
    assert finding.figures["samples"] == 1
    assert finding.figures["range_of_others"] == (z[-6] - z[5]) / (z[-1] - z[0])
    squares = (codes[:, 1] - codes[:, 1].mean()) ** 2
    assert finding.figures["variance_share"] == pytest.approx(squares[17] / squares.sum())
    assert ("of its variance" in finding.sentence) == (value == 1e6)
    assert "1 sample of 5,000" in finding.sentence


def test_heavy_tails_are_outliers_and_usual_ones_are_not():
    rng = np.random.default_rng(0)
    _, factors = clean()
    for usual in (rng.normal, rng.laplace, rng.logistic):
        assert not found("outliers", usual(size=(5000, 20)), factors)
    (finding,) = found("outliers", rng.standard_cauchy(size=(5000, 1)), factors)
    assert finding.figures["samples"] > 1
    for few in (2, 20, 60):
        assert not found("outliers", rng.uniform(size=(few, 50)), factors[:few])


def test_a_third_of_the_range_is_left_to_the_others():
    codes, factors = clean()
    even = np.linspace(0, 1, 5000)
    for far, kept in ((3.5, 1 / 3.5), (2.9, None)):  # six samples on each side do not count
        codes[:, 1] = np.where(even > 0.9995, far, even)
        outliers = found("outliers", codes, factors)
        if kept is None:
            assert not outliers
        else:
            (finding,) = outliers
            assert finding.figures["range_of_others"] == pytest.approx(kept, rel=0.01)
            assert finding.figures["samples"] == (even > 0.9995).sum()
            assert "leave the others 6 bins of 20" in finding.sentence


def test_two_codes_are_enough_for_duplicates():
    codes, factors = clean()
    (finding,) = found("duplicate_codes", codes[:, [0, 0]] * [1, -1], factors)
    assert finding.codes == (0, 1)


def test_duplicate_codes():
    codes, factors = clean()
    more = np.column_stack([codes, np.exp(-codes[:, 0]), np.full(5000, 0.1), codes[:, 2] * 5])
    first, second = found("duplicate_codes", more, factors)
    assert (first.codes, second.codes) == ((0, 3), (2, 5))
    assert first.figures["rank_correlation"] == pytest.approx(1)
    near = codes[:, 0] + 0.2 * np.random.default_rng(1).normal(size=5000)
    assert abs(spearmanr(near, codes[:, 0]).statistic) < 0.99
    assert not found("duplicate_codes", np.column_stack([codes, near]), factors)


def test_correlated_factors():
    codes, factors = clean()
    copied = np.random.default_rng(1).random(5000) < 0.5
    factors[copied, 2] = factors[copied, 1]
    (finding,) = found("correlated_factors", codes, factors)
    assert finding.factors == (1, 2)
    shared = mutual_info_score(factors[:, 1], factors[:, 2])
    counts = np.bincount(factors[:, 1]) / 5000
    expected = shared / -(counts * np.log(counts)).sum()
    assert finding.figures["shared"] == pytest.approx(expected, abs=0.01)
    assert f"scale and x are correlated, one tells {finding.figures['shared']:.0%}" in str(finding)


@pytest.mark.parametrize("samples", [10, 200, 20_000])
def test_independent_factors_are_not_correlated(samples):
    for seed in range(5):
        assert not found("correlated_factors", *clean(samples, seed))


def test_a_group_of_correlated_factors_is_one_line():
    codes, factors = clean()
    rng = np.random.default_rng(1)
    near = np.column_stack([np.where(rng.random(5000) < p, factors[:, 2], 0) for p in (0.9, 0.5)])
    more = np.column_stack([factors, near])
    (finding,) = [f for f in metrics.diagnose(codes, more) if f.kind == "correlated_factors"]
    assert finding.factors == (2, 3, 4)
    assert finding.sentence.startswith("factor 2, factor 3 and factor 4 are correlated, one tells")
    assert "(factor 2 and factor 3)" in finding.sentence


def test_one_hot_factors_are_one_line():
    codes, factors = clean()
    shape, scale = (factors[:, [j]] == np.unique(factors[:, j]) for j in (0, 1))
    other = np.random.default_rng(1).random(5000) < 0.5
    # Another binary factor between the columns, which are not in order either.
    columns = np.column_stack([shape[:, 2], other, scale, shape[:, :2], factors[:, 2]]).astype(int)
    diagnosis = metrics.diagnose(codes, columns, factor_names=list("abcdefghijk"))
    assert [(finding.kind, finding.factors) for finding in diagnosis] == [
        ("one_hot_factors", (0, 8, 9)),
        ("one_hot_factors", (2, 3, 4, 5, 6, 7)),
    ]
    assert str(diagnosis).startswith("a, i and j are one factor of 3 values in one-hot form")
    columns[0, 0] = 1 - columns[0, 0]  # one row with none, or two
    kinds = {finding.factors: finding.kind for finding in metrics.diagnose(codes, columns)}
    assert kinds[0, 8, 9] == "correlated_factors"
    assert kinds[2, 3, 4, 5, 6, 7] == "one_hot_factors"


def test_unbalanced_factors():
    rng = np.random.default_rng(0)
    factors = np.stack(
        [
            rng.choice(10, 10_000, p=[0.95] + [0.05 / 9] * 9),
            rng.random(10_000) < 0.01,
            rng.integers(0, 40, 10_000),
            rng.choice(3, 10_000, p=[0.5, 0.3, 0.2]),
        ],
        axis=1,
    )
    diagnosis = metrics.diagnose(factors.astype(float), factors)
    (finding,) = [finding for finding in diagnosis if finding.kind == "unbalanced_factors"]
    assert finding.factors == (1, 0)
    counts = np.bincount(factors[:, 1])
    assert finding.figures == {"most": counts[0] / 10_000, "least": counts[1] / 10_000}
    share = f"{counts[0] / 10_000:.1%} of samples have factor 1 = 0"
    assert finding.sentence.startswith(f"factor 1 and factor 0 are unbalanced ({share}")


@pytest.mark.parametrize("samples", [50, 200, 1000, 20_000])
def test_even_factors_are_not_unbalanced(samples):
    for seed in range(5):
        assert not found("unbalanced_factors", *clean(samples, seed))


def test_codes_as_many_as_samples():
    rng = np.random.default_rng(0)
    noise, factors = rng.normal(size=(60, 300)), rng.integers(0, 3, (60, 2))
    (finding,) = found("many_codes", noise, factors)
    assert finding.figures == {"codes": 300, "samples": 60}
    assert metrics.info_mec(noise, factors).explicitness > 0.99  # of what is nothing but noise
    assert "300 codes of 60 samples" in finding.sentence
    assert not found("many_codes", noise[:, :20], factors)


def test_missing_combinations():
    codes, factors = clean()
    kept = ~((factors[:, 0] == 2) & (factors[:, 1] >= 4))
    (finding,) = found("missing_combinations", codes[kept], factors[kept])
    assert finding.factors == (0, 1)
    assert finding.figures == {"missing": 2, "combinations": 18}
    assert "shape = 2, scale = 4" in finding.sentence


def test_cells_that_chance_leaves_empty_are_not_missing():
    # One of 400 cells is as empty by chance as e^-10 from 16 samples a cell on.
    cells = np.indices((20, 20)).reshape(2, -1).T
    for each, expected in ((14, 0), (18, 1)):
        factors = np.delete(np.tile(cells, (each, 1)), np.arange(each) * 400 + 57, axis=0)
        assert len(found("missing_combinations", factors * 1.0, factors)) == expected


def test_missing_combinations_of_three_factors():
    codes, factors = clean()
    kept = ~(factors == [1, 2, 3]).all(axis=1)
    (finding,) = found("missing_combinations", codes[kept], factors[kept])
    assert finding.factors == (0, 1, 2)
    assert finding.figures == {"missing": 1, "combinations": 144}
    # With few samples, chance alone leaves as many out.
    assert not found("missing_combinations", *clean(500))


def test_few_samples():
    codes, factors = clean()
    kept = (factors[:, 2] < 6) | (np.arange(5000) < 100)
    (finding,) = found("few_samples", codes[kept], factors[kept])
    counts = np.bincount(factors[kept, 2])
    assert finding.factors == (2,)
    assert finding.figures == {"values": 8, "few": 2, "least": counts.min()}
    rarest = np.argsort(counts[6:], kind="stable") + 6
    assert f"({rarest[0]} has {counts[rarest[0]]} and {rarest[1]} has" in finding.sentence


def test_labels_that_look_real_valued():
    codes, factors = clean(1000)
    factors[:, 0] = np.random.default_rng(1).integers(0, 10**6, 1000)
    (finding,) = found("few_samples", codes, factors)
    assert "continuous=" in finding.sentence
    assert not found("few_samples", codes, factors, continuous=[True, False, False])


def test_constant_factor():
    codes, factors = clean()
    factors[:, 1] = 4
    (finding,) = found("constant_factor", codes, factors)
    assert finding.factors == (1,)
    assert finding.sentence == "scale has a single value: scores leave it out"


def test_plug_in_bias():
    codes, factors = clean(200)
    (finding,) = found("plug_in_bias", codes, factors, rng=3)
    assert finding.factors[0] == 2
    order = np.random.default_rng(3).permutation(200)
    shown, expected = [], []
    for z in codes.T:
        edges = np.linspace(z.min(), z.max(), 21)[1:-1]
        shown.append(mutual_info_score(np.digitize(z, edges), factors[order, 2]))
        expected.append((len(np.unique(np.digitize(z, edges))) - 1) * (8 - 1) / 400)
    assert finding.figures["shown"] == pytest.approx(np.mean(shown))
    # What to expect of independent labels: (bins - 1)(values - 1) / (2 samples).
    assert finding.figures["shown"] == pytest.approx(np.mean(expected), rel=0.3)


def test_dead_codes():
    codes, factors = clean()
    dead = np.float32(0.1) * np.ones((5000, 1), np.float32)
    dead[::2] = np.nextafter(dead[::2], np.float32(1))  # rounding, as encoders leave it
    more = np.concatenate([np.full((5000, 1), 7), codes, dead], axis=1, dtype=np.float32)
    (finding,) = found("dead_codes", more, factors)
    assert finding.codes == (0, 4)
    assert "z0 and z4 are constant" in finding.sentence


def test_unrelated_codes():
    codes, factors = clean()
    noise = np.random.default_rng(1).normal(size=(5000, 2))
    (finding,) = found("unrelated_codes", np.hstack([codes, noise]), factors)
    assert finding.codes == (3, 4)
    expected = metrics.modularity(noise, factors, protocol="locatello2019")
    assert finding.figures["reference_modularity"] == pytest.approx(expected)


def test_most_serious_first_and_as_data(tmp_path):
    codes, factors = clean()
    codes = np.column_stack([codes, codes[:, 0], np.zeros(5000)])
    codes[0, 1] = 1e9
    factors[:, 0] = 1
    diagnosis = metrics.diagnose(codes, factors)
    kinds = [finding.kind for finding in diagnosis]
    assert kinds == [
        "outliers",
        "duplicate_codes",
        "constant_factor",
        "dead_codes",
        "unrelated_codes",
    ]
    assert str(diagnosis).splitlines() == [finding.sentence for finding in diagnosis]
    text = diagnosis.to_json(tmp_path / "diagnosis.json")
    assert json.loads((tmp_path / "diagnosis.json").read_text()) == json.loads(text)
    assert json.loads(text) == diagnosis.to_dict()
    assert diagnosis.to_dict()["findings"][1]["codes"] == [0, 3]


def test_real_valued_factors():
    rng = np.random.default_rng(0)
    factors = rng.uniform(size=(5000, 2))
    assert len(metrics.diagnose(factors, factors, continuous=True)) == 0
    factors[:, 1] += factors[:, 0]
    assert found("correlated_factors", factors, factors, continuous=True)
    factors = rng.uniform(size=(20_000, 2))
    holes = factors[~((factors[:, 0] < 0.3) & (factors[:, 1] > 0.8))]
    (finding,) = found("missing_combinations", holes, holes, continuous=True)
    assert "shape = bin" in finding.sentence


def test_few_of_everything():
    for samples in (2, 3, 20):
        for codes in (np.zeros((samples, 1)), np.arange(2.0 * samples).reshape(samples, 2)):
            for factors in (np.zeros((samples, 1), int), np.arange(samples)[:, None]):
                assert len(str(metrics.diagnose(codes, factors))) > 0


def test_bad_arrays_are_rejected():
    codes, factors = clean(50)
    with pytest.raises(TypeError, match=r"whole numbers in factor 0, got .*continuous=True"):
        metrics.diagnose(codes, factors + 0.5)
    masked = np.ma.masked_array(factors, factors == 0)
    with pytest.raises(ValueError, match=rf"got {masked.mask.sum()} masked"):
        metrics.diagnose(codes, masked)
    mixed = factors + np.array([0.5, 0.25, 0.0])
    with pytest.raises(TypeError, match="expected whole numbers in factor 1, got"):
        metrics.diagnose(codes, mixed, continuous=[True, False, False])
    with pytest.raises(ValueError, match="discrete factors that are not negative, got -1"):
        metrics.diagnose(codes, factors - [0, 0, 1.0], continuous=[True, False, False])
    with pytest.raises(ValueError, match="continuous to be a bool or one for each"):
        metrics.diagnose(codes, factors, continuous=[True, False])
    with pytest.raises(ValueError, match="as many rows of factors as of codes, got 49 and 50"):
        metrics.diagnose(codes, factors[1:].astype(float), continuous=True)
    with pytest.raises(ValueError, match="expected finite codes"):
        metrics.diagnose(np.full((50, 2), np.nan), factors)
    with pytest.raises(ValueError, match="expected 3 factor names, got 2"):
        metrics.diagnose(codes, factors, factor_names=["a", "b"])


def test_each_check_is_a_file_that_names_what_it_finds():
    files = {path.stem for path in Path(finding.__file__).parent.glob("*.py")}
    names = [check.__name__ for check in CHECKS]
    assert files - {"__init__", "examined", "finding", "wording"} == set(names)
    for check in CHECKS:
        assert check.__module__ == f"disentlib.metrics.diagnosis.{check.__name__}"
        assert f'Finding("{check.__name__}"' in inspect.getsource(check).replace("\n", "").replace(
            " ", ""
        )


def test_the_documentation_names_every_check():
    scoring = (Path(metrics.__file__).parents[2] / "docs/scoring.md").read_text(encoding="utf-8")
    assert not [check.__name__ for check in CHECKS if f"`{check.__name__}`" not in scoring]
