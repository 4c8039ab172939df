"""Labelled data for the experiments: scikit-learn's digits, or a file of the user's own."""

from __future__ import annotations

import csv
import hashlib
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

MINIMUM_SAMPLES = 8


class DataError(ValueError):
    """The data cannot be used; the message names the file, the place and what is allowed."""


@dataclass(frozen=True, eq=False)
class Dataset:
    """Samples and their class labels.

    Attributes
    ----------
    name : str
        Where the data come from.
    X : (samples, features) float64 array
        Finite features, in whatever units the source has.
    y : (samples,) int64 array
        Class numbers in [0, len(classes)).
    classes : tuple of str
        The label of each class number.
    """

    name: str
    X: NDArray[np.float64]
    y: NDArray[np.int64]
    classes: tuple[str, ...]

    @property
    def fingerprint(self) -> str:
        """SHA-256 of shapes, features and labels: the same for the same numbers, wherever they were read."""
        digest = hashlib.sha256(repr((self.X.shape, self.classes)).encode())
        digest.update(np.ascontiguousarray(self.X, dtype="<f8").tobytes())
        digest.update(np.ascontiguousarray(self.y, dtype="<i8").tobytes())
        return digest.hexdigest()


class Split(NamedTuple):
    """Training and test part of a dataset, as a rule standardised with the training part's mean and deviation."""

    X_train: NDArray[np.floating]
    y_train: NDArray[np.int64]
    X_test: NDArray[np.floating]
    y_test: NDArray[np.int64]


def digits() -> Dataset:
    """scikit-learn's handwritten digits: 1797 images of 8 x 8 pixels in 0..16, 10 classes.

    Raises
    ------
    ModuleNotFoundError
        If scikit-learn is not installed.
    """
    from sklearn.datasets import load_digits

    X, y = load_digits(return_X_y=True)
    return Dataset("digits", X.astype(np.float64), y.astype(np.int64), tuple(map(str, range(10))))


def load(path: str | Path) -> Dataset:
    """Read a dataset from a file.

    Parameters
    ----------
    path : str or pathlib.Path
        ``.csv``: comma-separated, UTF-8, one sample per line, an optional line of column names first; every column
        but the last is a finite number, the last is the class label (any text).
        ``.npz`` (``numpy.savez``): either one array (samples, features + 1) whose last column is the label, or two
        arrays ``X`` (samples, features) and ``y`` (samples,). No pickled objects.

    Returns
    -------
    Dataset

    Raises
    ------
    DataError
        If the file is missing, unreadable, of another kind, or holds anything but the above: at least 8 samples, at
        least 2 classes, and no more classes than half the number of samples.
    """
    path = Path(path)
    readers = {".csv": _read_csv, ".npz": _read_npz}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise DataError(f"{path}: data must be a .csv or .npz file")
    if not path.is_file():
        raise DataError(f"{path}: there is no such file")
    try:
        X, labels = reader(path)
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror or error})") from error
    return _dataset(path, X, labels)


def split(dataset: Dataset, *, test_share: float, seed: int, dtype: str, standardise: bool = True) -> Split:
    """Shuffle, divide and standardise a dataset.

    Features are shifted and scaled to mean 0 and deviation 1 over the training part; a feature that is constant there
    becomes 0 in training (and is only shifted in the test part).

    Parameters
    ----------
    dataset : Dataset
        What ``load`` or ``digits`` returned.
    test_share : float in (0, 1)
        Share of the samples held out for the test; at least one sample is on each side.
    seed : int >= 0
        Seed of the shuffle.
    dtype : {"float32", "float64"}
        Of the features returned.
    standardise : bool
        Whether to shift and scale; else the features keep the units of their source.

    Raises
    ------
    DataError
        If a feature is so large that its deviation overflows.
    """
    samples = len(dataset.y)
    order = np.random.default_rng(seed).permutation(samples)
    held_out = min(max(round(samples * test_share), 1), samples - 1)
    test, train = order[:held_out], order[held_out:]
    with np.errstate(over="ignore", invalid="ignore"):
        mean = dataset.X[train].mean(axis=0)
        deviation = dataset.X[train].std(axis=0)
        scaled = (dataset.X - mean) / np.where(deviation > 0, deviation, 1.0) if standardise else dataset.X
        scaled = scaled.astype(dtype)
    unusable = np.flatnonzero(~np.isfinite(scaled).all(axis=0) | ~np.isfinite(deviation))
    if unusable.size:
        raise DataError(f"{dataset.name}: column {unusable[0] + 1} is too large to be standardised; rescale it")
    return Split(scaled[train], dataset.y[train], scaled[test], dataset.y[test])


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return np.nan


def _read_csv(path: Path) -> tuple[NDArray[np.float64], NDArray[np.str_]]:
    rows: list[list[float]] = []
    labels: list[str] = []
    columns = 0
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.reader(file, strict=True)
            for cells in reader:
                if not any(cell.strip() for cell in cells):
                    continue
                if not columns:
                    columns = len(cells)
                    if columns < 2:
                        raise DataError(f"{path}: needs at least 2 columns separated by commas, the last the label")
                    if not any(np.isfinite(_number(cell)) for cell in cells[:-1]):
                        continue  # column names
                if len(cells) != columns:
                    raise DataError(f"{path}, line {reader.line_num}: {len(cells)} columns where others have {columns}")
                numbers = [_number(cell) for cell in cells[:-1]]
                for column, (number, cell) in enumerate(zip(numbers, cells, strict=False), 1):
                    if not np.isfinite(number):
                        place = f"{path}, line {reader.line_num}, column {column}"
                        raise DataError(f"{place}: {cell.strip()!r:.40} is not a finite number")
                label = cells[-1].strip()
                if not label:
                    raise DataError(f"{path}, line {reader.line_num}: the last column, the label, is empty")
                rows.append(numbers)
                labels.append(label)
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: is not text in UTF-8 ({error.reason} at byte {error.start})") from error
    except csv.Error as error:
        raise DataError(f"{path}, line {reader.line_num}: {error}") from error
    return np.array(rows, dtype=np.float64).reshape(len(rows), max(columns - 1, 1)), np.array(labels, dtype=np.str_)


def _read_npz(path: Path) -> tuple[NDArray[np.float64], NDArray]:
    try:
        # Opened here, because numpy.load leaves its file open when it is a broken archive.
        with path.open("rb") as file:
            archive = np.load(file, allow_pickle=False)
            if isinstance(archive, np.ndarray):
                raise DataError(f"{path}: is a single .npy array under another name; save it with numpy.savez")
            with archive:
                arrays = {name: archive[name] for name in archive.files}
    except (ValueError, EOFError, zipfile.BadZipFile) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(f"{path}: is not an .npz archive of plain arrays ({error})") from error
    if {"X", "y"} <= set(arrays):
        X, labels = arrays["X"], arrays["y"]
    elif len(arrays) == 1:
        (table,) = arrays.values()
        if table.ndim != 2 or table.shape[1] < 2:
            raise DataError(
                f"{path}: the array must be 2-D with at least 2 columns, the last the label; its shape is {table.shape}"
            )
        X, labels = table[:, :-1], table[:, -1]
    else:
        raise DataError(
            f"{path}: must hold one 2-D array or the arrays X and y; it holds {', '.join(arrays) or 'none'}"
        )
    if X.ndim != 2 or labels.ndim != 1 or X.shape[0] != labels.shape[0] or X.shape[1] < 1:
        raise DataError(
            f"{path}: X must be (samples, features) and y (samples,); their shapes are {X.shape} and {labels.shape}"
        )
    if X.dtype.kind == "U" and labels.dtype.kind == "U":  # a table with text labels: numbers were turned into text
        X = np.array([[_number(cell) for cell in row] for row in X], dtype=np.float64).reshape(X.shape)
    if X.dtype.kind not in "fiub":
        raise DataError(f"{path}: features must be real numbers, their dtype is {X.dtype}")
    X = X.astype(np.float64)
    if not np.isfinite(X).all():
        sample, feature = np.argwhere(~np.isfinite(X))[0]
        raise DataError(f"{path}, sample {sample}, column {feature + 1}: {X[sample, feature]} is not a finite number")
    return X, labels


def _dataset(path: Path, X: NDArray[np.float64], labels: NDArray) -> Dataset:
    if len(labels) < MINIMUM_SAMPLES:
        raise DataError(f"{path}: needs at least {MINIMUM_SAMPLES} samples, has {len(labels)}")
    if labels.dtype.kind not in "fiubU":
        raise DataError(f"{path}: labels must be numbers or text, their dtype is {labels.dtype}")
    if labels.dtype.kind == "f" and not np.isfinite(labels).all():
        raise DataError(f"{path}, sample {np.flatnonzero(~np.isfinite(labels))[0]}: the label is not a finite number")
    classes, y = np.unique(labels, return_inverse=True)
    if len(classes) < 2:
        raise DataError(f"{path}: the last column has only one label, {str(classes[0])!r:.40}; at least 2 are needed")
    if len(classes) > len(labels) // 2:
        raise DataError(
            f"{path}: the last column has {len(classes)} different values in {len(labels)} samples: "
            "it must be a class label, with at least two samples per class on average"
        )
    return Dataset(path.name, X, y.astype(np.int64), tuple(map(str, classes.tolist())))
