"""Added metrics of whole trainings: recomputed from stored predictions, monitored, with gaps, on several devices."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow.parquet as pq
import pytest
from numpy.typing import NDArray
from pytorch_lightning import LightningModule
from sklearn import metrics as sk

from experiments.training.contract.reports import BestValues, Message
from experiments.training.contract.stop import Stop
from experiments.training.metrics.added import AddedMetric
from experiments.training.recipes import dry_run
from runs.events import FinalStats
from tests.experiments.training.several import in_processes, job_on
from tests.experiments.training.trainings import (
    Network,
    SmallData,
    carry_out,
    job_of,
    metrics_by_epoch,
    notes_of,
    of_type,
    outcome,
)

Array = NDArray[Any]
EPOCHS = 4
SINGLE = 2e-7
ADDED: list[Any] = [
    "cohen_kappa",
    "specificity",
    "hamming_distance",
    "matthews_corrcoef",
    "exact_match",
    "average_precision",
    {"name": "fbeta_score", "options": {"beta": 2}},
    {"name": "fbeta_score", "options": {"beta": 0.5}, "suffix": "half"},
    {"name": "calibration_error", "options": {"n_bins": 5, "norm": "l1"}},
    {"name": "accuracy", "options": {"average": "micro"}},
]


def trained(
    folder: Path, samples: SmallData | None, network: LightningModule | None, **config: Any
) -> tuple[list[Message], Any]:
    job = job_of(folder / "7", trainer={"max_epochs": EPOCHS}, **config)
    messages = carry_out(job, data=samples, model=network)
    assert outcome(messages).status == "completed", outcome(messages).reason
    return messages, pq.read_table(folder / "7" / "attempts" / "1" / "predictions.parquet")


def predictions(table: Any, split: str) -> tuple[Array, Array]:
    """Return labels and scores of a split, (N,) or (N, C)."""
    rows = table.filter(np.array(table["split"]) == split)
    if "score" in table.column_names:
        return rows["label"].to_numpy(), rows["score"].to_numpy()
    columns = [name for name in table.column_names if name.startswith("score_")]
    return rows["label"].to_numpy(), np.column_stack([rows[name].to_numpy() for name in columns])


def binary(y: Array, scores: Array, threshold: float) -> dict[str, float]:
    said = scores >= threshold
    return {
        "cohen_kappa": sk.cohen_kappa_score(y, said),
        "specificity": sk.recall_score(y, said, pos_label=0),
        "hamming_distance": sk.hamming_loss(y, said),
        "matthews_corrcoef": sk.matthews_corrcoef(y, said),
        "exact_match": sk.accuracy_score(y, said),
        "average_precision": sk.average_precision_score(y, scores),
        "fbeta_score": sk.fbeta_score(y, said, beta=2),
        "fbeta_score_half": sk.fbeta_score(y, said, beta=0.5),
        "calibration_error": binned(y, scores, 5),
        "accuracy": sk.accuracy_score(y, said),
    }


def binned(y: Array, sure: Array, bins: int) -> float:
    places = np.minimum((sure * bins).astype(int), bins - 1)
    gaps = [abs(y[places == k].mean() - sure[places == k].mean()) * np.mean(places == k) for k in set(places)]
    return float(sum(gaps))


def multiclass(y: Array, scores: Array) -> dict[str, float]:
    said = scores.argmax(axis=1)
    classes = range(scores.shape[1])
    return {
        "cohen_kappa": sk.cohen_kappa_score(y, said),
        "specificity": float(np.mean([sk.recall_score(y != k, said != k) for k in classes])),
        "hamming_distance": 1 - sk.balanced_accuracy_score(y, said),
        "matthews_corrcoef": sk.matthews_corrcoef(y, said),
        "exact_match": sk.accuracy_score(y, said),
        "average_precision": float(np.mean([sk.average_precision_score(y == k, scores[:, k]) for k in classes])),
        "fbeta_score": sk.fbeta_score(y, said, beta=2, average="macro"),
        "fbeta_score_half": sk.fbeta_score(y, said, beta=0.5, average="macro"),
        "calibration_error": binned((y == said).astype(float), scores.max(axis=1), 5),
        "accuracy": sk.accuracy_score(y, said),
    }


def named(phase: str, numbers: dict[str, float]) -> dict[str, float]:
    return {f"{phase}_{name}": value for name, value in numbers.items()}


def best_of(messages: list[Message]) -> BestValues:
    return of_type(messages, BestValues)[-1]


def compare(messages: list[Message], table: Any, expected: dict[str, dict[str, float]]) -> None:
    """Compare the best epoch's numbers, and those of the test split, with what its predictions give."""
    best = best_of(messages).best_epoch
    assert best is not None
    val = metrics_by_epoch(messages, "val")[best]
    test = next(event.statistics for event in of_type(messages, FinalStats) if event.split == "test")
    for phase, found in (("val", val), ("test", test)):
        numbers = named(phase, expected[phase])
        assert {name: found[name] for name in numbers} == pytest.approx(numbers, rel=SINGLE, abs=1e-6)


def test_numbers_of_two_classes_follow_from_the_predictions(tmp_path: Path) -> None:
    messages, table = trained(
        tmp_path,
        None,
        None,
        data={"test_fraction": 0.2},
        model={"threshold": 0.3},
        callbacks={"metrics": ADDED, "monitor": "val_cohen_kappa"},
    )
    expected = {split: binary(*predictions(table, split), 0.3) for split in ("val", "test")}
    compare(messages, table, expected)
    final = {event.split: event.statistics for event in of_type(messages, FinalStats)}
    assert final["val"]["final_specificity"] == pytest.approx(expected["val"]["specificity"], abs=1e-12)
    assert not [name for name in final["val"] if "cohen_kappa" in name]
    notes = [message.text for message in notes_of(messages)]
    assert notes == ["callbacks.metrics.9: average means nothing to accuracy with two classes, and is not used."]


def test_numbers_of_three_classes_follow_from_the_predictions(tmp_path: Path) -> None:
    messages, table = trained(
        tmp_path, SmallData(classes=3), Network(classes=3), callbacks={"metrics": ADDED, "monitor": "val_accuracy"}
    )
    compare(messages, table, {split: multiclass(*predictions(table, split)) for split in ("val", "test")})


def test_they_come_after_the_numbers_of_every_run_in_each_epoch(tmp_path: Path) -> None:
    messages, _ = trained(tmp_path, SmallData(), Network(), callbacks={"metrics": ["hamming_distance", "cohen_kappa"]})
    for metrics in metrics_by_epoch(messages, "val").values():
        assert list(metrics)[-3:] == ["val_cm_fn", "val_hamming_distance", "val_cohen_kappa"]
        assert metrics["val_hamming_distance"] == pytest.approx(1 - (metrics["val_acc"] or 0), rel=SINGLE)
    assert not [name for metrics in metrics_by_epoch(messages, "train").values() for name in metrics if "kappa" in name]


@pytest.mark.parametrize(("metric", "best"), [("hamming_distance", min), ("cohen_kappa", max)])
def test_the_monitored_metric_chooses_the_best_epoch(tmp_path: Path, metric: str, best: Any) -> None:
    monitor = f"val_{metric}"
    messages, _ = trained(tmp_path, SmallData(), Network(), callbacks={"metrics": [metric], "monitor": monitor})
    values = {epoch: metrics[monitor] for epoch, metrics in metrics_by_epoch(messages, "val").items()}
    losses = {epoch: metrics["val_loss"] for epoch, metrics in metrics_by_epoch(messages, "val").items()}
    assert len(set(values.values())) > 1
    top = best(value for value in values.values() if value is not None)
    tied = [epoch for epoch, value in values.items() if value == top]
    found = best_of(messages)
    assert found.best_value == pytest.approx(top)
    assert found.best_epoch == min(tied, key=lambda epoch: losses[epoch] or math.inf)
    assert {event.epoch for event in of_type(messages, FinalStats)} == {found.best_epoch}


def test_a_training_goes_on_where_the_monitored_metric_has_no_value(tmp_path: Path) -> None:
    """Nothing is ever predicted positive at this threshold."""
    messages, _ = trained(
        tmp_path,
        SmallData(),
        Network(rate=1e-6),
        model={"threshold": 0.999},
        callbacks={"metrics": ["matthews_corrcoef"], "monitor": "val_matthews_corrcoef"},
        optimizer={"scheduler": "plateau"},
    )
    values = [metrics["val_matthews_corrcoef"] for metrics in metrics_by_epoch(messages, "val").values()]
    assert values == [None] * EPOCHS
    assert best_of(messages).best_value is None
    notes = notes_of(messages)
    assert [note.code for note in notes] == ["no_value_val_matthews_corrcoef", "no_value_test_matthews_corrcoef"]
    assert notes[0].text.startswith("val_matthews_corrcoef has no value in epoch 1: all samples, or all predictions")
    assert "in the test split" in notes[1].text


def test_a_metric_that_fails_in_one_epoch_is_a_gap_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = 0
    original = AddedMetric.value

    def value(self: AddedMetric, *given: Any, **more: Any) -> float:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise MemoryError
        return original(self, *given, **more)

    monkeypatch.setattr(AddedMetric, "value", value)
    messages, _ = trained(tmp_path, SmallData(), Network(), callbacks={"metrics": ["hamming_distance"]})
    values = [metrics["val_hamming_distance"] for metrics in metrics_by_epoch(messages, "val").values()]
    assert [value is None for value in values] == [False, True, False, False]
    assert len(notes_of(messages)) == 1


def test_what_does_not_fit_the_classes_ends_the_run_before_its_first_batch(tmp_path: Path) -> None:
    asked = {"metrics": [{"name": "recall_at_fixed_precision", "options": {"min_precision": 0.9}}]}
    network = Network(classes=3)
    messages = carry_out(job_of(tmp_path / "7", callbacks=asked), data=SmallData(classes=3), model=network)
    assert outcome(messages).status == "failed"
    assert outcome(messages).reason == (
        "callbacks.metrics.0: recall_at_fixed_precision gives several numbers with 3 classes; leave it out."
    )
    assert network.trained == []


def test_a_dry_run_says_what_does_not_fit_the_classes(tmp_path: Path) -> None:
    asked = {"metrics": [{"name": "accuracy", "options": {"average": "micro"}}, "eer"]}
    messages: list[Message] = []
    rows = [f"{i % 7},{i % 11},{'abc'[i % 3]}" for i in range(90)]
    (tmp_path / "table.csv").write_text("\n".join(["width,height,Target", *rows]))
    job = job_of(tmp_path / "7", source_path=str(tmp_path / "table.csv"), callbacks=asked)
    dry_run.train(msgspec.structs.replace(job, data_roots=[str(tmp_path)]), messages.append, Stop())
    assert outcome(messages).reason == (
        "callbacks.metrics.1: eer gives several numbers with 3 classes; set its option average to micro or macro."
    )


def test_several_devices_have_the_numbers_of_all_samples(warm: None, tmp_path: Path) -> None:
    job = job_on(
        tmp_path / "7",
        2,
        trainer={"max_epochs": 2},
        data={"test_fraction": 0.1},
        callbacks={"metrics": ADDED, "monitor": "val_matthews_corrcoef"},
    )
    messages, code = in_processes(job)
    assert (outcome(messages).status, code) == ("completed", 0), outcome(messages).reason
    table = pq.read_table(tmp_path / "7" / "attempts" / "1" / "predictions.parquet")
    compare(messages, table, {split: binary(*predictions(table, split), 0.5) for split in ("val", "test")})
    assert len(notes_of(messages)) == 1
