"""The callbacks of training: checks, curves, checkpoints, a progress bar."""

import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from disentlib import files, models
from disentlib.training import directory, stages

REMEDY = (
    "a smaller learning rate, gradient clipping (keras.optimizers.Adam.clipnorm = 1.0) or smaller "
    "weights of the terms usually help; look for odd images in the data, too"
)


class NonFiniteError(RuntimeError):
    """A loss, a term or a weight became NaN or infinite, so training stopped.

    Attributes:
        step: the step after which it was detected.
        names: the terms or variables that are not finite, sorted.
        checkpoint: the step of the last checkpoint, which is finite; None before the first.
    """

    def __init__(self, step: int, names: Sequence[str], checkpoint: int | None):
        self.step, self.names, self.checkpoint = step, tuple(names), checkpoint
        shown = ", ".join(self.names[:5]) + (", ..." if len(self.names) > 5 else "")
        kept = "no checkpoint was written before"
        if checkpoint is not None:
            kept = f"{directory.MODEL} is the last finite checkpoint, of step {checkpoint}"
        super().__init__(f"NaN or infinity at step {step} in {shown}: {REMEDY}; {kept}")

    def __reduce__(self):
        return type(self), (self.step, self.names, self.checkpoint)


class Checkpoint(keras.callbacks.Callback):
    """Write the model every `every` steps, and whenever `save` is called, atomically.

    Args:
        run_dir: the run directory.
        configuration: the digest of the run's configuration, kept in the file.
        every: steps between two checkpoints, a multiple of the log interval.
        saved: the step of the checkpoint that is there already; None for none.
    """

    def __init__(self, run_dir: Path, configuration: str, *, every: int, saved: int | None = None):
        super().__init__()
        self.path = run_dir / directory.MODEL
        self.configuration = configuration
        self.every = every
        self.saved = saved

    def on_epoch_end(self, epoch, logs=None):
        if int(self.model.step) % self.every == 0:
            self.save(self.model)

    def save(self, model: models.Method) -> None:
        """Write the model unless this step of it is on disk."""
        step = int(model.step)
        if step != self.saved:
            # First the curves: after a crash they must reach as far as the checkpoint.
            if (history := self.path.with_name(directory.HISTORY)).exists():
                files.sync(history)
            models.save(model, self.path, configuration=self.configuration)
            self.saved = step


class Watch(keras.callbacks.Callback):
    """Stop at the first loss, term or weight that is not finite, and at a wrong count of steps.

    Training stops at the step whose terms are not finite; see `execution.train_function`. Variables
    are checked at the end of a log interval, before any file is written: one that is not finite
    earlier makes the terms of the next step NaN or infinite.

    Args:
        checkpoint: writes the checkpoints; errors name the last one.
    """

    def __init__(self, checkpoint: Checkpoint):
        super().__init__()
        self.checkpoint = checkpoint

    def on_epoch_begin(self, epoch, logs=None):
        self.first = int(self.model.step)
        self.batches = 0

    def on_train_batch_end(self, batch, logs=None):
        self.batches = batch + 1  # `batch` is the last one of a call of several steps
        # Means over the interval, which are not finite if one of their values is not.
        self._refuse(name for name, value in (logs or {}).items() if not math.isfinite(value))

    def on_epoch_end(self, epoch, logs=None):
        model, step = self.model, int(self.model.step)
        if self.batches < self.params["steps"] and not model.stop_training:
            made = (step - self.first) // model.steps_per_update
            raise RuntimeError(
                f"the stream ended after {made} of {self.params['steps']} batches from "
                f"step {self.first}: expected an endless one, such as those of data.streams"
            )
        expected = self.first + self.batches * model.steps_per_update
        if step != expected:
            raise RuntimeError(
                f"expected step {expected} after {self.batches} batches from step {self.first}, "
                f"{type(model.optimizer).__name__} counts {step}: its `iterations` must grow by "
                "one a batch, for data, noise and checkpoints go by them"
            )
        self._refuse(non_finite(model))

    def _refuse(self, names: Iterable[str]) -> None:
        if wrong := sorted(names):
            raise NonFiniteError(int(self.model.step), wrong, self.checkpoint.saved)


def non_finite(model: models.Method) -> list[str]:
    """Return the paths of the weights and optimizers' variables that are not finite."""
    states = [variable for optimizer in model.optimizers for variable in optimizer.variables]
    return [
        variable.path
        for variable in [*model.weights, *states]
        if not np.isfinite(np.asarray(variable)).all()
    ]


class Curves(keras.callbacks.Callback):
    """Append every term to history.csv and TensorBoard at the end of each log interval.

    Rows after the model's step, which a killed process left, are dropped first; TensorBoard's file
    is rewritten from the remaining rows, so that both hold the same curves.

    Args:
        run_dir: the run directory.
    """

    def __init__(self, run_dir: Path):
        super().__init__()
        self.path = run_dir / directory.HISTORY
        self.tensorboard = run_dir / directory.TENSORBOARD

    def on_train_begin(self, logs=None):
        directory.truncate_history(self.path, int(self.model.step))
        for old in self.tensorboard.glob("events.out.tfevents.*"):
            old.unlink()
        self.writer = tf.summary.create_file_writer(str(self.tensorboard))
        history = directory.read_history(self.path)
        for row in zip(*history.values(), strict=True):
            self._summarise(dict(zip(history, row, strict=True)))

    def on_epoch_end(self, epoch, logs=None):
        row = {"step": int(self.model.step), "loss": logs["loss"]}
        row |= {name: logs[name] for name in self.model.term_names}
        if len(self.model.stages) > 1:
            row["stage"] = stages.index(self.model.stages, row["step"])
        directory.append_history(self.path, row)
        self._summarise(row)

    def on_train_end(self, logs=None):
        self.writer.close()

    def _summarise(self, row: Mapping[str, float]) -> None:
        with self.writer.as_default(step=int(row["step"])):
            for name, value in row.items():
                if name != "step":
                    tf.summary.scalar(name, value)
        self.writer.flush()


class ProgressBar(keras.callbacks.Callback):
    """Show steps, loss and the time left on a terminal; silent elsewhere. A context manager.

    Args:
        first: the step at which this process starts.
        last: the step at which training ends.
        quiet: stay silent on a terminal too.
    """

    def __init__(self, *, first: int, last: int, quiet: bool = False):
        super().__init__()
        console = Console(stderr=True)
        self.progress = Progress(
            TextColumn("training"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("loss {task.fields[loss]}"),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=console,
            disable=quiet or not console.is_terminal,
        )
        self.task = self.progress.add_task("", total=last, completed=first, loss="-")

    def on_epoch_end(self, epoch, logs=None):
        self.progress.update(
            self.task, completed=int(self.model.step), loss=f"{(logs or {})['loss']:.4g}"
        )

    def __enter__(self):
        self.progress.start()
        return self

    def __exit__(self, *_):
        self.progress.stop()  # restores the terminal, also when training fails
