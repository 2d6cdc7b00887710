"""The examples of README.md and docs/ run as they stand, Python and `disentlib` commands alike.

The blocks of a page run in order, in one namespace and one empty folder, with fewer training
steps. A block below the comment `<!-- needs ... -->` (somebody's file, hours) is only read.
"""

import importlib
import inspect
import re
import shlex
from pathlib import Path

import pytest

from disentlib import cli, data, metrics, models

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(ROOT.glob("docs/**/*.md"))]
BLOCK = re.compile(r"(<!-- needs .*? -->\n+)?^```(python|sh)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?!https?://|#)([^)#]+)")
SMALL = [(r"steps_per_epoch=[\d_]+", "steps_per_epoch=2"), (r"epochs=[\d_]+", "epochs=1")]


def blocks(page: Path) -> list[tuple[str, str, bool]]:
    """The fenced blocks of a page: language, text, whether it can run here."""
    found = BLOCK.findall(page.read_text(encoding="utf-8"))
    return [(language, text, not needs) for needs, language, text in found]


def commands(text: str) -> list[list[str]]:
    """The `disentlib` commands of a shell block, split into words."""
    found = []
    for line in text.replace("\\\n", " ").splitlines():
        words = shlex.shlex(line, posix=True, punctuation_chars=True)
        words.whitespace_split = True
        command: list[str] = []
        for word in [*words, ";"]:
            if set(word) <= set(";|&>"):
                if command[:1] == ["disentlib"]:
                    found.append(command[1:])
                command = []
            else:
                command.append(word)
    return found


FEW = {
    "train": ["--gin_param", "STEPS=4", "--gin_param", "training.train.evaluation_steps=2"],
    "evaluate": ["--samples", "200", "--test_samples", "100"],
    "report": ["--samples", "64"],
}


def name(page: Path) -> str:
    return str(page.relative_to(ROOT))


RUNNING = [page for page in PAGES if any(can for _, _, can in blocks(page))]


@pytest.mark.parametrize("page", RUNNING, ids=name)
def test_examples_run(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    namespace: dict[str, object] = {"__name__": "example"}
    for language, text, can in blocks(page):
        if language == "python":
            for pattern, small in SMALL:
                text = re.sub(pattern, small, text)
            code = compile(text, name(page), "exec")
            if can:
                exec(code, namespace)
        elif can:
            for command in commands(text):
                assert cli.main([*command, *FEW.get(command[0], [])]) == 0, shlex.join(command)


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_commands_name_what_exists(page):
    for language, text, can in blocks(page):
        if language == "sh" and not can:
            for command in commands(text):
                assert command[0] in cli.COMMANDS, shlex.join(command)


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_lead_somewhere(page):
    for target in LINK.findall(page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target


def test_readme_names_every_method_score_and_data_set():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    public = [
        name
        for package, base in ((models, models.VAE), (data, data.GroundTruthData))
        for name, kind in vars(package).items()
        if inspect.isclass(kind) and issubclass(kind, base) and not inspect.isabstract(kind)
    ]
    public += metrics.SCORES
    assert len(public) > 10
    assert not [name for name in public if f"`{name}" not in readme]


def test_the_changelog_names_every_score():
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert not [
        name for name in metrics.SCORES if not re.search(rf"`(metrics\.)?{name}\b", changelog)
    ]


def test_the_page_of_scores_has_every_score(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "tools")
    pages = importlib.import_module("api_pages")
    page = pages.on_page_markdown((ROOT / "docs/scoring.md").read_text(encoding="utf-8"))
    for name, score in metrics.SCORES.items():
        (row,) = [line for line in page.splitlines() if line.startswith(f"| `{name}` |")]
        assert ("| lower |" in row) == (not score.higher_is_better)
        assert ("| yes |" in row) == (score.reference is not None)
        assert score.paper in row
    assert "| `mig` | information | higher | codes, factors | yes | Chen" in page
    assert "| `omes` | intervention | higher | a table of codes |  | Dapueto" in page
    assert "| `mig_aggregated_posterior` | information | higher | mean, logvar, factors |" in page


def test_commands_are_found_in_shell_text():
    text = "make demo\ndisentlib data list; disentlib study plan v1 | head   # a word\n"
    text += "disentlib train --gin_param 'BETA = 8' \\\n    --run_dir runs/b8\n"
    assert commands(text) == [
        ["data", "list"],
        ["study", "plan", "v1"],
        ["train", "--gin_param", "BETA = 8", "--run_dir", "runs/b8"],
    ]
