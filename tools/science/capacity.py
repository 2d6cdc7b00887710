"""AnnealedVAE's KL follows its capacity (Burgess et al., 2018).

    python tools/science/capacity.py

C rises from 0 to 10 nats over 3000 of 4000 steps.
"""

import numpy as np
from common import head, row, trained

from disentlib import models

if __name__ == "__main__":
    histories = [
        trained(models.AnnealedVAE, seed=seed, c_max=10.0, gamma=100.0, iteration_threshold=3000)[1]
        for seed in range(3)
    ]
    head("mean capacity of 400 steps", "mean KL")
    for interval, capacity in enumerate(histories[0]["capacity"]):
        row(f"{capacity:.2f}", [history["kl"][interval] for history in histories], digits=2)
    gaps = [np.max(np.abs(np.subtract(h["kl"], h["capacity"]))) for h in histories]
    row("largest gap", gaps, digits=2)
