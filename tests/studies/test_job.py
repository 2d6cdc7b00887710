"""The body of a job: what it depends on, and what it trains and scores."""

import functools
import pickle

from disentlib import data, models, studies
from disentlib.models import architectures as nets
from disentlib.training import train

STUDY = studies.Study(
    name="one",
    data={"mini": "data.gin"},
    models={"beta_vae": ("model.gin", "BETA", (2.0,))},
    seeds=1,
    files=(),
    parameters={"STEPS": 2},
    scores=["mig"],
    representations=["mean"],
    samples=50,
    test_samples=20,
)


def text(file):
    return [f"first of {file}", f"second of {file}"]


def trainer(files, parameters):
    assert files == ("data.gin", "model.gin")
    return functools.partial(
        train,
        data=data.MiniSprites,
        model=functools.partial(models.BetaVAE, beta=parameters["BETA"]),
        encoder=nets.linear_encoder,
        decoder=nets.linear_decoder,
        latents=2,
        steps=parameters["STEPS"],
        seed=parameters["SEED"],
        batch_size=4,
        log_every=1,
        checkpoint_every=1,
        evaluation_steps=1,
    )


def test_a_job_trains_and_scores(tmp_path):
    runner = studies.TrainAndScore(STUDY, text, trainer)
    (job,) = STUDY.jobs()
    assert runner.configuration(job) == {
        "gin": [
            f"{n} of {file}" for file in ("data.gin", "model.gin") for n in ("first", "second")
        ],
        "parameters": {"STEPS": 2, "BETA": 2.0, "SEED": 0},
        "scores": ["mig"],
        "representations": ["mean"],
        "samples": 50,
        "test_samples": 20,
        "protocol": None,
    }
    rows = runner(job, tmp_path)
    assert {(representation, score) for representation, score, _ in rows} == {
        ("mean", name) for name in ("loss", "reconstruction", "kl", "elbo", "mig")
    }
    assert (tmp_path / "model.keras").exists()


def test_it_travels():
    from disentlib.cli import study

    runner = studies.TrainAndScore(STUDY, study.lines, study.trainer)
    assert pickle.loads(pickle.dumps(runner)) == runner
