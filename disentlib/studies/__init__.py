"""Studies: grids of models, their results as one table, and its analysis."""

import importlib
from typing import Any

from disentlib.studies.engine import Progress as Progress
from disentlib.studies.engine import Runner as Runner
from disentlib.studies.engine import run as run
from disentlib.studies.grid import Job as Job
from disentlib.studies.grid import Study as Study
from disentlib.studies.job import TrainAndScore as TrainAndScore
from disentlib.studies.job import Trainer as Trainer
from disentlib.studies.selection import selector as selector
from disentlib.studies.status import Status as Status
from disentlib.studies.status import status as status
from disentlib.studies.storage import Storage as Storage
from disentlib.studies.table import collect as collect
from disentlib.studies.table import load as load


def __getattr__(name: str) -> Any:
    """Import `report` on first use: it needs pandas and matplotlib, which are extras."""
    if name == "report":
        return importlib.import_module("disentlib.studies.page").report
    raise AttributeError(f"module 'disentlib.studies' has no attribute {name!r}")
