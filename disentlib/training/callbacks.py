"""What happens beside the training step: curves, checkpoints, a progress bar."""

from collections.abc import Mapping
from pathlib import Path

import keras
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
from disentlib.training import directory


class Curves(keras.callbacks.Callback):
    """Append every term to history.csv and TensorBoard at the end of each log interval.

    Rows after the model's step, left by a killed process, are cut off first; TensorBoard's file is
    written anew from what remains, so both tell one story.

    Args:
        run_dir: the run directory.
    """

    def __init__(self, run_dir: Path):
        super().__init__()
        self.path = run_dir / directory.HISTORY
        self.tensorboard = run_dir / directory.TENSORBOARD

    def on_train_begin(self, logs=None):
        directory.cut_history(self.path, int(self.model.step))
        for old in self.tensorboard.glob("events.out.tfevents.*"):
            old.unlink()
        self.writer = tf.summary.create_file_writer(str(self.tensorboard))
        history = directory.read_history(self.path)
        for row in zip(*history.values(), strict=True):
            self._summarise(dict(zip(history, row, strict=True)))

    def on_epoch_end(self, epoch, logs=None):
        row = {"step": int(self.model.step), "loss": logs["loss"]}
        row |= {name: logs[name] for name in self.model.term_names}
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


class Checkpoint(keras.callbacks.Callback):
    """Write the model every `every` steps and at the end, atomically.

    Args:
        run_dir: the run directory.
        configuration: the digest of the run's configuration, kept in the file.
        every: steps between two checkpoints, a multiple of the log interval.
        last: the step at which training ends.
    """

    def __init__(self, run_dir: Path, configuration: str, *, every: int, last: int):
        super().__init__()
        self.path = run_dir / directory.MODEL
        self.configuration = configuration
        self.every = every
        self.last = last

    def on_epoch_end(self, epoch, logs=None):
        step = int(self.model.step)
        if step % self.every == 0 or step == self.last:
            # Or a crash could leave a checkpoint whose curves are lost.
            files.sync(self.path.with_name(directory.HISTORY))
            models.save(self.model, self.path, configuration=self.configuration)


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
        self.progress.stop()  # leaves the terminal whole when training fails, too
