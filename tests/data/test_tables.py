"""Tables as people write them."""

import gzip

import numpy as np
import pandas as pd
import pytest

from disentlib.data import tables

FRAME = pd.DataFrame(
    {"z": [0.5, 1.25, -3.0], "shape": ["Würfel", "heart", "Würfel"], "n": [10, 9, 2]}
)


def saved(folder, content, name="table.csv"):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def labels(table, **options):
    found = table.labels(["shape", "n"], **options)
    return found.values.tolist(), found.words


@pytest.mark.parametrize(
    ("content", "note"),
    [
        (FRAME.to_csv(index=False), ""),
        (FRAME.to_csv(index=False).encode("utf-8-sig"), ""),
        (FRAME.to_csv(index=False).encode("latin-1"), "read as windows-1252"),
        (FRAME.to_csv(index=False).encode("utf-16"), ""),
        (FRAME.to_csv(index=False, lineterminator="\r\n"), ""),
        (FRAME.to_csv(index=False, lineterminator="\r"), ""),
        (FRAME.to_csv(index=False, sep="\t"), ""),
        (FRAME.to_csv(index=False, sep=";"), ""),
        (FRAME.to_csv(index=False, sep=";", decimal=","), ""),
        (FRAME.to_csv(index=False, quoting=1), ""),
        (gzip.compress(FRAME.to_csv(index=False).encode(), mtime=0), ""),
        (FRAME.to_csv(index=False).replace(",", " , ").replace("\n", "\n\n"), ""),
        (FRAME.to_csv(index=False).replace("\n", ",\n"), ""),
        ("# " + FRAME.to_csv(index=False), ""),
        (FRAME.astype({"n": float}).to_csv(index=False), ""),
    ],
)
def test_whatever_wrote_it(tmp_path, content, note):
    table = tables.read(saved(tmp_path, content))
    assert table.names == ("z", "shape", "n")
    assert note in "".join(table.notes)
    assert bool(note) == bool(table.notes)
    assert table.numbers(["z"]).ravel().tolist() == [0.5, 1.25, -3.0]
    assert labels(table) == ([[0, 10], [1, 9], [0, 2]], (("Würfel", "heart"), None))
    assert table.numbering() == []


def test_pandas_reads_the_same(tmp_path):
    rng = np.random.default_rng(0)
    codes = rng.normal(size=(2000, 5)) * 10.0 ** rng.integers(-300, 300, 5)
    path = tmp_path / "codes.csv"
    pd.DataFrame(codes, columns=list("abcde")).to_csv(path)
    table = tables.read(path)
    assert table.numbering() == [""]
    np.testing.assert_array_equal(table.numbers(list("abcde")), codes)


def test_labels_of_every_kind(tmp_path):
    content = "whole,real,word,both,large\n10.0,0.5,b,10,9007199254740993\n9.0,1,a,9,1\n-1,2,b,x,1"
    table = tables.read(saved(tmp_path, content))
    found = table.labels(table.names, continuous=None)
    assert found.continuous == (False, True, False, False, False)
    assert found.words == (None, None, ("a", "b"), ("9", "10", "x"), None)
    assert found.values[:, :4].tolist() == [[10, 0.5, 1, 1], [9, 1, 0, 0], [-1, 2, 1, 2]]
    assert table.labels(["large"]).values[0, 0] == 9007199254740993
    assert table.labels(["whole"], continuous=["whole"]).values.dtype == np.float64
    with pytest.raises(ValueError, match=r"in column 'real' of .*, got 0\.5 in line 2: so"):
        table.labels(["real"], advice="so")
    with pytest.raises(ValueError, match=r"numbers in column 'word' of .*, got 'b' in line 2"):
        table.labels(["word"], continuous=["word"])
    with pytest.raises(ValueError, match="no column 'x' among whole, real"):
        table.check(["x"])


def test_missing_values_are_found_by_line(tmp_path):
    content = 'a,b\n1,"x\ny"\n\n ,x\nNA,x\n2,nan\n'
    table = tables.read(saved(tmp_path, content))
    assert table.missing(["a"]).tolist() == [False, True, True, False]
    with pytest.raises(ValueError, match=r"value of 'a' in line 5 of .*, got '', 3 rows .*: so"):
        table.without_missing(["a", "b"], drop=False, advice="so")
    kept = table.without_missing(["a"], drop=True, advice="")
    assert (len(kept), kept.notes[-1].endswith("left out 2 of 4 rows, which lack a value")) == (
        2,
        True,
    )
    with pytest.raises(ValueError, match="value of 'b' in line 7"):
        kept.without_missing(["b"], drop=False, advice="so")
    assert kept.without_missing(["a"], drop=False, advice="") is kept


def test_columns_that_number_the_rows(tmp_path):
    content = "id,Unnamed: 0,z,k\n1,7,0.0,0\n2,3,1.0,1\n3,5,2.0,2\n"
    table = tables.read(saved(tmp_path, content))
    assert table.numbering() == ["id", "Unnamed: 0", "k"]
    assert table.numbering(anywhere=False) == ["id", "Unnamed: 0"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "got nothing"),
        ("\n\n", "got nothing"),
        ("0.1,0.2\n0.3,0.4\n", "got values such as '0.1': write a header"),
        ("0.png,3\n1.png,4\n", "got values such as '3'"),
        ("0.png,red\n1.png,blue\n", "got values such as '0.png'"),
        ("square,3\nheart,2\n", "got values such as '3'"),
        ("square,red\nheart,blue\nsquare,red\n", "got values such as 'square'"),
        ("a, b,a\n1,2,3\n", "two of name 'a': columns 1 and 3"),
        (",a,\n1,2,3\n", "two without a name: columns 1 and 3"),
        ("a,b\n1,2\n\n1,2,3\n", "expected 2 values in line 4 of .*, got 3"),
        ("a,b\n1\n", "expected 2 values in line 2 of .*, got 1"),
        (b"PK\x03\x04\0\0", "a text file, .*: save a workbook as CSV first"),
        (b"\x93NUMPY\0\0", "a text file, got another kind"),
        (gzip.compress(b"a,b\n1,2\n" * 99, mtime=0)[:-9], "expected a whole gzip file"),
    ],
)
def test_what_is_no_table_is_refused_by_name(tmp_path, content, message):
    path = saved(tmp_path, content)
    with pytest.raises(ValueError, match=message) as error:
        tables.read(path)
    assert str(path) in str(error.value)


def test_the_columns_of_a_frame_without_names(tmp_path):
    table = tables.read(saved(tmp_path, pd.DataFrame([[0.5, 1.5], [2.5, 3.5]]).to_csv()))
    assert table.names == ("", "0", "1")
    assert table.numbers(["0", "1"]).tolist() == [[0.5, 1.5], [2.5, 3.5]]


def test_arrays(tmp_path):
    path = tmp_path / "codes.npy"
    np.save(path, np.array([[0.5, 2.0], [np.nan, 10.0]]))
    table = tables.of_array(path)
    assert not table.has_names
    assert table.missing(["0"]).tolist() == [False, True]
    assert table.labels(["1"]).values.tolist() == [[2], [10]]
    with pytest.raises(ValueError, match="value of '0' in row 1 of"):
        table.without_missing(["0"], drop=False, advice="so")
    np.save(path, np.array(["b", "a"]))
    assert tables.of_array(path).labels(["0"]).words == (("a", "b"),)
    np.save(path, np.zeros((2, 2, 2)))
    with pytest.raises(ValueError, match="numbers or words"):
        tables.of_array(path)
    np.save(path, np.array([None]), allow_pickle=True)
    with pytest.raises(ValueError, match="pickle"):
        tables.of_array(path)
