"""Studies: grids of models, run on one machine or a cluster, and their results as one table."""

from disentlib.studies.engine import Progress as Progress
from disentlib.studies.engine import Runner as Runner
from disentlib.studies.engine import run as run
from disentlib.studies.grid import Job as Job
from disentlib.studies.grid import Study as Study
from disentlib.studies.selection import selector as selector
from disentlib.studies.storage import Storage as Storage
from disentlib.studies.table import collect as collect
from disentlib.studies.table import load as load
