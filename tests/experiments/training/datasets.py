"""Small real data sets on disk, as users bring them."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from experiments.training.contract.config import TrainingConfig
from experiments.training.contract.reports import Job
from experiments.training.data import sources
from experiments.training.data.files.index import Index
from tests.experiments.training import digits

TEN: Mapping[str, object] = {f"{number:03d}": number % 2 for number in range(10)}  # ids 000 … 009, targets 0 and 1


def config_of(source_path: str | Path, **groups: Any) -> TrainingConfig:
    """Make a configuration with batches of two unless `data` says otherwise; these data sets are tiny."""
    data = {"batch_size": 2, "image_size": 8, **groups.pop("data", {})}
    return TrainingConfig.model_validate(
        {"experiment_name": "a test", "source_path": str(source_path), "data": data, **groups}
    )


def index_of(source: str | Path, root: Path, **groups: Any) -> Index:
    """Read the samples as a dry run does: by the first choice of each question."""
    config = config_of(source, **groups)
    with sources.open_files(config.source_path, [root]) as files:
        return sources.read(files, config)


def job_of(config: TrainingConfig, home: Path, *, resume_from: str | None = None) -> Job:
    """Make a job whose data root, run folder and data set folder lie in `home`."""
    if config.source_path == digits.SOURCE:
        digits.lend(home / "datasets")
    return Job(
        run_id=1,
        attempt=1,
        config=config.model_dump(mode="json"),
        run_dir=str(home / "run"),
        datasets_dir=str(home / "datasets"),
        data_roots=[str(home)],
        cache_bytes=2**30,
        resume_from=resume_from,
    )


def write_image(path: Path, value: int = 128, *, size: tuple[int, int] = (10, 10)) -> None:
    """Write a grey image of one value, in the format of the path's extension."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("L", size, value).save(path)


def write_csv(path: Path, rows: Sequence[Sequence[object]], header: Sequence[str] = ("patientId", "Target")) -> None:
    """Write plain comma-separated text; nothing here needs quotes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(",".join(map(str, row)) + "\n" for row in [header, *rows]), encoding="utf-8")


def with_csv(
    folder: Path, targets: Mapping[str, object] = TEN, *, images: str = "images", extension: str = ".png"
) -> Path:
    """Write a CSV and one image per id; the n-th image has the grey value n."""
    write_csv(folder / "labels.csv", list(targets.items()))
    for value, id_ in enumerate(targets):
        write_image(folder / images / f"{id_}{extension}", value)
    return folder


def with_class_folders(folder: Path, counts: Mapping[str, int]) -> Path:
    """Write a folder of numbered images per class, all different where a class has up to 100."""
    for at, (name, count) in enumerate(counts.items()):
        for number in range(count):
            write_image(folder / name / f"{number:03d}.png", (100 * at + number) % 256)
    return folder


def with_npz(path: Path, *, colour: bool = False, size: int = 10, **changed: Any) -> Path:
    """Write a file as MedMNIST has them: 12, 6 and 6 images, the n-th of grey value n; `changed` replaces arrays."""
    arrays: dict[str, Any] = {}
    start = 0
    for split, count in (("train", 12), ("val", 6), ("test", 6)):
        values = np.arange(start, start + count, dtype=np.uint8)
        shape = (count, size, size, 3) if colour else (count, size, size)
        arrays[f"{split}_images"] = np.broadcast_to(values.reshape(-1, *[1] * (len(shape) - 1)), shape)
        arrays[f"{split}_labels"] = (values % 2).reshape(-1, 1)
        start += count
    kept = {name: array for name, array in {**arrays, **changed}.items() if array is not None}
    np.savez_compressed(path, **kept)
    return path


def zipped(folder: Path, *, prefix: str = "") -> Path:
    """Pack the folder's contents, all below `prefix`, into a zip beside it."""
    path = folder.with_name(f"{folder.name}.zip")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                archive.write(file, prefix + file.relative_to(folder).as_posix())
    return path
