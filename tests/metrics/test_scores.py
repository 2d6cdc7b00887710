"""What is read from a score's signature and docstring, and that every score is found."""

import numpy as np
import pytest

from disentlib import metrics
from disentlib.metrics import SCORES
from disentlib.metrics.score import Score, score

# As it stood when every line was written by hand.
NO_FACTORS = {
    "factorized_support",
    "gaussian_total_correlation",
    "gaussian_wasserstein_correlation",
    "gaussian_wasserstein_correlation_norm",
    "mutual_information_score",
}
INTERVENING = {"factor_vae_score", "beta_vae_score", "z_max_var", "omes"}
FITTING = {"med", "top_k_med", "sap", "explicitness", "affine_mcc", "dci"}
CUT = {"mig", "mig_sup", "rmig", "dcimig", "jemmig", "modularity", "mutual_information_score"}
CUT |= {"med", "top_k_med"}


def named(which):
    return {name for name, score in SCORES.items() if which(score)}


def test_known_scores_are_what_they_were():
    assert named(lambda s: not s.needs_factors) >= NO_FACTORS
    assert named(lambda s: s.higher_is_better).isdisjoint(NO_FACTORS)
    assert named(lambda s: not s.higher_is_better) >= NO_FACTORS
    assert named(lambda s: s.higher_is_better) >= {*INTERVENING, *FITTING, *CUT} - NO_FACTORS
    assert named(lambda s: s.needs_factors) >= {*INTERVENING, *FITTING, *CUT} - NO_FACTORS
    assert named(lambda s: s.intervenes) >= INTERVENING
    assert named(lambda s: s.posteriors) >= {"mig_aggregated_posterior"}
    assert named(lambda s: s.needs_encoder) >= {*INTERVENING, "mig_aggregated_posterior"}
    assert named(lambda s: s.by_default).isdisjoint({*INTERVENING, "mig_aggregated_posterior"})
    assert not SCORES["rmig"].by_default
    assert SCORES["mig"].by_default
    assert SCORES["irs"].by_default
    assert named(lambda s: s.fits) >= FITTING
    assert named(lambda s: s.fits).isdisjoint({"mig", "irs", "mcc", "info_mec", *INTERVENING})
    assert named(lambda s: s.bins) >= CUT
    assert named(lambda s: s.bins).isdisjoint({"dci", "sap", "info_mec", "irs", "mcc"})
    assert SCORES["mig"].paper.endswith('Variational Autoencoders" (2018)')


def test_a_described_function_is_what_it_was_and_knows_its_score():
    @score("counting", figures={"b": "guessing"}, in_sample=("b",), moments=True)
    def toy(codes, factors, *, continuous=False, bins=3):
        """Toy; lower is better.

        Reference:
            Nobody, "On
            Toys" (2001); protocol: others.

        Note:
            No more.
        """
        return float(np.size(codes) + bins)

    assert toy([1.0], None) == 4.0
    assert toy.score == Score(toy, "counting", None, {"b": "guessing"}, ("b",), True)
    assert toy.score.paper == 'Nobody, "On Toys" (2001)'
    assert toy.score.function is toy
    assert (toy.score.bins, toy.score.fits, toy.score.higher_is_better) == (True, False, False)
    assert "toy" not in SCORES


def test_descriptions_that_do_not_fit_are_refused():
    def takes_protocol(codes, *, protocol=None):
        """Higher is better."""

    def discrete(codes, factors):
        """Higher is better."""

    assert Score(takes_protocol, "", "theirs").reference == "theirs"
    with pytest.raises(TypeError, match="expected reference= if takes_protocol takes a protocol"):
        Score(takes_protocol, "")
    with pytest.raises(TypeError, match="expected reference= if discrete takes a protocol"):
        Score(discrete, "", "theirs", discrete_only="a toy")
    with pytest.raises(TypeError, match="expected discrete_only= unless discrete takes continuous"):
        Score(discrete, "")
    with pytest.raises(TypeError, match="expected discrete_only= unless takes_protocol takes"):
        Score(takes_protocol, "", "theirs", discrete_only="a toy")
    assert Score(takes_protocol, "", "theirs").paper == ""


def test_scores_are_grouped_by_family_whose_order_is_that_of_the_readme():
    families = [score.function.__module__.split(".")[2] for score in SCORES.values()]
    assert list(dict.fromkeys(families)) == list(metrics.scores.FAMILIES)
    assert families == sorted(families, key=metrics.scores.FAMILIES.index)
