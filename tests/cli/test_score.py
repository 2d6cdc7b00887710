"""`disentlib score`: arrays from files, good and bad."""

import json
import re
import subprocess
import sys

import numpy as np
import pytest

from disentlib import cli, metrics


@pytest.fixture
def arrays():
    rng = np.random.default_rng(0)
    factors = np.stack([rng.integers(0, size, 300) for size in (3, 4)], axis=1)
    return {"codes": factors + 0.3 * rng.normal(size=factors.shape), "factors": factors}


@pytest.fixture
def npz(tmp_path, arrays):
    path = tmp_path / "codes.npz"
    np.savez(path, **arrays)
    return path


def score(*arguments):
    return cli.main(["score", *map(str, arguments)])


def refused(capsys, *arguments, code=1):
    assert score(*arguments) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert err.startswith("disentlib score: ")
    return err


def test_table(npz, arrays, capsys):
    assert score(npz) == 0
    out, err = capsys.readouterr()
    assert err == ""
    for name, taken in metrics.SCORES.items():
        assert (name in out) == (taken.by_default and not taken.intervenes)
    assert f"{metrics.mig(**arrays):.4f}" in out
    assert "300 samples" in out


def test_json_to_a_file_and_to_the_screen(npz, arrays, tmp_path, capsys):
    path = tmp_path / "scores.json"
    flags = ["--metrics", "mig", "--protocol", "locatello2019"]
    assert score(npz, *flags, "--json", path) == 0
    assert "mig" in capsys.readouterr().out
    (row,) = json.loads(path.read_text())["scores"]
    assert row["value"] == metrics.mig(**arrays, protocol="locatello2019")
    assert row["protocol"] == "locatello2019"
    assert score(npz, *flags, "--json") == 0
    assert json.loads(capsys.readouterr().out) == json.loads(path.read_text())


def test_diagnosis(npz, arrays, capsys):
    assert score(npz, "--metrics", "mig") == 0
    diagnosis = metrics.diagnose(**arrays)
    assert len(diagnosis) > 0
    told = "".join(f"- {finding.sentence}\n" for finding in diagnosis)
    assert capsys.readouterr().out.endswith(f"what could fool these scores\n{told}")
    assert score(npz, "--metrics", "mig", "--json") == 0
    content = json.loads(capsys.readouterr().out)
    assert content["diagnosis"] == diagnosis.to_dict()["findings"]


def test_plot(npz, arrays, tmp_path, capsys):
    folder = tmp_path / "new" / "plots"
    np.savez(npz, **arrays, factor_names=["shape", "[bold]scale"])
    assert score(npz, "--metrics", "mig", "--plot", folder) == 0
    drawn = {str(path) for path in folder.iterdir()}
    assert len(drawn) == 7
    assert drawn <= set(capsys.readouterr().out.splitlines())
    assert score(npz, "--metrics", "mig", "--json", "--plot", tmp_path) == 0
    assert json.loads(capsys.readouterr().out)["scores"]
    assert "expected a factor of several values" in refused_plot(npz, arrays, capsys)


def refused_plot(npz, arrays, capsys):
    np.savez(npz, codes=arrays["codes"], factors=np.zeros_like(arrays["factors"]))
    assert score(npz, "--metrics", "gaussian_total_correlation", "--plot", npz.parent) == 1
    return capsys.readouterr().err


def test_repeats(npz, capsys):
    assert score(npz, "--repeats", 3, "--interval", 0.9, "--seed", 4, "--metrics", "mig") == 0
    assert "±" in capsys.readouterr().out


def test_csv(tmp_path, arrays, capsys):
    path = tmp_path / "codes.csv"
    words = np.array(["square", "ellipse", "heart"])[arrays["factors"][:, 0]]
    lines = ["z0, shape,z1,scale"]
    for (a, b), word, scale in zip(
        arrays["codes"].tolist(), words, arrays["factors"][:, 1], strict=True
    ):
        lines.append(f"{a},{word},{b},{scale}")
    path.write_text("\ufeff" + "\n".join(lines) + "\n\n", encoding="utf-8")
    assert score(path, "--factors", "shape,scale", "--metrics", "mig", "--json") == 0
    (row,) = json.loads(capsys.readouterr().out)["scores"]
    assert row["value"] == pytest.approx(metrics.mig(**arrays), abs=1e-12)


def test_real_valued_factors(tmp_path, arrays, capsys):
    rng = np.random.default_rng(0)
    real = arrays["factors"] + rng.uniform(size=arrays["factors"].shape) * [0, 1]
    table = np.column_stack([arrays["codes"], real])
    path = tmp_path / "codes.csv"
    lines = [",".join(map(repr, row)) for row in table.tolist()]
    lines = [line.replace(".0,", ",") for line in lines]  # whole numbers as people write them
    path.write_text("\n".join(["z0,z1,shape,scale", *lines]))
    flags = ["--factors", "shape,scale", "--continuous", "scale"]
    assert score(path, *flags, "--metrics", "mig,explicitness", "--json") == 0
    out, err = capsys.readouterr()
    (row,) = json.loads(out)["scores"]
    expected = metrics.mig(arrays["codes"], real, continuous=(False, True))
    assert row["value"] == pytest.approx(expected, abs=1e-12)
    assert "explicitness is left out where factors are real-valued" in err
    path = tmp_path / "codes.npz"
    for names, flag in (({}, "1"), ({"factor_names": ["shape", "scale"]}, "scale")):
        np.savez(path, codes=arrays["codes"], factors=real, **names)
        assert score(path, "--continuous", flag, "--metrics", "mig", "--json") == 0
        (row,) = json.loads(capsys.readouterr().out)["scores"]
        assert row["value"] == pytest.approx(expected, abs=1e-12)
    assert "did you mean 'scale'?" in refused(capsys, path, "--continuous", "scales", code=2)
    assert "is it continuous? Then say continuous=True" in refused(
        capsys, path, "--continuous", "shape"
    )


def test_constant_factors_are_named(tmp_path, arrays, capsys):
    arrays["factors"] = np.insert(arrays["factors"], 0, 0, axis=1)
    path = tmp_path / "codes.npz"
    np.savez(path, **arrays, factor_names=["colour", "shape", "scale"])
    assert score(path) == 0
    assert capsys.readouterr().err == (
        "warning: factor 0 (colour) has a single value and is left out\n"
    )


def test_test_samples_are_handed_on(tmp_path, arrays, monkeypatch, capsys):
    seen = {}

    def evaluate(codes, factors, **options):
        seen.update(options)
        return metrics.ScoreTable(())

    monkeypatch.setattr(metrics, "evaluate", evaluate)
    path = tmp_path / "codes.npz"
    np.savez(path, **arrays, test_codes=np.ones((2, 2)), test_factors=np.ones((2, 2), int))
    assert score(path) == 0
    assert seen["test"][0].shape == (2, 2)


def test_files_that_cannot_be_read(tmp_path, npz, arrays, capsys):
    missing = tmp_path / "nothing.npz"
    assert "No such file" in refused(capsys, missing)
    whole = npz.read_bytes()
    for length in (0, 3, 100, len(whole) // 2, len(whole) - 30):
        npz.write_bytes(whole[:length])
        assert "expected a whole NPZ file" in refused(capsys, npz)
    flipped = bytearray(whole)
    flipped[len(whole) // 4] ^= 0xFF
    npz.write_bytes(flipped)
    assert "is damaged: Bad CRC-32" in refused(capsys, npz)
    npz.write_text("not a zip file")
    assert "expected a whole NPZ file" in refused(capsys, npz)
    with npz.open("wb") as file:
        np.save(file, arrays["codes"])
    assert "is damaged: not the archive" in refused(capsys, npz)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"factors": None}, "expected arrays codes and factors in .*, it holds codes"),
        ({"codes": None, "x": 1}, "it holds factors, x"),
        ({"codes": np.array([[None, 1]] * 300)}, "got Python objects"),
        ({"factors": np.zeros((300, 2), object)}, "got Python objects"),
        ({"factors": np.full((300, 2), 0.5)}, "whole numbers in factor 0, got 0.5 in row 0"),
        ({"factors": np.full((300, 2), -1)}, "factors that are not negative, got -1"),
        ({"factors": np.zeros((299, 2), int)}, "got 299 and 300"),
        ({"codes": np.full((300, 2), np.nan)}, r"expected finite codes, got nan at \(0, 0\)"),
        ({"codes": np.full((300, 2), np.inf)}, r"expected finite codes, got inf at \(0, 0\)"),
        ({"codes": np.zeros((300, 2, 2))}, r"expected codes of shape .* got \(300, 2, 2\)"),
        ({"codes": np.zeros(300)}, r"expected codes of shape .* got \(300,\)"),
        ({"codes": np.zeros((1, 2)), "factors": np.zeros((1, 2), int)}, "at least 2 samples"),
        ({"factor_names": np.array(["a"])}, "expected 2 factor names, got 1"),
    ],
)
def test_arrays_that_cannot_be_scored(npz, arrays, change, message, capsys):
    arrays |= change
    np.savez(npz, **{name: value for name, value in arrays.items() if value is not None})
    assert re.search(message, refused(capsys, npz))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,b\n1,2\n", "no column 'shape'"),
        ("z,shapes\n1,2\n", "no column 'shape' among z, shapes of"),
        ("", "no column 'shape' among none"),
        ("z,shape\n", "expected codes beside the factors"),
        ("shape\n1\n", "expected codes beside the factors"),
        ("z,shape\n1,2\n1,2,3\n", "expected 2 values in line 3"),
        ("z,shape\n1,2\nred,3\n", "expected numbers in column 'z'"),
        ("z,shape\n1,2\nnan,3\n", "expected finite codes, got nan at (1, 0)"),
    ],
)
def test_csv_files_that_cannot_be_scored(tmp_path, text, message, capsys):
    path = tmp_path / "codes.csv"
    path.write_text(text)
    assert message in refused(capsys, path, "--factors", "shape")


def test_wrong_usage(npz, tmp_path, capsys):
    assert "did you mean 'mig'?" in refused(capsys, npz, "--metrics", "migg", code=2)
    assert "expected a file .npz or .csv" in refused(capsys, tmp_path / "codes.txt", code=2)
    assert "expected --factors" in refused(capsys, tmp_path / "codes.csv", code=2)
    assert "--factors is for CSV" in refused(capsys, npz, "--factors", "a", code=2)
    assert "at least 1 repeat" in refused(capsys, npz, "--repeats", 0)
    assert "several repeats" in refused(capsys, npz, "--interval", 0.9)


def test_as_a_process_without_tensorflow(npz):
    program = (
        "import sys; from disentlib import cli; code = cli.main(['score', sys.argv[1]]);"
        "sys.exit(code or 3 * ('tensorflow' in sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(npz)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "mig" in done.stdout
