"""Write tests/golden/oracle: the few small cases of the reference folder that every checkout tests.

DISENTLIB_TEST_DATA=... python tools/golden_cases.py
"""

import json
import os
import shutil
from pathlib import Path

CASES = [
    "dummy_identity_fullgrid",
    "dsprites_edgeties_n1000_f32",
    "dsprites_identity_n1000",
    "dsprites_const_n1000_f32",
    "dsprites_dead_n1000_f32",
    "onefactorval_noisy_n1000",
    "shapes3d_quantised8_n1000",
]
# Data sets and encoders, for scores that sample by themselves.
WORLDS = ["dataset_dsprites_const_d7", "dataset_dsprites_mix_d8", "dataset_smallnorb_weak_d6"]

# Inputs of single formulas.
EXTRA = ["matrices", "fairness_counts", "udr_b", "gaussian_posteriors_a"]


def main() -> None:
    source = Path(os.environ["DISENTLIB_TEST_DATA"]) / "oracle"
    target = Path(__file__).parents[1] / "tests" / "golden" / "oracle"
    (target / "cases").mkdir(parents=True, exist_ok=True)
    answers = json.loads((source / "expected.json").read_text(encoding="utf-8"))
    for name in CASES + WORLDS + EXTRA:
        shutil.copyfile(source / "cases" / f"{name}.npz", target / "cases" / f"{name}.npz")
    chosen = {
        kind: {name: answers[kind][name] for name in names}
        for kind, names in (("cases", CASES), ("dataset_cases", WORLDS), ("extra", EXTRA))
    }
    text = json.dumps(chosen, separators=(",", ":"))
    (target / "expected.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
