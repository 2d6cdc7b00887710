"""Codes and cross scores that criteria read, of models whose answers are known."""

import types

import numpy as np
import pytest

from disentlib import studies
from disentlib.models import priors
from disentlib.studies import criteria

STUDY = studies.Study(
    name="known",
    data={"a": "a.gin", "b": "b.gin"},
    models={"one": ("one.gin", "BETA", (1.0,))},
    seeds=2,
)
SUM = np.ones((3, 3), np.float32)
# By seed: an encoder that reads the generator's codes off, and one whose codes are all their sum.
ENCODERS = {0: np.eye(3, dtype=np.float32)[[2, 0, 1]], 1: SUM}


class Known:
    """A job whose codes are stored for `criteria`."""

    def configuration(self, job):
        return {}

    def __call__(self, job, folder):
        mean = np.full((10, 3), job.seed, np.float32)
        np.savez(folder / "codes.npz", mean=mean, logvar=np.log(np.full((10, 3), 0.5, np.float32)))
        return [("mean", "mig", 0.5)]


class Decoded:
    """What a decoder returns whose images are its codes."""

    def __init__(self, codes):
        self.codes = codes

    def mean(self):
        return self.codes[:, :, None, None]


@pytest.fixture
def study(tmp_path):
    storage = studies.Storage(tmp_path)
    storage.write_study({"study": STUDY.to_dict()})
    studies.run(STUDY.jobs(), Known(), storage, ray=False)
    return tmp_path


def test_codes_and_their_divergences(study):
    codes = criteria.codes(study)
    assert sorted(codes.mean) == sorted(codes.kl) == [0, 1, 2, 3]
    assert (codes.mean[3] == 1).all()
    for job, kl in codes.kl.items():
        mean, variance = job % 2, 0.5
        np.testing.assert_allclose(kl, (mean**2 + variance - np.log(variance) - 1) / 2, rtol=1e-6)


@pytest.mark.parametrize("damage", ["empty", "cut", "array", "names"])
def test_damaged_codes_are_named(study, damage):
    path = study / "jobs" / "00002" / "codes.npz"
    content = path.read_bytes()
    with path.open("wb") as file:
        match damage:
            case "cut":
                file.write(content[:200])
            case "array":
                np.save(file, np.zeros(3))
            case "names":
                np.savez(file, means=np.zeros((10, 3)))
    with pytest.raises(ValueError, match=r"expected arrays mean and logvar in .*00002/codes\.npz"):
        criteria.codes(study)


def test_codes_are_generated_from_the_models_prior():
    images = []

    def run(prior):
        def decode(codes):
            images.append(codes)
            return Decoded(codes)

        return types.SimpleNamespace(
            model=types.SimpleNamespace(decode=decode, prior=prior), path="here"
        )

    prior = priors.Normal([1.0, 4.0, 9.0], means=[0.0, 5.0, -5.0])
    held, _ = criteria._generate(run(prior), [1.0, 1.0, 1.0], 0)
    groups = images[0].reshape(len(held), criteria.BATCH, 3)
    for latent in range(3):
        free = groups[held != latent][:, :, latent]
        assert abs(free.mean() - prior.means[latent]) < 4 * free.std() / np.sqrt(free.size)
        assert free.std() == pytest.approx(np.sqrt(prior.variances[latent]), rel=0.1)
        same = groups[held == latent][:, :, latent]
        assert (same == same[:, :1]).all()
    with pytest.raises(ValueError, match="here has a Conditional prior"):
        criteria._generate(run(priors.Conditional(2, 3)), [1.0, 1.0, 1.0], 0)


def test_divergences_from_other_priors_are_stored(study):
    path = study / "jobs" / "00001" / "codes.npz"
    with np.load(path) as arrays:
        np.savez(path, **arrays, kl=np.array([3.0, 2.0, 1.0]))
    assert criteria.codes(study).kl[1].tolist() == [3.0, 2.0, 1.0]


def test_cross_scores(study, monkeypatch):
    def run(path):
        encoder = ENCODERS[int(path[-1]) % 2]
        return types.SimpleNamespace(
            model=types.SimpleNamespace(decode=Decoded, prior=priors.Normal([1.0, 4.0, 9.0])),
            encode=lambda images: (images[:, :, 0, 0] @ encoder, None),
        )

    monkeypatch.setattr(criteria, "Run", run)
    table = criteria.cross_scores(study)
    for first, second in ((0, 2), (1, 3), (0, 3)):
        assert np.isnan(table.loc[first, second])  # of different data sets
    for generator in (0, 1):
        assert table.loc[0, generator] == 1.0
        assert table.loc[1, generator] == 27 / 80  # the commonest of three latents
