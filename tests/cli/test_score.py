"""`disentlib score`: arrays from files, good and bad."""

import gzip
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

    def evaluate(codes, **options):
        seen["test"] = codes.test
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
        ({"codes": None}, "expected an array 'codes' in .*, it holds factors"),
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
        ("", "expected a first line that names the columns"),
        ("z,shape\n", "expected codes beside the factors"),
        ("shape\n1\n", "expected codes beside the factors"),
        ("z,shape\n1,2\n1,2,3\n", "expected 2 values in line 3"),
        ("z,shape\n1,2\nred,3\n", "expected numbers in column 'z' of"),
        ("z,shape\n1,2\nnan,3\n", "expected a value of 'z' in line 3"),
        ("z,shape\n1,2\ninf,3\n", "expected finite codes, got inf at (1, 0)"),
        ("z,shape,z\n1,2,3\n4,5,6\n", "two of name 'z': columns 1 and 3"),
        ("z,shape\n0.5,0.25\n1,2\n", "got 0.25 in line 2: --continuous says"),
    ],
)
def test_csv_files_that_cannot_be_scored(tmp_path, text, message, capsys):
    path = tmp_path / "codes.csv"
    path.write_text(text)
    assert message in refused(capsys, path, "--factors", "shape")


def test_wrong_usage(npz, tmp_path, capsys):
    assert "did you mean 'mig'?" in refused(capsys, npz, "--metrics", "migg", code=2)
    assert "expected a file .npz, .npy, .csv" in refused(capsys, tmp_path / "codes.h5", code=2)
    assert "expected a FILE" in refused(capsys, code=2)
    assert "--factors is for tables" in refused(capsys, npz, "--factors", "a", code=2)
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


def write_csv(path, codes, factors, header="z1,z2,shape,scale"):
    """Write codes as they are and factors as words and as the floats that pandas makes of them."""
    words = np.array(["ellipse", "heart", "square"])[factors[:, 0]]
    rows = zip(codes.tolist(), words, factors[:, 1].tolist(), strict=True)
    lines = [f"{a!r},{b!r},{word},{scale:.1f}" for (a, b), word, scale in rows]
    path.write_text("\n".join([header, *lines]) + "\n")
    return path


def answer(capsys, *arguments):
    assert score(*arguments, "--metrics", "mcc", "--json") == 0
    out, err = capsys.readouterr()
    return json.loads(out), err


def test_floats_of_whole_numbers_keep_their_order(tmp_path, capsys):
    """In alphabetical order 10.0 comes before 2.0, and mcc of perfect codes is far below 1."""
    rng = np.random.default_rng(0)
    factors = np.stack([rng.integers(0, 3, 500), rng.integers(0, 12, 500)], axis=1)
    path = write_csv(tmp_path / "codes.csv", factors + 0.001, factors)
    content, _ = answer(capsys, path, "--factors", "scale", "--ignore", "shape")
    expected = metrics.mcc(factors + 0.001, factors[:, 1:])
    assert content["scores"][0]["value"] == pytest.approx(expected, abs=1e-12)
    assert expected > 0.999
    content, _ = answer(capsys, path, "--factors", "shape,scale")
    assert content["factor_words"] == {"shape": ["ellipse", "heart", "square"]}
    assert content["code_names"] == ["z1", "z2"]
    assert content["factor_names"] == ["shape", "scale"]


def test_columns_that_number_the_rows_are_no_codes(tmp_path, arrays, capsys):
    expected = metrics.mcc(**arrays)
    for name in ("", "Unnamed: 0", "index"):
        path = write_csv(tmp_path / "codes.csv", header=f"{name},z1,z2,shape,scale", **arrays)
        head, *lines = path.read_text().splitlines()
        lines = [f"{number},{line}" for number, line in enumerate(lines)]
        path.write_text("\n".join([head, *lines]))
        content, err = answer(capsys, path, "--factors", "shape,scale")
        assert content["scores"][0]["value"] == pytest.approx(expected, abs=1e-12)
        assert f"left out the column {name or 'without a name'}, which numbers the rows" in err
        assert score(path, "--factors", "shape,scale", "--metrics", "mcc", "--quiet") == 0
        assert capsys.readouterr().err == ""


def test_the_diagnosis_speaks_of_the_files_columns(tmp_path, arrays, capsys):
    path = write_csv(tmp_path / "codes.csv", arrays["codes"] * [1, 0], arrays["factors"])
    assert score(path, "--factors", "shape,scale", "--metrics", "mig") == 0
    out = capsys.readouterr().out
    assert "codes: z1, z2\nfactors: shape, scale\n" in out
    assert "- z2 is constant" in out
    np.savez(tmp_path / "codes.npz", **arrays, code_names=["height", "width"])
    content, _ = answer(capsys, tmp_path / "codes.npz")
    assert content["code_names"] == ["height", "width"]


def test_columns_that_are_named(tmp_path, arrays, capsys):
    path = write_csv(tmp_path / "codes.csv", **arrays)
    first, *others = path.read_text().splitlines()
    path.write_text("\n".join([f"{first},date", *(f"{line},2020-01-01" for line in others)]))
    message = refused(capsys, path, "--factors", "shape,scale")
    assert "expected numbers in column 'date'" in message
    assert "got '2020-01-01' in line 2: name it with --factors, or leave it out with" in message
    content, _ = answer(capsys, path, "--factors", "shape,scale", "--ignore", "date")
    assert content["code_names"] == ["z1", "z2"]
    content, _ = answer(capsys, path, "--factors", "shape", "--codes", "z2")
    expected = metrics.mcc(arrays["codes"][:, 1:], arrays["factors"][:, :1])
    assert content["scores"][0]["value"] == pytest.approx(expected, abs=1e-12)
    assert "no column 'dat'" in refused(capsys, path, "--factors", "shape", "--ignore", "dat")
    assert "got 'z1' twice" in refused(capsys, path, "--factors", "z1", "--codes", "z1", code=2)


def test_missing_values(tmp_path, arrays, capsys):
    path = write_csv(tmp_path / "codes.csv", **arrays)
    lines = path.read_text().splitlines()
    for line, column in ((7, 3), (9, 3), (12, 0)):
        cells = lines[line].split(",")
        cells[column] = "" if line == 7 else "NaN"
        lines[line] = ",".join(cells)
    lines.insert(3, "")  # an empty line is none of the table's, but one of the file's
    path.write_text("\n".join(lines))
    message = refused(capsys, path, "--factors", "shape,scale")
    assert "expected a value of 'scale' in line 9" in message
    assert "got '', 3 rows in all: fill it, or leave such rows out with --drop_missing" in message
    content, err = answer(capsys, path, "--factors", "shape,scale", "--drop_missing")
    assert "left out 3 of 300 rows" in err
    kept = np.delete(np.arange(300), [6, 8, 11])
    expected = metrics.mcc(arrays["codes"][kept], arrays["factors"][kept])
    assert content["scores"][0]["value"] == pytest.approx(expected, abs=1e-12)


def test_codes_and_factors_in_files_of_their_own(tmp_path, arrays, capsys):
    expected = metrics.mcc(**arrays)
    np.savetxt(tmp_path / "codes.tsv", arrays["codes"], delimiter="\t", header="a\tb", comments="")
    frame = [f"{i},{a},{b}" for i, (a, b) in enumerate(arrays["factors"])]
    (tmp_path / "labels.csv").write_text("\n".join([",shape,scale", *frame]))
    for name in ("codes", "factors"):
        np.save(tmp_path / f"{name}.npy", arrays[name])
    for codes, factors in (
        ("codes.tsv", "labels.csv"),
        ("codes.npy", "factors.npy"),
        ("codes.npy", "labels.csv"),
    ):
        flags = ["--codes_file", tmp_path / codes, "--factors_file", tmp_path / factors]
        content, _ = answer(capsys, *flags)
        assert content["scores"][0]["value"] == pytest.approx(expected, abs=1e-12)
        assert content.get("code_names") == (["a", "b"] if codes == "codes.tsv" else None)
    flags = [tmp_path / "codes.npy", "--factors_file", tmp_path / "labels.csv"]
    content, _ = answer(capsys, *flags, "--factors", "scale")
    assert content["factor_names"] == ["scale"]
    np.save(tmp_path / "factors.npy", arrays["factors"][1:])
    assert "as many rows in both files, got 300" in refused(
        capsys, tmp_path / "codes.npy", "--factors_file", tmp_path / "factors.npy"
    )
    assert "expected FILE or --codes_file" in refused(
        capsys, "a.csv", "--codes_file", "b.csv", code=2
    )


def test_arrays_of_other_names(tmp_path, arrays, capsys):
    path = tmp_path / "dump.npz"
    np.savez(path, latents=arrays["codes"], labels=arrays["factors"], step=3)
    assert "no use for array 'latents'" in refused(capsys, path, code=2)
    content, err = answer(capsys, path, "--keys", "codes=latents,factors=labels")
    assert content["scores"][0]["value"] == metrics.mcc(**arrays)
    assert "left out the arrays step" in err
    message = refused(capsys, path, "--keys", "code=latents", code=2)
    assert "got 'code=latents', did you mean 'codes'?" in message
    assert "expected an array 'z'" in refused(capsys, path, "--keys", "codes=z")
    np.savez(path, **arrays, factor_name=["a", "b"])
    message = refused(capsys, path, code=2)
    assert "no use for array 'factor_name'" in message
    assert "did you mean 'factor_names'?; known are codes, factors, factor_names" in message
    assert score(path, "--ignore", "factor_name", "--metrics", "mig") == 0
    capsys.readouterr()
    np.savez(path, **arrays, test_codes=arrays["codes"])
    assert "test_codes and test_factors" in refused(capsys, path, code=2)


def test_without_factors(tmp_path, arrays, capsys):
    path = tmp_path / "codes.npz"
    np.savez(path, codes=arrays["codes"])
    scores = ("gaussian_total_correlation", "mutual_information_score")
    assert score(path) == 0
    out, err = capsys.readouterr()
    assert all(name in out for name in scores)
    assert "mig" not in out.split("what could fool")[0]
    assert "no factors; scores of codes alone" in err
    path = write_csv(tmp_path / "codes.csv", **arrays)
    assert score(path, "--codes", "z1,z2", "--json") == 0
    out, err = capsys.readouterr()
    value = {row["score"]: row["value"] for row in json.loads(out)["scores"]}
    expected = metrics.gaussian_total_correlation(arrays["codes"])
    assert value["gaussian_total_correlation"] == pytest.approx(expected, abs=1e-12)
    assert "scores of z1, z2 alone" in err
    assert "--plot draws codes against factors" in refused(
        capsys, path, "--codes", "z1,z2", "--plot", tmp_path, code=2
    )


def test_a_small_file_that_asks_for_much(tmp_path, monkeypatch, capsys):
    path = tmp_path / "bomb.npz"
    np.savez_compressed(path, codes=np.zeros((100_000, 10)), factors=np.zeros((100_000, 1), int))
    monkeypatch.setenv("DISENTLIB_LIMIT_GB", "0.001")
    assert "DISENTLIB_LIMIT_GB" in refused(capsys, path)
    (tmp_path / "bomb.csv.gz").write_bytes(gzip.compress(b"z,shape\n" + b"1,2\n" * 1_000_000))
    assert "DISENTLIB_LIMIT_GB" in refused(capsys, tmp_path / "bomb.csv.gz", "--factors", "shape")
    (tmp_path / "endless.csv").symlink_to("/dev/zero")
    message = refused(capsys, tmp_path / "endless.csv", "--factors", "shape")
    assert "expected an ordinary file" in message
    (tmp_path / "endless.npz").symlink_to("/dev/zero")
    assert "expected an ordinary file" in refused(capsys, tmp_path / "endless.npz")


def test_names_are_text_on_the_screen(tmp_path, arrays, capsys):
    names = np.array(["a[/b]", "\x1b[2J\x07"])
    path = tmp_path / "x[bold].npz"
    np.savez(
        path,
        codes=arrays["codes"] * [1, 0],
        factors=arrays["factors"] * [1, 0],
        factor_names=names,
        code_names=names,
    )
    assert score(path) == 0
    out, err = capsys.readouterr()
    assert "codes: a[/b], \\x1b[2J\\x07" in out
    assert "\x1b" not in out + err
    assert "\\x1b[2J\\x07" in err
    assert "\x1b" not in refused(capsys, tmp_path / "\x1b[2J.npz")
