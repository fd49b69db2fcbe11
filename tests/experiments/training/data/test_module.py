"""The data module of a run: what it says about the data, and what it leaves in the run's folder."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
import torch
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.preprocessing import StandardScaler

from experiments.training.contract.reading import READING_FILE, Reading, Unanswered
from experiments.training.contract.source_errors import SourceError
from experiments.training.data import sources
from experiments.training.data.module import DataModule, build
from runs.events import DatasetSummary
from tests.experiments.training.datasets import config_of, job_of, with_class_folders, with_csv, write_image, zipped
from tests.experiments.training.readings import QUESTIONS, class_folders


def samples_of(data: DataModule, split: str) -> list[int]:
    batches = {"train": data.train_dataloader, "val": data.val_dataloader, "test": data.test_dataloader}[split]()
    assert batches is not None
    return [int(i) for _, _, index in batches for i in index]


def recorded(run_dir: Path) -> list[dict[str, str]]:
    with (run_dir / "split.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_digits_come_through_the_image_path(tmp_path: Path) -> None:
    config = config_of("builtin:digits-is-8", data={"batch_size": 64, "id_column": "of no use here"})
    data = build(config, job_of(config, tmp_path))
    assert data.summary == DatasetSummary(
        name="digits-is-8",
        classes=["not 8", "8"],
        sizes={"train": 1298 + 139, "val": 325 + 35},
        positive_class="8",
    )
    assert data.input_shape == (1, 8, 8)
    assert (data.num_classes, data.class_names) == (2, ["not 8", "8"])
    assert data.train_counts == [1298, 139]
    assert data.test_dataloader() is None
    digits = load_digits()
    x, y, index = next(iter(data.val_dataloader()))
    assert y.tolist() == [int(digits.target[i] == 8) for i in index]
    assert np.allclose((x[:, 0].numpy() + 1) * 8, digits.images[index], atol=0.04)


def test_splits_share_no_sample_and_split_csv_lists_them_all(tmp_path: Path) -> None:
    with_csv(tmp_path / "x", {f"{n:03d}": "sick" if n % 5 == 0 else "healthy" for n in range(100)})
    config = config_of("x", data={"val_fraction": 0.25, "test_fraction": 0.1, "batch_size": 10})
    data = build(config, job_of(config, tmp_path))
    parts = {split: set(samples_of(data, split)) for split in ("train", "val", "test")}
    assert sorted(i for part in parts.values() for i in part) == list(range(100))
    assert {split: len(part) for split, part in parts.items()} == {"train": 65, "val": 25, "test": 10}
    assert data.summary.sizes == {"train": 65, "val": 25, "test": 10}

    rows = recorded(tmp_path / "run")
    assert [row["sample_id"] for row in rows] == data.sample_ids == [f"{n:03d}" for n in range(100)]
    assert data.patient_ids == data.sample_ids
    for number, row in enumerate(rows):
        assert number in parts[row["split"]]
        assert row["label"] == str(int(number % 5 == 0))  # healthy 0, sick 1
    assert sum(row["label"] == "1" for row in rows if row["split"] == "val") == 5
    assert data.train_counts == [52, 13]


@pytest.mark.parametrize("packed", [False, True], ids=["folder", "zip"])
def test_each_sample_carries_its_own_pixels_and_label(tmp_path: Path, packed: bool) -> None:
    folder = with_csv(tmp_path / "x", {f"{n}": n % 3 for n in range(30)})  # the n-th image has the grey value n
    source = zipped(folder) if packed else folder
    config = config_of(source.name, data={"batch_size": 4})
    data = build(config, job_of(config, tmp_path))
    assert (data.num_classes, data.train_counts) == (3, [8, 8, 8])
    seen = 0
    for x, y, index in [*data.train_dataloader(), *data.val_dataloader()]:
        numbers = [int(data.sample_ids[i]) for i in index]
        assert y.tolist() == [number % 3 for number in numbers]
        assert torch.allclose((x[:, 0, 0, 0] + 1) * 127.5, torch.tensor(numbers).float(), atol=1e-4)
        seen += len(numbers)
    assert seen == 30


def test_class_folders_give_paths_as_sample_ids(tmp_path: Path) -> None:
    with_class_folders(tmp_path / "x", {"healthy": 4, "sick": 4})
    config = config_of("x")
    data = build(config, job_of(config, tmp_path))
    assert data.class_names == ["healthy", "sick"]
    assert data.sample_ids[3:5] == ["healthy/003.png", "sick/000.png"]


def test_tables_are_standardised_by_the_training_split_alone(tmp_path: Path) -> None:
    config = config_of("builtin:breast-cancer", data={"batch_size": 64, "test_fraction": 0.2})
    data = build(config, job_of(config, tmp_path))
    assert data.input_shape == (30,)
    assert data.summary.classes == ["benign", "malignant"]
    table = load_breast_cancer().data
    train = sorted(samples_of(data, "train"))
    expected = StandardScaler().fit(table[train]).transform(table)
    for split in ("val", "test"):
        batches = data.val_dataloader() if split == "val" else data.test_dataloader()
        assert batches is not None
        for x, _, index in batches:
            assert np.allclose(x.numpy(), expected[index], atol=1e-4)
    everything = StandardScaler().fit_transform(table)
    x, _, index = next(iter(data.val_dataloader()))
    assert not np.allclose(x.numpy(), everything[index], atol=1e-3)


def test_the_same_seed_gives_the_same_split_and_a_resume_accepts_it(tmp_path: Path) -> None:
    with_csv(tmp_path / "x", {f"{n}": n % 2 for n in range(40)})
    config = config_of("x")
    first = build(config, job_of(config, tmp_path))
    written = (tmp_path / "run" / "split.csv").read_bytes()
    again = build(config, job_of(config, tmp_path, resume_from="some.ckpt"))
    assert again.indices == first.indices
    assert (tmp_path / "run" / "split.csv").read_bytes() == written
    other = config_of("x", seed=43)
    assert build(other, job_of(other, tmp_path)).indices != first.indices


def test_a_resume_over_changed_data_is_refused(tmp_path: Path) -> None:
    folder = with_csv(tmp_path / "x", {f"{n}": n % 2 for n in range(40)})
    config = config_of("x")
    build(config, job_of(config, tmp_path))
    with (folder / "labels.csv").open("a") as file:
        file.write("new,1\n")
    write_image(folder / "images" / "new.png")
    with pytest.raises(SourceError, match="changed since this run began"):
        build(config, job_of(config, tmp_path, resume_from="some.ckpt"))
    assert sum(build(config, job_of(config, tmp_path)).summary.sizes.values()) == 41  # a first attempt starts afresh


def test_what_inspection_refuses_the_training_refuses_too(tmp_path: Path) -> None:
    with_class_folders(tmp_path / "x", {"a": 5, "b": 1})
    for source, message in (("x", "'b' has 1"), ("y", "does not exist"), ("builtin:z", "is unknown")):
        config = config_of(source, model={"positive_class": "b"})
        with pytest.raises(SourceError, match=message):
            build(config, job_of(config, tmp_path))
    assert not (tmp_path / "run" / "split.csv").exists()


def read_back(folder: Path) -> Reading:
    return msgspec.json.decode((folder / "run" / READING_FILE).read_bytes(), type=Reading)


@pytest.fixture
def questions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let all data raise questions."""
    read = sources.read

    def read_with_questions(*args: Any, **how: Any) -> Any:
        return replace(read(*args, **how), reading=class_folders(QUESTIONS))

    monkeypatch.setattr(sources, "read", read_with_questions)


def test_open_questions_end_a_training_and_are_left_for_its_page(tmp_path: Path, questions: None) -> None:
    with_csv(tmp_path / "x")
    config = config_of("x")
    with pytest.raises(Unanswered) as refused:
        build(config, job_of(config, tmp_path))
    assert refused.value.questions == QUESTIONS
    assert refused.value.field == "data.class_folder"
    assert read_back(tmp_path).questions == QUESTIONS
    assert not (tmp_path / "run" / "split.csv").exists()


def test_a_dry_run_and_a_resumed_run_go_on_with_open_questions(tmp_path: Path, questions: None) -> None:
    with_csv(tmp_path / "x")
    config = config_of("x")
    build(config, job_of(config, tmp_path), answered=False)
    (tmp_path / "run" / READING_FILE).unlink()
    build(config, job_of(config, tmp_path, resume_from="last.ckpt"))
    assert read_back(tmp_path).questions == QUESTIONS
