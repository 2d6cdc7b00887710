"""`disentlib report` on a run that `training.train` left."""

import sys

import pytest

from disentlib import cli, data, models
from disentlib.models import architectures as nets
from disentlib.training import train

STEPS = 4


@pytest.fixture(scope="module")
def run_dir(tmp_path_factory):
    path = tmp_path_factory.mktemp("runs") / "small"
    train(
        run_dir=path,
        data=data.DSpritesRendered,
        model=models.BetaVAE,
        encoder=nets.linear_encoder,
        decoder=nets.linear_decoder,
        latents=3,
        steps=STEPS,
        batch_size=8,
        log_every=2,
        checkpoint_every=4,
        evaluation_steps=1,
    )
    return path


def test_report_writes_the_page_and_prints_its_path(run_dir, capsys):
    assert cli.main(["report", str(run_dir), "--samples", "100"]) == 0
    out, err = capsys.readouterr()
    assert out.strip() == str(run_dir / "report.html")
    assert err == ""
    text = (run_dir / "report.html").read_text(encoding="utf-8")
    for expected in ("BetaVAE", "on dsprites_rendered", "4 steps", "orientation", "numpy"):
        assert expected in text
    assert text.count('class="latent') == 3 + 1  # the list and its items
    assert (run_dir / "pictures" / "reconstructions.png").stat().st_size > 1000


def test_report_elsewhere(run_dir, tmp_path):
    page = tmp_path / "new" / "page.html"
    assert cli.main(["report", str(run_dir), "--samples", "64", "--out", str(page)]) == 0
    assert page.stat().st_size > 10_000


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["{tmp}/nothing"], "expected a run directory with run.json, found none"),
        (["{run}", "--samples", "3"], "expected at least 64 samples, got 3"),
    ],
)
def test_mistakes_are_one_line(run_dir, tmp_path, capsys, arguments, message):
    arguments = [text.format(tmp=tmp_path, run=run_dir) for text in arguments]
    assert cli.main(["report", *arguments]) == 1
    out, err = capsys.readouterr()
    assert message in err
    assert err.count("\n") == 1
    assert out == ""


@pytest.mark.parametrize("package", ["jinja2", "matplotlib.figure"])
def test_a_missing_package_names_the_extra(run_dir, capsys, monkeypatch, package):
    monkeypatch.setitem(sys.modules, package, None)
    assert cli.main(["report", str(run_dir)]) == 1
    err = capsys.readouterr().err
    assert f"need{'s' * (package == 'jinja2')} {package.partition('.')[0]}" in err
    assert "pip install 'disentlib[report]'" in err
    assert err.count("\n") == 1
