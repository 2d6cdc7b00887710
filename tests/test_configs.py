"""The shipped `.gin` files: found by name, opening with what a reader needs, and fit to run."""

import re

import pytest

from disentlib import cli, configs


def shipped(folder: str = "") -> list[str]:
    root = configs.directory()
    return sorted(str(path.relative_to(root)) for path in (root / folder).rglob("*.gin"))


def opening(name: str) -> str:
    """The comment at the head of a file."""
    text = (configs.directory() / name).read_text(encoding="utf-8")
    return re.split(r"\n\n(?:from|include) ", text)[0]


def test_a_shipped_file_is_found_by_its_name():
    assert configs.find("runs/demo.gin") == configs.directory() / "runs" / "demo.gin"


def test_a_path_wins_over_a_shipped_file(tmp_path, monkeypatch):
    own = tmp_path / "runs" / "demo.gin"
    own.parent.mkdir()
    own.touch()
    monkeypatch.chdir(tmp_path)
    assert configs.find("runs/demo.gin").resolve() == own
    assert configs.find(str(own)) == own


def test_an_unknown_file_lists_the_shipped_ones():
    with pytest.raises(FileNotFoundError, match=r"'runs/nothing.gin'.*runs/demo\.gin"):
        configs.find("runs/nothing.gin")


@pytest.mark.parametrize("name", shipped())
def test_a_file_opens_with_what_it_is(name):
    assert all(line.startswith("#") for line in opening(name).splitlines())


@pytest.mark.parametrize("name", shipped("models") + shipped("runs"))
def test_a_file_says_how_to_run_it(name):
    assert "Command: " in opening(name)
    assert name in opening(name)


@pytest.mark.parametrize("name", shipped("models"))
def test_a_model_file_runs_with_data_and_run_files(name, capsys):
    (data,) = re.findall(r"--gin_file (data/\w+\.gin)", opening(name))
    files = (data, name, "runs/train.gin")
    assert cli.main(["train", "--dry_run", *(f"--gin_file={file}" for file in files)]) == 0
    assert "nothing was trained" in capsys.readouterr().out


@pytest.mark.parametrize("name", shipped("runs"))
def test_a_run_file_runs_as_its_command_says(name, capsys):
    named = re.findall(r"--gin_file (\S+)", opening(name).partition("# Expect")[0])
    assert cli.main(["train", "--dry_run", *(f"--gin_file={file}" for file in named)]) == 0
    assert "nothing was trained" in capsys.readouterr().out


def test_a_folder_named_as_one_of_ours_hides_nothing(tmp_path, monkeypatch, capsys):
    (tmp_path / "runs" / "mine").mkdir(parents=True)
    (tmp_path / "data").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    assert cli.main(["train", "--dry_run", "--gin_file", "runs/demo.gin"]) == 0
    assert "nothing was trained" in capsys.readouterr().out
