"""Write the table of docs/comparison.md: what programs report on the same perfect codes, and why.

python tools/compare_libraries.py          # reads tests/golden, or the folder DISENTLIB_TEST_DATA

The other programs' figures are recorded in the reference answers; ours are computed.
"""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from disentlib import metrics

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "comparison.md"
CASE = "dsprites_identity_n1000"
START, END = "<!-- table: tools/compare_libraries.py -->", "<!-- end of table -->"

LIB, UBISOFT, MED = "dlib@sk0.21.3", "ubisoft@sk0.23.2", "med@sk0.21.3"
DENT, DISENT, TRAN, IVAE = "dent", "disent@0.8.0", "dotran@sk0.21.3", "ivae_mcc"
NAMES = {
    LIB: "disentanglement_lib",
    UBISOFT: "DisentanglementMetrics (Ubisoft)",
    MED: "disentanglement_lib_med",
    DENT: "disentangling-correlated-factors",
    DISENT: "disent",
    TRAN: "DisentanglementMetrics (Do and Tran)",
    IVAE: "iVAE",
}

Take = Callable[..., Any]
ADJUSTED = "bins at quantiles, adjusted for chance"
BINNED = "cuts factors into 20 bins as well, so that 40 and 32 values become 20"


class Line(NamedTuple):
    """Programs that report one figure, and why it is that one."""

    programs: tuple[tuple[str, str], ...]  # (program, path of its answer: "score.field")
    because: str
    ours: Take | None = None  # what of ours gives the same figure


class Score(NamedTuple):
    """What we report by default and why, and what others do."""

    name: str
    ours: Take
    because: str
    lines: tuple[Line, ...]


def reference(score: Take, field: str = "") -> Take:
    """Return a score under the protocol of the reference."""

    def take(codes: Any, factors: Any) -> float:
        value = score(codes, factors, protocol="locatello2019")
        return float(getattr(value, field) if field else value)

    return take


SCORES = (
    Score(
        "MIG",
        metrics.mig,
        ADJUSTED,
        (
            Line(
                ((LIB, "mig"), (DISENT, "mig.mig.discrete_score"), (TRAN, "mig_bins20.MIG")),
                "20 equal-width bins cannot tell 40 or 32 values apart, and plug-in information is "
                "biased",
                reference(metrics.mig),
            ),
            Line(((TRAN, "mig_bins40.MIG"),), "40 bins can, but are biased more"),
            Line(
                ((UBISOFT, "mig_bins20_factorsdiscrete"),),
                "20 bins, divided by the code's entropy, which has lost values, too",
            ),
            Line(((UBISOFT, "mig_bins10_factorsdiscrete"),), "the same with 10 bins"),
            Line(((DENT, "mig_bins20"),), BINNED),
        ),
    ),
    Score(
        "MIG-sup",
        metrics.mig_sup,
        ADJUSTED,
        (
            Line(
                ((UBISOFT, "mig_sup_bins20_factorsdiscrete"),),
                "20 equal-width bins, plug-in information",
            ),
        ),
    ),
    Score(
        "DCIMIG",
        metrics.dcimig,
        ADJUSTED,
        (
            Line(
                ((UBISOFT, "dcimig_bins20_factorsdiscrete"),),
                "20 equal-width bins, plug-in information",
            ),
        ),
    ),
    Score(
        "JEMMIG",
        metrics.jemmig,
        ADJUSTED,
        (
            Line(
                ((UBISOFT, "jemmig_bins20_factorsdiscrete"),),
                "20 equal-width bins, plug-in information",
            ),
        ),
    ),
    Score(
        "Modularity",
        metrics.modularity,
        ADJUSTED + ", codes that tell nothing left out",
        (
            Line(
                (
                    (LIB, "modularity"),
                    (TRAN, "modularity_bins20.modularity"),
                    (UBISOFT, "modularity_bins20_factorsdiscrete"),
                ),
                "plug-in information about the other factors is not 0",
                reference(metrics.modularity),
            ),
            Line(((DENT, "modularity_bins20"),), BINNED + ": smaller tables, less bias"),
        ),
    ),
    Score(
        "SAP",
        metrics.sap,
        "trees on single codes: they tell any values apart; an untold one may be guessed",
        (
            Line(
                ((LIB, "sap_discrete_seed0.sap"), (DISENT, "sap_discrete_seed0.sap.score")),
                "a line a value on one code: the values in the middle cannot win",
                reference(metrics.sap),
            ),
            Line(((DENT, "sap_seed0"),), "the same on codes and factors in 20 bins"),
            Line(
                ((UBISOFT, "sap_classification_factorsbinned10_seed0"),),
                "trees, tuned and scored on the rows that they fit, factors in 10 bins",
            ),
            Line(
                ((LIB, "sap_continuous.sap"), (DISENT, "sap_continuous.sap.score")),
                "squared correlation: factors are taken as quantities",
            ),
        ),
    ),
    Score(
        "DCI disentanglement",
        lambda codes, factors: metrics.dci(codes, factors).disentanglement,
        "boosted trees",
        (
            Line(
                ((LIB, "dci_gbt_seed0.disentanglement"), (UBISOFT, "dci_lasso.disentanglement")),
                "boosted trees; lasso: all that perfect codes need",
                reference(metrics.dci, "disentanglement"),
            ),
        ),
    ),
    Score(
        "MED disentanglement",
        lambda codes, factors: metrics.med(codes, factors).disentanglement,
        ADJUSTED + ", and only what is significant",
        (
            Line(
                ((MED, "med.disentanglement"),),
                "plug-in information of 750 rows: what codes seem to know of other factors counts",
                reference(metrics.med, "disentanglement"),
            ),
        ),
    ),
    Score(
        "Explicitness",
        metrics.explicitness,
        "one softmax on random training rows; values in the middle of a code are told roughly",
        (
            Line(
                ((LIB, "explicitness"),),
                "fails: a value of the training rows is missing among the test rows",
            ),
            Line(
                ((TRAN, "explicitness_liblinear_C1e10_all_rows.explicitness"),),
                "one line a value, tested on the rows that it fits",
            ),
            Line(
                ((UBISOFT, "explicitness_impl1_factorsdiscrete"),),
                "rescaled, so that guessing gives 0 instead of 0.5",
            ),
        ),
    ),
    Score(
        "IRS",
        metrics.irs,
        "every value of a factor is a group",
        (
            Line(
                ((LIB, "irs_q0.99_bins20.avg_score"),),
                "20 bins merge the values of large factors",
                reference(metrics.irs),
            ),
            Line(((UBISOFT, "irs_q1.0_factorsbinned10"),), "10 bins merge more"),
        ),
    ),
    Score(
        "MCC",
        metrics.mcc,
        "Pearson correlation, optimal assignment",
        (Line(((IVAE, "mcc_np_pearson"),), "the same"),),
    ),
)


def table() -> str:
    """Return the table as Markdown."""
    codes, factors, answers = load()
    lines = ["| score | program | reports | because |", "|---|---|---|---|"]
    for score in SCORES:
        figure = float(score.ours(codes, factors))
        lines.append(f"| {score.name} | **disentlib** | **{figure:.3f}** | {score.because} |")
        lines += [
            f"| | {', '.join(names)} | {figure} | {because} |"
            for names, figure, because in others(score, codes, factors, answers)
        ]
    return "\n".join(lines) + "\n"


def others(
    score: Score, codes: Any, factors: Any, answers: dict[str, Any]
) -> Iterator[tuple[list[str], str, str]]:
    """Yield what others report: programs, figure, reason; programs of one line agree."""
    for line in score.lines:
        reported = {NAMES[name]: look_up(answers[name], path) for name, path in line.programs}
        if line.ours is not None:
            ours = 'disentlib, `protocol="locatello2019"`'
            reported = {ours: line.ours(codes, factors)} | reported
        if any(isinstance(value, dict) for value in reported.values()):
            yield list(reported), "an error", line.because
            continue
        # Support vector machines of other versions stop elsewhere.
        figures = np.array(list(reported.values()))
        assert np.ptp(figures) < 0.0005, (score.name, reported)
        yield list(reported), f"{figures[-1]:.3f}", line.because


def look_up(answers: Any, path: str) -> Any:
    """Return an answer by its path; keys may hold dots themselves."""
    if path in answers:
        return answers[path]
    for key in answers:
        if path.startswith(f"{key}."):
            return look_up(answers[key], path[len(key) + 1 :])
    raise KeyError(path)


def load() -> tuple[Any, Any, dict[str, Any]]:
    """Return codes, factors, and by program what it reported."""
    folder = Path(os.environ.get("DISENTLIB_TEST_DATA", ROOT / "tests" / "golden")) / "oracle"
    with np.load(folder / "cases" / f"{CASE}.npz") as arrays:
        codes, factors = arrays["codes"], arrays["factors"]
    answers = json.loads((folder / "expected.json").read_text(encoding="utf-8"))
    return codes, factors, answers["cases"][CASE]["expected"]


def main() -> None:
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(START)
    after = rest.partition(END)[2]
    PAGE.write_text(f"{before}{START}\n\n{table()}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
