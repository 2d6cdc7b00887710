"""The report of a study: what it shows, what it says is missing, how it looks."""

import base64
import io
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest

from disentlib import studies
from disentlib.studies import analysis, page
from disentlib.studies.page.results import duration

ALL = (
    "runs scores agreement strength dependence variance transfer unsupervised selection "
    "downstream origin"
)


class Reader(HTMLParser):
    """Sections by their id: words, figures, and the files that they carry."""

    def __init__(self, path):
        super().__init__()
        self.text = path.read_text(encoding="utf-8")
        self.sections, self.files, self.tags = {}, {}, []
        self.words = self.sections.setdefault("", [])
        self.feed(self.text)

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.tags.append((tag, attributes))
        if tag == "section":
            self.words = self.sections.setdefault(attributes["id"], [])
        if tag == "svg":
            self.words.append("<figure>")
        if "download" in attributes:
            content = base64.b64decode(attributes["href"].partition("base64,")[2])
            self.files[attributes["download"]] = pd.read_csv(io.BytesIO(content))

    def handle_data(self, data):
        self.words.append(data)

    def said(self, section):
        return " ".join(" ".join(self.sections[section]).split())


@pytest.fixture(scope="module")
def written(realistic, tmp_path_factory):
    """The page of a whole study, for tests that only look."""
    path = tmp_path_factory.mktemp("study") / "study.html"
    frame = realistic()
    assert studies.report(frame, path, title="Six <b>methods</b>") == path
    return frame, path, Reader(path)


def test_every_section_has_its_figures_and_numbers(written):
    _, _, reader = written
    assert list(reader.sections) == ["", *ALL.split()]
    for section in ALL.split()[1:-1]:
        assert "<figure>" in reader.said(section), section
    assert "Six <b>methods</b>" in reader.said("")
    assert "360" in reader.said("")
    assert "10.0 hours" in reader.said("")
    assert "ModelCentrality" in reader.said("selection")
    assert "0.1.0" in reader.said("origin")


def test_the_page_loads_nothing(written):
    _, _, reader = written
    for tag, attributes in reader.tags:
        for name in ("src", "href", "xlink:href"):
            assert (attributes.get(name) or "#").startswith(("#", "data:")), (tag, attributes)
        if attributes.get("role") == "img":
            assert attributes["aria-label"]
    assert "script" not in {tag for tag, _ in reader.tags}


def test_the_files_are_the_data_behind_the_figures(written):
    frame, _, reader = written
    models = reader.files["scores_shapes3d_rendered.csv"]
    assert len(models) == 180
    mean = frame[(frame["representation"] == "mean") & (frame["score"] == "mig")]
    expected = mean[mean["dataset"] == "shapes3d_rendered"].set_index("job")["value"]
    np.testing.assert_allclose(models.set_index("job")["mig"], expected, rtol=1e-5)
    found = reader.files["variance_dsprites_rendered.csv"].set_index("score")
    expected = analysis.variance_explained(frame).set_index(["dataset", "score"])
    for score, row in found.iterrows():
        assert row["method"] == pytest.approx(
            expected.loc["dsprites_rendered", score]["method"], rel=1e-4
        )
    rho = reader.files["agreement_dsprites_rendered.csv"]
    assert set(rho.columns) == {"dataset", "score", "other", "rho", "n"}
    share = expected["configuration"].mean()
    assert f"together {share:.0%}" in reader.said("variance")
    chance = analysis.random_transfer(frame)["probability"]
    assert all(f"{value:.1%}" in reader.said("transfer") for value in chance)


def test_what_failed_stands_with_its_error(small, tmp_path):
    failed = {"3: mini beta_vae beta=4 seed 3": "NonFiniteError: NaN at step 7 in <kl>"}
    frame = small(lambda d, s, m, strength, seed: strength + seed / 10, seeds=1)
    path = page.report(frame, tmp_path / "small.html", title="small", failed=failed)
    reader = Reader(path)
    assert "1 job failed; why is under What was run." in reader.said("")
    assert "3: mini beta_vae beta=4 seed 3 NonFiniteError: NaN at step 7 in <kl>" in reader.said(
        "runs"
    )


def test_a_small_table_says_what_it_cannot_show(small, tmp_path):
    frame = small(lambda d, s, m, strength, seed: strength + seed / 10, seeds=1)
    reader = Reader(page.report(frame, tmp_path / "small.html", title="small"))
    reasons = {
        "agreement": "Two scores of the same three models are needed",
        "dependence": "neither gaussian_total_correlation nor mutual_information_score",
        "variance": "needs two seeds",
        "transfer": "no two configurations share two seeds",
        "unsupervised": "no quantity that needs no factors",
        "selection": "neither UDR nor ModelCentrality",
        "downstream": "No downstream task was measured",
    }
    for section, reason in reasons.items():
        assert reason in reader.said(section), section
        assert "<figure>" not in reader.said(section), section
    assert "<figure>" in reader.said("scores")


def test_one_data_set_is_not_transfer(small, tmp_path):
    frame = small(lambda d, s, m, strength, seed: strength + seed / 10)
    reader = Reader(page.report(frame, tmp_path / "one.html", title="one"))
    assert "With one data set, transfer to another cannot be seen." in reader.said("transfer")
    assert "With one score, transfer to another score cannot be seen." in reader.said("transfer")
    assert "same score, same data set" in reader.said("transfer")


def test_a_single_model_without_scores_gets_a_page(small, tmp_path):
    frame = small(lambda *_: 1.0, scores=("kl",)).head(1)
    reader = Reader(page.report(frame, tmp_path / "one.html", title="one"))
    assert "no score that compares codes with factors" in reader.said("scores")
    assert "no weight was swept" in reader.said("strength")


def test_what_is_missing_is_named(realistic, tmp_path):
    frame = realistic(datasets=("dsprites_rendered",), seeds=2, strengths=2)
    frame = frame[~((frame["job"] == 3) | ((frame["job"] == 5) & (frame["score"] == "sap")))].copy()
    frame.loc[frame.index[0], "value"] = np.nan
    said = Reader(page.report(frame, tmp_path / "holes.html", title="holes")).said("")
    assert "Left out, without a finite value: 1 row." in said
    assert "dsprites_rendered: 23 of 24" in said
    assert "sap (1)" in said


def test_studies_stand_side_by_side(small, tmp_path):
    ours = small(lambda d, s, m, strength, seed: strength + seed / 10)
    theirs = ours.assign(study="old", value=ours["value"] + 1)
    path = tmp_path / "both.parquet"
    pd.concat([ours, theirs]).to_parquet(path)
    reader = Reader(page.report(path, tmp_path / "both.html", title="both"))
    assert {"scores_d__old_.csv", "scores_d__s_.csv"} <= set(reader.files)
    assert "on d (old)" in reader.said("runs")
    assert "d (old) and d (s)" in reader.said("transfer")


def test_a_table_without_values_is_refused(small, tmp_path):
    frame = small(lambda *_: np.nan)
    with pytest.raises(ValueError, match="expected results with finite values, got 24 rows"):
        page.report(frame, tmp_path / "nothing.html", title="nothing")
    assert not (tmp_path / "nothing.html").exists()


@pytest.mark.parametrize(
    ("seconds", "text"), [(20, "20 s"), (600, "10.0 minutes"), (3e8, "9.5 years")]
)
def test_durations(seconds, text):
    assert duration(seconds) == text


def test_the_page_in_a_browser(written, page):
    path = written[1]
    for scheme in ("light", "dark"):
        page.open(path, scheme=scheme)
        ink, ground, drawn = page.js(
            "[getComputedStyle(document.body).color, getComputedStyle(document.body)"
            ".backgroundColor, getComputedStyle(document.querySelector('.svg text')).fill]"
        )
        assert ink == drawn != ground
        assert page.js("document.documentElement.scrollWidth <= innerWidth")
    # No text of a figure is cut off by its edge.
    cut = page.js(
        "[...document.querySelectorAll('.svg svg')].flatMap(svg => {"
        " const edge = svg.getBoundingClientRect();"
        " return [...svg.querySelectorAll('text')].filter(text => {"
        "  const box = text.getBoundingClientRect();"
        "  return box.left < edge.left - 2 || box.right > edge.right + 2 || box.top < edge.top - 2"
        "   || box.bottom > edge.bottom + 2 }).map(text => text.textContent) })"
    )
    assert cut == []
    page.js("document.querySelector('nav a[href=\"#variance\"]').click()")
    page.wait("location.hash === '#variance'")
    assert page.complaints == []
