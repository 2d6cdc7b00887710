"""One function trains every method; the command line binds its arguments from gin files."""

import functools
import json
import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from disentlib import files
from disentlib.data import ArrayData, GroundTruthData, streams
from disentlib.data.catalog import IN_MEMORY, in_memory
from disentlib.environment import environment
from disentlib.models import Method, configuration_of, load
from disentlib.models.networks import conv_encoder, deconv_decoder
from disentlib.training import directory, execution, own_code, stages
from disentlib.training.callbacks import Checkpoint, Curves, NonFiniteError, ProgressBar, Watch
from disentlib.training.parts import model as make_model
from disentlib.training.run import Run, changed_files, comparable, data_files, describe

# The figures of a finished run are taken on batches of the stream beyond those of any training.
EVALUATION_START = 1 << 40

BOTH = ("encoder", "decoder")  # the parts of most models


def adam() -> keras.optimizers.Optimizer:
    """Return the study's optimizer: Adam, learning rate 1e-4, epsilon 1e-8 (not Keras's 1e-7)."""
    return keras.optimizers.Adam(1e-4, epsilon=1e-8)


def train(
    *,
    run_dir: str | Path,
    data: Callable[[], GroundTruthData] | ArrayData,
    model: Callable[..., Method],
    encoder: Callable[..., keras.Model] = conv_encoder,
    decoder: Callable[..., keras.Model] = deconv_decoder,
    parts: Mapping[str, Callable[..., Any]] | None = None,
    optimizer: Callable[[], keras.optimizers.Optimizer] = adam,
    stream: Callable[..., Any] = streams.images,
    latents: int = 10,
    steps: int = 300_000,
    batch_size: int = 64,
    seed: int = 0,
    log_every: int = 100,
    checkpoint_every: int = 1000,
    evaluation_steps: int = 100,
    jit_compile: bool = False,
    steps_per_execution: int = 50,
    init_from: str | Path | None = None,
    operative_config: Callable[[], str] = lambda: "",
    dry_run: bool = False,
    quiet: bool = False,
) -> dict[str, Any]:
    """Train a model in a run directory, or continue the run of an earlier process.

    A process killed at any moment and started again with the same arguments ends with the weights
    of an uninterrupted run, bit for bit on the same machine: data and noise are drawn from (seed,
    step), the rest is in the checkpoint. Sets the global seeds of Python, NumPy and TensorFlow, and
    keeps TensorFlow from rewriting arithmetic.

    Args:
        run_dir: the directory of all files of the run; made if absent.
        data: makes the data set; or arrays in memory, an `ArrayData`. A run on arrays is resumed,
            scored and reported from Python alone, with the same arrays: `Run(path, data=...)`.
        model: makes the model: called with encoder, decoder and `seed=`.
        encoder: makes the encoder: called with the shape of an observation and `latents=`.
        decoder: makes the decoder, likewise.
        parts: makes all parts of a model, by the names under which it takes them, such as
            {"backbone": ..., "projector": ...}; `encoder` and `decoder` are not used then. Each is
            called with the shape, `latents=` and, of a set with an auxiliary variable, its length
            `condition=`, of those that it takes: the shape goes to its first positional argument
            without a default.
        optimizer: makes the optimizer.
        stream: makes the training batches: called with the data set, `batch_size=`, `seed=` and
            `start=`, the first step.
        latents: the length of a code.
        steps: steps in all, each an update unless the method counts otherwise. A larger number
            than before continues a finished run.
        batch_size: images in a step.
        seed: of weights, data and noise.
        log_every: steps between two rows of the history.
        checkpoint_every: steps between checkpoints, a multiple of `log_every`.
        evaluation_steps: batches over which the final figures are averaged.
        jit_compile: whether XLA compiles the step.
        steps_per_execution: the most steps in one call of TensorFlow; the largest number up to this
            one that divides the log interval is taken, and 1 on several devices. It changes no
            figure; small networks take several times as long with 1. An interrupt takes effect
            after the call.
        init_from: another run's directory, or a model's file: training starts from its weights
            instead of new ones, at step 0 and with a new optimizer. Those of encoder and decoder
            are taken, and all other trained ones if the method is the same. The source is read
            once, at the start.
        operative_config: returns the configuration text to store, after data and model are built.
        dry_run: build data and model, write no file, return the configuration.
        quiet: no progress bar.

    Returns:
        The final figures, as in metrics.json.

    Raises:
        TypeError: if an argument is an object in place of the class or function that makes it.
        ValueError: if the directory holds a run of another configuration or on other data, the
            numbers of steps do not fit together, the model takes other parts, another process
            could not build data set and model again, or the weights of `init_from` do not fit.
        OSError: if the directory cannot be written; an older checkpoint survives.
        NonFiniteError: at the first loss, term or weight that is NaN or infinite; the last
            checkpoint is finite.
        RuntimeError: if another process trains in the directory, the stream ends, or the optimizer
            does not count steps.
    """
    run_dir = Path(run_dir).expanduser()
    for name, maker in {
        "data": data,
        "model": model,
        "encoder": encoder,
        "decoder": decoder,
        "optimizer": optimizer,
        "stream": stream,
        **{f"part {name}": maker for name, maker in (parts or {}).items()},
    }.items():
        if not (name == "data" and isinstance(maker, ArrayData)):
            _check_maker(name, maker)
    for name, maker, default in (
        ("encoder", encoder, conv_encoder),
        ("decoder", decoder, deconv_decoder),
    ):
        if name in (parts or {}) and maker is not default:
            raise ValueError(f"expected {name}= or a part {name!r}, got both")
    _check_count("steps", steps, minimum=0)
    _check_count("latents", latents)
    _check_count("batch_size", batch_size)
    _check_count("log_every", log_every)
    _check_count("checkpoint_every", checkpoint_every)
    _check_count("evaluation_steps", evaluation_steps)
    _check_count("steps_per_execution", steps_per_execution)
    if checkpoint_every % log_every:
        raise ValueError(
            f"checkpoint_every must be a multiple of log_every={log_every}, got {checkpoint_every}"
        )

    # Rewriting arithmetic, TensorFlow would reassociate sums differently from run to run, and the
    # last bit of the loss would change.
    tf.config.optimizer.set_experimental_options({"arithmetic_optimization": False})
    # The order is fixed and after seeding, so that the same configuration builds the same weights.
    keras.utils.set_random_seed(seed)
    data_set = data if isinstance(data, ArrayData) else data()
    if parts is None:
        network = model(
            encoder(data_set.shape, latents=latents),
            decoder(data_set.shape, latents=latents),
            seed=seed,
        )
    else:
        network = make_model(model, parts, data_set, latents=latents, seed=seed)
    network.compile(optimizer=optimizer(), jit_compile=jit_compile)
    _check_optimizer(network.optimizer)
    if steps % network.steps_per_update or log_every % network.steps_per_update:
        raise ValueError(
            f"steps and log_every must be multiples of {network.steps_per_update}, which is what "
            f"an update of {type(network).__name__} counts for, got {steps} and {log_every}"
        )
    draw = functools.partial(stream, data_set, batch_size=batch_size, seed=seed)
    configuration = {
        "data": data_set.config(),
        **describe(network),
        **streams.describe(stream, draw(start=0)),
        "batch_size": batch_size,
        "seed": seed,
        "log_every": log_every,
    }
    if init_from is not None:
        configuration["init_from"] = str(Path(init_from))
    configuration = json.loads(json.dumps(configuration))  # as read from JSON: lists for tuples
    resumes = (run_dir / directory.SETTINGS).exists()
    if dry_run or not resumes:
        own_code.check(data_set, network, configuration)
    if dry_run:
        return {"configuration": configuration, "parameters": network.count_params()}

    settings = {
        "configuration": configuration,
        "steps": steps,
        "data_files": data_files(data_set),
        "imports": own_code.modules(configuration),
        "environment": environment(),
    }
    run_dir.mkdir(parents=True, exist_ok=True)
    with directory.lock(run_dir):
        network = _open(run_dir, network, settings, operative_config(), [*(parts or BOTH)])
        first = int(network.step)
        per_update = network.steps_per_update
        saved = first if (run_dir / directory.MODEL).exists() else None
        checkpoint = Checkpoint(
            run_dir, files.digest(configuration), every=checkpoint_every, saved=saved
        )
        callbacks = [Watch(checkpoint), Curves(run_dir), checkpoint]
        started = time.monotonic()
        with ProgressBar(first=first, last=steps, quiet=quiet) as progress:
            on_one_device = network.distribute_strategy.num_replicas_in_sync == 1
            if steps_per_execution > 1 and on_one_device:
                network.train_function = execution.train_function(network)
            for stage, end in stages.ahead(network, steps):
                stages.prepare(network, stage, data_set, seed)
                for start, interval, rows in _intervals(int(network.step), end, log_every):
                    if on_one_device:
                        network.steps_per_execution = execution.steps_per_execution(
                            interval // per_update, steps_per_execution
                        )
                    network.fit(
                        draw(start=start // per_update),
                        steps_per_epoch=interval // per_update,
                        epochs=rows,
                        callbacks=[*callbacks, progress],
                        verbose=0,
                    )
                    if network.stop_training:
                        break
                if network.stop_training:
                    break
        checkpoint.save(network)
        last = int(network.step)
        seconds = time.monotonic() - started
        network.steps_per_execution = 1
        evaluation = network.evaluate(
            draw(start=EVALUATION_START),
            steps=evaluation_steps,
            return_dict=True,
            verbose=0,
        )
        figures = {name: evaluation[name] for name in ("loss", *network.term_names)}
        wrong = [
            f"{name} of the evaluation" for name in figures if not math.isfinite(figures[name])
        ]
        if wrong:
            raise NonFiniteError(last, wrong, last)
        metrics = {
            "step": last,
            "evaluation": figures,
            "evaluation_images": evaluation_steps * batch_size,
            "trained_steps": last - first,
            "seconds": seconds,
            "images_per_second": (last - first) // per_update * batch_size / seconds,
        }
        files.write_json(run_dir / directory.METRICS, metrics)
    return metrics


def _check_maker(name: str, maker: Any) -> None:
    """Refuse objects in place of makers: they would be made before the seed is set."""
    kinds = (GroundTruthData, keras.Model, keras.optimizers.Optimizer, tf.data.Dataset)
    if isinstance(maker, kinds) or not callable(maker):
        raise TypeError(
            f"expected {name} to be a class or a function that makes it, got {maker!r}: in a gin "
            "file write @name, not @name()"
        )


def _check_count(name: str, count: Any, *, minimum: int = 1) -> None:
    """Refuse a count that is not an integer, or below the minimum."""
    if isinstance(count, bool) or not isinstance(count, (int, np.integer)):
        raise TypeError(f"expected a whole number of {name}, got {count!r}")
    if count < minimum:
        raise ValueError(f"expected {name} of at least {minimum}, got {count}")


def _check_optimizer(optimizer: keras.optimizers.Optimizer) -> None:
    """Refuse an optimizer that would make resumed runs differ from uninterrupted ones."""
    if optimizer.use_ema:
        raise ValueError(
            f"{type(optimizer).__name__}.use_ema puts averages in place of the weights wherever "
            "`fit` ends, so a resumed run would go on from others: expected use_ema=False"
        )


def _open(
    run_dir: Path,
    network: Method,
    settings: dict[str, Any],
    operative: str,
    parts: Sequence[str],
) -> Method:
    """Check that a directory is this run's, write its settings, return the model to train."""
    files.sweep(run_dir)
    path, checkpoint = run_dir / directory.SETTINGS, run_dir / directory.MODEL
    configuration, steps = settings["configuration"], settings["steps"]
    digests: list[str | None] = [files.digest(configuration)]
    if path.exists():
        run = Run(run_dir)
        before = run.settings
        _refuse_changes(run_dir, before, settings)
        settings |= {key: before[key] for key in ("init_from",) if key in before}
        if checkpoint.exists():
            network = run.model
            digests += {configuration_of(checkpoint)} - {*digests}
        if int(network.step) > steps:
            raise ValueError(
                f"{run_dir} is trained for {int(network.step)} steps already, got steps={steps}"
            )
    else:
        for name in (directory.MODEL, directory.HISTORY):
            if (run_dir / name).exists():
                raise ValueError(
                    f"{run_dir} holds {name} without {directory.SETTINGS}, so what was trained is "
                    "unknown: choose another run directory"
                )
    if "init_from" in configuration and not checkpoint.exists():
        source = _start_from(Path(configuration["init_from"]), network, parts)
        if source["sha256"] != settings.setdefault("init_from", source)["sha256"]:
            raise ValueError(
                f"{source['path']} is at step {source['step']}, {run_dir} was begun from its step "
                f"{settings['init_from']['step']}: choose another run directory"
            )
    if int(network.step) < steps:
        (run_dir / directory.METRICS).unlink(missing_ok=True)  # they are of fewer steps
    files.write_json(path, settings | {"checkpoints": digests})
    if operative:
        files.write(run_dir / directory.OPERATIVE, operative)
    return network


def _refuse_changes(run_dir: Path, before: dict[str, Any], now: dict[str, Any]) -> None:
    """Refuse to continue with another configuration, or on other data."""
    old, new = comparable(before["configuration"]), comparable(now["configuration"])
    if "stream_options" not in old:  # older versions did not record them
        new = {key: value for key, value in new.items() if key != "stream_options"}
    if in_memory(old["data"]) and not in_memory(new["data"]):
        raise ValueError(f"{run_dir} was trained on {IN_MEMORY}")
    if changed := files.differences(old, new):
        advice = "choose another run directory"
        if before["steps"] != now["steps"] and _follows(old, new, before["steps"], now["steps"]):
            advice = (
                f"a value that follows the number of steps ({before['steps']} before, "
                f"{now['steps']} now) makes a longer run another run from its first step on; bind "
                "the value from before, as a number, to go on, or start another run from these "
                "weights with --init_from"
            )
        raise ValueError(
            f"{run_dir} holds a run of another configuration ({'; '.join(changed[:5])}): {advice}"
        )
    if changed := changed_files(before, now["data_files"]):
        raise ValueError(
            f"{run_dir} was trained on other data: {'; '.join(changed)}; put the file from before "
            "back, or choose another run directory"
        )


def _follows(old: Any, new: Any, before: int, now: int) -> bool:
    """Return whether all values that differ are numbers proportional to the number of steps."""
    if isinstance(old, dict) and isinstance(new, dict):
        return old.keys() == new.keys() and all(
            _follows(old[key], new[key], before, now) for key in old
        )
    if isinstance(old, list) and isinstance(new, list):
        return len(old) == len(new) and all(
            _follows(a, b, before, now) for a, b in zip(old, new, strict=True)
        )
    if old == new:
        return True
    numbers = all(isinstance(value, (int, float)) for value in (old, new))
    return numbers and math.isclose(old * now, new * before, rel_tol=1e-6)


def _start_from(source: Path, network: Method, parts: Sequence[str]) -> dict[str, Any]:
    """Assign a trained model's weights to a new one; return the source's path, step and digest."""
    source = source.expanduser()
    path = source / directory.MODEL if source.is_dir() else source
    trained = Run(source).model if source.is_dir() else load(path)
    shared = [part for part in parts if hasattr(trained, part) and hasattr(network, part)]
    if not shared:
        raise ValueError(
            f"expected a model with {' or '.join(parts)} in {path}, got {type(trained).__name__}"
        )
    pairs = [(getattr(trained, part).weights, getattr(network, part).weights) for part in shared]
    if type(trained) is type(network):
        # Weights of the objective and untrained state stay those of the new run.
        shared.append("all that is trained")
        pairs.append((trained.trainable_variables, network.trainable_variables))
    for part, (theirs, ours) in zip(shared, pairs, strict=True):
        shapes = [[tuple(variable.shape) for variable in weights] for weights in (theirs, ours)]
        if shapes[0] != shapes[1]:
            raise ValueError(
                f"expected {part} of {path} to have weights of the shapes {shapes[1]}, got "
                f"{shapes[0]}: --init_from needs the same networks"
            )
        for source_weight, weight in zip(theirs, ours, strict=True):
            weight.assign(source_weight)
    return {"path": str(source), "step": int(trained.step), **files.fingerprint(path)}


def _intervals(first: int, last: int, every: int) -> Iterator[tuple[int, int, int]]:
    """Yield (start, steps a row, rows) from `first` to `last`, rows ending at multiples of `every`.

    >>> list(_intervals(250, 730, 100))
    [(250, 50, 1), (300, 100, 4), (700, 30, 1)]
    """
    if first % every:
        partial = min(every - first % every, last - first)
        yield first, partial, 1
        first += partial
    if rows := (last - first) // every:
        yield first, every, rows
        first += rows * every
    if first < last:
        yield first, last - first, 1
