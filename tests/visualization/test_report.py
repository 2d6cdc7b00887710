import json
import re
import sys
from html.parser import HTMLParser
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
from PIL import Image
from sklearn.decomposition import PCA

from disentlib import metrics
from disentlib.models import priors
from disentlib.visualization import report
from disentlib.visualization.report import clusters as cluster_section
from disentlib.visualization.report import codes as code_section
from disentlib.visualization.report import scores as score_section
from disentlib.visualization.report import traversals
from disentlib.visualization.report.reported_run import ReportedRun

NAMES = ("<script>alert(1)</script>", "size & hue", 'a "quoted" name')
SIZES = (3, 4, 5)


class Squares:
    """Coloured squares on a plain: colour, row and column are the factors."""

    name = "squares"
    factor_names = NAMES
    factor_sizes = SIZES

    def __init__(self, channels):
        self.image_shape = (10, 12, channels)

    def sample(self, n, rng):
        factors = np.stack([rng.integers(0, size, n) for size in SIZES], axis=1)
        return factors, self.images(factors)

    def images(self, factors):
        images = np.full((len(factors), *self.image_shape), 30, np.uint8)
        for image, (colour, row, column) in zip(images, factors, strict=True):
            image[2 * row : 2 * row + 3, 2 * column : 2 * column + 3] = 90 + 80 * colour
        return images


class LinearModel:
    """Principal components as codes, and two latents that know nothing."""

    def __init__(self, data, latents=6):
        images = data.sample(500, np.random.default_rng(0))[1].reshape(500, -1) / 255
        self.centre = images.mean(axis=0)
        _, scales, rows = np.linalg.svd(images - self.centre, full_matrices=False)
        self.rows = rows[:latents] * scales[:latents, None] / np.sqrt(500)
        self.rows[4:] = 0
        self.shape = data.image_shape
        self.prior = priors.Normal([1.0] * latents)

    def encode(self, images):
        flat = images.reshape(len(images), -1) / 255 - self.centre
        norms = np.maximum((self.rows**2).sum(axis=1), 1e-9)
        mean = flat @ self.rows.T / norms
        return mean, np.broadcast_to([-3.0, -3, -2, -2, 0, 0], mean.shape)

    def decode(self, codes):
        images = (codes @ self.rows + self.centre).reshape(len(codes), *self.shape)
        return SimpleNamespace(mean=lambda: images)


def make_run(path, *, channels=1, logged=250, scores=None, **changes):
    path.mkdir(exist_ok=True)
    steps = np.arange(1, logged + 1) * 10
    data = Squares(channels)
    model = LinearModel(data)
    settings = {
        "configuration": {
            "data": {"name": "squares"},
            "model": {"class": "BetaVAE", "encoder": {}, "beta": 4.0, "seed": 0},
        },
        "steps": 2500,
        "environment": {"versions": {"disentlib": "0.1"}, "command": "train <b>bold</b>"},
    }
    run = SimpleNamespace(
        path=path,
        config="BETA = 4.0  # </code><script>alert(2)</script>\n",
        settings=settings,
        history={"step": steps, "loss": 100 / steps + 3, "kl": steps / 2500.0},
        scores=scores,
        data=data,
        model=model,
        encode=model.encode,
    )
    vars(run).update(changes)
    return run


class Reader(HTMLParser):
    """Collect tags with their attributes and the text of a page; check that tags are closed."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.stack, self.words = [], [], []
        self.feed(text)
        assert self.stack == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "link", "img", "input", "br"):
            self.stack.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.stack.pop() == tag

    def handle_data(self, data):
        self.words.append(data)


def write(run, **options):
    path = report.write(run, samples=500, **options)
    text = path.read_text(encoding="utf-8")
    return path, text, Reader(text)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run with its report; tests that only look share it."""
    run = make_run(tmp_path_factory.mktemp("run"), channels=3)
    run.report = write(run)
    return run


def test_the_page_holds_everything_and_loads_nothing(run):
    path, text, reader = run.report
    assert path == run.path / "report.html"
    for tag, attributes in reader.tags:
        for name in ("src", "href", "xlink:href", "action", "poster"):
            assert attributes.get(name, "#").startswith(("#", "data:")), (tag, attributes)
        if tag == "img":
            assert attributes["alt"], attributes
        if attributes.get("role") == "img":
            assert attributes["aria-label"], attributes
    addresses = set(re.findall(r"https?://[^\s\"'<)]+", text))
    assert addresses <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}
    words = " ".join(reader.words)
    for expected in ("BetaVAE (beta 4) on squares", "2,500 steps", "4 of 6", "BETA = 4.0"):
        assert expected in words
    ids = [attributes["id"] for _, attributes in reader.tags if "id" in attributes]
    sections = [i for i in ids if not re.match(r"[pmh][0-9a-f]{10}|image", i)]
    assert len(sections) == len(set(sections))


def test_names_from_outside_are_escaped(run):
    _, text, reader = run.report
    assert [tag for tag, _ in reader.tags].count("script") == 1
    assert "<script>alert" not in text
    assert "<b>bold" not in text
    words = " ".join(reader.words)
    for name in NAMES:
        assert name in words
    assert "train <b>bold</b>" in words
    assert "</code><script>alert(2)</script>" in words


def test_latents_are_sorted_by_kl_and_the_idle_are_marked(run):
    _, _, reader = run.report
    sliders = [a for tag, a in reader.tags if tag == "input" and a["type"] == "range"]
    mean, logvar = run.encode(run.data.sample(5000, np.random.default_rng(1))[1])
    kl = (mean**2 + np.exp(logvar) - 1 - logvar).mean(axis=0) / 2
    shown = [kl[int(a["aria-label"].removeprefix("z"))] for a in sliders]
    assert len(shown) == 6
    assert np.diff(shown).max() < 0.1  # two samples of images may differ about near ties
    cards = [a["class"] for tag, a in reader.tags if tag == "li"]
    assert cards == ["latent"] * 4 + ["latent inactive"] * 2
    for slider in sliders:
        starts = [int(start) for start in slider["data-starts"].split()]
        assert len(starts) == traversals.BASES
        assert all(0 <= start <= int(slider["max"]) for start in starts)


def test_a_sprite_sheet_holds_the_traversals(run):
    reported = ReportedRun(run, samples=500, seed=0)
    encoded, decode = reported.encoded, reported.decode
    reported.order = np.array([2, 0])
    sheet = traversals.sliders(reported)["latents"][0]
    image = np.asarray(Image.open(_bytes(sheet["sheet"])).convert("RGB"))
    assert image.shape == (10 * traversals.BASES, 12 * traversals.FRAMES, 3)
    values = np.linspace(sheet["low"], sheet["high"], traversals.FRAMES)
    sd = np.sqrt(encoded.mean[:, 2].var() + np.exp(encoded.logvar[:, 2]).mean())
    assert values[0] == pytest.approx(encoded.mean[:, 2].mean() - 2 * sd, abs=1e-3)
    for base, frame in ((0, 0), (2, 20), (3, 7)):
        code = encoded.mean[base].copy()
        code[2] = values[frame]
        expected = np.clip(decode(code[None])[0], 0, 1) * 255
        tile = image[10 * base : 10 * base + 10, 12 * frame : 12 * frame + 12]
        assert np.abs(tile - expected).max() <= 1.01
    starts = sheet["starts"]
    assert [np.abs(values - code[2]).argmin() for code in encoded.mean[:4]] == starts


def _bytes(uri):
    import base64
    import io

    return io.BytesIO(base64.b64decode(uri.partition(",")[2]))


def test_the_pictures_are_files_too(run):
    folder = run.path / "pictures"
    names = {path.name for path in folder.iterdir()}
    kinds = ("std_gaussian", "fitted_gaussian", "fixed_interval", "conf_interval")
    cycles = {f"{kind}_cycle_{n}.gif" for kind in (*kinds, "minmax_interval") for n in range(5)}
    figures = {"codes_pca", "curves", "kl", "interventional_effects", "mutual_information"}
    figures |= {"mutual_information_pr", "mutual_information_dendrogram"}
    grids = {"reconstructions", "samples", *(f"traversals_{n}" for n in range(6))}
    assert names == cycles | {f"{name}.png" for name in figures | grids}
    gap = traversals.GAP
    sizes = {
        "samples.png": (8 * (12 + gap) + gap, 8 * (10 + gap) + gap),
        "reconstructions.png": (8 * (24 + gap) + gap, 8 * (10 + gap) + gap),
        "traversals_0.png": (6 * (12 + gap) + gap, 11 * (10 + gap) + gap),
        "std_gaussian_cycle_0.gif": (3 * (12 + 10) + 10, 2 * (10 + 10) + 10),
    }
    for name, size in sizes.items():
        with Image.open(folder / name) as image:
            assert image.size == size
            assert getattr(image, "n_frames", 1) == (20 if name.endswith("gif") else 1)


def test_the_same_run_gives_the_same_page(run, tmp_path):
    again = write(run, path=tmp_path / "again.html")
    assert again[0] == tmp_path / "again.html"
    first, second = (re.sub(r"written [\d :-]+", "", text) for text in (run.report[1], again[1]))
    assert first == second


def test_a_run_without_scores_says_how_to_get_them(run):
    _, _, reader = run.report
    assert f"disentlib evaluate {run.path}" in " ".join(reader.words)


def test_the_table_reads_what_evaluate_writes():
    rng = np.random.default_rng(0)
    factors = rng.integers(0, 4, (500, 2))
    codes = factors + rng.normal(size=(500, 2)) / 10
    table = metrics.evaluate(codes, factors, metrics=["mig"], repeats=2)
    shown = score_section.score_table(json.loads(table.to_json()))
    assert shown.columns[-4:] == ["value", "mean ± spread", "better", "estimated with"]
    assert shown.rows[0][0] == "mig"
    assert shown.rows[0][2] == f"{table.value('mig'):.3f}"
    assert shown.caption.startswith("500 samples, protocol: default")


def score(name, value, **changes):
    """A row of scores.json."""
    row = {
        "score": name,
        "value": value,
        "mean": value,
        "spread": None,
        "low": None,
        "high": None,
        "repeats": 1,
        "higher_is_better": True,
        "estimator": "plug-in",
        "bins": 20,
        "representation": "mean",
        "samples": 10000,
        "test_samples": 0,
        "protocol": None,
    }
    return row | changes


def test_scores_are_a_table_and_mig_stands_at_the_top(tmp_path):
    rows = [score("mig", 0.41234), score("<b>dci</b>", None, protocol="locatello2019")]
    run = make_run(tmp_path / "run", scores={"disentlib": "0.1", "scores": rows}, history={})
    parts = vars(run)
    del parts["model"]
    _, _, reader = write(NoCheckpoint(**parts))
    words = [word.strip() for word in reader.words]
    assert words.count("0.412") == 2
    assert words[words.index("MIG") + 1] == "0.412"
    assert words[words.index("<b>dci</b>") + 2] == "–"
    assert "10,000 samples, protocol: default and locatello2019." in words
    assert not any("disentlib evaluate" in word for word in words)


def test_score_columns_appear_as_they_are_filled():
    table = score_section.score_table({"scores": [score("mig", 0.5)]})
    assert table.columns == ["score", "codes", "value", "better", "estimated with"]
    assert table.rows == [["mig", "mean", "0.500", "higher", "plug-in"]]
    full = score("tc", 1234.5, repeats=3, spread=0.1, low=0, high=2, higher_is_better=False)
    table = score_section.score_table({"scores": [full]})
    assert dict(zip(table.columns[1:], table.rows[0][1:], strict=True)) == {
        "codes": "mean",
        "value": "1234",
        "mean ± spread": "1234 ± 0.100",
        "interval": "0.000 to 2.000",
        "better": "lower",
        "estimated with": "plug-in",
    }
    assert score_section.score_table(None) is score_section.score_table({"scores": []}) is None


def test_a_running_run_shows_how_far_it_is(tmp_path):
    _, _, reader = write(make_run(tmp_path / "run", logged=30))
    assert "step 300 of 2,500" in " ".join(reader.words)


class NoCheckpoint(SimpleNamespace):
    @property
    def model(self):
        raise FileNotFoundError("no checkpoint")


def test_a_run_before_its_first_checkpoint_has_curves_only(tmp_path):
    parts = vars(make_run(tmp_path / "run"))
    del parts["model"]
    _, text, reader = write(NoCheckpoint(**parts))
    words = " ".join(reader.words)
    assert "No checkpoint is written yet" in words
    assert "<svg" in text
    assert not [a for _, a in reader.tags if a.get("type") == "range"]
    assert 'href="#traversals"' not in text


def test_a_run_that_has_just_begun_has_no_curves(tmp_path):
    parts = vars(make_run(tmp_path / "run", history={}))
    del parts["model"]
    _, _, reader = write(NoCheckpoint(**parts))
    assert "No step is logged yet." in " ".join(reader.words)


def test_a_diverged_run_says_so(tmp_path):
    def encode(images):
        return np.full((len(images), 6), np.nan), np.zeros((len(images), 6))

    _, _, reader = write(make_run(tmp_path / "run", encode=encode))
    assert "the training diverged" in " ".join(reader.words)


def test_data_without_factors_or_without_images_still_gets_a_page(tmp_path):
    run = make_run(tmp_path / "run")
    run.data.factor_names, run.data.factor_sizes = (), ()
    sample = run.data.sample
    run.data.sample = lambda n, rng: (np.empty((n, 0), int), sample(n, rng)[1])
    _, text, _ = write(run)
    assert 'class="latent"' in text
    assert "Mutual information" not in text

    run = make_run(tmp_path / "vectors")
    encode, sample = run.encode, run.data.sample
    run.data.sample = lambda n, rng: ((d := sample(n, rng))[0], d[1].reshape(n, 120))
    run.encode = lambda vectors: encode(vectors.reshape(-1, 10, 12, 1))
    _, text, _ = write(run)
    assert "Mutual information" in text
    assert "<canvas" not in text
    assert "Codes against factors" in text
    assert "8 of 120 variables" in text
    assert (run.path / "pictures/codes_and_factors.png").exists()


def clustered(path, facets=1, **changes):
    """A run whose clusters are the colours, and in a second facet the columns, of the squares."""
    run = make_run(path, channels=1, **changes)
    mixtures = [priors.GaussianMixture(size, latents=3, variance=1e-6) for size in (4, 5)]
    run.model.prior = (
        priors.Facets(mixtures) if facets == 2 else priors.GaussianMixture(4, latents=6)
    )

    def clusters(images):
        lightest = images.reshape(len(images), -1).max(axis=1)
        colour = (lightest.astype(int) - 90) // 80
        column = (images.max(axis=(1, 3)) > 30).argmax(axis=1) // 2
        numbers = [colour + 1, column][:facets]  # the first cluster of colours stays empty
        made = [
            np.where(np.eye(size)[one] == 1, 0.7, 0.3 / (size - 1))
            for one, size in zip(numbers, (4, 5), strict=False)
        ]
        return made if facets == 2 else made[0]

    run.model.clusters = clusters
    return run


def tile_at(path, row, column):
    gap = traversals.GAP
    image = np.asarray(Image.open(path).convert("RGB"))
    top, left = gap + row * (10 + gap), gap + column * (12 + gap)
    return image[top : top + 10, left : left + 12]


def test_clusters_are_rows_of_images_and_of_draws(tmp_path):
    run = clustered(tmp_path / "run")
    _, _, reader = write(run)
    words = " ".join(reader.words)
    assert "3 of 4 clusters have observations among 2,000." in words
    assert f"{NAMES[0]} 1.00 (1.00)" in words
    assert "mean p(c|x) of them" in words
    assert "0.700" in words
    shares = [float(share) for share in re.findall(r"(\d\d\.\d) %", words)]
    assert sum(shares) == pytest.approx(100, abs=0.2)
    assert shares == sorted(shares, reverse=True)
    path = run.path / "pictures" / "clusters.png"
    with Image.open(path) as image:
        gap = traversals.GAP
        assert image.size == (15 * (12 + gap) + gap, 3 * (10 + gap) + gap)
    brightest = [{tile_at(path, row, column).max() for column in range(8)} for row in range(3)]
    assert all(len(one) == 1 for one in brightest)
    assert set.union(*brightest) == {90, 170, 250}
    assert (tile_at(path, 0, 8) == 255).all()  # between images and draws
    assert (run.path / "pictures" / "codes_pca.png").exists()


def test_draws_come_from_the_components_of_the_facet(tmp_path):
    run = clustered(tmp_path / "run", facets=2)
    reported = ReportedRun(run, samples=500, seed=0)
    for facet, order in ((0, [3, 1]), (1, [2, 0, 1])):
        draws = cluster_section.component_draws(reported, facet, np.array(order))
        assert draws.shape == (len(order), cluster_section.DRAWS, 6)
        means = np.asarray(run.model.prior.mixtures[facet].means)[order]
        part = draws[:, :, 3 * facet : 3 * facet + 3]
        np.testing.assert_allclose(part, np.repeat(means[:, None], 6, axis=1), atol=0.06)
        other = draws[:, :, 3 - 3 * facet : 6 - 3 * facet]
        assert other.std(axis=1).max() > 0.1
    _, _, reader = write(run)
    words = " ".join(reader.words)
    assert "Facet 1: 3 of 4 clusters" in words
    assert "Facet 2: 5 of 5 clusters" in words
    assert "3 of 4, 5 of 5" in words
    for number in (1, 2):
        assert (run.path / "pictures" / f"clusters_{number}.png").exists()
    run.model.prior = priors.Normal([1.0] * 6)
    assert cluster_section.component_draws(reported, 0, np.array([0])) is None


def test_the_images_most_certain_of_a_cluster_come_first(tmp_path):
    run = clustered(tmp_path / "run")
    reported = ReportedRun(run, samples=500, seed=0)
    images = reported.sample.observations
    certain = np.random.default_rng(0).uniform(0.6, 1, len(images))
    reported.sample.clusters[0] = np.stack([certain, 1 - certain], axis=1)
    cluster_section.grid(reported, 0, np.array([0]), "")
    path = run.path / "pictures" / "clusters.png"
    for column, best in enumerate(np.argsort(-certain)[:8]):
        np.testing.assert_array_equal(tile_at(path, 0, column)[..., 0], images[best, :, :, 0])


def test_a_model_whose_clusters_are_not_fitted_has_no_section(tmp_path):
    run = clustered(tmp_path / "run")

    def clusters(images):
        raise ValueError("pretraining")

    run.model.clusters = clusters
    reported = ReportedRun(run, samples=500, seed=0)
    assert reported.sample.clusters == []
    assert cluster_section.section(reported) is None
    assert list(code_section.colourings(reported)) == list(NAMES)


def test_countable_examples_are_taken_once_and_conditions_are_classes(tmp_path):
    run = clustered(tmp_path / "run")
    images = run.data.sample(100, np.random.default_rng(0))[1]
    u = np.eye(3, dtype=np.float32)[np.arange(100) % 3]
    run.data.examples = 100
    rows_taken = []

    def take(rows, rng):
        rows_taken.extend(rows)
        return np.full((len(rows), 3), 0.5), {"x": images[rows], "u": u[rows]}

    run.data.take = take
    encode, clusters = run.encode, run.model.clusters
    run.encode = lambda seen: encode(seen["x"])
    run.model.clusters = lambda seen: clusters(seen["x"])
    reported = ReportedRun(run, samples=500, seed=0)
    assert list(code_section.colourings(reported)) == ["cluster", *NAMES, "condition"]
    assert sorted(rows_taken) == list(range(100))
    np.testing.assert_array_equal(reported.condition_class["condition"], np.array(rows_taken) % 3)
    said = cluster_section.agreement(reported, np.eye(3)[np.array(rows_taken) % 3])
    assert said == " Majority accuracy (normalised mutual information): condition 1.00 (1.00)."
    u[0] = 0.5
    del reported.sample
    assert reported.condition_class == {}


def test_umap_is_drawn_where_it_is_installed(tmp_path, monkeypatch):
    class UMAP:
        def __init__(self, **options):
            assert options == {"n_components": 2, "random_state": 3, "n_jobs": 1}

        def fit_transform(self, codes):
            return codes[:, :2]

    module = ModuleType("umap")
    module.__spec__ = ModuleSpec("umap", None)
    module.UMAP = UMAP
    run = make_run(tmp_path / "run")
    reported = ReportedRun(run, samples=500, seed=3)
    monkeypatch.setattr(code_section.importlib.util, "find_spec", lambda name: None)
    assert len(code_section.section(reported).drawings) == 1
    monkeypatch.setitem(sys.modules, "umap", module)
    monkeypatch.setattr(code_section.importlib.util, "find_spec", lambda name: module.__spec__)
    assert len(code_section.section(reported).drawings) == 2
    assert (run.path / "pictures" / "codes_umap.png").exists()


def test_principal_components_are_scikit_learns():
    codes = np.random.default_rng(0).normal(size=(200, 4)) * [1, 3, 2, 0.5] + 5
    points, names = code_section.principal_components(codes)
    pca = PCA(2).fit(codes)
    np.testing.assert_allclose(np.abs(points), np.abs(pca.transform(codes)), atol=1e-9)
    shares = [f"PC {k + 1}, {100 * s:.0f} %" for k, s in enumerate(pca.explained_variance_ratio_)]
    assert list(names) == shares
    assert (points[np.abs(points).argmax(axis=0), [0, 1]] > 0).all()
    dead, names = code_section.principal_components(np.ones((5, 3)))
    assert not dead.any()
    assert names == ("PC 1, 0 %", "PC 2, 0 %")


def test_an_interrupted_report_leaves_the_old_one(run, monkeypatch):
    path, text, _ = run.report
    monkeypatch.setattr(Path, "replace", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        write(run)
    assert path.read_text(encoding="utf-8") == text
    assert not list(run.path.glob(".*"))


def test_too_few_samples(tmp_path):
    with pytest.raises(ValueError, match="at least 64 samples, got 63"):
        report.write(make_run(tmp_path / "run"), samples=63)


def test_the_page_in_a_browser(run, page):
    path = run.report[0]
    page.open(path)
    assert page.js("document.title") == "BetaVAE (beta 4) on squares · disentlib"

    sheets = "[...document.querySelectorAll('.latent')].every((_, k) => cards[k].sheet.complete)"
    page.wait(sheets)

    # Each slider changes the picture, by keyboard too.
    for k in range(1, 5):
        card = f".latent:nth-child({k})"
        page.js(f"document.querySelector('{card} input').focus()")
        page.press("Home")
        page.wait(f"document.querySelector('{card} input').value === '0'")
        low = page.screenshot(f"{card} .sprite")
        number = page.js(f"document.querySelector('{card} output').value")
        page.press("End")
        page.wait(f"document.querySelector('{card} input').value === '{traversals.FRAMES - 1}'")
        assert page.screenshot(f"{card} .sprite") != low
        assert float(number) < 0 < float(page.js(f"document.querySelector('{card} output').value"))
    # A latent that knows nothing does not.
    page.js("document.querySelector('.latent:nth-child(6) input').focus()")
    still = page.screenshot(".latent:nth-child(6) .sprite")
    page.press("End")
    assert page.screenshot(".latent:nth-child(6) .sprite") == still

    # Another starting image shows another picture and moves the sliders to its code.
    before = page.screenshot(".latent .sprite")
    starts = page.js(
        "[...document.querySelectorAll('input[type=range]')].map(i => i.dataset.starts)"
    )
    page.js("document.querySelectorAll('input[name=base]')[2].click()")
    values = page.js("[...document.querySelectorAll('input[type=range]')].map(i => i.value)")
    assert values == [start.split()[2] for start in starts]
    page.js("document.querySelector('.latent input').focus()")
    page.press("End")  # where it was
    assert page.screenshot(".latent .sprite") != before

    # Play moves the slider to and fro without help, Pause stops it.
    page.js("document.querySelector('.play').click()")
    page.wait("document.querySelector('.latent input').value === '0'")
    page.wait(f"document.querySelector('.latent input').value === '{traversals.FRAMES - 1}'")
    page.js("document.getElementById('play-all').click()")
    assert page.js("[...document.querySelectorAll('.play')].every(b => b.ariaPressed === 'true')")
    page.js("document.getElementById('play-all').click()")
    rest = page.js("[...document.querySelectorAll('.latent input')].map(i => i.value)")
    page.js("new Promise(done => setTimeout(done, 300))")
    assert page.js("[...document.querySelectorAll('.latent input')].map(i => i.value)") == rest

    # Readable in both schemes: the ink differs from the page, in figures too.
    for scheme in ("light", "dark"):
        page.open(path, scheme=scheme)
        ink, ground, drawn = page.js(
            "[getComputedStyle(document.body).color, getComputedStyle(document.body)"
            ".backgroundColor, getComputedStyle(document.querySelector('.svg text')).fill]"
        )
        assert ink == drawn
        assert contrast(ink, ground) > 7
        assert page.js("document.documentElement.scrollWidth <= innerWidth")

    assert page.complaints == []
    assert {address.partition(":")[0] for address in page.requests} <= {"file", "data"}


def contrast(one, other):
    """WCAG 2 contrast ratio of two CSS colours."""

    def luminance(colour):
        levels = np.array(json.loads(f"[{re.search(r'[(](.*)[)]', colour)[1]}]"))[:3] / 255
        linear = np.where(levels <= 0.04045, levels / 12.92, ((levels + 0.055) / 1.055) ** 2.4)
        return linear @ [0.2126, 0.7152, 0.0722]

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_the_page_in_a_browser_without_scores_and_checkpoint(tmp_path, page):
    parts = vars(make_run(tmp_path / "run"))
    del parts["model"]
    path, _, _ = write(NoCheckpoint(**parts))
    page.open(path)
    assert page.js("document.querySelectorAll('.latent').length") == 0
    assert page.complaints == []


def test_the_headline_names_the_weights_of_a_method():
    model = {"class": "IVAE", "weights": [100.0, 1, 0.0], "dataset_size": 9, "seed": 3, "prior": {}}
    settings = {"configuration": {"model": model, "data": {"name": "sources"}}}
    title, context = report.reported_run.headline(settings)
    assert title == "IVAE (weights 100, 1, 0) on sources"
    assert context == "sources · IVAE (weights 100, 1, 0)"
    settings["configuration"]["model"] = {"class": "VAE", "regularizers": [], "seed": 0}
    assert report.reported_run.headline(settings)[0] == "VAE on sources"
