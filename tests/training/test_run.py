"""What a run left: bound to its configuration, and named where it is damaged."""

import json
import shutil
import types
import zipfile

import numpy as np
import pytest

import disentlib
from disentlib import data, files, models
from disentlib.models import architectures as nets
from disentlib.training import train

SMALL = {
    "data": data.DSpritesRendered,
    "encoder": nets.linear_encoder,
    "decoder": nets.linear_decoder,
    "latents": 2,
    "batch_size": 4,
    "log_every": 2,
    "checkpoint_every": 2,
    "evaluation_steps": 1,
    "quiet": True,
}


def beta_vae(beta):
    def make(encoder, decoder, *, seed):
        return models.BetaVAE(encoder, decoder, beta=beta, seed=seed)

    return make


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Finished runs of beta = 4 and 16, of 2 steps."""
    folder = tmp_path_factory.mktemp("runs")
    for beta in (4, 16):
        train(run_dir=folder / str(beta), steps=2, model=beta_vae(float(beta)), **SMALL)
    return folder


@pytest.fixture
def run_dir(runs, tmp_path):
    """A copy of the run of beta = 4."""
    return shutil.copytree(runs / "4", tmp_path / "run")


def go_on(run_dir, **changed):
    return train(run_dir=run_dir, steps=4, **{"model": beta_vae(4.0)} | SMALL | changed)


def change_settings(run_dir, change):
    path = run_dir / "run.json"
    settings = json.loads(path.read_text())
    change(settings)
    path.write_text(json.dumps(settings))


def strip_digest(run_dir):
    """Make model.keras and run.json what they were before there were digests."""
    with zipfile.ZipFile(run_dir / "model.keras", "a") as archive:
        archive.comment = b""
    change_settings(run_dir, lambda settings: settings.pop("checkpoints", None))


def test_codes_of_a_method_without_posteriors_are_one_array(run_dir):
    run = disentlib.Run(run_dir)
    images = np.arange(10.0).reshape(5, 2)
    for made, expected in (
        (lambda rows: rows * 2, [images * 2]),
        (lambda rows: (rows, -rows), [images, -images]),
    ):
        run.__dict__["model"] = types.SimpleNamespace(encode=made)
        found = run.encode(images, batch_size=2)
        found = found if isinstance(found, tuple) else (found,)
        np.testing.assert_array_equal(found, expected)


def test_a_run_goes_on_after_a_class_of_its_model_has_moved(run_dir):
    def move(settings):
        likelihood = settings["configuration"]["model"]["likelihood"]
        assert likelihood["registered_name"] == "disentlib>Bernoulli"
        likelihood["module"] = "disentlib.losses.likelihoods"
        settings["checkpoints"] = [files.digest(settings["configuration"]), None]

    strip_digest(run_dir)
    change_settings(run_dir, move)
    go_on(run_dir)
    assert int(disentlib.Run(run_dir).model.step) == 4


def test_a_checkpoint_knows_its_configuration(run_dir):
    configuration = disentlib.Run(run_dir).settings["configuration"]
    assert models.configuration_of(run_dir / "model.keras") == files.digest(configuration)
    with pytest.raises(ValueError, match=r"history\.csv is damaged"):
        models.configuration_of(run_dir / "history.csv")


def test_the_checkpoint_of_another_run_is_refused(runs, run_dir):
    shutil.copy(runs / "16" / "model.keras", run_dir)
    before = (run_dir / "model.keras").read_bytes()
    message = r"model\.keras is a checkpoint of another .*\(model\.beta: 4\.0 before, 16\.0 now\)"
    with pytest.raises(ValueError, match=message):
        go_on(run_dir)
    with pytest.raises(ValueError, match=message):
        _ = disentlib.Run(run_dir).model
    assert (run_dir / "model.keras").read_bytes() == before
    assert (run_dir / "history.csv").read_text() == (runs / "4" / "history.csv").read_text()


def test_so_is_one_of_another_seed(run_dir, tmp_path):
    train(run_dir=tmp_path / "other", steps=2, model=beta_vae(4.0), **SMALL | {"batch_size": 2})
    shutil.copy(tmp_path / "other" / "model.keras", run_dir)
    with pytest.raises(ValueError, match="its data, seed, stream or batch size is another's"):
        go_on(run_dir)


def test_so_is_one_whose_settings_were_changed_or_lost(run_dir):
    change_settings(run_dir, lambda settings: settings["configuration"]["model"].update(beta=16.0))
    with pytest.raises(ValueError, match=r"the configuration in .*run\.json was changed"):
        go_on(run_dir, model=beta_vae(16.0))
    (run_dir / "run.json").unlink()
    with pytest.raises(ValueError, match=r"holds model\.keras without run\.json"):
        go_on(run_dir)
    (run_dir / "model.keras").unlink()
    with pytest.raises(ValueError, match=r"holds history\.csv without run\.json"):
        go_on(run_dir)


def test_runs_from_before_there_were_digests_go_on(runs, run_dir, tmp_path):
    strip_digest(run_dir)
    old = shutil.copytree(run_dir, tmp_path / "old")
    assert models.configuration_of(run_dir / "model.keras") is None
    assert disentlib.Run(run_dir).model.beta == 4.0
    go_on(run_dir)
    assert models.configuration_of(run_dir / "model.keras") is not None
    assert disentlib.Run(run_dir).model.beta == 4.0
    # Without a digest, what the file says of itself must do.
    shutil.copy(runs / "16" / "model.keras", old)
    strip_digest(old)
    with pytest.raises(ValueError, match=r"another configuration .*model\.beta"):
        go_on(old)
    # Nor does an old file pass for a checkpoint of a run that has digests.
    shutil.copy(old / "model.keras", run_dir)
    with pytest.raises(ValueError, match=r"another configuration .*model\.beta"):
        go_on(run_dir)


def test_a_process_killed_before_its_first_checkpoint_goes_on(run_dir):
    strip_digest(run_dir)
    shutil.copy(run_dir / "model.keras", run_dir / "before.keras")
    go_on(run_dir)
    (run_dir / "before.keras").rename(run_dir / "model.keras")  # run.json is of the later process
    assert go_on(run_dir)["trained_steps"] == 2


def test_figures_of_fewer_steps_do_not_pass_for_those_of_a_longer_run(run_dir, monkeypatch):
    assert disentlib.Run(run_dir).metrics["step"] == 2

    def stop(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(models.BetaVAE, "fit", stop)
    with pytest.raises(KeyboardInterrupt):
        go_on(run_dir)
    assert disentlib.Run(run_dir).metrics is None


def test_curves_reach_the_disk_before_their_checkpoint(run_dir, monkeypatch):
    order = []
    monkeypatch.setattr(files, "sync", lambda path: order.append(path.name))
    go_on(run_dir)
    curves = order.index("history.csv")
    assert any(name.startswith(".model.") for name in order[curves:])
    assert not any(name.startswith(".model.") for name in order[:curves])


def test_partial_files_of_the_dead_are_swept(run_dir):
    (run_dir / ".model.99999999-1.partial.keras").touch()
    go_on(run_dir)
    assert not [*run_dir.glob("*partial*")]


def scores(**changed):
    row = {"score": "mig", "representation": "mean", "value": 0.5, "mean": 0.5, "spread": None}
    row |= {"low": None, "high": None, "repeats": 1, "samples": 10, "higher_is_better": True}
    return json.dumps({"scores": [row | {"estimator": "bins", "protocol": None} | changed]})


DAMAGE = [
    ("run.json", "", "empty"),
    ("run.json", "[]", "expected an object with configuration, steps"),
    ("run.json", "{}", "expected 'configuration'"),
    ("run.json", '{"configuration": {}, "steps": 4}', "expected 'data' in .*, configuration"),
    ("run.json", '{"configuration": {"data": 1}, "steps": 4}', "'data' to be an object"),
    ("run.json", '{"configuration": NaN, "steps": 4}', "NaN"),
    ("metrics.json", "{", "expected JSON"),
    ("metrics.json", '{"step": 2}', "expected 'evaluation'"),
    ("metrics.json", '{"step": 2, "evaluation": {"loss": NaN}}', "NaN"),
    ("metrics.json", '{"step": 2, "evaluation": {"loss": "1"}}', "'loss' to be a whole number or"),
    ("scores.json", "null", "expected an object with scores"),
    ("scores.json", '{"scores": {}}', "'scores' to be a list"),
    ("scores.json", '{"scores": [3]}', r"scores\.0, got 3"),
    ("scores.json", scores(value="0.5"), r"'value' to be .*, scores\.0"),
    ("scores.json", scores(score=None), r"'score' to be a text"),
    ("history.csv", "step,loss\n2,x\n", "line 2"),
]


@pytest.mark.parametrize(("name", "content", "message"), DAMAGE)
def test_a_damaged_record_is_named(run_dir, name, content, message):
    path = run_dir / name
    path.write_text(content)
    run = disentlib.Run(run_dir)
    with pytest.raises(ValueError, match=message) as caught:
        getattr(run, {"run": "settings"}.get(path.stem, path.stem))
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    if content in ("[]", "step,loss\n2,x\n"):
        with pytest.raises(ValueError, match=message):
            go_on(run_dir)


def test_whole_records_are_read(run_dir):
    (run_dir / "scores.json").write_text(scores(value=None))
    run = disentlib.Run(run_dir)
    assert run.scores["scores"][0]["value"] is None
    assert run.metrics["evaluation"].keys() == {"loss", "reconstruction", "kl"}


def test_a_notebook_shows_a_run_as_html(run_dir):
    shown = disentlib.Run(run_dir)._repr_html_()
    assert "<td>model</td><td>BetaVAE</td>" in shown
    assert "<td>state</td><td>finished</td>" in shown
    for value, figure in ((0.25, "0.25"), (None, "-")):
        (run_dir / "scores.json").write_text(scores(score="<b>mig", value=value))
        shown = disentlib.Run(run_dir)._repr_html_()
        assert f"<td>&lt;b&gt;mig (mean)</td><td>{figure}</td>" in shown
