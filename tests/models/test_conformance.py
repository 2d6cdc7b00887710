"""What holds for every public method: new ones are tested as they are, with a line for options."""

import functools
import inspect
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np
import pytest
import tensorflow as tf
from tensorflow.python.grappler import tf_optimizer

from disentlib import losses, models
from disentlib.models import architectures as nets
from disentlib.models.configuration import ObjectiveWeight
from disentlib.models.pairs import PairVAE

SHAPE = (16, 16, 1)
LATENTS = 3
SIZES = (3, 4)  # values of the labels, where there are any


class Case(NamedTuple):
    make: Callable
    options: Callable[[], dict] = dict
    kind: str = "images"  # what a batch holds: images, pairs or labelled
    terms: tuple[str, ...] = ("reconstruction", "kl")


# Methods with options, with terms beyond the VAE's, or that learn from labels. The other public
# methods are added below.
METHODS = {
    "BetaVAE": Case(models.BetaVAE, lambda: {"beta": 2.0}),
    "AnnealedVAE": Case(
        models.AnnealedVAE,
        lambda: {"c_max": 5.0, "gamma": 10.0, "iteration_threshold": 1000},
        terms=("reconstruction", "kl", "capacity"),
    ),
    "FactorVAE": Case(
        models.FactorVAE,
        lambda: {"discriminator": small_discriminator()},
        terms=("reconstruction", "kl", "total_correlation", "discriminator"),
    ),
    "DIPVAE": Case(
        models.DIPVAE, lambda: {"variant": "ii"}, terms=("reconstruction", "kl", "covariance")
    ),
    "BetaTCVAE": Case(
        models.BetaTCVAE,
        lambda: {"estimator": "stratified", "dataset_size": 1000},
        terms=("reconstruction", "kl", "total_correlation"),
    ),
    "HFSVAE": Case(
        models.HFSVAE,
        lambda: {"gamma": 2.0, "beta": 1.0, "delta": 1.0},
        terms=("reconstruction", "kl", "support_distance", "support_scale"),
    ),
    "InfoVAE": Case(models.InfoVAE, terms=("reconstruction", "kl", "mean_discrepancy")),
    "ControlVAE": Case(models.ControlVAE, terms=("reconstruction", "kl", "beta", "target")),
    "IVAE": Case(
        models.IVAE,
        lambda: {
            "prior": models.priors.GaussianMixture(2, latents=LATENTS),
            "weights": (2.0, 1.5, 0.5, 1.0),
            "likelihood": losses.Bernoulli(),
        },
        terms=("reconstruction", "information", "total_correlation", "dimension_kl"),
    ),
    "MFCVAE": Case(
        models.MFCVAE,
        lambda: {"facets": [(1, 3), (2, 2)], "covariance": "full", "variance": 1.0, "fade_in": 4},
        terms=("reconstruction", "kl", "kl_1", "kl_2"),
    ),
    "VaDE": Case(models.VaDE, lambda: {"clusters": 2, "pretraining_steps": 0}),
    "S2VAE": Case(
        models.S2VAE,
        lambda: {"label_loss": models.LabelCrossEntropy(SIZES)},
        kind="labelled",
        terms=("reconstruction", "kl", "labels"),
    ),
    "S2FactorVAE": Case(
        models.S2FactorVAE,
        lambda: {
            "label_loss": models.LabelEmbedding(SIZES, sigma=None),
            "discriminator": small_discriminator(),
        },
        kind="labelled",
        terms=("reconstruction", "kl", "total_correlation", "discriminator", "labels"),
    ),
    "S2DIPVAE": Case(
        models.S2DIPVAE,
        lambda: {"label_loss": models.LabelCovariance()},
        kind="labelled",
        terms=("reconstruction", "kl", "covariance", "labels"),
    ),
    "S2BetaTCVAE": Case(
        models.S2BetaTCVAE,
        lambda: {"label_loss": models.LabelSquaredError()},
        kind="labelled",
        terms=("reconstruction", "kl", "total_correlation", "labels"),
    ),
    "SupervisedVAE": Case(
        models.SupervisedVAE,
        lambda: {"label_loss": models.LabelInformation(len(SIZES), LATENTS)},
        kind="labelled",
        terms=("reconstruction", "kl", "labels"),
    ),
}

PUBLIC = {
    name: value
    for name, value in vars(models).items()
    if (inspect.isclass(value) and issubclass(value, models.VAE))
    or (inspect.isfunction(value) and name.endswith("VAE"))
}


def default_case(method) -> Case:
    pairs = inspect.isclass(method) and issubclass(method, PairVAE)
    return Case(
        method,
        kind="pairs" if pairs else "images",
        terms=getattr(method, "terms", models.VAE.terms),
    )


METHODS |= {name: default_case(PUBLIC[name]) for name in PUBLIC.keys() - METHODS.keys()}
METHODS = dict(sorted(METHODS.items()))

every_method = pytest.mark.parametrize("name", METHODS)

FITTED = ("VAE", "FactorVAE", "ControlVAE")  # on replicas too: every way to step


def batches(kind: str, count: int = 6, size: int = 16) -> tf.data.Dataset:
    rng = np.random.default_rng(0)
    n = count * size
    shape = (n, 2, *SHAPE) if kind == "pairs" else (n, *SHAPE)
    images = (rng.uniform(size=shape) > 0.7).astype(np.float32)
    if kind == "images":
        return tf.data.Dataset.from_tensor_slices(images).batch(size)
    if kind == "pairs":
        labels = np.eye(2, dtype=np.float32)[rng.integers(2, size=n)]
    else:
        labels = np.stack([rng.integers(k, size=n) for k in SIZES], axis=1).astype(np.float32)
        labels[::2] = np.nan
    return tf.data.Dataset.from_tensor_slices((images, labels)).batch(size)


def quiet(model):
    """Take the noise out of a model, and give every step and replica the same draws."""
    model.sample = lambda mean, logvar: mean + 0.0 * logvar  # Keras warns of no gradient at all
    model.noise_key = lambda stream=0: tf.constant([1, stream])
    return model


def batch(name: str):
    """Return images and labels, or images and None."""
    first = next(iter(batches(METHODS[name].kind)))
    return first if isinstance(first, tuple) else (first, None)


def build(name: str, *, seed: int = 0, **compile_options):
    keras.utils.set_random_seed(seed)
    encoder = nets.linear_encoder(SHAPE, latents=LATENTS)
    decoder = nets.linear_decoder(SHAPE, latents=LATENTS)
    options = METHODS[name].options()
    model = METHODS[name].make(encoder, decoder, seed=seed, **options)
    model.compile(keras.optimizers.Adam(1e-2), **compile_options)
    return model


def small_discriminator():
    codes = keras.Input((LATENTS,))
    hidden = keras.layers.Dense(16, activation="relu")(codes)
    return keras.Model(codes, keras.layers.Dense(2)(hidden))


def fit(model, name: str, epochs: int = 1) -> dict[str, list[float]]:
    return model.fit(batches(METHODS[name].kind), epochs=epochs, verbose=0).history


def test_the_table_has_public_methods_alone():
    assert set(METHODS) == set(PUBLIC)
    assert METHODS["AdaGVAE"].kind == "pairs"
    assert METHODS["VAE"].terms == ("reconstruction", "kl")


class Trained(NamedTuple):
    model: models.Method  # after three epochs
    history: dict[str, list[float]]  # of all three
    half: Path  # its file after the first


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Return a function: name -> a trained model, which tests share and leave as it is."""

    @functools.cache
    def run(name):
        model = build(name)
        first = fit(model, name)
        half = tmp_path_factory.mktemp(name) / "model.keras"
        models.save(model, half)
        rest = fit(model, name, epochs=2)
        return Trained(model, {term: first[term] + rest[term] for term in first}, half)

    return run


def assert_same_variables(one, other):
    for ours, theirs in zip(state(one), state(other), strict=True):
        np.testing.assert_array_equal(ours, theirs, err_msg=ours.path)


def state(model):
    """Return all variables: weights, counters and both optimizers."""
    second = getattr(model, "discriminator_optimizer", None)
    return [*model.variables, *model.optimizer.variables, *(second.variables if second else ())]


@every_method
def test_training_lowers_the_loss_and_reports_exactly_the_terms(name, trained):
    history = trained(name).history
    assert set(history) == {"loss", *METHODS[name].terms}
    assert np.isfinite(list(history.values())).all()
    assert history["loss"][-1] < history["loss"][0]


def after(graph) -> dict[str, set[str]]:
    """Return node -> all nodes that it waits for, of a graph as TensorFlow stores it."""
    nodes = {node.name: node for node in graph.node}

    @functools.cache
    def inputs(name):
        return {edge.lstrip("^").partition(":")[0] for edge in nodes[name].input}

    def waits_for(name):
        seen, waiting = set(), [name]
        while waiting:
            found = inputs(waiting.pop()) - seen
            seen |= found
            waiting.extend(found)
        return seen

    return {name: waits_for(name) for name, node in nodes.items() if "VariableOp" in node.op}


@every_method
def test_no_reading_of_a_variable_slips_behind_its_update(name, trained):
    """Grappler drops edges that it takes for superfluous, and with them the order of a step."""
    model = trained(name).model
    step = tf.function(model.train_step).get_concrete_function(
        next(iter(batches(METHODS[name].kind).map(lambda *parts: parts)))
    )
    meta = tf.compat.v1.train.export_meta_graph(
        graph_def=step.graph.as_graph_def(), graph=step.graph
    )
    kept = [*step.graph.outputs, *step.graph.control_outputs]
    meta.collection_def["train_op"].node_list.value.extend(part.name for part in kept)
    options = tf.compat.v1.ConfigProto()
    options.graph_options.rewrite_options.min_graph_nodes = -1  # small graphs, too
    graph = tf_optimizer.OptimizeGraph(options, meta)
    assert len(graph.node) < len(meta.graph_def.node)
    waits = after(graph)
    nodes = [node for node in graph.node if node.name in waits]
    reads = [node for node in nodes if node.op == "ReadVariableOp"]
    updates = [node for node in nodes if node.op.startswith("Assign")]
    assert len(updates) > len(model.trainable_variables)
    for update in updates:
        for read in reads:
            if read.input[0] == update.input[0] and update.name not in waits[read.name]:
                assert read.name in waits[update.name], (read, update)


@every_method
def test_saved_and_loaded_halfway_gives_the_same_run(name, trained):
    whole, history, half = trained(name)
    again = models.load(half)
    rest = fit(again, name, epochs=2)
    images = next(iter(batches("images")))
    np.testing.assert_array_equal(whole.encode(images)[0], again.encode(images)[0])
    assert_same_variables(whole, again)
    # TensorFlow adds the terms up in any order, unless told not to as in `training.train`.
    np.testing.assert_allclose(rest.pop("loss"), history["loss"][1:], rtol=1e-6)
    assert rest == {term: history[term][1:] for term in rest}


def weights_of(model) -> list[tuple[object, str]]:
    """Return (method or regularizer, name) of every weight of a model's objective."""
    return [
        (part, name)
        for part in (model, *model.regularizers)
        for name in part.get_config()
        if isinstance(getattr(type(part), name, None), ObjectiveWeight)
    ]


@every_method
def test_weights_moved_after_a_step_count_in_the_next(name, tmp_path):
    """Eager code reads the numbers themselves: compiled steps must agree with it."""
    compiled, eager = quiet(build(name)), quiet(build(name, run_eagerly=True))
    x, y = batch(name)
    found = {}
    for model in (compiled, eager):
        model.train_on_batch(x, y)
        for number, (part, weight) in enumerate(weights_of(model), 1):
            moved = 4.0 if weight == "beta_max" else getattr(part, weight) * (1 + 0.5 * number)
            setattr(part, weight, moved)
        found[model] = [model.train_on_batch(x, y, return_dict=True) for _ in range(2)]
    for got, expected in zip(found[compiled], found[eager], strict=True):
        for term, value in expected.items():
            np.testing.assert_allclose(got[term], value, rtol=1e-3, atol=1e-4, err_msg=term)
    models.save(compiled, tmp_path / "model.keras")
    again = models.load(tmp_path / "model.keras")
    for (ours, weight), (theirs, _) in zip(weights_of(compiled), weights_of(again), strict=True):
        assert getattr(ours, weight) == getattr(theirs, weight)


@every_method
def test_one_image_alone_makes_a_finite_step(name):
    model = build(name, run_eagerly=True)
    x, y = (part if part is None else part[1:2] for part in batch(name))  # one with labels
    terms = model.train_on_batch(x, y, return_dict=True)
    assert np.isfinite([*terms.values()]).all()
    for variable in state(model):
        assert np.isfinite(np.asarray(variable)).all(), variable.path


@every_method
def test_a_model_is_exported_right_after_it_is_built(name, tmp_path):
    model = build(name)
    model.export(tmp_path / "model", verbose=False)
    x, _ = batch(name)
    again = tf.saved_model.load(tmp_path / "model")
    served = again.serve(x)
    for got, expected in zip(served, model(x), strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-5, atol=1e-5)


@every_method
def test_images_outside_the_unit_interval_are_refused_at_the_first_batch(name, trained):
    model = trained(name).model  # whose step is compiled already
    before = model.get_weights()
    with pytest.raises(ValueError, match=r"^expected images in \[0, 1\], got values from 0 to 255"):
        model.fit(batches(METHODS[name].kind).map(lambda x, *y: (x * 255, *y)), verbose=0)
    np.testing.assert_equal(model.get_weights(), before)


@every_method
def test_arguments_are_weights_that_move_or_stay_as_they_were_given(name):
    model = build(name)
    moving = weights_of(model)
    for part in (model, *model.regularizers):
        fixed = [one for one in part.get_config() if (part, one) not in moving]
        numbers = [one for one in fixed if isinstance(getattr(part, one), float)]
        assert set(numbers) <= {"critic_rate", "sigma", "variance"}, "weights of the objective move"
        for argument in fixed:
            with pytest.raises(AttributeError, match=f"{argument} stays as it was given"):
                setattr(part, argument, object())


@every_method
def test_the_seed_alone_says_what_a_model_makes_of_a_batch(name):
    x, y = batch(name)
    losses = []
    for seed in (0, 0, 1):
        model = build(name, seed=seed)
        losses.append(float(model.regularized_objective(x, y, model(x))[0]))
    assert losses[0] == losses[1]
    assert losses[0] != losses[2]


@every_method
def test_every_method_has_the_parts_that_it_is_given(name):
    parts = {
        "prior": models.priors.Normal([0.5] * LATENTS),
        "likelihood": losses.Gaussian(0.5),
    }
    encoder = nets.linear_encoder(SHAPE, latents=LATENTS)
    decoder = nets.linear_decoder(SHAPE, latents=LATENTS)
    support = models.HausdorffSupport()
    if "regularizers" in inspect.signature(METHODS[name].make).parameters:
        parts["regularizers"] = [support]
    if name == "VaDE":
        parts["prior"] = models.priors.GaussianMixture(2, latents=LATENTS)
    if name == "MFCVAE":  # whose facets make the prior
        del parts["prior"]
    model = METHODS[name].make(encoder, decoder, **METHODS[name].options() | parts)
    assert model.prior == parts.get("prior", model.prior)
    assert model.likelihood == parts["likelihood"]
    assert (support in model.regularizers) == ("regularizers" in parts)


@every_method
def test_every_method_takes_the_numbers_that_it_is_given(name):
    options = METHODS[name].options()
    defaults = {
        one.name: one.default
        for one in inspect.signature(METHODS[name].make).parameters.values()
        if type(one.default) in (int, float) and one.name not in {*options, "seed"}
    }
    given = {argument: 2 * value or 1 for argument, value in defaults.items()}
    encoder = nets.linear_encoder(SHAPE, latents=LATENTS)
    decoder = nets.linear_decoder(SHAPE, latents=LATENTS)
    model = METHODS[name].make(encoder, decoder, **options | given)
    kept = {}
    for part in (*model.regularizers, model):
        kept |= {argument: getattr(part, argument) for argument in part.get_config()}
    assert {argument: kept[argument] for argument in given} == given


# XLA draws other numbers: what depends on them beside the noise of the codes.
DRAWN = {
    "FactorVAE": {"discriminator"},
    "S2FactorVAE": {"discriminator"},
    "InfoVAE": {"loss", "mean_discrepancy"},
    "SupervisedVAE": {"loss", "labels"},
}


@every_method
def test_xla_takes_the_same_step_and_trains(name):
    model = quiet(build(name, jit_compile=True))
    plain = quiet(build(name, run_eagerly=True))
    x, y = batch(name)
    terms, expected = (one.train_on_batch(x, y, return_dict=True) for one in (model, plain))
    assert set(terms) == set(expected)
    for term in set(terms) - DRAWN.get(name, set()):
        np.testing.assert_allclose(terms[term], expected[term], rtol=1e-4, atol=1e-5, err_msg=term)
    for _ in range(10):
        last = model.train_on_batch(x, y, return_dict=True)
    assert np.isfinite(list(last.values())).all()
    assert last["loss"] < terms["loss"]


@every_method
def test_networks_may_compute_in_bfloat16(name, restored_policy):
    exact = build(name)
    keras.config.set_dtype_policy("mixed_bfloat16")
    model = build(name, run_eagerly=True)
    assert {layer.compute_dtype for layer in model.decoder.layers} == {"bfloat16"}
    model.set_weights(exact.get_weights())
    x, y = batch(name)
    tensors = {model: model(x), exact: exact(x)}
    assert {part.dtype for part in tensors[model][:2]} == {tf.float32}  # mean and logvar
    terms = {one: one.regularized_objective(x, y, code)[1] for one, code in tensors.items()}
    for term, value in terms[exact].items():
        assert terms[model][term].dtype == tf.float32, term
        np.testing.assert_allclose(terms[model][term], value, rtol=0.03, atol=0.03, err_msg=term)
    assert np.isfinite(model.train_on_batch(x, y)).all()
    for one, other in zip(model.get_weights(), exact.get_weights(), strict=True):
        assert one.dtype == other.dtype


@every_method
def test_float16_is_refused(name, restored_policy):
    keras.config.set_dtype_policy("mixed_float16")
    with pytest.raises(ValueError, match="float32 or mixed_bfloat16, got mixed_float16"):
        build(name)


@pytest.fixture
def restored_policy():
    yield
    keras.config.set_dtype_policy("float32")


@pytest.fixture(scope="module")
def replicas(request):
    """Return what the methods under test did on two logical devices, in a process that has them."""
    program = Path(__file__).with_name("replicas.py")
    names = {item.callspec.params["name"] for item in request.session.items if uses_replicas(item)}
    done = subprocess.run(
        [sys.executable, program, *sorted(names)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def uses_replicas(item) -> bool:
    """Return whether a collected test is one of this module that asks for `replicas`."""
    module = getattr(item, "module", None)  # doctests have none
    return getattr(module, "__name__", "") == __name__ and "replicas" in item.fixturenames


# Of the methods whose docstring says "per replica", those whose gradient is certain to differ. Of
# the others only what drives them (a controller, a discriminator) depends on the other images.
OTHER_STATISTICS = {"DIPVAE", "BetaTCVAE", "HFSVAE", "InfoVAE", "S2DIPVAE", "S2BetaTCVAE"}


@every_method
def test_two_replicas_take_a_step_with_noise_of_their_own(name, replicas):
    found = replicas["steps"][name]
    assert set(found["terms"]) == {"loss", *METHODS[name].terms}
    assert np.isfinite(list(found["terms"].values())).all()
    assert found["noise_differs"]
    assert found["steps"] == 1


@pytest.mark.parametrize("name", FITTED)
def test_two_replicas_fit(name, replicas):
    found = replicas["fits"][name]
    assert set(found["history"]) == {"loss", *METHODS[name].terms}
    assert np.isfinite(list(found["history"].values())).all()
    assert found["history"]["loss"][-1] < found["history"]["loss"][0]
    assert found["steps"] == 18  # each a step of the whole batch


@every_method
def test_the_gradient_of_two_replicas_is_the_mean_of_theirs(name, replicas):
    # Each replica's controller sees its own KL, so its weight differs in the third digit.
    tolerance = 1e-2 if name == "ControlVAE" else 1e-4
    assert replicas["steps"][name]["error_of_halves"] < tolerance
    model = build(name)
    documented = " ".join(type(part).__doc__ for part in (model, *model.regularizers))
    if "per replica" not in " ".join(documented.split()):  # a mean over images
        assert name not in OTHER_STATISTICS
        assert replicas["steps"][name]["error_of_whole"] < tolerance
    if name in OTHER_STATISTICS:
        assert replicas["steps"][name]["error_of_whole"] > 1e-3
