"""The recipe with the real Trainer on small real data: which messages it sends, and in which order."""

from __future__ import annotations

from pathlib import Path

import pytest

from experiments.training.contract.reports import BestValues, CheckpointSaved, Message
from runs.events import EarlyStopped, EpochEnd, Event, FinalStats, LrUpdate, Progress, TrainingStart
from tests.experiments.training.trainings import (
    Network,
    SmallData,
    carry_out,
    job_of,
    known,
    metrics_by_epoch,
    of_type,
    outcome,
)


@pytest.fixture(scope="module")
def whole_run(tmp_path_factory: pytest.TempPathFactory) -> list[Message]:
    """Train three epochs of the built-in network on the built-in table, with a test split."""
    job = job_of(tmp_path_factory.mktemp("whole") / "7", trainer={"max_epochs": 3}, data={"test_fraction": 0.2})
    return carry_out(job)


def test_a_run_tells_its_story_in_order(whole_run: list[Message]) -> None:
    milestones = (TrainingStart, EpochEnd, BestValues, CheckpointSaved, FinalStats)
    story = [
        (type(message).__name__, getattr(message, "phase", getattr(message, "split", None)))
        for message in whole_run
        if isinstance(message, milestones)
    ]
    epoch = [("EpochEnd", "train"), ("EpochEnd", "val"), ("BestValues", None), ("CheckpointSaved", None)]
    assert story == [("TrainingStart", None), *epoch * 3, ("FinalStats", "val"), ("FinalStats", "test")]
    assert outcome(whole_run).status == "completed"
    assert outcome(whole_run).reason is None


def test_each_epoch_has_its_own_validation_from_the_first_on(whole_run: list[Message]) -> None:
    assert [event.epoch for event in of_type(whole_run, EpochEnd)] == [0, 0, 1, 1, 2, 2]


def test_the_start_says_what_is_trained(whole_run: list[Message]) -> None:
    start = next(message for message in whole_run if isinstance(message, Event))
    assert isinstance(start, TrainingStart)
    assert (start.run_id, start.experiment_name, start.max_epochs) == (7, "a test", 3)
    assert start.resumed_from_epoch is None
    assert start.dataset.classes == ["benign", "malignant"]
    assert sum(start.dataset.sizes.values()) == 569
    assert start.total_steps == 3 * -(-start.dataset.sizes["train"] // 32)
    assert start.model.name == "mlp"
    assert start.model.parameters == start.model.trainable > 0


def test_best_values_are_the_best_of_what_was_told(whole_run: list[Message]) -> None:
    val = metrics_by_epoch(whole_run, "val")
    best = of_type(whole_run, BestValues)[-1]
    assert best.total_epochs == 3
    assert best.best_value == max(known(numbers["val_auroc"]) for numbers in val.values())
    assert best.best_value == val[known(best.best_epoch)]["val_auroc"]
    assert best.best_val_loss == min(known(numbers["val_loss"]) for numbers in val.values())
    assert best.best_val_recall == max(known(numbers["val_recall"]) for numbers in val.values())


def test_final_statistics_are_those_of_the_best_epoch(whole_run: list[Message]) -> None:
    val, _ = of_type(whole_run, FinalStats)
    epoch = metrics_by_epoch(whole_run, "val")[known(of_type(whole_run, BestValues)[-1].best_epoch)]
    assert val.statistics["final_auroc_cm"] == epoch["val_auroc"]
    for count in ("cm_tp", "cm_tn", "cm_fp", "cm_fn"):
        assert val.statistics[count] == epoch[f"val_{count}"]


def test_progress_comes_at_most_once_per_interval(whole_run: list[Message]) -> None:
    assert len(of_type(whole_run, Progress)) >= 1
    first = of_type(whole_run, Progress)[0]
    assert (first.epoch, first.batch_idx, first.step) == (0, 0, 1)
    assert first.total_steps == of_type(whole_run, TrainingStart)[0].total_steps


def test_the_rate_is_told_when_it_changes(tmp_path: Path) -> None:
    schedule = {"name": "sgd", "learning_rate": 0.1, "scheduler": "step", "step_size": 2, "gamma": 0.5}
    messages = carry_out(job_of(tmp_path / "7", trainer={"max_epochs": 5}, optimizer=schedule))
    batches = known(of_type(messages, TrainingStart)[0].total_steps) // 5
    assert [(event.epoch, event.step, event.learning_rate) for event in of_type(messages, LrUpdate)] == [
        (0, 0, 0.1),
        (2, 2 * batches, 0.05),
        (4, 4 * batches, 0.025),
    ]
    used = [numbers["learning_rate"] for numbers in metrics_by_epoch(messages, "train").values()]
    assert used == [0.1, 0.1, 0.05, 0.05, 0.025]


def test_the_built_in_images_go_through_the_image_path(tmp_path: Path) -> None:
    job = job_of(
        tmp_path / "7",
        source_path="builtin:digits-is-8",
        trainer={"max_epochs": 1},
        model={"width": 2},
        data={"batch_size": 256, "image_size": 8},
    )
    messages = carry_out(job)
    assert outcome(messages).status == "completed", outcome(messages).reason
    assert of_type(messages, TrainingStart)[0].model.name == "cnn"
    assert len(of_type(messages, FinalStats)) == 1  # no test split was asked for


def test_a_module_of_somebody_else_is_watched_as_ours(tmp_path: Path) -> None:
    job = job_of(tmp_path / "7", trainer={"max_epochs": 2})
    messages = carry_out(job, data=SmallData(), model=Network())
    assert outcome(messages).status == "completed"
    assert of_type(messages, TrainingStart)[0].model.name == "Network"
    assert set(metrics_by_epoch(messages, "val")) == {0, 1}


def test_early_stopping_is_told_only_when_it_stopped_the_run(tmp_path: Path) -> None:
    patient = {"patience": 2, "monitor": "val_loss"}
    stopped = carry_out(
        job_of(tmp_path / "7", trainer={"max_epochs": 20}, callbacks=patient), data=SmallData(), model=Network(rate=0.0)
    )
    (event,) = of_type(stopped, EarlyStopped)
    assert (event.epoch, event.patience, event.monitor) == (2, 2, "val_loss")
    assert event.best_metric_value == metrics_by_epoch(stopped, "val")[0]["val_loss"]
    assert "did not improve for 2 epochs" in event.reason
    assert of_type(stopped, BestValues)[-1].total_epochs == 3
    assert stopped.index(event) > stopped.index(of_type(stopped, CheckpointSaved)[-1])
    assert outcome(stopped).status == "completed"


@pytest.mark.parametrize("patience", [3, 5])
def test_early_stopping_is_silent_when_the_last_epoch_ended_the_run(tmp_path: Path, patience: int) -> None:
    """Patience 3 runs out in the very last epoch, which would have been the last anyway."""
    job = job_of(tmp_path / "7", trainer={"max_epochs": 4}, callbacks={"patience": patience, "monitor": "val_loss"})
    messages = carry_out(job, data=SmallData(), model=Network(rate=0.0))
    assert of_type(messages, BestValues)[-1].total_epochs == 4
    assert not of_type(messages, EarlyStopped)


def test_checkpoints_kept_are_the_best_and_the_last(tmp_path: Path) -> None:
    """The rate is high enough to make the loss jump, so that best and last differ."""
    job = job_of(
        tmp_path / "7", trainer={"max_epochs": 6}, callbacks={"save_top_k": 2, "monitor": "val_loss", "patience": 9}
    )
    messages = carry_out(job, data=SmallData(), model=Network(rate=0.5))
    losses = {epoch: known(m["val_loss"]) for epoch, m in metrics_by_epoch(messages, "val").items()}
    kept = {*sorted(losses, key=losses.__getitem__)[:2], 5}
    files = {path.name for path in (tmp_path / "7" / "checkpoints" / "a1").iterdir()}
    assert files == {f"epoch{epoch:04d}.ckpt" for epoch in kept}
    for saved in of_type(messages, CheckpointSaved):
        best = min(range(saved.epoch + 1), key=losses.__getitem__)
        assert saved.last == f"checkpoints/a1/epoch{saved.epoch:04d}.ckpt"
        assert saved.best == f"checkpoints/a1/epoch{best:04d}.ckpt"
