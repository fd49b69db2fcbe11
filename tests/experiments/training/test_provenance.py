"""What a training says of itself: how its network is fed, and what really carried it out.

The predictions are repeated as a stranger would: from the files alone, with torch, NumPy and Pillow, none of our code.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
import pytorch_lightning as pl
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torch.nn import functional

from experiments.training import ranks
from experiments.training.contract.config import TrainingConfig
from experiments.training.contract.reports import CheckpointSaved, Execution, Job, Message, Note
from experiments.training.recipes import execution
from runs.events import Event, FinalStats
from runs.files import exports
from tests.experiments.training.datasets import job_of as job_over
from tests.experiments.training.trainings import carry_out, job_of, known, of_type, outcome

Weights = Mapping[str, Tensor]


def trained(job: Job) -> tuple[Path, list[Message]]:
    messages = carry_out(job)
    assert outcome(messages).status == "completed", outcome(messages).reason
    return Path(job.run_dir), messages


def weights_of(folder: Path, messages: list[Message], inference: Mapping[str, Any]) -> Weights:
    path = folder / known(of_type(messages, CheckpointSaved)[-1].best)
    prefix = inference["network"]["prefix"]
    state = torch.load(path, map_location="cpu", weights_only=True)["state_dict"]
    return {name.removeprefix(prefix): value for name, value in state.items() if name.startswith(prefix)}


def perceptron(weights: Weights, x: Tensor) -> Tensor:
    """Compute two layers with layer normalisation and the head, as the documentation of `mlp` says."""
    for layer, first in (("layer1", 1), ("layer2", 0)):
        x = functional.linear(x, weights[f"{layer}.{first}.weight"], weights[f"{layer}.{first}.bias"])
        norm = weights[f"{layer}.{first + 1}.weight"], weights[f"{layer}.{first + 1}.bias"]
        x = functional.relu(functional.layer_norm(x, x.shape[1:], *norm))
    return functional.linear(x, weights["head.weight"], weights["head.bias"])


def scores(raw: Tensor, output: Mapping[str, Any]) -> NDArray[np.float64]:
    """Return one row per sample with a score per class, in the order of `classes`."""
    if output["scores"] == "softmax":
        found: NDArray[np.float64] = raw.double().softmax(dim=1).numpy()
        return found
    positive = raw.double().sigmoid().numpy()[:, 0]
    assert output["classes"].index(output["positive"]) == 1
    return np.column_stack([1 - positive, positive])


def compare(folder: Path, messages: list[Message], inputs_of: Callable[[list[str], dict[str, Any]], Tensor]) -> None:
    """Compare stored scores with those that the files alone give for the same samples."""
    inference = json.loads((folder / "inference.json").read_text())
    stored = pq.read_table(folder / "attempts" / "1" / "predictions.parquet").to_pydict()
    x = inputs_of(stored["sample_id"], inference["preprocessing"])
    assert list(x.shape[1:]) == inference["network"]["input_shape"]
    raw = perceptron(weights_of(folder, messages, inference), x.flatten(1))
    found = scores(raw, inference["output"])
    written = np.column_stack([stored[f"score_{name}"] for name in inference["output"]["classes"]])
    assert len(written) >= 20
    assert np.abs(found - written).max() < 1e-5
    assert written.std() > 1e-3


def image_input(path: Path, how: Mapping[str, Any]) -> Tensor:
    image: Image.Image = Image.open(path)
    image.draft(how["mode"], tuple(how["jpeg_draft"]))
    image = image.convert(how["mode"])
    if image.size != (how["size"], how["size"]):
        image = image.resize((how["size"], how["size"]), Image.Resampling.BILINEAR)
    pixels = np.asarray(image, np.float32).reshape(how["size"], how["size"], how["channels"])
    return torch.from_numpy((pixels / how["divisor"] - how["offset"]).transpose(2, 0, 1).astype(np.float32))


@pytest.mark.parametrize(("channels", "suffix"), [(1, "png"), (3, "jpg")])
def test_predictions_of_images_can_be_repeated_from_the_files_alone(tmp_path: Path, channels: int, suffix: str) -> None:
    random, place = np.random.default_rng(3), {}
    for label, name in enumerate(("a", "b", "c")[: 2 + (channels == 3)]):
        (tmp_path / "data" / name).mkdir(parents=True)
        for number in range(24):
            pixels = random.integers(40 * label, 256 - 50 * label, (90, 61, 3), dtype=np.uint8)
            path = tmp_path / "data" / name / f"{number}.{suffix}"
            Image.fromarray(pixels).save(path)
            place[f"{name}/{path.name}"] = path
    options = {"image_size": 16, "channels": channels, "batch_size": 8, "val_fraction": 0.4}
    model = {"name": "mlp", "positive_class": "b" if channels == 1 else None}  # of three classes none is
    job = of_folder(tmp_path, "data", data=options, model=model, trainer={"max_epochs": 3})
    compare(*trained(job), lambda ids, how: torch.stack([image_input(place[id_], how) for id_ in ids]))


def of_folder(root: Path, source: str, **groups: Any) -> Job:
    config = TrainingConfig.model_validate({"experiment_name": "a test", "source_path": source, **groups})
    return job_over(config, root)


def table_input(cells: Mapping[str, str], how: Mapping[str, Any], features: list[dict[str, Any]]) -> list[float]:
    """Prepare one row as written: texts of a category, numbers with gaps filled by the median."""
    row = []
    for one in features:
        cell = cells[one["column"]]
        cell = "" if cell.casefold() in how["missing_cells"] else cell
        known = cell == one["category"] if one["kind"] == "category" else cell or one["median"]
        row.append((float(known) - one["mean"]) / one["deviation"])
    return row


def write_table(path: Path, columns: int = 0) -> dict[str, dict[str, str]]:
    """Write a table with gaps, categories, a constant and equal signs in names; return its rows by id."""
    random, rows = np.random.default_rng(5), {}
    for number in range(120):
        label = number % 2
        age = "" if number % 7 == 0 else repr(random.normal(50 + 10 * label, 9))
        row = {
            "id": f"s{number}",
            "age": age,
            "sex": ("f", "m", "NA")[number % 3],
            "sex=f": str(number % 5),
            "same": "1",
        }
        row |= {f"x{i}": repr(random.normal(label, 2)) for i in range(columns)}
        rows[row["id"]] = row | {"label": ("no", "yes")[label]}
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows["s0"])
        writer.writeheader()
        writer.writerows(rows.values())
    return rows


def test_predictions_of_a_table_can_be_repeated_from_the_files_alone(tmp_path: Path) -> None:
    rows = write_table(tmp_path / "t.csv")
    options = {"batch_size": 16, "val_fraction": 0.4}
    folder, messages = trained(of_folder(tmp_path, "t.csv", data=options, trainer={"max_epochs": 3}))

    def inputs(ids: list[str], how: dict[str, Any]) -> Tensor:
        assert how["feature_count"] == len(how["features"]) == 5
        assert [one["name"] for one in how["features"]] == ["age", "sex=(missing)", "sex=f", "sex=m", "sex=f"]
        assert how["constant"] == ["same"]
        return torch.tensor([table_input(rows[id_], how, how["features"]) for id_ in ids], dtype=torch.float32)

    compare(folder, messages, inputs)
    assert {path.name for path in folder.iterdir()} >= set(exports.RECORDS)


def test_a_wide_table_has_all_constants_in_a_file_of_its_own(tmp_path: Path) -> None:
    rows = write_table(tmp_path / "t.csv", columns=300)
    options = {"batch_size": 16, "val_fraction": 0.4}
    folder, messages = trained(of_folder(tmp_path, "t.csv", data=options, trainer={"max_epochs": 2, "ema_decay": 0.9}))

    def inputs(ids: list[str], how: dict[str, Any]) -> Tensor:
        assert (how["feature_count"], len(how["features"])) == (305, 200)
        with (folder / how["all_features"]).open(newline="") as file:
            features = [
                one | {name: float(one[name]) for name in ("median", "mean", "deviation")}
                for one in csv.DictReader(file)
            ]
        short = [one | {"category": one["category"] or ""} for one in how["features"]]
        assert features[:200] == short
        return torch.tensor([table_input(rows[id_], how, features) for id_ in ids], dtype=torch.float32)

    compare(folder, messages, inputs)


def test_constants_are_those_of_the_training_split(tmp_path: Path) -> None:
    rows = write_table(tmp_path / "t.csv")
    folder, _ = trained(of_folder(tmp_path, "t.csv", data={"batch_size": 16}, trainer={"max_epochs": 1}))
    with (folder / "split.csv").open(newline="") as file:
        training = [row["sample_id"] for row in csv.DictReader(file) if row["split"] == "train"]
    ages = [float(rows[id_]["age"]) if rows[id_]["age"] else np.nan for id_ in training]
    filled = np.where(np.isnan(ages), np.nanmedian(ages), ages)
    age = json.loads((folder / "inference.json").read_text())["preprocessing"]["features"][0]
    assert age["median"] == np.nanmedian(ages)
    assert age["mean"] == pytest.approx(filled.mean(), rel=1e-12)
    assert age["deviation"] == pytest.approx(filled.std(), rel=1e-12)


def executed(tmp_path: Path, **groups: Any) -> tuple[Execution, list[Note], list[Message]]:
    _, messages = trained(job_of(tmp_path / "7", **groups))
    [found] = of_type(messages, Execution)
    return found, of_type(messages, Note), messages


def test_half_precision_on_a_cpu_is_said_to_be_bfloat16_before_it_begins(tmp_path: Path) -> None:
    for accelerator in ("cpu", "auto"):
        asked = {"max_epochs": 1, "accelerator": accelerator, "precision": "16-mixed"}
        found, notes, messages = executed(tmp_path / accelerator, trainer=asked)
        assert (found.accelerator, found.device, found.precision) == ("cpu", "CPU", "bf16-mixed")
        assert found.compute_type == "bfloat16"
        [note] = [note for note in notes if note.code == "precision"]
        assert "bfloat16 (bf16-mixed) instead of 16-mixed" in note.text
        assert messages.index(note) < messages.index(next(m for m in messages if isinstance(m, Event)))
        report = json.loads((tmp_path / accelerator / "7" / "preflight.json").read_text())
        assert (report["trial"]["precision"], report["verdict"]) == ("bf16-mixed", "warnings")
        assert [f["level"] for f in report["findings"] if f["code"] == "precision"] == ["warning"]


@pytest.mark.parametrize("precision", ["32-true", "bf16-mixed"])
def test_what_is_done_as_asked_needs_no_note(tmp_path: Path, precision: str) -> None:
    found, notes, _ = executed(tmp_path, trainer={"max_epochs": 1, "accelerator": "cpu", "precision": precision})
    assert found.precision == precision
    assert [note for note in notes if note.code == "precision"] == []


def test_what_the_configuration_leaves_open_is_resolved(tmp_path: Path) -> None:
    before = torch.get_num_threads()
    try:
        found, _, messages = executed(
            tmp_path,
            trainer={"max_epochs": 1, "threads": 3, "accumulate_grad_batches": 2, "deterministic": True},
            data={"batch_size": 20},
        )
    finally:
        torch.set_num_threads(before)
        torch.use_deterministic_algorithms(False)
    assert (found.threads, found.processes, found.nodes, found.loader_processes) == (3, 1, 1, 0)
    assert (found.batch_size, found.samples_per_step) == (20, 40)
    assert (found.deterministic, found.sync_batchnorm) == (True, False)
    assert not found.tf32_convolutions
    assert not found.tf32_products
    [split] = of_type(messages, FinalStats)
    assert split.class_names == ["benign", "malignant"]
    with (tmp_path / "7" / "split.csv").open(newline="") as file:
        labels = [row["label"] for row in csv.DictReader(file) if row["split"] == "train"]
    assert found.loss_weights == pytest.approx([1.0, labels.count("0") / labels.count("1")])
    assert found.versions["torch"] == version("torch")


class _Strategy:
    def __init__(self, device: str) -> None:
        self.root_device = torch.device(device)


class _Trainer:
    """Stands for a trainer on a machine that is not here."""

    num_nodes = 1

    def __init__(self, device: str, precision: str) -> None:
        self.strategy, self.precision = _Strategy(device), precision


def notes_on(monkeypatch: pytest.MonkeyPatch, capability: tuple[int, int], precision: str) -> list[Note]:
    """Return the notes of a training on a GPU of that generation, which Lightning gives what it is asked for."""
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda _device: "Tesla T4")
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda _device: capability)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: capability >= (8, 0))
    asked = {"experiment_name": "x", "source_path": "y", "trainer": {"precision": precision}}
    config = TrainingConfig.model_validate(asked)
    trainer: Any = _Trainer("cuda", precision)
    found = execution.describe(trainer, pl.LightningModule(), config)
    assert (found.accelerator, found.device, found.precision) == ("cuda", "Tesla T4", precision)
    assert found.tf32_convolutions == (capability >= (8, 0))
    return list(execution.notes(trainer, config))


def test_a_gpu_that_imitates_bfloat16_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    [note] = notes_on(monkeypatch, (7, 5), "bf16-mixed")
    assert "Tesla T4 has no circuits for bfloat16" in note.text
    assert notes_on(monkeypatch, (7, 5), "16-mixed") == []
    assert notes_on(monkeypatch, (8, 0), "bf16-mixed") == []


@pytest.mark.parametrize(("processes", "asked", "noted"), [(2, True, True), (2, False, False), (1, True, False)])
def test_batch_normalisation_that_is_not_synchronised_is_named(
    monkeypatch: pytest.MonkeyPatch, processes: int, asked: bool, noted: bool
) -> None:
    monkeypatch.setattr(ranks, "place", lambda: ranks.Place(0, processes))
    monkeypatch.setenv("LOCAL_WORLD_SIZE", str(processes))
    options = {"devices": processes, "sync_batchnorm": asked, "accelerator": "cpu"}
    config = TrainingConfig.model_validate({"experiment_name": "x", "source_path": "y", "trainer": options})
    trainer: Any = _Trainer("cpu", "32-true")
    found = execution.describe(trainer, pl.LightningModule(), config)
    assert (found.processes, found.samples_per_step, found.sync_batchnorm) == (processes, 32 * processes, False)
    assert [note.code for note in execution.notes(trainer, config)] == (["sync_batchnorm"] if noted else [])
