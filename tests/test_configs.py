"""The shipped `.gin` files: found by name, and each opens with what a reader needs first."""

import pytest

from disentlib import configs

FILES = sorted(configs.directory().rglob("*.gin"))


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


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(configs.directory())))
def test_a_file_says_what_it_is_before_it_binds(path):
    assert path.read_text(encoding="utf-8").startswith("# ")
