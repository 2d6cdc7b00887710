"""Factors that share information: what tells one tells the other."""

from collections.abc import Iterator

import numpy as np
from scipy.sparse.csgraph import connected_components

from disentlib.metrics.diagnosis.examined import Examined
from disentlib.metrics.diagnosis.finding import Finding
from disentlib.metrics.diagnosis.wording import percent
from disentlib.metrics.information.estimates import adjusted, default_bins


def correlated_factors(examined: Examined) -> Iterator[Finding]:
    """Yield groups of factors that share 1 % of their entropy or more."""
    labels, entropies = examined.labels, examined.entropies
    varying = [j for j in range(len(entropies)) if entropies[j] > 0]
    if len(varying) < 2:
        return
    bins = default_bins(max(len(examined.counts[j]) for j in varying), examined.samples)
    estimated = adjusted(labels[:, varying].astype(np.float64), labels[:, varying], bins)
    shares = estimated.mutual_information / estimated.factor_entropy
    shares[~estimated.significant] = 0.0
    shares = np.maximum(shares, shares.T)
    position = {factor: i for i, factor in enumerate(varying)}
    for one_hot in examined.one_hot:  # `one_hot_factors` names them
        inside = [position[factor] for factor in one_hot]
        shares[np.ix_(inside, inside)] = 0.0
    np.fill_diagonal(shares, 0.0)
    _, component = connected_components(shares >= 0.01, directed=False)
    findings = []
    for which in range(component.max() + 1):
        members = np.flatnonzero(component == which)
        if len(members) < 2:
            continue
        inner = shares[np.ix_(members, members)]
        share = float(inner.max())
        first, second = sorted(members[np.array(np.unravel_index(inner.argmax(), inner.shape))])
        group = tuple(varying[i] for i in members)
        text = f"{examined.named_factors(group)} are correlated, one tells {percent(share)} "
        if len(group) == 2:
            text += "of the other"
        else:
            pair = [examined.names[varying[i]] for i in (first, second)]
            text += f"of another ({' and '.join(pair)})"
        text += ": perfect codes score below 1 in mig, modularity and dci"
        findings.append(Finding("correlated_factors", (), group, {"shared": share}, text))
    yield from sorted(findings, key=lambda finding: -finding.figures["shared"])
