"""Scores of representations, from arrays: codes (samples, dims) and factors (samples, factors)."""

from disentlib.metrics.alignment.affine_mcc import affine_mcc as affine_mcc
from disentlib.metrics.alignment.cluster_accuracy import ClusterAccuracy as ClusterAccuracy
from disentlib.metrics.alignment.cluster_accuracy import cluster_accuracy as cluster_accuracy
from disentlib.metrics.alignment.mcc import mcc as mcc
from disentlib.metrics.alignment.weak_mcc import weak_mcc as weak_mcc
from disentlib.metrics.diagnose import diagnose as diagnose
from disentlib.metrics.diagnosis.finding import Diagnosis as Diagnosis
from disentlib.metrics.diagnosis.finding import Finding as Finding
from disentlib.metrics.downstream.downstream_task import downstream_task as downstream_task
from disentlib.metrics.downstream.fairness import fairness as fairness
from disentlib.metrics.downstream.reduced_downstream_task import (
    reduced_downstream_task as reduced_downstream_task,
)
from disentlib.metrics.downstream.strong_downstream_task import (
    strong_downstream_task as strong_downstream_task,
)
from disentlib.metrics.evaluate import LeftOutWarning as LeftOutWarning
from disentlib.metrics.evaluate import evaluate as evaluate
from disentlib.metrics.evaluate import evaluate_encoder as evaluate_encoder
from disentlib.metrics.independence.factorized_support import (
    factorized_support as factorized_support,
)
from disentlib.metrics.independence.gaussian_total_correlation import (
    gaussian_total_correlation as gaussian_total_correlation,
)
from disentlib.metrics.independence.gaussian_wasserstein_correlation import (
    gaussian_wasserstein_correlation as gaussian_wasserstein_correlation,
)
from disentlib.metrics.independence.gaussian_wasserstein_correlation import (
    gaussian_wasserstein_correlation_norm as gaussian_wasserstein_correlation_norm,
)
from disentlib.metrics.independence.mutual_information_score import (
    mutual_information_score as mutual_information_score,
)
from disentlib.metrics.information.dcimig import dcimig as dcimig
from disentlib.metrics.information.estimates import ConstantFactorWarning as ConstantFactorWarning
from disentlib.metrics.information.info_mec import InfoMEC as InfoMEC
from disentlib.metrics.information.info_mec import info_mec as info_mec
from disentlib.metrics.information.jemmig import jemmig as jemmig
from disentlib.metrics.information.med import MED as MED
from disentlib.metrics.information.med import TopKMED as TopKMED
from disentlib.metrics.information.med import med as med
from disentlib.metrics.information.med import top_k_med as top_k_med
from disentlib.metrics.information.mig import mig as mig
from disentlib.metrics.information.mig_aggregated_posterior import (
    mig_aggregated_posterior as mig_aggregated_posterior,
)
from disentlib.metrics.information.mig_sup import mig_sup as mig_sup
from disentlib.metrics.information.modularity import modularity as modularity
from disentlib.metrics.information.rmig import rmig as rmig
from disentlib.metrics.intervention.beta_vae_score import BetaVAEScore as BetaVAEScore
from disentlib.metrics.intervention.beta_vae_score import beta_vae_score as beta_vae_score
from disentlib.metrics.intervention.factor_vae_score import FactorVAEScore as FactorVAEScore
from disentlib.metrics.intervention.factor_vae_score import factor_vae_score as factor_vae_score
from disentlib.metrics.intervention.interventions import ArrayTable as ArrayTable
from disentlib.metrics.intervention.interventions import PrunedCodesWarning as PrunedCodesWarning
from disentlib.metrics.intervention.irs import irs as irs
from disentlib.metrics.intervention.omes import omes as omes
from disentlib.metrics.intervention.z_max_var import z_max_var as z_max_var
from disentlib.metrics.labelled_codes import LabelledCodes as LabelledCodes
from disentlib.metrics.outliers import OutlierWarning as OutlierWarning
from disentlib.metrics.prediction.dci import DCI as DCI
from disentlib.metrics.prediction.dci import dci as dci
from disentlib.metrics.prediction.dci_es import DCIES as DCIES
from disentlib.metrics.prediction.dci_es import dci_es as dci_es
from disentlib.metrics.prediction.explicitness import explicitness as explicitness
from disentlib.metrics.prediction.sap import sap as sap
from disentlib.metrics.protocol import CodeTable as CodeTable
from disentlib.metrics.scale import ScaleWarning as ScaleWarning
from disentlib.metrics.score import Score as Score
from disentlib.metrics.scores import SCORES as SCORES
from disentlib.metrics.selection.compare_seed_stability import (
    StabilityComparison as StabilityComparison,
)
from disentlib.metrics.selection.compare_seed_stability import (
    compare_seed_stability as compare_seed_stability,
)
from disentlib.metrics.selection.model_centrality import model_centrality as model_centrality
from disentlib.metrics.selection.seed_stability import SeedStability as SeedStability
from disentlib.metrics.selection.seed_stability import SkippedSeedWarning as SkippedSeedWarning
from disentlib.metrics.selection.seed_stability import seed_stability as seed_stability
from disentlib.metrics.selection.udr import UDR as UDR
from disentlib.metrics.selection.udr import udr as udr
from disentlib.metrics.selection.unified_scores import unified_scores as unified_scores
from disentlib.metrics.table import ScoreTable as ScoreTable
