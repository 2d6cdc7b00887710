"""Every answer of other programs, number by number: ours is the same, or an excuse says why not.

`python tools/oracle.py` runs this file and prints what was compared and what was excused. Answers
go by "program/answer.part". Ours are in the tables OF_CASES, OF_WORLDS and OF_FORMULAS.
"""

import re
from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import pytest
from sklearn.preprocessing import minmax_scale

from disentlib import metrics, ops
from disentlib.metrics.downstream.fairness import unfairness_of
from disentlib.metrics.independence.gaussian import covariance
from disentlib.metrics.information.estimates import estimate, top_two
from disentlib.metrics.information.info_mec import (
    _explicitness,
    _one_hot,
    _purity,
    normalised_information,
)
from disentlib.metrics.information.med import _shares, top_codes
from disentlib.metrics.information.mig_aggregated_posterior import posterior_information
from disentlib.metrics.information.modularity import modularity_of
from disentlib.metrics.intervention.factor_vae_score import accuracies, count_votes
from disentlib.metrics.intervention.interventions import ArrayTable
from disentlib.metrics.intervention.irs import robustness
from disentlib.metrics.prediction.dci import disentanglement_of, importances, purities
from disentlib.metrics.prediction.explicitness import area
from disentlib.metrics.prediction.sap import predictability
from disentlib.metrics.protocol import CodeTable, TrainTestSplit, encode_samples
from disentlib.metrics.selection.udr import agreement
from disentlib.metrics.selection.unified_scores import area_precision

REFERENCE: dict[str, Any] = {"protocol": "locatello2019"}


class Ours:
    """What we answer for the codes and factors of a case, each figure computed once."""

    def __init__(self, case):
        self.codes, self.factors, self.rows = case.codes, case.factors, case.train
        self.train = self.codes[: self.rows], self.factors[: self.rows]
        self.test = self.codes[self.rows :], self.factors[self.rows :]
        self.everything = self.codes, self.factors
        self.kept = np.ptp(self.factors, axis=0) > 0
        self.live = np.ptp(self.codes, axis=0) > 0

    def by_factor(self, values):
        """Return figures of the factors that vary as a column each, NaN for the others."""
        values = np.asarray(values, float)
        spread = np.full((*values.shape[:-1], len(self.kept)), np.nan)
        spread[..., self.kept] = values
        return spread

    def by_code(self, values):
        """Return figures of the codes that vary as a row each, NaN for the others."""
        spread = np.full((len(self.live), *np.shape(values)[1:]), np.nan)
        spread[self.live] = values
        return spread

    # Information

    @cached_property
    def shared(self):
        return estimate(*self.everything, **REFERENCE).mutual_information

    def mig_per_factor(self, **options):
        with np.errstate(divide="ignore", invalid="ignore"):
            best, second = top_two(estimate(*self.everything, **options).shares(), axis=0)
        gaps = best - second
        gaps[~self.kept] = np.nan
        return gaps

    def modularities(self):
        return self.by_code(modularity_of(self.shared[self.live]))

    def unit(self, bins, factors):
        """Return codes scaled to [0, 1] and factors, cut into as many bins where asked."""
        codes = minmax_scale(self.codes).astype(float)
        labels = self.factors
        if factors == "binned":
            labels = ops.discretise(minmax_scale(labels.astype(float)), int(bins))
        return codes, labels

    # Predictors

    @cached_property
    def boosting(self):
        found = importances(*self.everything, **REFERENCE)
        return {
            **of_importances(found.matrix),
            "importance": found.matrix,
            "informativeness_train": found.train.mean(),
            "informativeness_test": found.test.mean(),
        }

    def lasso(self):
        found = importances(*self.everything, estimator="lasso", test=self.everything)
        errors = np.sqrt(1 - found.train)
        used = found.matrix.any(axis=1)
        return {
            "importance_matrix": found.matrix,
            "disentanglement_scores": np.where(used, purities(found.matrix), np.nan),
            "disentanglement": disentanglement_of(found.matrix),
            "completeness_scores": purities(found.matrix.T),
            "completeness": disentanglement_of(found.matrix.T),
            "train_errors": errors,
            "train_avg_error": errors.mean(),
        }

    def areas(self, rows, protocol):
        return self.by_factor(
            [
                metrics.explicitness(
                    self.train[0],
                    self.train[1][:, [k]],
                    test=(rows[0], rows[1][:, [k]]),
                    protocol=protocol,
                )
                for k in np.flatnonzero(self.kept)
            ]
        )

    def explicitness(self, protocol):
        train, test = (self.areas(rows, protocol) for rows in (self.train, self.test))
        return {
            "train_per_factor": train,
            "test_per_factor": test,
            "train": np.nanmean(train),
            "test": np.nanmean(test),
        }

    @cached_property
    def machines(self):
        return {
            "matrix": self.by_code(
                self.by_factor(predictability(*self.everything, **REFERENCE))[self.live]
            ),
            "sap": metrics.sap(*self.everything, **REFERENCE),
        }

    def correlations(self):
        options = {"estimator": "r2", **REFERENCE}
        return {
            "matrix": self.by_factor(predictability(*self.everything, **options)),
            "sap": metrics.sap(*self.everything, **options),
        }

    # Interventions

    def irs(self, quantile, bins, live):
        found = robustness(
            *self.everything,
            quantile=float(quantile),
            factor_bins=20 if bins == "bins20" else None,
            **REFERENCE,
        )
        figures = {
            "disentanglement_scores": found.codes,
            "parents": np.flatnonzero(self.kept)[found.parents],
            "IRS_matrix": self.by_factor(found.matrix),
            "max_deviations": found.deviations,
        }
        if not live:  # an entry for each code, not for live ones alone
            figures = {name: self.by_code(values) for name, values in figures.items()}
        return {**figures, "avg_score": found.score, "num_active": len(found.live)}

    @cached_property
    def table(self):
        return ArrayTable(*self.everything, factor_bins=10)

    def rescaled(self, accuracy):
        """Return accuracies on the scale where guessing is 0."""
        guess = 1 / self.factors.shape[1]
        return (accuracy - guess) / (1 - guess)

    @cached_property
    def z_min_var(self):
        votes = {"train_votes": 800, "test_votes": 800}
        found = metrics.factor_vae_score(self.table, batch=200, threshold=0.02, **votes)
        return self.rescaled(found.accuracy)

    @cached_property
    def z_max_var(self):
        return self.rescaled(metrics.z_max_var(self.table, batch=200, threshold=0.02))

    # Codes alone

    @cached_property
    def unsupervised(self):
        codes = self.codes
        shared = ops.mutual_information(codes, ops.discretise(codes, 20))
        entropies = np.diag(shared).copy()
        np.fill_diagonal(shared, 0)
        return {
            "cov": covariance(codes),
            "gaussian_total_correlation": metrics.gaussian_total_correlation(codes),
            "gaussian_wasserstein_correlation": metrics.gaussian_wasserstein_correlation(codes),
            "gaussian_wasserstein_correlation_norm": metrics.gaussian_wasserstein_correlation_norm(
                codes
            ),
            "code_mi_matrix_offdiag": shared,
            "code_entropies": entropies,
            "mutual_info_score": metrics.mutual_information_score(codes, **REFERENCE),
        }

    # Shares of information

    @cached_property
    def shares(self):
        return _shares(TrainTestSplit(*self.train, *self.test), continuous=False, **REFERENCE)[0]

    def med(self):
        found = metrics.med(*self.everything, **REFERENCE)
        figures = {**found._asdict(), "informativeness_test": found.informativeness}
        for k in (1, 2, 3):
            top = metrics.top_k_med(*self.everything, k=k, **REFERENCE)
            figures |= {f"top{k}_{name}": value for name, value in top._asdict().items()}
        return figures

    @cached_property
    def neighbours(self):
        return self.info_mec("neighbours")

    def info_mec(self, estimator):
        given = self.factors[:, self.kept], np.zeros(self.kept.sum(), bool)
        shares, active = normalised_information(self.codes, *given, estimator)
        told = shares[active]
        figures = {
            "infom": _purity(told, skip_empty=True),
            "infoc": _purity(told.T, skip_empty=False),
            "nmi": shares.T,
            "active_latents": active,
        }
        if len(self.codes) <= 3000:
            design = _one_hot(self.codes) if estimator == "values" else self.codes
            figures["infoe"] = _explicitness(design, *given)
        return figures

    def free_explicitness(self):
        standard = (self.codes - self.codes.mean(axis=0)) / self.codes.std(axis=0)
        fits = ops.logistic_regressions(
            standard, self.factors[:, self.kept], solver="one_vs_rest", C=1e10
        )
        areas = [
            area(fit, standard, column)
            for fit, column in zip(fits, self.factors[:, self.kept].T, strict=True)
        ]
        return {"explicitness_scores": self.by_factor(areas), "explicitness": np.mean(areas)}


def of_importances(matrix):
    return {
        "disentanglement": disentanglement_of(matrix),
        "completeness": disentanglement_of(matrix.T),
        "disentanglement_per_code": purities(matrix),
        "completeness_per_factor": purities(matrix.T),
    }


# What answers which question of a case; groups of the pattern are arguments.
OF_CASES: dict[str, Callable[..., Any]] = {
    # Google Research's disentanglement_lib: as published, and with later packages.
    r"dlib.*/bin_counts": lambda our: our.by_code(ops.histogram(our.codes, 20)[our.live]),
    r"dlib.*/mi_matrix": lambda our: our.shared,
    r"dlib.*/factor_entropy": lambda our: ops.entropy(our.factors),
    r"dlib.*/mig": lambda our: metrics.mig(*our.everything, **REFERENCE),
    r"dlib.*/mig_per_factor": lambda our: our.mig_per_factor(**REFERENCE),
    r"dlib.*/modularity": lambda our: metrics.modularity(*our.everything, **REFERENCE),
    r"dlib.*/modularity_per_code": lambda our: our.modularities(),
    r"dlib.*/mi_pr_curve": lambda our: curve(our.shared),
    r"dlib@sk0.*/explicitness": lambda our: our.explicitness("locatello2019"),
    r"dlib@sk1.*/explicitness": lambda our: our.explicitness(None),
    r"dlib@sk0.*/explicitness_train_only": lambda our: our.areas(our.train, "locatello2019"),
    r"dlib@sk1.*/explicitness_train_only": lambda our: our.areas(our.train, None),
    r"dlib.*/sap_continuous": lambda our: our.correlations(),
    r"dlib.*/sap_discrete_seed\d": lambda our: our.machines,
    r"dlib.*/irs_q([\d.]+)_(bins20|nobins)((?:_exactly_constant_dims_removed)?)": Ours.irs,
    r"dlib.*/live_dims": lambda our: np.flatnonzero(our.live),
    r"dlib.*/unsupervised": lambda our: our.unsupervised,
    r"dlib.*/dci_gbt_seed\d": lambda our: our.boosting,
    # Ubisoft La Forge's DisentanglementMetrics: codes scaled to [0, 1].
    r"ubisoft.*/mig_bins(\d+)_factors(.*)": lambda our, bins, factors: metrics.mig(
        *our.unit(bins, factors), bins=int(bins)
    ),
    r"ubisoft.*/mig_sup_bins(\d+)_factors(.*)": lambda our, bins, factors: metrics.mig_sup(
        *our.unit(bins, factors),
        bins=int(bins),
        normaliser="code",
        active=np.ones(len(our.live), bool),
    ),
    r"ubisoft.*/dcimig_bins(\d+)_factors(.*)": lambda our, bins, factors: metrics.dcimig(
        *our.unit(bins, factors), bins=int(bins)
    ),
    r"ubisoft.*/jemmig_bins(\d+)_factors(.*)": lambda our, bins, factors: metrics.jemmig(
        *our.unit(bins, factors), bins=int(bins)
    ),
    r"ubisoft.*/modularity_bins(\d+)_factors(.*)": lambda our, bins, factors: metrics.modularity(
        *our.unit(bins, factors), bins=int(bins), **REFERENCE
    ),
    r"ubisoft.*/irs_q([\d.]+)_factors(discrete|binned10)": lambda our, quantile, bins: (
        robustness(
            *our.everything,
            quantile=float(quantile),
            factor_bins=10 if bins == "binned10" else None,
            **REFERENCE,
        ).score
    ),
    r"ubisoft.*/sap_regression": lambda our: metrics.sap(
        *our.everything, test=our.everything, estimator="r2"
    ),
    r"ubisoft.*/sap_classification_factorsbinned10_seed\d": lambda our: metrics.sap(
        *our.unit(10, "binned"), test=our.unit(10, "binned")
    ),
    r"ubisoft.*/z_min_var_factorsbinned10_seed\d": lambda our: our.z_min_var,
    r"ubisoft.*/z_max_var_factorsbinned10_seed\d": lambda our: our.z_max_var,
    r"ubisoft.*/z_diff_factorsbinned10_seed\d": lambda our: our.rescaled(
        metrics.beta_vae_score(our.table, batch=200, train_samples=2000, test_samples=1000).accuracy
    ),
    # Cao et al.'s disentanglement_lib_med.
    r"med.*/importance_train_rows": lambda our: our.by_factor(our.shares),
    r"med.*/top(\d)_selected_dims": lambda our, k: top_codes(our.shares, int(k)),
    r"med.*/med": Ours.med,
    # Hsu et al.'s latent_quantization.
    r"infomec.*/infomec_continuous_seed\d": lambda our: our.neighbours,
    r"infomec.*/infomec_discrete": lambda our: our.info_mec("values"),
    # iVAE; the second is its version for PyTorch.
    r"ivae_mcc/mcc_(?:np|pt)_(.*)": lambda our, correlation: metrics.mcc(
        *our.everything, correlation=correlation
    ),
    # disent
    r"disent.*/mig": lambda our: {"mig.discrete_score": metrics.mig(*our.everything, **REFERENCE)},
    r"disent.*/sap_continuous": lambda our: {"sap.score": our.correlations()["sap"]},
    r"disent.*/sap_discrete_seed\d": lambda our: {"sap.score": our.machines["sap"]},
    r"disent.*/unsupervised": lambda our: {
        "total_corr": our.unsupervised["gaussian_total_correlation"],
        "wasserstein": our.unsupervised["gaussian_wasserstein_correlation"],
    },
    # disentangling-correlated-factors: cuts factors as it cuts codes.
    r"dent/(mig|modularity)_bins20": lambda our, score: getattr(metrics, score)(
        our.codes, our.factors.astype(float), continuous=True, **REFERENCE
    ),
    r"dent/sap_seed\d": lambda our: metrics.sap(
        our.codes, ops.discretise(our.factors.astype(float), 20), **REFERENCE
    ),
    r"dent/fos_first64rows_allpairs": lambda our: {
        "fos": metrics.factorized_support(our.codes[:64], standardise=False)
    },
    # Do and Tran's DisentanglementMetrics.
    r"dotran.*/mig_bins(\d+)": lambda our, bins: {
        "H_y": ops.entropy(our.factors),
        "MI_gap_y": our.mig_per_factor(bins=int(bins)),
        "MIG": metrics.mig(*our.everything, bins=int(bins)),
    },
    r"dotran.*/modularity_bins20": lambda our: {
        "MIG": metrics.mig(*our.everything, **REFERENCE),
        "modularity_scores": our.modularities(),
        "modularity": metrics.modularity(*our.everything, **REFERENCE),
    },
    r"dotran.*/explicitness_liblinear_C1e10_all_rows": Ours.free_explicitness,
    r"dotran.*/sap_continuous": lambda our: metrics.sap(*our.train, test=our.test, estimator="r2"),
    r"dotran.*/dci_lasso_alpha0.02_standardised": lambda our: our.lasso(),
}


def curve(matrix):
    """Return the area under the curve of groups, and its maximum."""
    found = area_precision(matrix)
    return {"area_precision": found.area, "max_precision": found.most}


class Drawn:
    """What we answer for a data set and an encoder, drawing as the other program did."""

    def __init__(self, world):
        self.world = world
        self.table = CodeTable(world.data, world.encode, batch_size=65_536)
        self.drawn = {}

    def samples(self, seed, *counts):
        """Return codes and factors to train on and to test on."""
        key = (seed, *map(int, counts))
        if key not in self.drawn:
            rng = np.random.RandomState(int(seed))
            drawn = [
                encode_samples(self.world.data, self.world.encode, count, rng=rng, **REFERENCE)
                for count in key[1:]
            ]
            self.drawn[key] = [(part.mean, part.factors) for part in drawn]
        return self.drawn[key]

    def modularity_explicitness(self, protocol, seed):
        train, test = self.samples(seed, 2000, 1000)
        return {
            "modularity_score": metrics.modularity(*train, **REFERENCE),
            "explicitness_score_train": metrics.explicitness(*train, test=train, protocol=protocol),
            "explicitness_score_test": metrics.explicitness(*train, test=test, protocol=protocol),
        }

    def sap(self, kind, seed):
        train, test = self.samples(seed, 2000, 1000)
        estimator = "svm" if kind == "discrete" else "r2"
        return {"SAP_score": metrics.sap(*train, test=test, estimator=estimator, **REFERENCE)}

    def unsupervised(self, seed):
        codes = self.samples(seed, 2000, 1000)[0][0]
        scores = (
            metrics.gaussian_total_correlation,
            metrics.gaussian_wasserstein_correlation,
            metrics.gaussian_wasserstein_correlation_norm,
        )
        found = {score.__name__: score(codes) for score in scores}
        shared = metrics.mutual_information_score(codes, **REFERENCE)
        return {**found, "mutual_info_score": shared}

    def dci(self, train, test, seed):
        first, second = self.samples(seed, train, test)
        found = metrics.dci(*first, test=second, **REFERENCE)
        return {**found._asdict(), "informativeness_test": found.informativeness}

    def downstream(self, kind, train, test, seed):
        first, second = self.samples(seed, train, test)
        predictor = {"gbt": "gradient_boosting", "logregcv": "logistic_regression"}[kind]
        return metrics.downstream_task(
            *first, predictor=predictor, sizes=[int(train)], test=second, **REFERENCE
        )

    def factor_vae(self, *numbers):
        batch, train, test, samples, threshold, seed = numbers
        votes = count_votes(
            self.table,
            batch=int(batch),
            train_votes=int(train),
            test_votes=int(test),
            variance_samples=int(samples),
            threshold=float(threshold),
            rng=int(seed),
            **REFERENCE,
        )
        train_accuracy, accuracy = accuracies(votes.train, votes.test)
        # There the tables are as wide as the codes, and votes count from the first active one.
        dims = self.world.table.shape[1]
        wide = [(0, 0), (0, dims - len(votes.active))]
        return {
            "train_accuracy": train_accuracy,
            "eval_accuracy": accuracy,
            "num_active_dims": len(votes.active),
            "votes_train": np.pad(votes.train, wide),
            "votes_eval": np.pad(votes.test, wide),
        }

    def beta_vae(self, batch, train, test, seed):
        found = metrics.beta_vae_score(
            self.table,
            batch=int(batch),
            train_samples=int(train),
            test_samples=int(test),
            rng=int(seed),
            **REFERENCE,
        )
        return {"train_accuracy": found.train_accuracy, "eval_accuracy": found.accuracy}


OF_WORLDS: dict[str, Callable[..., Any]] = {
    r"dlib.*/mig_t2000_seed(\d)": lambda our, seed: {
        "discrete_mig": metrics.mig(*our.samples(seed, 2000, 1000)[0], **REFERENCE)
    },
    r"dlib@sk0.*/modularity_explicitness_t2000_e1000_seed(\d)": lambda our, seed: (
        our.modularity_explicitness("locatello2019", seed)
    ),
    r"dlib@sk1.*/modularity_explicitness_t2000_e1000_seed(\d)": lambda our, seed: (
        our.modularity_explicitness(None, seed)
    ),
    r"dlib.*/sap_(continuous|discrete)_t2000_e1000_seed(\d)": Drawn.sap,
    r"dlib.*/irs_t2000_b16_seed(\d)": lambda our, seed: {
        "IRS": metrics.irs(*our.samples(seed, 2000, 1000)[0], **REFERENCE)
    },
    r"dlib.*/unsupervised_t2000_seed(\d)": Drawn.unsupervised,
    r"dlib.*/dci_t(\d+)_e(\d+)_seed(\d)": Drawn.dci,
    r"dlib@sk0.*/downstream_(gbt|logregcv)_t\[(\d+)\]_e(\d+)_seed(\d)": Drawn.downstream,
    r"dlib.*/factor_vae_b(\d+)_t(\d+)_e(\d+)_v(\d+)_th([\d.]+)_seed(\d)": Drawn.factor_vae,
    r"dlib@sk0.*/beta_vae_b(\d+)_t(\d+)_e(\d+)_seed(\d)": Drawn.beta_vae,
}


def of_matrix(arrays, name):
    """Return every aggregation of a matrix."""
    matrix = arrays[name]
    best, second = top_two(matrix, axis=0)
    purest = modularity_of(matrix)
    return {
        **of_importances(matrix),
        "modularity": purest.mean(),
        "modularity_per_code": purest,
        "sap_mean_top_two_gap": (best - second).mean(),
        "sap_gap_per_factor": best - second,
        "pr_curve": curve(matrix),
        "udr_relative_strength": agreement(matrix, pool="mean_of_means"),
    }


def of_models(arrays, correlation, dead):
    """Return what models say of each other."""
    found = metrics.udr(
        list(arrays["codes"]),
        list(arrays["kl"]),
        correlation=correlation,
        pool="mean_of_means",
        count_dead=dead == "False",
    )
    return {
        "raw_correlations": found.correlations,
        "pairwise_disentanglement_scores": found.pairwise[..., None],
        "model_scores": found.scores,
    }


def of_posteriors(arrays, name):
    """Return Chen et al.'s figures."""
    given = arrays["mean"], 2 * arrays["log_sigma"], arrays["factors"]
    found = posterior_information(*given, codes=arrays["samples"])
    best, second = top_two(np.maximum(found.mutual_information, 0), axis=0)
    return {
        "marginal_entropies": found.code_entropy,
        "conditional_entropies": (found.code_entropy[:, None] - found.mutual_information).T,
        "mutual_information": found.mutual_information.T,
        "mig": metrics.mig_aggregated_posterior(*given, codes=arrays["samples"]),
        "mig_per_factor": (best - second) / found.factor_entropy,
    }[name]


OF_FORMULAS: dict[str, dict[str, Callable[..., Any]]] = {
    "matrices": {r"dlib.*/(.*)": of_matrix},
    "udr": {r"dlib.*/(lasso|spearman)_filter(True|False)": of_models},
    "fairness_counts": {
        r"dlib.*/(.*)": lambda arrays, name: dict(
            zip(("mean", "max"), unfairness_of(arrays[name]), strict=True)
        )
    },
    "gaussian_posteriors": {r"chen/(.*)": of_posteriors},
}


class Excuse(NamedTuple):
    """Why some answers need not be ours.

    Beside a number that is NaN in one of both, the others must agree. An excuse that names cases
    must be needed in each of them.
    """

    answers: str  # a glob
    cases: tuple[str, ...]  # any where empty
    reason: str
    within: float = np.inf


class Tolerance(NamedTuple):
    """How near answers must come."""

    answers: str  # a glob
    absolute: float
    relative: float = 0.0
    cases: str = "*"


# The first that fits counts.
TOLERANCES = [
    # Fits: what two implementations and two versions of packages leave between them.
    Tolerance("dlib*/explicitness*", 0.003),
    Tolerance("dlib*/modularity_explicitness*.explicitness*", 0.003),
    Tolerance("dlib*/sap_discrete*", 0.002),
    Tolerance("dlib*/dci_*.importance", 0.02),
    Tolerance("dlib*/dci_*.*_per_*", 0.02),
    Tolerance("dlib*/dci_*.informativeness_test", 0.02),
    Tolerance("dlib*/dci_*.informativeness_train", 0.005),
    Tolerance("dlib*/dci_*", 0.01),
    Tolerance("dlib*/downstream_logregcv*", 0.005),
    Tolerance("dlib*/downstream_gbt*", 0.02),
    Tolerance("dlib*/beta_vae*", 0.002),
    Tolerance("dlib*/lasso*", 1e-6),
    Tolerance("ubisoft*/sap_regression", 1e-4),
    Tolerance("ubisoft*/z_*", 0.05),
    Tolerance("med*/med.informativeness*", 0.01),
    Tolerance("disent@*/sap_discrete*", 0.002),
    Tolerance("dotran*/explicitness*", 0.003),
    Tolerance("dotran*/dci_lasso*", 1e-4),
    Tolerance("infomec*.infoe", 0.01),
    Tolerance("infomec*/infomec_discrete.*", 1e-6),
    Tolerance("infomec*.nmi", 0.01),
    # Equal values are told apart by the draws that move them.
    *(
        Tolerance("infomec*", 0.05, cases=cases)
        for cases in ("*identity*", "*quantised*", "*cars3d*", "*edgeties*", "*permscale*")
    ),
    Tolerance("infomec*", 0.005),
    # Computed in single precision there.
    *(
        Tolerance("*/irs_q*", 2e-6, 1e-6, cases=cases)
        for cases in ("*_f32*", "shapes3d_noisedims_n10000")
    ),
    Tolerance("dlib*/counts_*", 1e-6),
    Tolerance("dotran*/m*", 1e-6),
    Tolerance("ivae_mcc/mcc_pt*", 1e-5),
    # Scaled to [0, 1] first, which moves codes on edges; of equally good codes another counts.
    Tolerance("ubisoft*/jemmig*", 0.02, cases="*edgeties*"),
    # Singular covariances: the root is complex there.
    *(
        Tolerance("d*wasserstein*", 1e-7, 1e-4, cases=cases)
        for cases in ("*_const_*", "*_dupexact_*")
    ),
    Tolerance("d*/unsupervised*.*wasserstein_correlation_norm", 1e-7),
    Tolerance("d*/unsupervised*.*wasserstein*", 0.0, 1e-6),
    Tolerance("d*/unsupervised*.*total_corr*", 1e-6, 1e-6, cases="*_scalemixed_*"),
    Tolerance("d*/unsupervised*.*total_corr*", 1e-8, 1e-8),
    # Of a constant code they are rounding, which differs between processors.
    Tolerance("dlib*/unsupervised.cov", 1e-15, 1e-9, cases="*_const_*"),
    Tolerance("dlib*/unsupervised.cov", 0.0, 1e-9),
    Tolerance("*", 1e-9, 1e-9),
]

CONST = ("dsprites_const_n1000", "dsprites_const_n1000_f32")
CONST_F32 = ("dsprites_const_n1000_f32",)
DEAD_WORLDS = ("dataset_dsprites_const_d7", "dataset_dsprites_dead_d10")
TIES_F32 = ("dsprites_edgeties_n1000_f32",)
ONE_VALUE = ("onefactorval_noisy_n1000",)
TINY, HUGE = "dsprites_scale1e-6_n1000", "dsprites_scale1e6_n1000"
MIXED = "dsprites_scalemixed_n1000_f32"

# The first that fits counts.
EXCUSES = [
    # Constant codes
    Excuse("dlib*/bin_counts", CONST, "which bin holds a constant is arbitrary"),
    Excuse("dlib*/modularity*", CONST, "a constant's information is rounding there, 0 here"),
    Excuse("d*/unsupervised.*total_corr*", CONST, "a constant's variance, 0 or rounding, in a log"),
    Excuse("dlib*/irs_q*", CONST, "constants are live there by the rounding of their variance"),
    Excuse(
        "ubisoft*/irs_q*", CONST_F32, "a constant is live there by the rounding of its variance"
    ),
    Excuse("d*/modularity_bins20*", CONST, "0 / 0 for a constant there, 0 here"),
    Excuse("ubisoft*/modularity*", CONST, "0 / 0 for a constant there, 0 here"),
    Excuse("ubisoft*/mig_sup*", CONST, "0 / 0 for a constant there, 0 here"),
    Excuse("ubisoft*/z_max_var*", CONST_F32, "a constant votes there by its variance's rounding"),
    Excuse("dlib*/explicitness*", CONST, "constants are divided by their deviation's rounding"),
    Excuse("dlib*/sap_discrete*", CONST, "machines on a constant decide by rounding"),
    Excuse(
        "dlib*/unsupervised_t2000*.gaussian_total_correlation",
        DEAD_WORLDS[:1],
        "a constant's variance, 0, in a log",
    ),
    Excuse("dlib*/factor_vae*_th0_*", DEAD_WORLDS[:1], "0 / 0 of constants wins every vote there"),
    Excuse("dlib*/factor_vae*.num_active_dims", DEAD_WORLDS, "counts all codes there"),
    Excuse("dlib*/irs_t2000*.num_active_dims", (), "the sum of the codes there"),
    Excuse("dlib*/spearman*", ("udr_a", "udr_b"), "0 / 0 for the correlations of dead codes"),
    # Factors of a single value
    Excuse("*/mig", ONE_VALUE, "divides by the entropy of a factor of one value"),
    Excuse(
        "*/mig.mig.discrete_score", ONE_VALUE, "divides by the entropy of a factor of one value"
    ),
    Excuse("*/mig_per_factor", ONE_VALUE, "divides by the entropy of a factor of one value"),
    Excuse("*/mig_bins*", ONE_VALUE, "divides by the entropy of a factor of one value"),
    Excuse("dotran*/modularity_bins20.MIG", ONE_VALUE, "counts the factor of one value as 0"),
    Excuse("*/irs_q*.IRS_matrix", ONE_VALUE, "the factor of one value has a column there"),
    Excuse("*sap_*", ONE_VALUE, "0 / 0, or 0 in the mean, for the factor of one value"),
    Excuse("ubisoft*/jemmig*", ONE_VALUE, "counts the factor of one value"),
    Excuse(
        "ubisoft*/z_m*_var*", ONE_VALUE, "the factor of one value takes part, with random votes"
    ),
    Excuse("med*", ONE_VALUE, "0 / 0 for the shares of the factor of one value"),
    # Fits that ended early
    Excuse(
        "d*sap_discrete*",
        (HUGE, MIXED, TINY),
        "LIBLINEAR ended before it was fitted; fitted to the end it agrees with ours",
    ),
    Excuse("dotran*/sap_continuous", (TINY,), "codes of a variance about 1e-12 are constant there"),
    Excuse(
        "d*sap_discrete*.matrix",
        ("dsprites_dupnoisy_n1000", "shapes3d_dupexact_n1000"),
        "one test row lies on the line between two values",
        within=0.00401,
    ),
    Excuse(
        "dotran*/explicitness*",
        (*CONST, TINY, HUGE, MIXED),
        "LIBLINEAR on codes as they are ended before it was fitted",
    ),
    Excuse(
        "dotran*/dci_lasso*",
        (
            "cars3d_vaelike_n10000_f32",
            "dsprites_dupnoisy_n1000",
            "dsprites_edgeties_n1000",
            "dsprites_edgeties_n1000_f32",
            "dsprites_over32_n1000_f32",
            "dsprites_vaelike_n2000_f32",
            "shapes3d_correlated_noisy_n1000",
            "shapes3d_quantised8_n1000",
            "shapes3d_vaelike_n10000_f32",
        ),
        "descent ended at a tolerance of 1e-4; to the end it agrees with ours within 1e-7",
        within=0.04,
    ),
    Excuse("dlib*/lasso*", ("udr_a", "udr_b"), "descent ended at a tolerance of 1e-4", within=1e-4),
    Excuse("dotran*/dci_lasso*.completeness", (), "weights factors alike, ours by importance"),
    Excuse("dotran*/dci_lasso*.disentanglement_scores", (), "1 for codes of no weight, 0 here"),
    Excuse(
        "infomec*.infoe",
        ("dsprites_over32_n1000_f32",),
        "ended after 100 steps, before 32 codes were fitted",
    ),
    # Other definitions
    Excuse("dlib@sk1*/[bmu]*", TIES_F32, "NumPy 2 rounds the edges of float32 codes elsewhere"),
    Excuse("disent@*/mig*", TIES_F32, "NumPy 2 rounds the edges of float32 codes elsewhere"),
    Excuse(
        "dent/m*",
        ("dsprites_edgeties_n1000", "dsprites_edgeties_n1000_f32"),
        "scales codes to [0, 1] first, which moves those on edges",
        within=0.02,
    ),
    Excuse("dlib@sk1*/beta_vae*", (), "one softmax for all values of codes as they are"),
    Excuse("dlib@sk1*/downstream*", (), "one softmax for all values of codes as they are"),
    Excuse("ubisoft*/mig_bins*", (), "divides by the entropy of the code, not of the factor"),
    Excuse(
        "ubisoft*/explicitness*",
        (),
        "its own regressions of codes in [0, 1]; ours are of standardised ones",
    ),
    Excuse("ubisoft*/dci_lasso*", (), "penalty by cross-validation; stops at the first dead code"),
    Excuse("ubisoft*/dci_rf*", (), "depth by cross-validation; stops at the first dead code"),
    Excuse(
        "ubisoft*/sap_classification*", (), "trees' depth by cross-validation, accuracy as it is"
    ),
    Excuse(
        "ubisoft*/z_diff*", (TINY, MIXED), "a penalty on features as they are, which scale decides"
    ),
    Excuse("ubisoft*/z_m*_var*", (), "drawn: seeds of ours differ by 0.03 (deviation)", within=0.1),
    Excuse("ivae_mcc/mcc_pt_spearman", (), "correlates the order of sorting, not ranks"),
    Excuse("dent/sap*", (), "cuts codes and factors into bins first"),
    Excuse("infomec*.infoc", (MIXED,), "0 / 0 with a single active code"),
    Excuse("infomec*.infom", ("dsprites_allnoise_n1000",), "0 / 0 for a code that tells nothing"),
    Excuse(
        "infomec*/infomec_continuous*.nmi",
        (
            *CONST,
            "dsprites_edgeties_n1000",
            "dsprites_edgeties_n1000_f32",
            "dsprites_identity_n1000",
            "dsprites_permscale_n1000",
            "shapes3d_identity_f32_n1000",
            "shapes3d_quantised8_n1000",
        ),
        "draws tell equal values apart",
        within=0.2,
    ),
    Excuse(
        "infomec*/infomec_continuous*.nmi",
        ("dummy_identity_fullgrid",),
        "draws tell equal values apart, in all of its few samples",
    ),
]


def leaves(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the parts of an answer, numbers as arrays; None where the program raised."""
    if not isinstance(value, dict):
        flat = np.array(value, object)
        numbers = [np.nan if number == "error" else float(number) for number in flat.ravel()]
        yield name, np.array(numbers).reshape(flat.shape)
    elif "error" in value:
        yield name, None
    elif value.keys() == {"re", "im"}:
        yield from leaves(value["re"], name)
    else:
        for key, part in value.items():
            yield from leaves(part, f"{name}.{key}" if name else key)


def ours(answer: str, table: dict[str, Callable[..., Any]], given: Any) -> dict[str, Any]:
    """Return the parts of our answer; none where we have none."""
    for pattern, respond in table.items():
        if match := re.fullmatch(pattern, answer):
            return dict(leaves(respond(given, *match.groups())))
    return {}


def differences(mine, theirs):
    """Return by how much numbers differ: 0 where both are infinite or undefined alike."""
    with np.errstate(invalid="ignore"):
        alike = (mine == theirs) | (np.isnan(mine) & np.isnan(theirs))
        return np.where(alike, 0.0, np.abs(mine - theirs))


def sweep(name, expected, table, given, record_property):
    """Hold every answer against ours, and note what is equal, excused, or not there to compare."""
    complaints, needed = [], set()
    for program, answers in expected.items():
        for answer, value in answers.items():
            full = f"{program}/{answer}"
            theirs = dict(leaves(value))
            raised = all(numbers is None for numbers in theirs.values())
            mine = {} if raised else ours(full, table, given)
            for part, numbers in theirs.items():
                path = f"{full}.{part}" if part else full
                if numbers is None:
                    record_property("answer", (program, answer, name, 0, 0, "it raised"))
                    continue
                off = differences(mine.get(part, np.full(numbers.shape, np.nan)), numbers)
                agree = off <= allowed(path, name, numbers)
                excuse = None if agree.all() else excused(path, name, agree, off, part in mine)
                if excuse:
                    needed.add(excuse)
                elif not agree.all():
                    complaints.append(f"{path}: {mine.get(part)} here, {numbers} there")
                figures = (numbers.size, int(agree.sum()), excuse.reason if excuse else "")
                record_property("answer", (program, answer, name, *figures))
    assert not complaints, "\n".join(complaints)
    spared = [excuse for excuse in EXCUSES if name in excuse.cases and excuse not in needed]
    assert not spared, f"excuses that nothing needs: {spared}"


def allowed(path, name, numbers):
    """Return by how much ours may differ."""
    tolerance = next(
        found
        for found in TOLERANCES
        if fnmatchcase(path, found.answers) and fnmatchcase(name, found.cases)
    )
    finite = np.where(np.isfinite(numbers), np.abs(numbers), 0.0)
    return tolerance.absolute + tolerance.relative * finite


def excused(path, name, agree, off, answered):
    """Return the excuse for numbers that do not agree, None if there is none for all of them."""
    for excuse in EXCUSES:
        if fnmatchcase(path, excuse.answers) and name in (excuse.cases or (name,)):
            undefined = np.isnan(off)
            near = off <= (0 if undefined.any() and np.isinf(excuse.within) else excuse.within)
            return excuse if not answered or (agree | undefined | near).all() else None
    return None


CONSTANT = "ignore::disentlib.metrics.ConstantFactorWarning"


@pytest.mark.filterwarnings(CONSTANT)
def test_codes_and_factors(case, record_property):
    sweep(case.name, case.expected, OF_CASES, Ours(case), record_property)


def test_data_sets(world, record_property):
    sweep(world.name, world.expected, OF_WORLDS, Drawn(world), record_property)


def test_formulas(formula, record_property):
    name, arrays, expected = formula
    table = next(table for kind, table in OF_FORMULAS.items() if name.startswith(kind))
    sweep(name, expected, table, arrays, record_property)
