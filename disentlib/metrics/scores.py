"""Every score in one table: what it needs, and what it is estimated with.

A new score joins by its file and one line here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from disentlib.metrics.alignment.affine_mcc import affine_mcc
from disentlib.metrics.alignment.mcc import mcc
from disentlib.metrics.alignment.weak_mcc import weak_mcc
from disentlib.metrics.independence.factorized_support import factorized_support
from disentlib.metrics.independence.gaussian_total_correlation import gaussian_total_correlation
from disentlib.metrics.independence.gaussian_wasserstein_correlation import (
    gaussian_wasserstein_correlation,
    gaussian_wasserstein_correlation_norm,
)
from disentlib.metrics.independence.mutual_information_score import mutual_information_score
from disentlib.metrics.information.dcimig import dcimig
from disentlib.metrics.information.info_mec import info_mec
from disentlib.metrics.information.jemmig import jemmig
from disentlib.metrics.information.med import med, top_k_med
from disentlib.metrics.information.mig import mig
from disentlib.metrics.information.mig_aggregated_posterior import mig_aggregated_posterior
from disentlib.metrics.information.mig_sup import mig_sup
from disentlib.metrics.information.modularity import modularity
from disentlib.metrics.information.rmig import rmig
from disentlib.metrics.intervention.beta_vae_score import beta_vae_score
from disentlib.metrics.intervention.factor_vae_score import factor_vae_score
from disentlib.metrics.intervention.irs import irs
from disentlib.metrics.intervention.omes import omes
from disentlib.metrics.intervention.z_max_var import z_max_var
from disentlib.metrics.prediction.dci import dci
from disentlib.metrics.prediction.explicitness import explicitness
from disentlib.metrics.prediction.sap import sap


@dataclass(frozen=True)
class Score:
    """A score and what it needs.

    Attributes:
        function: the public one, (codes, factors, *, options) -> float or NamedTuple of floats.
        estimator: what it is estimated with by default.
        reference: what it is estimated with under "locatello2019"; None where a protocol changes
            nothing, and the function takes none.
        figures: what single figures are estimated with, by name, where that is something else.
        in_sample: the figures taken on the very samples that were fitted, which tell how much a
            predictor knows by heart as well.
        needs_factors: False for scores of codes alone.
        bins: whether codes are cut into bins: the function takes `bins`.
        fits: whether it fits a predictor: the function takes `train_fraction`, `test` and `rng`.
        moments: whether means and variances of codes decide it, and thus perhaps one outlier.
        intervenes: whether it holds factors fixed: instead of arrays the function takes a
            `protocol.CodeTable`, and `sampled` and `rng`.
        posteriors: whether it takes (mean, logvar, factors), and `codes` and `rng`.
        discrete_only: why it makes no sense where a factor is real-valued; empty where it does, and
            the function takes `continuous`.
        higher_is_better: False where lower is.
        by_default: whether `evaluate` takes it without being asked. Those that intervene are not:
            on a large grid they encode most of it. Nor is one whose work grows with samples^2.
    """

    function: Callable[..., Any]
    estimator: str
    reference: str | None = None
    figures: Mapping[str, str] = field(default_factory=dict)
    in_sample: tuple[str, ...] = ()
    needs_factors: bool = True
    bins: bool = False
    fits: bool = False
    moments: bool = False
    intervenes: bool = False
    posteriors: bool = False
    discrete_only: str = ""
    higher_is_better: bool = True
    by_default: bool = True

    @property
    def name(self) -> str:
        """The name that users type: the function's."""
        return str(self.function.__name__)

    @property
    def needs_encoder(self) -> bool:
        """Whether arrays of codes and factors are not enough."""
        return self.intervenes or self.posteriors


_ADJUSTED = "adaptive bins, chance-adjusted"
_PLUG_IN = "equal-width bins, plug-in"
_LINEAR = "linear or logistic regression"

SCORES: dict[str, Score] = {
    score.name: score
    for score in (
        Score(mig, _ADJUSTED, _PLUG_IN, bins=True),
        Score(mig_sup, _ADJUSTED + ", active codes", _PLUG_IN, bins=True),
        Score(
            mig_aggregated_posterior,
            "mixture of all posteriors, one draw a sample",
            posteriors=True,
            by_default=False,
        ),
        # Without posteriors' variances it is `mig` again.
        Score(rmig, _ADJUSTED, _PLUG_IN, bins=True, by_default=False),
        Score(dcimig, _ADJUSTED, _PLUG_IN, bins=True),
        Score(jemmig, _ADJUSTED, _PLUG_IN, bins=True),
        Score(modularity, _ADJUSTED + ", active codes", _PLUG_IN, bins=True),
        Score(
            mutual_information_score,
            _ADJUSTED,
            _PLUG_IN,
            needs_factors=False,
            bins=True,
            higher_is_better=False,
        ),
        Score(
            med,
            _ADJUSTED + ", what is significant",
            _PLUG_IN,
            figures=dict.fromkeys(("informativeness", "informativeness_train"), _LINEAR),
            in_sample=("informativeness_train",),
            bins=True,
            fits=True,
            moments=True,
        ),
        Score(top_k_med, _ADJUSTED + ", what is significant", _PLUG_IN, bins=True, fits=True),
        Score(
            info_mec,
            "adaptive bins, chance-adjusted, what is significant",
            figures={"explicitness": _LINEAR},
            in_sample=("explicitness",),
            moments=True,
        ),
        Score(sap, "trees on single codes", "linear machines on single codes", fits=True),
        Score(
            explicitness,
            "multinomial logistic regression",
            "one-vs-rest logistic regressions",
            fits=True,
            moments=True,
            discrete_only="it is about the probabilities of values",
        ),
        Score(
            factor_vae_score,
            "majority vote on batches of 64",
            "majority vote on batches of 64, reference's draws",
            in_sample=("train_accuracy",),
            intervenes=True,
            by_default=False,
        ),
        Score(
            beta_vae_score,
            "multinomial logistic regression on batches of 64",
            "one-vs-rest logistic regression on batches of 64",
            in_sample=("train_accuracy",),
            intervenes=True,
            by_default=False,
        ),
        Score(z_max_var, "majority vote on batches of 64", intervenes=True, by_default=False),
        Score(omes, "correlation in pairs", intervenes=True, by_default=False),
        Score(
            irs,
            "0.99 quantiles",
            "0.99 quantiles against the maximum, 20 factor bins",
            moments=True,
        ),
        Score(mcc, "Pearson correlation", moments=True),
        Score(affine_mcc, "least squares, Pearson correlation", fits=True, moments=True),
        # Says what `affine_mcc` says, but where factors are fewer than what makes up the codes.
        Score(weak_mcc, "canonical correlation", fits=True, moments=True, by_default=False),
        Score(
            dci,
            "gradient boosting, random rows train",
            "gradient boosting, leading rows train",
            in_sample=("informativeness_train",),
            fits=True,
        ),
        Score(
            gaussian_total_correlation,
            "covariance",
            needs_factors=False,
            higher_is_better=False,
            moments=True,
        ),
        Score(
            gaussian_wasserstein_correlation,
            "covariance",
            needs_factors=False,
            higher_is_better=False,
            moments=True,
        ),
        Score(
            gaussian_wasserstein_correlation_norm,
            "covariance",
            needs_factors=False,
            higher_is_better=False,
            moments=True,
        ),
        Score(
            factorized_support,
            "batches of 128, standardised codes",
            needs_factors=False,
            higher_is_better=False,
            moments=True,
        ),
    )
}
