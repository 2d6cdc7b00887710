"""What was trained, word for word."""

import json

from disentlib.visualization.pages import Section
from disentlib.visualization.report.reported_run import ReportedRun


def section(run: ReportedRun) -> Section | None:
    """Return the gin text, or the configuration of a run that Python started."""
    text = run.run.config or json.dumps(run.settings.get("configuration", {}), indent=2)
    return Section("configuration", "Configuration", code=text)
