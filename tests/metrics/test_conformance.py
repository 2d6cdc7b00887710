"""Every score in one table: what holds for all of them is tested for all of them."""

import inspect
import re
import warnings
from dataclasses import dataclass
from pathlib import Path
from types import FunctionType

import ml_dtypes
import numpy as np
import pytest

from disentlib import metrics
from disentlib.metrics import SCORES, ArrayTable, PrunedCodesWarning, ScaleWarning


@dataclass(frozen=True)
class Property:
    """What a score promises beyond the common promises.

    Attributes:
        perfect: its value for codes that are the factors; None where that is no question.
        floor: an upper bound of its value for codes of noise, 10,000 samples and 10 dims.
        scale_free: whether the scale of codes does not matter.
        counts_codes: whether its definition counts codes, dead ones included.
        quantities: whether factors are taken as quantities, so that names of values matter.
        slack: how far ties, batches or the best of several useless codes may take it.
        binned: how far from 1 perfect codes of real-valued factors may be, as these are binned.
    """

    perfect: float | None = 1.0
    floor: float | tuple[float, ...] | None = 0.01
    scale_free: bool = True
    counts_codes: bool = False
    quantities: bool = False
    slack: float = 0.0
    binned: float = 0.03


# Scores that are not listed make the common promises alone.
SPECIAL = {
    # Informativeness: chance, and what trees learn by heart. Completeness has base dims.
    "dci": Property(floor=(0.01, 0.01, 0.13, 0.7), counts_codes=True),
    # Completeness has base dims; logistic regressions on one code tell few values apart.
    "med": Property(perfect=None, floor=(0.01, 0.01, 0.13, 0.14), counts_codes=True),
    # Lines between values cannot tell those in the middle for certain; no samples are held back.
    "info_mec": Property(perfect=None, floor=(0.01, 0.02, 0.01)),
    "mutual_information_score": Property(perfect=0.0, counts_codes=True),
    "gaussian_total_correlation": Property(perfect=0.0),
    "gaussian_wasserstein_correlation": Property(perfect=None, floor=None, scale_free=False),
    "gaussian_wasserstein_correlation_norm": Property(perfect=0.0),
    "sap": Property(floor=0.02, slack=0.03),
    # One line a value cannot tell values in the middle of a code for certain.
    "explicitness": Property(perfect=None, floor=0.52),
    "irs": Property(floor=0.06, binned=0.08),
    "mcc": Property(floor=0.03, quantities=True),
    "affine_mcc": Property(floor=0.03, quantities=True),
    "weak_mcc": Property(floor=0.03, quantities=True),
    # The product of supports is what it measures; batches are cut in the order given.
    "factorized_support": Property(perfect=None, floor=None, slack=1.5),
}
PROPERTIES = {name: SPECIAL.get(name, Property()) for name in SCORES}
ARRAY_SCORES = [name for name in PROPERTIES if not SCORES[name].needs_encoder]
SUPERVISED = [name for name in ARRAY_SCORES if SCORES[name].needs_factors]

OF_QUANTITIES = [name for name in SUPERVISED if not SCORES[name].discrete_only]

# Public functions that are no scores.
OTHERS = {
    "cluster_accuracy",
    "compare_seed_stability",
    "dci_es",  # a score, but one of minutes
    "diagnose",
    "downstream_task",
    "evaluate",
    "evaluate_encoder",
    "fairness",
    "model_centrality",
    "reduced_downstream_task",
    "seed_stability",
    "strong_downstream_task",
    "udr",
    "unified_scores",
}


def draw(samples=2000, seed=0):
    rng = np.random.default_rng(seed)
    factors = np.stack([rng.integers(0, size, samples) for size in (3, 4, 6)], axis=1)
    codes = factors + 0.7 * rng.normal(size=factors.shape)
    mixed = codes[:, :1] + codes[:, 1:2]
    return np.concatenate([codes, mixed], axis=1), factors


def take(name, codes, factors, **options):
    score = SCORES[name]
    arrays = (codes, factors) if score.needs_factors else (codes,)
    if score.intervenes:
        # Merged, so that there are rows that agree in all factors but one.
        arrays = (ArrayTable(codes, factors, factor_bins=3),)
    elif score.posteriors:
        deviation = 0.3 * (codes / 2).std(axis=0, dtype=np.longdouble) * 2
        logvar = np.broadcast_to((2 * np.log(deviation)).astype(float), codes.shape)
        arrays = (codes, logvar, factors)
    return score.function(*arrays, **options)


def figures(value):
    return np.array(value if isinstance(value, tuple) else [value])


def test_every_public_score_is_here():
    public = {
        name
        for name, value in vars(metrics).items()
        if isinstance(value, FunctionType) and not name.startswith("_")
    }
    assert public - OTHERS == set(SCORES), "export it in metrics/__init__, describe it by @score"
    assert set(SPECIAL) <= set(SCORES)
    assert public >= OTHERS


def test_every_file_of_a_score_has_a_test_of_its_name():
    tests = Path(__file__).parent
    files = {Path(inspect.getfile(score.function)) for score in SCORES.values()}
    wanted = {tests / path.parent.name / f"test_{path.name}" for path in files}
    assert not [str(path.relative_to(tests)) for path in wanted if not path.exists()]


@pytest.mark.parametrize("name", SCORES)
def test_functions_take_what_the_table_gives_them(name):
    score = SCORES[name]
    parameters = inspect.signature(score.function).parameters
    positional = [p.name for p in parameters.values() if p.kind is p.POSITIONAL_OR_KEYWORD]
    arrays = ["mean", "logvar"] if score.posteriors else ["codes"]
    assert positional == (
        ["table"] if score.intervenes else arrays + ["factors"] * score.needs_factors
    )
    assert not score.fits or {"test", "rng"} <= set(parameters)
    assert not score.intervenes or {"sampled", "rng"} <= set(parameters)
    assert not score.posteriors or {"codes", "rng"} <= set(parameters)
    assert score.function.__doc__.count("Returns:") == 1
    assert re.search(r"\((1[89]|20)\d\d\)", score.paper), f"{name} refers to no paper"


@pytest.mark.parametrize("name", ARRAY_SCORES)
@pytest.mark.parametrize("samples", [1000, 10_000])
def test_perfect_codes(name, samples):
    rng = np.random.default_rng(0)
    factors = np.stack([rng.integers(0, size, samples) for size in (3, 6, 40, 32, 32)], axis=1)
    expected = PROPERTIES[name].perfect
    if expected is not None:
        codes = factors[:, [4, 2, 0, 1, 3]] * [1.0, -2.0, 0.1, 1e3, 1.0] + 5
        np.testing.assert_allclose(
            figures(take(name, codes, factors)),
            expected,
            atol=max(20 / samples, PROPERTIES[name].slack),
        )


@pytest.mark.parametrize("name", ARRAY_SCORES)
def test_noise(name):
    rng = np.random.default_rng(0)
    factors = np.stack([rng.integers(0, size, 10_000) for size in (3, 6, 40, 32, 32)], axis=1)
    codes = rng.normal(size=(10_000, 10))
    if PROPERTIES[name].floor is not None:
        assert (figures(take(name, codes, factors)) <= PROPERTIES[name].floor).all()


@pytest.mark.parametrize("name", OF_QUANTITIES)
@pytest.mark.parametrize("continuous", [True, (False, True, True)])
def test_real_valued_factors(name, continuous):
    rng = np.random.default_rng(0)
    values = rng.integers(0, 4, 2000)
    factors = np.column_stack([values, rng.normal(size=2000), rng.uniform(5, 6, 2000)])
    if continuous is True:
        factors[:, 0] += rng.uniform(size=2000)
    codes = factors[:, [2, 0, 1]] * [-3.0, 1.0, 100.0]
    found = figures(take(name, codes, factors, continuous=continuous))
    if PROPERTIES[name].perfect is not None:
        np.testing.assert_allclose(
            found, 1, atol=max(PROPERTIES[name].binned, PROPERTIES[name].slack)
        )
    noise = figures(take(name, rng.normal(size=(2000, 3)), factors, continuous=continuous))
    assert (noise <= np.maximum(0.1, PROPERTIES[name].floor) + 0.2 * (found.size > 2)).all()


@pytest.mark.parametrize("name", OF_QUANTITIES)
def test_real_valued_factors_that_do_not_fit_are_rejected(name):
    codes, factors = draw(50)
    with pytest.raises(ValueError, match=r"one for each of \(3,\) factors, got \(2,\)"):
        take(name, codes, factors, continuous=[True, False])
    with pytest.raises(TypeError, match=r"in factor 1, got \S+5 in row 0: is it continuous\?"):
        take(name, codes, factors + 0.5, continuous=[True, False, True])
    with pytest.raises(ValueError, match="expected finite factors"):
        take(name, codes, factors + np.nan, continuous=True)


@pytest.mark.parametrize("name", ARRAY_SCORES)
def test_answers_are_floats(name):
    value = take(name, *draw(100))
    for figure in value if isinstance(value, tuple) else [value]:
        assert type(figure) is float


@pytest.mark.parametrize("name", ARRAY_SCORES)
def test_order_and_sign_of_codes_do_not_matter(name):
    codes, factors = draw()
    expected = figures(take(name, codes, factors))
    for changed in (codes[:, [2, 0, 3, 1]], codes * [1, -1, -1, 1]):
        np.testing.assert_allclose(figures(take(name, changed, factors)), expected, atol=1e-9)


SCALES = [1e-300, 1e-200, 1e-6, 0.01, 1e6, 1e200, 1e300]


@pytest.mark.parametrize("name", PROPERTIES)
def test_scale_and_offset_of_codes_do_not_matter(name):
    codes, factors = draw()
    if not PROPERTIES[name].scale_free:
        expected = take(name, codes, factors)
        assert take(name, codes + 1e6, factors) == pytest.approx(expected, rel=1e-6)
        return
    if not SCORES[name].needs_factors:
        codes = codes[:, :3]  # the fourth is the sum of two, so that determinants are 0
    expected = figures(take(name, codes, factors))
    for changed in (
        codes + 1e6,
        codes - [1e6, -1e6, 3e6, 7][: codes.shape[1]],
        *(codes * scale for scale in SCALES),
        *(codes * scale + scale for scale in SCALES),
    ):
        np.testing.assert_allclose(figures(take(name, changed, factors)), expected, atol=1e-5)


@pytest.mark.parametrize("name", [name for name in PROPERTIES if SCORES[name].reference])
def test_where_a_protocol_hangs_on_the_scale_it_says_so(name):
    codes, factors = draw()
    protocol = {"protocol": "locatello2019"}
    expected = figures(take(name, codes, factors, **protocol))
    for changed in (codes + 1e6, *(codes * scale for scale in SCALES)):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            if name == "dci" and changed.max() > 1e39:
                with pytest.raises(ValueError, match="within the range of float32, to which loc"):
                    take(name, changed, factors, **protocol)
                continue
            found = figures(take(name, changed, factors, **protocol))
        if not {warning.category for warning in caught} & {ScaleWarning, PrunedCodesWarning}:
            np.testing.assert_allclose(found, expected, atol=0.01)


@pytest.mark.parametrize("name", OF_QUANTITIES)
def test_scale_and_offset_of_real_valued_factors_do_not_matter(name):
    codes, factors = draw(1000)
    factors = factors + np.random.default_rng(1).uniform(size=factors.shape)
    expected = figures(take(name, codes, factors, continuous=True))
    for changed in (factors + 1e6, factors * 1e-200, factors * 1e200):
        found = figures(take(name, codes, changed, continuous=True))
        np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize("name", ARRAY_SCORES)
def test_order_of_samples_does_not_matter(name):
    codes, factors = draw()
    order = np.random.default_rng(1).permutation(len(codes))
    np.testing.assert_allclose(
        figures(take(name, codes[order], factors[order])),
        figures(take(name, codes, factors)),
        # Another order is another split.
        atol=max(0.05 if SCORES[name].fits else 1e-9, PROPERTIES[name].slack),
    )


@pytest.mark.parametrize("name", SUPERVISED)
def test_names_of_values_and_order_of_factors_do_not_matter(name):
    codes, factors = draw()
    expected = figures(take(name, codes, factors))
    renamed = np.array([5, 90, 7, 1, 0, 33])[factors]
    for changed in (factors[:, [2, 0, 1]], factors + 1000, factors.astype(np.uint8)):
        np.testing.assert_allclose(figures(take(name, codes, changed)), expected, atol=1e-9)
    if not PROPERTIES[name].quantities:
        atol = max(1e-9, PROPERTIES[name].slack)
        np.testing.assert_allclose(figures(take(name, codes, renamed)), expected, atol=atol)


@pytest.mark.parametrize("name", ARRAY_SCORES)
def test_precision_and_memory_do_not_matter(name):
    codes, factors = draw()
    codes = codes.astype(np.float32)
    expected = figures(take(name, codes, factors))
    tolerance = 0.01 if SCORES[name].bins else 1e-5  # float32 edges may lie on the other side
    for changed, atol in (
        (np.asfortranarray(codes), 1e-9),
        (np.repeat(codes, 2, axis=0)[::2], 1e-9),
        (codes.astype(np.float64), tolerance),
    ):
        np.testing.assert_allclose(
            figures(take(name, changed, np.asfortranarray(factors))), expected, atol=atol
        )


@pytest.mark.parametrize("name", ARRAY_SCORES)
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_codes_that_are_not_finite_are_rejected(name, bad):
    codes, factors = draw(50)
    codes[3, 1] = bad
    with pytest.raises(ValueError, match=r"expected finite codes, got (nan|inf) at \(3, 1\)"):
        take(name, codes, factors)


@pytest.mark.parametrize("name", SUPERVISED)
def test_bad_factors_are_rejected(name):
    codes, factors = draw(50)
    with pytest.raises(TypeError, match=r"whole numbers in factor 0, got .*continuous=True"):
        take(name, codes, factors + 0.5)
    with pytest.raises(ValueError, match=r"finite factors, got nan at \(7, 1\): leave rows"):
        take(name, codes, np.where(np.arange(150).reshape(50, 3) == 22, np.nan, factors))
    with pytest.raises(ValueError, match="expected factors that are not negative, got -1"):
        take(name, codes, factors - 1)
    with pytest.raises(ValueError, match="as many rows of factors as of codes, got 49 and 50"):
        take(name, codes, factors[1:])
    with pytest.raises(ValueError, match=r"expected factors of shape .*got \(50, 3, 1\)"):
        take(name, codes, factors[..., None])
    with pytest.raises(ValueError, match="factors without masked values, got 20 masked"):
        take(name, codes, np.ma.masked_array(factors, np.arange(150).reshape(50, 3) < 20))


@pytest.mark.parametrize("name", SUPERVISED)
def test_labels_as_people_hold_them_score_alike(name):
    """Whole floats, words whose alphabetical order is theirs, a single column, half precision."""
    codes, factors = draw(200)
    expected = figures(take(name, codes, factors))
    words = np.array(list("abcdef"))[factors]
    for labels in (factors.astype(np.float32), words, words.astype(object), factors.tolist()):
        np.testing.assert_array_equal(figures(take(name, codes, labels)), expected)
    np.testing.assert_array_equal(
        figures(take(name, codes, factors[:, 0])), figures(take(name, codes, factors[:, :1]))
    )
    half = codes.astype(ml_dtypes.bfloat16)
    np.testing.assert_array_equal(
        figures(take(name, half, factors)), figures(take(name, half.astype(np.float32), factors))
    )


@pytest.mark.parametrize("name", ARRAY_SCORES)
def test_bad_arrays_are_rejected(name):
    codes, factors = draw(50)
    with pytest.raises(TypeError, match="expected codes of real numbers, got dtype object"):
        take(name, codes.astype(object), factors)
    with pytest.raises(ValueError, match=r"expected codes of shape .*got \(50, 4, 1\)"):
        take(name, codes[..., None], factors)
    with pytest.raises(ValueError, match="expected codes without masked values, got 50 masked"):
        take(name, np.ma.masked_array(codes, codes == codes[:, :1]), factors)
    with pytest.raises(ValueError, match="at least 2 samples and 1 column"):
        take(name, codes[:1], factors[:1])


@pytest.mark.parametrize("name", ARRAY_SCORES)
@pytest.mark.filterwarnings("ignore::disentlib.metrics.ConstantFactorWarning")
def test_few_of_everything_is_no_error(name):
    codes, factors = draw(200)
    for few_codes, few_factors in (
        (codes[:2], np.array([[0, 0, 0], [1, 1, 1]])),
        (codes[:, :1], factors),
        (codes, factors[:, :1]),
        (np.zeros_like(codes), factors),
        (codes, np.zeros_like(factors)),
        (np.insert(codes, 0, 7.0, axis=1), np.insert(factors, 0, 7, axis=1)),
    ):
        value = figures(take(name, few_codes, few_factors))
        assert (np.isnan(value) | (value >= -1e-9)).all()


@pytest.mark.parametrize("name", ARRAY_SCORES)
@pytest.mark.filterwarnings("ignore::disentlib.metrics.ConstantFactorWarning")
def test_dead_codes_and_constant_factors_do_not_matter(name):
    codes, factors = draw()
    expected = figures(take(name, codes, factors))
    for value in () if PROPERTIES[name].counts_codes else (0.0, 0.1):
        more = np.insert(codes, 1, value, axis=1)
        np.testing.assert_allclose(figures(take(name, more, factors)), expected, atol=1e-6)
    more = np.insert(factors, 1, 3, axis=1)
    np.testing.assert_allclose(figures(take(name, codes, more)), expected, atol=1e-6)


WRONG = {"correction": "jackknife", "estimator": "nonesuch", "train_fraction": 2.0}


@pytest.mark.parametrize("name", ARRAY_SCORES)
def test_options_of_no_meaning_are_rejected(name):
    for option in WRONG.keys() & inspect.signature(SCORES[name].function).parameters.keys():
        with pytest.raises(ValueError, match=f"expected (a )?{option}"):
            take(name, *draw(50), **{option: WRONG[option]})


@pytest.mark.parametrize("name", [name for name in SUPERVISED if SCORES[name].reference])
def test_unknown_protocols_are_rejected(name):
    with pytest.raises(ValueError, match=r"expected protocol None or one of .*got 'chen2018'"):
        take(name, *draw(50), protocol="chen2018")
