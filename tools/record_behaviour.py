"""Record what the house computes, to the last bit, and compare two recordings.

Made for changes that must change nothing: record before the first move and after the last one.

python tools/record_behaviour.py record before.json
python tools/record_behaviour.py compare before.json after.json

A recording holds the history of 50 steps of every gin file in gin_configs/models on 16 x 16 images
(the files' own convolutional networks), and every score of every golden case, with and without
the published protocol. Floats are written in hexadecimal. Recordings of two machines, or of two
versions of TensorFlow or NumPy, may differ by rounding.
"""

import argparse
import json
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).parents[1]
STEPS = 50
PARAMETERS = [
    f"STEPS={STEPS}",
    "BATCH_SIZE=16",
    "LEARNING_RATE=1e-3",
    "training.train.encoder=@architectures.conv_encoder",
    "training.train.decoder=@architectures.deconv_decoder",
    "training.train.log_every=1",
    "training.train.checkpoint_every=50",
    "training.train.evaluation_steps=2",
]
PROTOCOLS = (None, "locatello2019")


def histories() -> Iterator[tuple[str, Any]]:
    """Yield (gin file, history): every term of every step, and the final figures."""
    from disentlib.cli import main
    from disentlib.training import Run

    for path in sorted((ROOT / "gin_configs/models").glob("*.gin")):
        with tempfile.TemporaryDirectory() as folder:
            files = ("data/mini_sprites.gin", f"models/{path.name}", "runs/train.gin")
            flags = [flag for file in files for flag in ("--gin_file", file)]
            flags += [flag for parameter in PARAMETERS for flag in ("--gin_param", parameter)]
            if main(["train", "--quiet", *flags, "--run_dir", folder]) != 0:
                yield path.name, "failed: this file does not train on 16 x 16 images"
                continue
            run = Run(folder)
            history = {name: column.tolist() for name, column in run.history.items()}
            yield path.name, {"history": history, "final": run.metrics["evaluation"]}


def scores() -> Iterator[tuple[str, Any]]:
    """Yield (case, table): every score that arrays allow, then those that need an encoder."""
    from disentlib import data, metrics

    for path in sorted((ROOT / "tests/golden/oracle/cases").glob("*.npz")):
        with np.load(path) as case:
            if "codes" not in case or "factors" not in case or case["codes"].ndim != 2:
                continue
            codes, factors = case["codes"], case["factors"].astype(np.int64)
        for protocol in PROTOCOLS:
            for name, score in metrics.SCORES.items():
                if not (score.intervenes or score.posteriors):
                    yield (
                        f"{path.stem}/{protocol}/{name}",
                        taken(metrics.evaluate, codes, factors, metrics=[name], protocol=protocol),
                    )
    sprites = data.MiniSprites()
    weights = np.random.default_rng(0).normal(size=(2, 256, 5)) / 16

    def encode(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        flat = np.asarray(images, np.float64).reshape(len(images), -1)
        return flat @ weights[0], flat @ weights[1] - 3.0

    for protocol in PROTOCOLS:
        for name in metrics.SCORES:
            yield (
                f"mini_sprites/{protocol}/{name}",
                taken(
                    metrics.evaluate_encoder,
                    sprites,
                    encode,
                    metrics=[name],
                    protocol=protocol,
                    samples=500,
                    test_samples=300,
                ),
            )


def taken(evaluate: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
    """Return {representation/score: value} or the error that was raised."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            table = evaluate(*arguments, **options)
        except Exception as error:  # what a score refuses is part of what it does
            return f"{type(error).__name__}: {error}"
    return {f"{row.representation}/{row.score}": row.value for row in table}


def record(path: Path) -> None:
    """Write a recording."""
    content = {"scores": dict(scores()), "histories": dict(histories())}
    path.write_text(json.dumps(in_hexadecimal(content), indent=1) + "\n", encoding="utf-8")


def in_hexadecimal(value: Any) -> Any:
    """Return the same structure with floats as exact texts."""
    if isinstance(value, float):
        return value.hex()
    if isinstance(value, dict):
        return {key: in_hexadecimal(item) for key, item in value.items()}
    if isinstance(value, list):
        return [in_hexadecimal(item) for item in value]
    return value


def compare(before: Path, after: Path) -> int:
    """Print every difference; return how many."""
    old, new = (
        dict(leaves(json.loads(path.read_text(encoding="utf-8")))) for path in (before, after)
    )
    different = [key for key in {**old, **new} if old.get(key) != new.get(key)]
    for key in different:
        print(f"{key}: {shown(old.get(key))} before, {shown(new.get(key))} now")
    print(f"{len({**old, **new})} figures compared, {len(different)} differ")
    return len(different)


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield (path, figure) of a nested structure."""
    if isinstance(value, dict | list):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, item in items:
            yield from leaves(item, f"{path}/{key}")
    else:
        yield path, value


def shown(figure: Any) -> str:
    """Return a figure in decimals where it is one."""
    try:
        return repr(float.fromhex(figure))
    except (TypeError, ValueError):
        return repr(figure)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("record").add_argument("path", type=Path)
    both = commands.add_parser("compare")
    both.add_argument("before", type=Path)
    both.add_argument("after", type=Path)
    arguments = parser.parse_args()
    if arguments.command == "record":
        record(arguments.path)
    else:
        sys.exit(compare(arguments.before, arguments.after) > 0)
