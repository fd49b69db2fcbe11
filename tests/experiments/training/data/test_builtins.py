"""The built-in data sets against scikit-learn's own arrays."""

from __future__ import annotations

import csv
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_breast_cancer, load_digits

from experiments.training.data import builtins
from experiments.training.data.files.catalogue import BUILTINS


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return builtins.export_digits(tmp_path_factory.mktemp("datasets"))


def test_digits_are_exported_as_they_are(exported: Path) -> None:
    with (exported / "metadata.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    digits = load_digits()
    assert exported.parts[-2:] == ("builtin", "digits-is-8")
    assert list(rows[0]) == ["patientId", "Target"]
    assert [int(row["Target"]) for row in rows] == [int(target == 8) for target in digits.target]
    assert rows[7]["patientId"] == "0007"
    for row, image in list(zip(rows, digits.images, strict=True))[::50]:
        pixels = np.asarray(Image.open(exported / f"{row['patientId']}.png"))
        assert np.abs(pixels * (16 / 255) - image).max() < 0.04  # less than one of 255 grey values


def test_what_the_catalogue_says_without_loading_is_true() -> None:
    targets = load_digits().target
    assert list(BUILTINS["digits-is-8"].counts.values()) == [(targets != 8).sum(), (targets == 8).sum()]
    cancer = load_breast_cancer()
    counts = {str(name): int((cancer.target == label).sum()) for label, name in enumerate(cancer.target_names)}
    assert dict(BUILTINS["breast-cancer"].counts) == counts
    assert list(BUILTINS["breast-cancer"].counts) == ["benign", "malignant"]


def test_malignant_is_label_1() -> None:
    table, labels, names = builtins.load_breast_cancer_table()
    cancer = load_breast_cancer()
    assert [str(cancer.target_names[t]) for t in cancer.target] == [("benign", "malignant")[label] for label in labels]
    assert np.array_equal(table, cancer.data)
    assert names == cancer.feature_names.tolist()


def test_the_export_is_made_once(exported: Path) -> None:
    before = (exported / "metadata.csv").stat()
    assert builtins.export_digits(exported.parents[1]) == exported
    assert (exported / "metadata.csv").stat().st_ino == before.st_ino


def test_several_exports_at_once_give_one_whole_folder(tmp_path: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        folders = set(pool.map(builtins.export_digits, [tmp_path] * 4))
    (folder,) = folders
    assert sorted(path.name for path in folder.parent.iterdir()) == [".digits-is-8.lock", "digits-is-8"]
    assert len(list(folder.glob("*.png"))) == 1797


def test_a_damaged_export_is_made_again(tmp_path: Path) -> None:
    folder = builtins.export_digits(tmp_path)
    (folder / "0000.png").write_bytes(b"")
    (folder / "0001.png").unlink()
    builtins.export_digits(tmp_path)
    assert all((folder / name).stat().st_size for name in ("0000.png", "0001.png"))


def test_a_failed_export_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: Image.Image, path: Path) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(Image.Image, "save", full)
        with pytest.raises(OSError, match="No space"):
            builtins.export_digits(tmp_path)
    assert [path.name for path in (tmp_path / "builtin").iterdir()] == [".digits-is-8.lock"]
    assert builtins.export_digits(tmp_path).is_dir()


def test_what_killed_exports_left_behind_goes_with_the_next_one(tmp_path: Path) -> None:
    left = tmp_path / "builtin" / ".digits-is-8.k1lled"
    (left / "new").mkdir(parents=True)
    made = builtins.export_digits(tmp_path)
    assert sorted(path.name for path in made.parent.iterdir()) == [".digits-is-8.lock", "digits-is-8"]
