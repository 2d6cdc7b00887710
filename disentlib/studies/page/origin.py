"""Where the numbers come from."""

from disentlib.studies.page.study import LISTED, Study, table_of
from disentlib.visualization.pages import Section


def section(study: Study) -> Section:
    """Return rows, digests and versions."""
    rows = [["rows", f"{len(study.given):,}"]]
    for name, label in (("uuid", "results"), ("config_digest", "configurations")):
        if name in study.table:
            rows.append([label, f"{study.table[name].nunique():,} different"])
    if "versions" in study.table:
        kinds = [str(value) for value in study.table["versions"].dropna().map(str).unique()]
        rows += [["versions", value] for value in kinds[:LISTED]]
    text = ["Every figure's numbers are in the file that its caption links."]
    return Section("origin", "Where it comes from", text, tables=[table_of("Origin", (), rows)])
