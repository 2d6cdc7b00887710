"""Training runs: one function, one directory, resumable bit for bit."""

from disentlib.training.callbacks import NonFiniteError as NonFiniteError
from disentlib.training.run import Run as Run
from disentlib.training.scores import MIG as MIG
from disentlib.training.scores import MetricsCallback as MetricsCallback
from disentlib.training.scores import Modularity as Modularity
from disentlib.training.train import train as train
