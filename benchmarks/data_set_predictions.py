"""How fast the model of a run is asked about 10,000 images, against the trainer's own evaluation of the same ones.

PNG files of 64 x 64 grey pixels, of which the default network gets 28 x 28; it was trained on 400 of them for an epoch.
Both decode all files and compute in the run's batches of 32: the trainer as after a training, from reading the
data set to its logits, we as `read_dataset` does, and as `manage.py predict` does, a few hundred files at a time with
the facts of each.
"""

from __future__ import annotations

import hashlib
import logging
import statistics
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow.parquet as pq
import torch
from PIL import Image
from pytorch_lightning.callbacks import Callback

from experiments.training.contract.config import TrainingConfig
from experiments.training.contract.inference import IMAGES_METADATA
from experiments.training.contract.reports import CheckpointSaved, Job, Message, Outcome
from experiments.training.contract.stop import Stop
from experiments.training.data.module import build
from experiments.training.model_source import ModelSource
from experiments.training.prediction import streams
from experiments.training.prediction.datasets import read_dataset
from experiments.training.prediction.streams import PlaceToRead
from experiments.training.prediction.trained_model import TrainedModel, load
from experiments.training.recipes import centralized, evaluation

IMAGES, TRAINED_ON = 10_000, 400
SIDE, SIZE = 64, 28
ROUNDS = 3
CLASSES = ["healthy", "pneumonia"]


def main() -> None:
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        write(home / "few", TRAINED_ON)
        write(home / "many", IMAGES)
        model = trained(home)
        job = job_of(home, "many")
        contenders: dict[str, Callable[[], int]] = {
            "trainer": lambda: by_trainer(model, job),
            "read_dataset": lambda: by_data_set(model, job),
            "predict": lambda: by_files(model, home / "many"),
        }
        contenders["trainer"]()  # the first reader fills the system's cache for all
        rounds = [{name: measured(work) for name, work in contenders.items()} for _ in range(ROUNDS)]
    for name in contenders:
        wall = statistics.median(one[name][0] for one in rounds)
        throughput = statistics.median(one["trainer"][0] / one[name][0] for one in rounds)
        cpu = statistics.median(one["trainer"][1] / one[name][1] for one in rounds)
        print(
            f"{name}: {IMAGES / wall:,.0f} images/s; of the trainer's throughput {throughput:.2f}, "
            f"per CPU second {cpu:.2f}"
        )


def write(folder: Path, count: int) -> None:
    random = np.random.default_rng(0)
    for number in range(count):
        place = folder / CLASSES[number % 2]
        place.mkdir(parents=True, exist_ok=True)
        pixels = random.integers(0, 200, (SIDE, SIDE), dtype=np.uint8) + np.uint8(50 * (number % 2))
        Image.fromarray(pixels).save(place / f"{number:05d}.png", compress_level=1)


def job_of(home: Path, data: str) -> Job:
    config = {
        "experiment_name": "predictions",
        "source_path": str(home / data),
        "data": {"image_size": SIZE, "val_fraction": 0.89 if data == "many" else 0.2},
        "trainer": {"max_epochs": 1, "accelerator": "cpu"},
    }
    return Job(
        run_id=1,
        attempt=1,
        config=TrainingConfig.model_validate(config).model_dump(mode="json"),
        run_dir=str(home / f"run-{data}"),
        datasets_dir=str(home / "datasets"),
        data_roots=[str(home)],
        keep_pictures=False,
    )


def trained(home: Path) -> TrainedModel:
    """Train on a few images, and load the best checkpoint."""
    job, messages = job_of(home, "few"), list[Message]()
    centralized.train(job, messages.append, Stop())
    outcome = messages[-1]
    assert isinstance(outcome, Outcome)
    assert outcome.status == "completed", outcome.reason
    best = next(str(one.best) for one in reversed(messages) if isinstance(one, CheckpointSaved))
    checkpoint, folder = Path(job.run_dir, best), Path(job.run_dir)
    rendering = pq.read_schema(folder / "attempts" / "1" / "predictions.parquet").metadata[IMAGES_METADATA]
    return load(
        ModelSource(
            run_id=1,
            attempt=1,
            config=job.config,
            checkpoint=str(checkpoint),
            folder=str(folder),
            sha256=hashlib.sha256(checkpoint.read_bytes()).hexdigest(),
            classes=CLASSES,
            positive=CLASSES[1],
            own_threshold=0.5,
            rendering=msgspec.json.decode(rendering),
        )
    )


def by_trainer(model: TrainedModel, job: Job) -> int:
    """Read and evaluate as the recipe does; all images are validated, so that none is left out."""
    config = TrainingConfig.model_validate(job.config)
    Path(job.run_dir).mkdir(exist_ok=True)
    data = build(config, job)
    data.indices = {"train": data.indices["train"], "val": list(range(IMAGES)), "test": []}

    def make_trainer(callbacks: list[Callback]) -> Any:
        return centralized._trainer(config, job, callbacks)

    [found] = evaluation.predict(make_trainer, model.module, data)
    return len(found.logits)


def by_data_set(model: TrainedModel, job: Job) -> int:
    return len(model.logits(read_dataset(model, job, labels=True).inputs))


def by_files(model: TrainedModel, folder: Path) -> int:
    batches = streams.read(model, PlaceToRead(name="many", path=str(folder)))
    return sum(score is not None for batch in batches for score in model.scored_inputs(batch.inputs))


def measured(work: Callable[[], int]) -> tuple[float, float]:
    """Return the seconds of the clock and of the processor that the work takes."""
    started, busy = time.perf_counter(), time.process_time()
    count = work()
    assert count == IMAGES
    return time.perf_counter() - started, time.process_time() - busy


if __name__ == "__main__":
    main()
