"""Runs whose models the tests write as files, each once: images of two classes, rows, and three classes."""

from __future__ import annotations

import csv
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import onnxruntime
from numpy.typing import NDArray
from PIL import Image

from experiments.training.exporting import building
from experiments.training.exporting.file_request import Format
from experiments.training.exporting.model_facts import ModelFacts
from experiments.training.exporting.verification import Verified
from experiments.training.model_source import ModelSource
from experiments.training.prediction.trained_model import load
from runs.events import OperatingPoint
from runs.statistics.operating_points.choosing import chosen_point
from runs.statistics.predictions import evaluated
from tests.experiments.training.prediction.trained import Trained, trained

FACTS = ModelFacts(
    product="Livetrain",
    product_version="1.2.3",
    run_name="a test",
    data_name="pictures",
    data_hash="ab" * 32,
    metrics={"val": {"final_auroc": 0.75, "final_auroc_ci_low": 0.5}},
    licence="CC BY 4.0",
)
PLATT = {"slope": 1.25, "intercept": -0.5}


@dataclass(frozen=True)
class Exported:
    """A run and the file that was written of its model."""

    run: Trained
    path: Path
    verified: Verified

    @property
    def session(self) -> Any:
        return onnxruntime.InferenceSession(self.path, providers=["CPUExecutionProvider"])

    @property
    def metadata(self) -> dict[str, Any]:
        """The metadata, of which JSON is decoded."""
        texts: dict[str, str] = self.session.get_modelmeta().custom_metadata_map
        return {name: msgspec.json.decode(text) if text[:1] in ("{", "[") else text for name, text in texts.items()}


def export(run: Trained, path: Path, file_format: Format = "onnx") -> Exported:
    """Write the file."""
    return Exported(run, path, building.write(load(run.source), FACTS, file_format, path, lambda _: None))


def with_point(run: Trained, point: OperatingPoint, **changed: Any) -> Trained:
    """Return the run with a saved operating point, as the server would describe it."""
    saved = {"threshold": point.threshold, "log_odds": point.log_odds, "rule": point.rule, "label": "Youden"}
    own = {"threshold": run.source.own_threshold, "probability": None}
    decision = {"holds": "saved", "own": own, "saved": saved}
    return replace(run, source=msgspec.structs.replace(run.source, decision=decision, **changed))


def youden(run: Trained) -> OperatingPoint:
    """Choose the point on the run's validation split."""
    val = run.table.filter(np.array(run.table["split"].to_pylist()) == "val")
    scores, logits, labels = (val[name].to_numpy() for name in ("score", "logit", "label"))
    return chosen_point(evaluated(scores, labels.astype(np.int64), logits=logits.astype(np.float64)), "youden")


def source_with(source: ModelSource, **changed: Any) -> ModelSource:
    """Return the source with other fields."""
    return msgspec.structs.replace(source, **changed)


def pictures(folder: Path) -> Path:
    """Write grey pictures of two classes in several modes: grey, palette, transparent, 1 bit, turned, JPEG."""
    random = np.random.default_rng(3)
    for label, name in enumerate(("healthy", "tumour")):
        (folder / name).mkdir(parents=True)
        for number in range(20):
            noise = random.integers(50 * label, 256 - 60 * label, (41 + number, 53), dtype=np.uint8)
            _save(Image.fromarray(noise), folder / name, number)
    return folder


def _save(image: Image.Image, folder: Path, number: int) -> None:
    kind = number % 6
    if kind == 0:
        exif = Image.Exif()
        exif[274] = 6  # to be turned by 90 degrees
        image.save(folder / f"{number}.jpg", exif=exif)
    elif kind == 1:
        image.resize((301, 260)).save(folder / f"{number}.jpg")  # so large that it is decoded smaller
    elif kind == 2:
        image.putalpha(Image.linear_gradient("L").resize(image.size))
        image.save(folder / f"{number}.png")
    else:
        modes = {3: "P", 4: "1", 5: "L"}
        image.convert(modes[kind]).save(folder / f"{number}.png")


def table(path: Path) -> Path:
    """Write rows with gaps, infinite numbers, categories of which some are missing, a constant, and awkward names."""
    random = np.random.default_rng(5)
    path.parent.mkdir(parents=True)
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "age", "sex", "=score", "same", "grade", "label"])
        for number in range(90):
            label = number % 2
            age = "n/k" if number % 7 == 0 else repr(float(random.normal(50 + 10 * label, 9)))
            grade = ("I", "II", "NA")[number % 3] if number < 89 else "III"
            rest = [repr(float(random.normal(label, 2))), "1", grade, ("no", "yes")[label]]
            writer.writerow([f"s{number}", age, ("f", "m")[number % 5 > 2], *rest])
    return path


def shades(folder: Path) -> Path:
    """Write pictures in colour of three classes."""
    random = np.random.default_rng(4)
    for label, name in enumerate(("a", "b", "c")):
        (folder / name).mkdir(parents=True)
        for number in range(8):
            pixels = random.integers(40 * label, 256 - 50 * label, (12, 12, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{number}.png")
    return folder


def train_pictures(home: Path) -> Trained:
    options = {"image_size": 16, "channels": 1}
    model = {"name": "cnn", "options": {"width": 8}, "positive_class": "tumour"}
    found = trained(pictures(home / "pictures"), home, data=options, model=model)
    return replace(found, source=source_with(found.source, recalibration=PLATT))


def train_rows(home: Path) -> Trained:
    return trained(table(home / "rows.csv"), home, model={"positive_class": "yes"})


def train_shades(home: Path) -> Trained:
    return trained(shades(home / "shades"), home, data={"image_size": 8, "channels": 3}, model={"name": "mlp"})


def outputs(exported: Exported, given: NDArray[Any]) -> dict[str, NDArray[Any]]:
    """Compute the outputs of the file, by name."""
    session = exported.session
    names = [one.name for one in session.get_outputs()]
    return dict(zip(names, session.run(names, {session.get_inputs()[0].name: given}), strict=True))
