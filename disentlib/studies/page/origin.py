"""Where the numbers come from."""

from disentlib.studies.page.results import LISTED, Results, table_of
from disentlib.visualization.pages import Section


def section(results: Results) -> Section:
    """Return rows, digests and versions."""
    rows = [["rows", f"{len(results.given):,}"]]
    for name, label in (("uuid", "results"), ("config_digest", "configurations")):
        if name in results.table:
            rows.append([label, f"{results.table[name].nunique():,} different"])
    if "versions" in results.table:
        kinds = [str(value) for value in results.table["versions"].dropna().map(str).unique()]
        rows += [["versions", value] for value in kinds[:LISTED]]
    text = ["Every figure's numbers are in the file that its caption links."]
    return Section("origin", "Where it comes from", text, tables=[table_of("Origin", (), rows)])
