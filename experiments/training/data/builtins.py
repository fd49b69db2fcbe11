"""Load the built-in data sets from scikit-learn's files: no download, no licence to accept. Free of torch.

scikit-learn itself stays unloaded: with SciPy, that would take longer than to train on them.
"""

from __future__ import annotations

import gzip
import os
import shutil
import tempfile
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from experiments.training.data.files import catalogue, file_locks
from runs.spreadsheets.neutral_cells import csv_text

TABLE_NAME = "metadata.csv"
ID_COLUMN, TARGET_COLUMN = "patientId", "Target"
DIGITS = catalogue.BUILTINS["digits-is-8"]
_OF_NUCLEI = (
    *("radius", "texture", "perimeter", "area", "smoothness"),
    *("compactness", "concavity", "concave points", "symmetry", "fractal dimension"),
)
_COLUMNS = [form.format(name) for form in ("mean {}", "{} error", "worst {}") for name in _OF_NUCLEI]


def export_digits(datasets_dir: Path) -> Path:
    """Write 1,797 PNG files and `metadata.csv` (patientId, Target 1 = the digit 8) once and return their folder.

    Runs that ask at the same time wait for the first one's export; a damaged export is made again.
    """
    folder = datasets_dir / "builtin" / DIGITS.name
    folder.parent.mkdir(parents=True, exist_ok=True)
    with file_locks.locked(folder.with_name(f".{DIGITS.name}.lock")):
        if not _complete(folder):
            _export(folder)
    return folder


def load_breast_cancer_table() -> tuple[NDArray[np.float64], list[int], list[str]]:
    """Load values (569, 30), not standardised, labels with 1 = malignant, and the columns' names.

    scikit-learn's own labels are the other way round (0 = malignant).
    """
    table = np.loadtxt(_file("breast_cancer.csv"), delimiter=",", skiprows=1)
    labels = [1 - int(target) for target in table[:, -1]]
    return table[:, :-1], labels, list(_COLUMNS)


def _file(name: str) -> Path:
    """Return where scikit-learn has a file of data."""
    found = find_spec("sklearn")
    assert found is not None  # noqa: S101  (a requirement)
    assert found.origin is not None  # noqa: S101
    return Path(found.origin).with_name("datasets") / "data" / name


def _export(folder: Path) -> None:
    """Write the folder elsewhere and rename it when whole, so that its name never stands for half an export.

    The caller holds the lock.
    """
    for left in folder.parent.glob(f".{folder.name}.*/"):  # of exports that were killed
        shutil.rmtree(left, ignore_errors=True)
    temporary = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
    try:
        _write_digits(temporary / "new")
        if folder.exists():
            folder.rename(temporary / "damaged")
        (temporary / "new").rename(folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _complete(folder: Path) -> bool:
    try:
        with os.scandir(folder) as entries:
            filled = [entry.name for entry in entries if entry.stat().st_size]
    except FileNotFoundError:
        return False
    return TABLE_NAME in filled and len(filled) == 1 + sum(DIGITS.counts.values())


def _write_digits(folder: Path) -> None:
    folder.mkdir()
    with gzip.open(_file("digits.csv.gz"), "rt") as packed:
        digits = np.loadtxt(packed, delimiter=",")
    images = digits[:, :-1].reshape(-1, 8, 8)
    pixels = (images * (255 / 16)).round().astype(np.uint8)  # scikit-learn's digits go from 0 to 16
    for id_, image in zip(DIGITS.ids, pixels, strict=True):
        Image.fromarray(image).save(folder / f"{id_}.png")
    rows = zip(DIGITS.ids, (digits[:, -1] == 8).astype(int).tolist(), strict=True)
    (folder / TABLE_NAME).write_bytes(csv_text((ID_COLUMN, TARGET_COLUMN), rows).encode())
