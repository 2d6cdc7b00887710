"""Scores are the same whichever kernels the linear algebra picks for a processor, and threads.

The file runs itself as a child process under several OPENBLAS_CORETYPEs, the switch that the
OpenBLAS of NumPy and of SciPy reads when it is loaded.
"""

import json
import os
import signal
import subprocess
import sys
import warnings

import numpy as np
import pytest

# Kernels and threads. The first is the witness; those that this processor cannot run are left out.
SETTINGS = [("Prescott", 1), ("Haswell", 2), ("SkylakeX", 2), ("Zen", 1)]


def hard_cases():
    """Codes, factors and whether these are real-valued, where rounding decides what it can."""
    rng = np.random.default_rng(0)
    factors = rng.permutation(np.indices((3, 4, 5)).reshape(3, -1).T.repeat(5, axis=0))
    mixed = factors @ rng.normal(size=(3, 5)) + 0.1 * rng.normal(size=(len(factors), 5))
    scales = np.array([1e-6, 1.0, 1e3, 1e6, 10.0])
    repeating = np.column_stack([mixed, mixed[:, 0], mixed[:, 0] - mixed[:, 1]])
    values = rng.normal(size=(300, 3))
    linear = values @ rng.normal(size=(3, 5))
    return {
        "scales mixed": (mixed * scales, factors, False),
        "in single precision": ((mixed * scales).astype(np.float32), factors, False),
        "far from 0": (repeating + 1e6, factors, False),
        "tied": (np.column_stack([factors * 0.1, factors * 0.3]), factors, False),
        "a constant": (np.insert(mixed, 2, 0.1, axis=1), factors, False),
        "more codes than samples": (rng.normal(size=(30, 40)), factors[:30], False),
        "exactly linear": (linear * scales, values, True),
        "linear, far from 0": (np.column_stack([linear, linear[:, 0]]) + 1e6, values, True),
    }


def scores():
    """The table of every case, both protocols, and canonical correlations."""
    from disentlib import metrics

    found = {}
    for name, (codes, factors, continuous) in hard_cases().items():
        for protocol in (None,) if continuous else (None, "locatello2019"):
            table = metrics.evaluate(codes, factors, continuous=continuous, protocol=protocol)
            found |= {f"{name}, {protocol}: {row.score}": row.value for row in table}
        cca = metrics.mcc(codes, factors, correlation="cca", continuous=continuous)
        found[f"{name}: cca"] = cca
    return found


def test_scores_do_not_depend_on_the_processor():
    children = []
    for kernel, threads in SETTINGS:
        chosen = {"OPENBLAS_CORETYPE": kernel, "OPENBLAS_NUM_THREADS": str(threads)}
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        command = [sys.executable, __file__]
        children.append(subprocess.Popen(command, env={**os.environ, **chosen}, **pipes))
    found = {}
    for setting, child in zip(SETTINGS, children, strict=True):
        output, errors = child.communicate()
        if child.returncode == -signal.SIGILL:
            continue
        assert child.returncode == 0, errors
        found[setting] = json.loads(output)
    assert len(found) > 1
    expected = found.pop(SETTINGS[0])
    assert len(expected) > 300
    for setting, values in found.items():
        wrong = {
            name: (value, expected[name])
            for name, value in values.items()
            if value != pytest.approx(expected[name], rel=1e-9, abs=1e-12, nan_ok=True)
        }
        assert not wrong, setting


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    print(json.dumps(scores()))
