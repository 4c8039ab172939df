"""Data for the experiments: what can be read, and that nothing else is."""

import numpy as np
import pytest

from fastact.experiments import data

ROWS = 12


def table(labels=("cat", "dog")):
    rng = np.random.default_rng(1)
    return [[*map(repr, rng.normal(size=3).tolist()), labels[i % len(labels)]] for i in range(ROWS)]


def write_csv(path, rows):
    path.write_text("\n".join(",".join(row) for row in rows) + "\n", encoding="utf-8")
    return path


def test_digits_are_the_known_ones():
    digits = data.digits()
    assert digits.X.shape == (1797, 64)
    assert digits.X.min() == 0
    assert digits.X.max() == 16
    assert np.bincount(digits.y).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]


@pytest.mark.parametrize("header", [None, ["a", "b", "c", "kind"]])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_csv_is_read_with_and_without_column_names(tmp_path, header, mark):
    rows = table()
    lines = ([header] if header else []) + rows
    path = write_csv(tmp_path / "animals.csv", [[mark + lines[0][0], *lines[0][1:]], *lines[1:]])
    dataset = data.load(path)
    np.testing.assert_array_equal(dataset.X, [[float(cell) for cell in row[:-1]] for row in rows])
    assert dataset.classes == ("cat", "dog")
    assert [dataset.classes[k] for k in dataset.y] == [row[-1] for row in rows]


def test_csv_skips_empty_lines_and_takes_quotes(tmp_path):
    rows = table(('"a, b"', "c"))
    path = write_csv(tmp_path / "quoted.csv", [*rows[:5], [""], *rows[5:], ["  "]])
    dataset = data.load(path)
    assert dataset.X.shape == (ROWS, 3)
    assert dataset.classes == ("a, b", "c")


@pytest.mark.parametrize("label", [float, int])
def test_npz_of_one_array_has_the_label_last(tmp_path, label):
    rng = np.random.default_rng(2)
    X, y = rng.normal(size=(ROWS, 4)), (np.arange(ROWS) % 3).astype(label)
    np.savez(tmp_path / "one.npz", np.column_stack([X, y]))
    dataset = data.load(tmp_path / "one.npz")
    np.testing.assert_array_equal(dataset.X, X)
    np.testing.assert_array_equal(dataset.y, np.arange(ROWS) % 3)


def test_npz_of_x_and_y_with_text_labels(tmp_path):
    X = np.arange(2.0 * ROWS, dtype=np.float32).reshape(ROWS, 2)
    y = np.array(["up", "down"] * (ROWS // 2))
    np.savez(tmp_path / "two.npz", X=X, y=y)
    dataset = data.load(str(tmp_path / "two.npz"))
    np.testing.assert_array_equal(dataset.X, X)
    assert dataset.classes == ("down", "up")
    assert dataset.y[:2].tolist() == [1, 0]


def test_the_fingerprint_is_that_of_the_numbers(tmp_path):
    rows = table()
    one = data.load(write_csv(tmp_path / "one.csv", rows))
    same = data.load(write_csv(tmp_path / "same.csv", [["x", "y", "z", "kind"], *rows]))
    rows[3][0] = "0.5"
    other = data.load(write_csv(tmp_path / "other.csv", rows))
    assert one.fingerprint == same.fingerprint != other.fingerprint


def broken(row, column, cell):
    rows = table()
    rows[row][column] = cell
    return rows


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (broken(4, 1, "nan"), r"line 5, column 2: 'nan' is not a finite number"),
        (broken(4, 0, "inf"), r"line 5, column 1: 'inf'"),
        (broken(6, 2, "1,5"), r"line 7: 5 columns where others have 4"),
        (broken(7, 2, "many"), r"line 8, column 3: 'many'"),
        (broken(7, 2, ""), r"line 8, column 3: ''"),
        (broken(9, 3, " "), r"line 10: the last column, the label, is empty"),
        (table(("one",)), r"only one label, 'one'; at least 2"),
        (table(tuple(map(str, range(ROWS)))), r"12 different values in 12 samples: it must be a class label"),
        (table()[:5], r"at least 8 samples, has 5"),
        ([["1.0"], ["2.0"]], r"at least 2 columns separated by commas"),
        ([["a", "b"]], r"at least 8 samples, has 0"),
        ([["1", '"open']], r"line 1|line 2"),
    ],
)
def test_a_bad_csv_is_refused_with_the_place(tmp_path, rows, message):
    path = write_csv(tmp_path / "bad.csv", rows)
    with pytest.raises(data.DataError, match=message) as caught:
        data.load(path)
    assert str(path) in str(caught.value)


def test_an_empty_csv_and_one_that_is_not_text_are_refused(tmp_path):
    path = tmp_path / "bad.csv"
    path.write_bytes(b"")
    with pytest.raises(data.DataError, match="at least 8 samples, has 0"):
        data.load(path)
    path.write_bytes(b"1,2\n\xff\xfe,3\n")
    with pytest.raises(data.DataError, match="is not text in UTF-8"):
        data.load(path)


GOOD = np.column_stack([np.arange(24.0).reshape(ROWS, 2), np.arange(ROWS) % 2])


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"a": GOOD[:, 0]}, r"must be 2-D with at least 2 columns.*\(12,\)"),
        ({"a": GOOD, "b": GOOD}, r"one 2-D array or the arrays X and y; it holds a, b"),
        ({}, r"it holds none"),
        ({"X": GOOD, "y": np.zeros(3)}, r"their shapes are \(12, 3\) and \(3,\)"),
        ({"X": GOOD, "y": np.full(ROWS, np.nan)}, r"sample 0: the label is not a finite number"),
        ({"X": GOOD, "y": np.zeros(ROWS, complex)}, r"labels must be numbers or text.*complex"),
        ({"X": GOOD.astype(complex), "y": GOOD[:, 2]}, r"features must be real numbers.*complex"),
        ({"X": np.where(GOOD == 5, np.nan, GOOD), "y": GOOD[:, 2]}, r"sample 2, column 2: nan is not"),
        ({"X": np.array([object()] * ROWS), "y": GOOD[:, 2]}, r"not an .npz archive of plain arrays"),
    ],
)
def test_a_bad_npz_is_refused(tmp_path, arrays, message):
    path = tmp_path / "bad.npz"
    np.savez(path, **arrays)
    with pytest.raises(data.DataError, match=message):
        data.load(path)


@pytest.mark.parametrize("content", [b"", b"not a zip at all", b"PK\x03\x04 broken"])
def test_what_is_no_npz_is_refused(tmp_path, content):
    path = tmp_path / "bad.npz"
    path.write_bytes(content)
    with pytest.raises(data.DataError, match=r"not an \.npz archive"):
        data.load(path)


def test_a_single_array_under_the_name_npz_is_refused(tmp_path):
    np.save(tmp_path / "a.npy", GOOD)
    path = (tmp_path / "a.npy").rename(tmp_path / "a.npz")
    with pytest.raises(data.DataError, match=r"single \.npy array"):
        data.load(path)


@pytest.mark.parametrize("name", ["data.txt", "data", "missing.csv", "missing.npz"])
def test_other_kinds_and_missing_files_are_refused(tmp_path, name):
    with pytest.raises(data.DataError, match=r"must be a \.csv or \.npz file|there is no such file"):
        data.load(tmp_path / name)


def test_split_standardises_with_the_training_part_alone():
    rng = np.random.default_rng(3)
    X = rng.normal(5, 3, (200, 4))
    X[:, 2] = 7
    dataset = data.Dataset("made", X, rng.integers(0, 2, 200), ("a", "b"))
    parts = data.split(dataset, test_share=0.3, seed=4, dtype="float64")
    assert (len(parts.y_train), len(parts.y_test)) == (140, 60)
    np.testing.assert_allclose(parts.X_train.mean(axis=0), 0, atol=1e-14)
    np.testing.assert_allclose(parts.X_train.std(axis=0), [1, 1, 0, 1], atol=1e-14)
    # Undo it with what only the training part can have said, and find every sample again.
    order = np.random.default_rng(4).permutation(200)
    train = X[order[60:]]
    scale = np.where(train.std(axis=0) > 0, train.std(axis=0), 1)
    np.testing.assert_allclose(parts.X_test * scale + train.mean(axis=0), X[order[:60]])
    np.testing.assert_array_equal(parts.y_test, dataset.y[order[:60]])


@pytest.mark.parametrize("share", [1e-9, 1 - 1e-9])
def test_split_leaves_a_sample_on_each_side(share):
    dataset = data.Dataset("made", GOOD, np.arange(ROWS) % 2, ("a", "b"))
    parts = data.split(dataset, test_share=share, seed=0, dtype="float32")
    assert min(len(parts.y_train), len(parts.y_test)) == 1
    assert parts.X_train.dtype == np.float32


def test_features_that_cannot_be_standardised_are_refused():
    X = GOOD.copy()
    X[::2, 1] = 1e300
    X[1::2, 1] = -1e300
    with pytest.raises(data.DataError, match="column 2 is too large"):
        data.split(data.Dataset("made", X, np.arange(ROWS) % 2, ("a", "b")), test_share=0.3, seed=0, dtype="float32")
