"""The curves of the loss and its terms."""

from functools import partial

from disentlib.visualization import plots
from disentlib.visualization.pages import Section
from disentlib.visualization.report.reported_run import ReportedRun


def section(run: ReportedRun) -> Section | None:
    """Return the curves."""
    history = run.history
    steps = history.get("step", ())
    if not len(steps):
        return Section("training", "Training", ["No step is logged yet."])
    drawing = run.drawing(
        partial(plots.loss_curves, history),
        "curves.png",
        title="Training",
        context=run.context,
        alt="Curves of " + ", ".join(name for name in history if name != "step"),
        caption="Pale: as logged. Strong: running mean." if len(steps) >= 100 else "",
    )
    facts = [("loss", f"{history['loss'][-1]:.4g}")]
    return Section("training", "Training", drawings=[drawing], facts=facts)
