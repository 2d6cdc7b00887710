"""Compiled kernels, called with anything: they answer or refuse, and never leave their arrays.

Arguments are made from the stub's signatures and from one good call of each kernel, so that a new
kernel is tried as soon as it has both. `tools/check.sh sanitizers` runs this file under
AddressSanitizer and UBSan, where one read out of bounds ends the run.
"""

import ast
import itertools
import math
import re
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from disentlib import _kernels


class Parameter(NamedTuple):
    name: str
    kind: str  # the annotation


class Signature(NamedTuple):
    parameters: tuple[Parameter, ...]
    positional: bool  # whether names are no keywords
    returns: str


def stub():
    """What `_kernels.pyi` promises, by name: signatures, and the fields of classes."""
    path = Path(_kernels.__file__).with_name("_kernels.pyi")
    signatures = {}
    classes = {}
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ClassDef):
            classes[node.name] = {
                field.target.id: ast.unparse(field.annotation) for field in node.body
            }
        if isinstance(node, ast.FunctionDef):
            arguments = [*node.args.posonlyargs, *node.args.args]
            signatures[node.name] = Signature(
                tuple(Parameter(a.arg, ast.unparse(a.annotation)) for a in arguments),
                bool(node.args.posonlyargs),
                ast.unparse(node.returns),
            )
    return signatures, classes


STUB, CLASSES = stub()
FLOATS = ["float32", "float64"]
INTEGERS = [sign + "int" + bits for sign in ("", "u") for bits in ("8", "16", "32", "64")]
# What annotations of arrays stand for.
DTYPES = {
    "NDArray[_Float]": FLOATS,
    "NDArray[np.floating]": FLOATS,
    "NDArray[_Number]": FLOATS + INTEGERS,
    "NDArray[Any]": FLOATS + INTEGERS,
    **{f"NDArray[np.{name}]": [name] for name in FLOATS + INTEGERS},
}


def good_calls():
    """Arguments of each kernel that it answers."""
    rng = np.random.default_rng(0)
    codes = rng.normal(size=(40, 3))
    by_dim = np.ascontiguousarray(codes.T)
    labels = rng.integers(3, size=(2, 40)).astype(np.int32)
    labels[:, :3] = [0, 1, 2]
    sizes = np.array([3, 3])
    factors = labels.T.astype(np.int64)
    low = np.zeros(2, np.int64)
    cuts = np.array([[-0.5, -0.499, -0.498, 0.5, np.inf]] * 3)
    rows = rng.integers(40, size=(6, 4))
    masks = rng.integers(2, size=(2, 4, 4, 1)).astype(np.uint8)
    colours = rng.random((2, 3)).astype(np.float32)
    trees = _kernels.boost_classes(codes, labels[0], 3, 4, 0.1, 2, 1)
    return {
        "dsprites": [np.array([[2, 5, 39, 31, 31]])],
        "dsprites_bits": [np.array([[0, 0, 0, 0, 0]])],
        "shapes3d": [np.array([[9, 9, 9, 7, 3, 14]])],
        "expand_bits": [masks[..., 0]],
        "compose": [masks, colours, colours],
        "invert": [masks, np.ones((6, 7, 3), np.float32), np.array([[0, 0], [2, 3]]), colours],
        "scalar_svm": [by_dim, labels, sizes, 0.01, True, 2],
        "scalar_accuracy": [rng.normal(size=(3, 6, 2)), by_dim, labels, sizes, 2],
        "tree_accuracy": [by_dim, labels, sizes, by_dim, labels, 2],
        "logistic": [codes, labels, sizes, np.ones(6), 1.0, 0.0, True, 1e-5, 20, 2],
        "areas_under_curves": [codes, labels[0], 2],
        "lassos": [codes.T @ codes / 40, codes[:2], 0.02, 1e-9, 100],
        "draw": [np.arange(624, dtype=np.uint32), 624, sizes, 2, 4, 1],
        "variance_votes": [codes, rows, np.array([0, 2]), np.ones(3), False, 2],
        "mean_differences": [codes, rows, 2],
        "group_deviations": [codes, factors, low, [3, 3], np.empty((2, 0)), 0.9, True, 2],
        "support_distances": [codes, 20, 2],
        "column_ranges": [codes],
        "quantile_cuts": [np.sort(codes[:, 0]), 5],
        "adaptive_cuts": [np.sort(codes[:, 0]), 5],
        "discretise": [codes, cuts],
        "histogram": [codes, cuts],
        "label_counts": [factors, low, [3, 3]],
        "information": [codes, cuts, factors, low, [3, 3], True],
        "boost_classes": [codes, labels[0], 3, 4, 0.1, 2, 2],
        "boost_values": [codes, codes[:, 0].copy(), 4, 0.1, 2],
        "boosted_scores": [
            codes,
            np.zeros(3),
            trees.columns,
            trees.thresholds,
            trees.leaves,
            2,
        ],
        "log_mixture_density": [by_dim, by_dim, by_dim, 2],
    }


CALLS = good_calls()


# What the stub says


def test_the_stub_is_the_module():
    public = {name for name in dir(_kernels) if not name.startswith("__")}
    assert public == set(STUB) | set(CLASSES), "a kernel needs a line in the stub"
    assert set(STUB) == set(CALLS), "a kernel needs a good call"


@pytest.mark.parametrize("name", CLASSES)
def test_fields_of_classes_are_those_of_the_stub(name):
    answers = [getattr(_kernels, call)(*CALLS[call]) for call in STUB if STUB[call].returns == name]
    assert answers
    for answer in answers:
        assert {field for field in dir(answer) if field[0] != "_"} == set(CLASSES[name])
        for field, kind in CLASSES[name].items():
            assert getattr(answer, field).dtype.name in DTYPES[kind]


def types_of(kind):
    """What pybind11 calls an annotation; any of several."""
    if kind in DTYPES:
        arrays = {f"numpy.{name}" for name in DTYPES[kind]}
        return arrays | {"numpy.ndarray"} if kind == "NDArray[Any]" else arrays
    return {
        "int": {"SupportsInt"},
        "float": {"SupportsFloat"},
        "bool": {"bool"},
        "Sequence[int]": {"Sequence"},
    }[kind]


@pytest.mark.parametrize("name", STUB)
def test_signatures_are_those_of_the_stub(name):
    signature = STUB[name]
    overloads = re.findall(rf"{name}\((\w+: .*)\) ->", getattr(_kernels, name).__doc__)
    assert overloads
    told = [re.split(r", (?=\w+: )", overload) for overload in overloads]
    for position, parameter in enumerate(signature.parameters):
        texts = [arguments[position].split(": ", 1) for arguments in told]
        names = {text[0] for text in texts}
        assert names == {f"arg{position}" if signature.positional else parameter.name}
        for wanted in types_of(parameter.kind):
            optional = parameter.kind == "NDArray[Any]"  # of some dtypes, or checked inside
            assert optional or any(wanted in text[1] for text in texts), (parameter, texts)
        assert all(any(t in text[1] for t in types_of(parameter.kind)) for text in texts)
    assert {len(arguments) for arguments in told} == {len(signature.parameters)}


@pytest.mark.parametrize("name", STUB)
def test_answers_are_those_of_the_stub(name):
    answer = getattr(_kernels, name)(*CALLS[name])
    promised = re.findall(r"NDArray\[(?:np\.)?(\w+)\]", STUB[name].returns)
    if STUB[name].returns in CLASSES:
        assert type(answer).__name__ == STUB[name].returns
        return
    if STUB[name].returns.startswith("NDArray"):
        answer = (answer,)
    arrays = [part for part in answer if isinstance(part, np.ndarray)]
    assert not arrays or len(answer) >= len(promised)
    for array, dtype in zip(arrays, promised, strict=False):
        allowed = DTYPES.get(f"NDArray[{dtype}]", [dtype])
        assert array.dtype.name in allowed


# What may be handed over

SPECIAL = [np.nan, np.inf, -np.inf, -1, 2**31, 2**32, 2**62, -(2**62), 1e300, 0.5]
NUMBERS = [-(2**63), -1, 0, 1, 2, 3, 7, 2**31, 2**32 + 1, 2**40, 2**62, 2**63, 2**64 - 1, 2**64]
REALS = [np.nan, np.inf, -np.inf, -1.0, 0.0, 1e-300, 1e300, 0.5, 2.0]
STRANGE = [None, "text", [], [[1.0]], 1.5, 3, object(), np.float64(2), (), {}]
# No numbers, and shapes whose product overflows as soon as one is added.
HUGE = [(0,), (0, 2**40), (2**40, 0), (0, 2**40, 2**20), (0, 2**31, 2**31, 1), (0, 1, 2**61)]


def misaligned(array):
    raw = np.empty(array.nbytes + 1, np.uint8)[1:]
    moved = np.frombuffer(raw, array.dtype, array.size).reshape(array.shape)
    moved[...] = array
    return moved


def another_shape(rng, array):
    """The same numbers, cut, repeated or laid out otherwise."""
    kind = rng.integers(6)
    if kind == 0:  # one entry more or less along an axis
        if array.ndim == 0:
            return array[None]
        axis = rng.integers(array.ndim)
        size = max(0, array.shape[axis] + rng.choice([-1, 1]))
        return np.resize(array, [*array.shape[:axis], size, *array.shape[axis + 1 :]])
    if kind == 1:
        return array[None] if rng.random() < 0.5 else array.reshape(-1)
    if kind == 2 and array.ndim:
        shape = list(array.shape)
        shape[rng.integers(array.ndim)] = 0
        return np.empty(shape, array.dtype)
    if kind == 3:
        bytes_of = [math.prod(filter(None, shape)) * array.itemsize for shape in HUGE]
        fit = [shape for shape, size in zip(HUGE, bytes_of, strict=True) if size < 2**63]
        return np.empty(fit[rng.integers(len(fit))], array.dtype)
    if kind == 4:
        return array.T
    return np.resize(array, rng.choice([0, 1, 2, 3, 40], size=rng.integers(5)))


def another_layout(rng, array):
    kind = rng.integers(6)
    if kind == 0:
        return misaligned(array)
    if kind == 1:
        return array.astype(array.dtype.newbyteorder())
    if kind == 2 and array.ndim:
        return array[::-1]
    if kind == 3 and array.ndim:
        return np.repeat(array, 2, axis=-1)[..., ::2]
    if kind == 4 and array.size:
        return np.broadcast_to(array.reshape(-1)[:1], array.shape)
    return np.asfortranarray(array)


def another_array(rng, array):
    if not isinstance(array, np.ndarray) or not array.size:  # strange already
        return array
    kind = rng.integers(4)
    if kind == 0:
        return another_shape(rng, array)
    if kind == 1:
        return another_layout(rng, array)
    if kind == 2:
        return array.astype(rng.choice([*FLOATS, *INTEGERS, "bool", "float16", "complex128"]))
    array = array.copy()
    if array.size:
        value = np.float64(SPECIAL[rng.integers(len(SPECIAL))])
        array.reshape(-1)[rng.integers(array.size)] = value.astype(array.dtype)
    return array


def another(rng, kind, given):
    """An argument like `given` that a caller of this annotation might pass, rightly or not."""
    if rng.random() < 0.05:
        return STRANGE[rng.integers(len(STRANGE))]
    if kind == "int":
        return NUMBERS[rng.integers(len(NUMBERS))]
    if kind == "float":
        return REALS[rng.integers(len(REALS))]
    if kind == "bool":
        return bool(rng.integers(2))
    if kind == "Sequence[int]":
        numbers = list(given) if isinstance(given, list) else [1, 2]
        if numbers and rng.random() < 0.7:
            numbers[rng.integers(len(numbers))] = NUMBERS[rng.integers(len(NUMBERS))]
            return numbers
        return numbers * int(rng.integers(3))
    return another_array(rng, given)


def made_up(rng, kind):
    """An argument of the annotation's kind and nothing else in common with a good one."""
    if kind not in DTYPES:
        return another(rng, kind, None)
    shape = rng.choice([0, 1, 2, 3, 5], size=rng.choice([1, 2, 2, 2, 3, 4]))
    numbers = rng.integers(-1, 4, size=shape).astype(rng.choice(DTYPES[kind]))
    return numbers if rng.random() < 0.8 else another_array(rng, numbers)


@pytest.mark.parametrize("name", STUB)
@pytest.mark.filterwarnings(
    "ignore:.*encountered in cast", "ignore::numpy.exceptions.ComplexWarning"
)
def test_anything_is_answered_or_refused(name):
    kinds = [parameter.kind for parameter in STUB[name].parameters]
    rng = np.random.default_rng(0)
    answered = refused = 0
    for attempt in range(400):
        arguments = list(CALLS[name])
        if attempt % 4 == 0:
            arguments = [made_up(rng, kind) for kind in kinds]
        else:
            for _ in range(rng.integers(1, 4)):
                position = rng.integers(len(kinds))
                arguments[position] = another(rng, kinds[position], arguments[position])
        try:
            getattr(_kernels, name)(*arguments)
            answered += 1
        except (TypeError, ValueError, MemoryError):
            refused += 1
    assert answered >= 10
    assert refused >= 10


# What was unsafe, or wrong without a word


def changed(name, **given):
    """The arguments of a good call but for some."""
    names = [parameter.name for parameter in STUB[name].parameters]
    return [given.get(n, argument) for n, argument in zip(names, CALLS[name], strict=True)]


NONE = np.empty((0, 3))
UNSAFE = {
    "dsprites": [
        {"factors": np.array([[3, 0, 0, 0, 0]])},
        {"factors": np.array([[0, 0, 0, 0, -1]])},
    ],
    "dsprites_bits": [{"factors": np.array([[0, 0, 0, 2**40, 0]])}],
    "shapes3d": [{"factors": np.array([[0, 0, 0, 8, 0, 0]])}],
    "compose": [{"masks": np.empty((2, 4, 4, 0), np.uint8)}],
    "invert": [
        {"background": np.ones((6, 7, 1), np.float32)},
        {"corners": np.array([[0, 0], [2**63 - 1, 0]])},
        {"corners": np.array([[0, 0], [2, 4]])},
    ],
    "information": [
        {"sizes": [2**62, 2**62]},
        {"codes": np.empty((40, 0)), "cuts": np.empty((0, 3))},
    ],
    "label_counts": [
        {"sizes": [2**62, 3]},
        {"labels": np.array([[2**32, 0], [0, 0]]), "sizes": [1, 1]},
        {"labels": np.array([[-(2**32), 0], [0, 0]]), "sizes": [1, 1]},
    ],
    "boost_classes": [
        {"codes": NONE, "labels": np.empty(0, np.int32)},
        {"codes": np.full((40, 3), np.nan)},
        {"classes": 2**31 - 1},
        {"stages": 2**62},
        {"learning_rate": np.nan},
    ],
    "boost_values": [
        {"codes": NONE, "targets": np.empty(0)},
        {"targets": np.full(40, np.nan)},
        {"learning_rate": 1e300},
    ],
    "tree_accuracy": [{"counts": np.array([2**62, 3])}],
    "scalar_accuracy": [{"lines": np.full((3, 6, 2), np.nan)}],
    "quantile_cuts": [
        {"bins": 2**63},
        {"ascending": np.empty(0)},
        {"ascending": np.array([2.0, 1.0])},
        {"ascending": np.array([1.0, np.nan])},
    ],
    "adaptive_cuts": [{"bins": 2**62}, {"ascending": np.array([1.0, np.inf])}],
    "support_distances": [{"codes": np.full((40, 3), np.nan)}],
    "draw": [{"sizes": np.array([2**32 - 1] * 3)}, {"count": 2**62}, {"batch": 2**62}],
    "areas_under_curves": [{"scores": np.full((40, 3), np.nan)}],
}


@pytest.mark.parametrize(
    ("name", "given"), [(name, given) for name, calls in UNSAFE.items() for given in calls]
)
def test_unsafe_arguments_are_refused(name, given):
    with pytest.raises(ValueError):  # noqa: PT011  kernels say what is wrong, front doors what to do
        getattr(_kernels, name)(*changed(name, **given))


def test_infinite_codes_lie_in_the_outermost_bins():
    # Cuts of which many share a cell of the lookup table, and two that share none.
    for cuts in ([0.0, 1e-9, 2e-9, 3e-9, 4e-9, 5e-9, 1e9], [0.0, 1.0]):
        codes = np.array([[np.inf], [-np.inf], [np.nan]])
        bins = _kernels.discretise(codes, np.array([cuts]))
        assert bins.tolist() == [[len(cuts), 0, 0]]
        assert _kernels.histogram(codes, np.array([cuts])).sum() == 3


def test_labels_are_told_from_the_lowest_in_any_width():
    for dtype in INTEGERS:
        ends = np.iinfo(dtype)
        column = np.array([[ends.max], [ends.max - 1], [ends.max]], dtype)
        lowest = column.min(axis=0)
        assert _kernels.label_counts(column, lowest, [2])[0].tolist() == [1, 2]
        with pytest.raises(ValueError, match="outside"):
            _kernels.label_counts(np.array([[ends.min], [ends.max]], dtype), lowest, [2])
        # The difference of the smallest and the largest number is 1, modulo 2^bits.
        with pytest.raises(ValueError, match="fit in their dtype"):
            _kernels.label_counts(np.array([[ends.min], [ends.max]], dtype), column[0], [2])


def test_no_threads_are_one():
    for name, signature in STUB.items():
        names = [parameter.name for parameter in signature.parameters]
        if "threads" not in names:
            continue
        answers = [getattr(_kernels, name)(*changed(name, threads=n)) for n in (0, 1, 2**62)]
        fields = CLASSES.get(signature.returns)
        if fields:
            answers = [[getattr(answer, field) for field in fields] for answer in answers]
        for one, other in itertools.pairwise(answers):
            np.testing.assert_equal(one, other)


def test_huge_learning_rates_are_refused_before_they_overflow():
    with pytest.raises(ValueError, match="learning_rate"):
        _kernels.boost_values(*changed("boost_values", learning_rate=1e10, stages=100))
