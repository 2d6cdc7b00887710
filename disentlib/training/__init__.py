"""Training runs: one function, one directory, resumable bit for bit."""

from disentlib.training.run import Run as Run
from disentlib.training.train import train as train
