"""Runs that several tests ask, each trained once."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from tests.experiments.training import scans
from tests.experiments.training.prediction.trained import Trained, trained

PAIR = ("healthy", "pneumonia")
SIDE = 12


def grey(number: int) -> Image.Image:
    """Draw grey noise, brighter where the number is odd."""
    random = np.random.default_rng(number)
    return Image.fromarray((random.integers(0, 200, (SIDE, SIDE)) + 50 * (number % 2)).astype(np.uint8))


@pytest.fixture(scope="session")
def of_pictures(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """Train on grey PNG files of 8 bits."""
    home = tmp_path_factory.mktemp("pictures")
    for number in range(20):
        folder = home / "data" / PAIR[number % 2]
        folder.mkdir(parents=True, exist_ok=True)
        grey(number).save(folder / f"{number}.png")
    return trained(home / "data", home / "home", data={"image_size": 8})


@pytest.fixture(scope="session")
def of_scans(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """Train on DICOM files of modality CR."""
    home = tmp_path_factory.mktemp("scans")
    for number in range(20):
        pixels = np.asarray(grey(number)).astype(np.uint16) * 4
        scans.write_scan(home / "data" / PAIR[number % 2] / f"{number}.dcm", pixels, PatientID=f"p{number}")
    return trained(home / "data", home / "home", data={"image_size": 8})


@pytest.fixture(scope="session")
def of_rows(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """Train on a CSV with two columns of numbers and one of categories."""
    home = tmp_path_factory.mktemp("rows")
    random = np.random.default_rng(0)
    lines = [
        f"s{number},{random.normal(50, 9):.2f},{random.normal(number % 2, 1):.3f},{'abc'[number % 3]},{number % 2}"
        for number in range(30)
    ]
    (home / "data.csv").write_text("\n".join(["id,age,marker,ward,label", *lines]) + "\n")
    return trained(home / "data.csv", home / "home")
