"""A training in two real processes gives the numbers of one: all samples once, equal gradients, one reporter."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score, log_loss, recall_score, roc_auc_score

from experiments.training.callbacks.randomness import seed_of
from experiments.training.contract.config import TrainingConfig
from experiments.training.contract.reports import BestValues, CheckpointSaved, Job, Message
from experiments.training.data.module import DataModule, build
from experiments.training.ranks import Place
from runs.events import BatchMetrics, EpochEnd, FinalStats, GradientStats, LrUpdate, TrainingStart
from tests.experiments.recipes.normalises import Normalising
from tests.experiments.recipes.thaws import Thawing
from tests.experiments.training.several import in_processes, job_on
from tests.experiments.training.trainings import carry_out, known, metrics_by_epoch, of_type, outcome

EPOCHS = 3
EVERYTHING: dict[str, Any] = {
    "trainer": {"max_epochs": EPOCHS, "ema_decay": 0.5},
    "data": {"batch_size": 24, "test_fraction": 0.1},
    "callbacks": {"save_top_k": EPOCHS, "batch_metrics_every": 1, "gradient_stats_every": 1},
}


class Done(NamedTuple):
    """A training with batch normalisation and averaged weights, on data that no number of devices divides."""

    job: Job
    messages: list[Message]
    data: DataModule

    @property
    def run_dir(self) -> Path:
        return Path(self.job.run_dir)

    def scores(self, epoch: int, split: str) -> np.ndarray[Any, Any]:
        """Compute the scores in one process, from the epoch's checkpoint."""
        network = Normalising()
        path = self.run_dir / "checkpoints" / "a1" / f"epoch{epoch:04d}.ckpt"
        network.load_state_dict(torch.load(path, weights_only=True)["state_dict"])
        with torch.no_grad():
            logits = network.eval()(self._column(split, 0))
        return np.asarray(torch.sigmoid(logits.double()).numpy())

    def labels(self, split: str) -> np.ndarray[Any, Any]:
        return np.asarray(self._column(split, 1).numpy())

    def sample_ids(self, split: str) -> list[str]:
        return [self.data.sample_ids[i] for i in self._column(split, 2)]

    def _column(self, split: str, number: int) -> torch.Tensor:
        """Read inputs, labels or positions, as one process does."""
        batches = self.data.val_dataloader() if split == "val" else known(self.data.test_dataloader())
        return torch.cat([batch[number] for batch in batches])


@pytest.fixture(scope="module")
def done(warm: None, tmp_path_factory: pytest.TempPathFactory) -> Done:
    job = job_on(tmp_path_factory.mktemp("two") / "7", 2, **EVERYTHING)
    messages, code = in_processes(job, recipe="tests.experiments.recipes.normalises")
    assert outcome(messages).status == "completed", outcome(messages).reason
    assert code == 0
    return Done(job, messages, build(TrainingConfig.model_validate(job.config), job))


def test_the_numbers_of_every_epoch_are_those_of_all_its_samples(done: Done) -> None:
    assert len(done.labels("val")) % 2 == 1
    for epoch in range(EPOCHS):
        numbers = metrics_by_epoch(done.messages, "val")[epoch]
        scores, labels = done.scores(epoch, "val"), done.labels("val")
        assert known(numbers["val_loss"]) == pytest.approx(log_loss(labels, scores), rel=1e-5)
        assert known(numbers["val_auroc"]) == pytest.approx(roc_auc_score(labels, scores), abs=1e-12)
        assert known(numbers["val_acc"]) == pytest.approx(accuracy_score(labels, scores >= 0.5), abs=1e-12)
        assert known(numbers["val_f1"]) == pytest.approx(f1_score(labels, scores >= 0.5), abs=1e-12)
        cells = [numbers[f"val_cm_{cell}"] for cell in ("tn", "fp", "fn", "tp")]
        assert cells == confusion_matrix(labels, scores >= 0.5).ravel().tolist()


def test_every_sample_is_predicted_once_and_in_its_order(done: Done) -> None:
    rows = pq.read_table(done.run_dir / "attempts" / "1" / "predictions.parquet").to_pylist()
    best = known(of_type(done.messages, BestValues)[-1].best_epoch)
    for split in ("val", "test"):
        part = [row for row in rows if row["split"] == split]
        assert [row["sample_id"] for row in part] == done.sample_ids(split)
        assert [row["label"] for row in part] == done.labels(split).tolist()
        assert np.allclose([row["score"] for row in part], done.scores(best, split), rtol=1e-5)
        (stats,) = [stats for stats in of_type(done.messages, FinalStats) if stats.split == split]
        scores = np.array([row["score"] for row in part])
        assert stats.statistics["final_auroc_cm"] == pytest.approx(roc_auc_score(done.labels(split), scores))
        assert stats.statistics["final_recall_cm"] == pytest.approx(recall_score(done.labels(split), scores >= 0.5))
        assert np.sum(stats.confusion_matrix) == len(part)


def test_all_evaluate_a_best_epoch_that_the_first_wrote_when_training_had_ended(done: Done) -> None:
    """The first alone writes and reads it."""
    assert known(of_type(done.messages, BestValues)[-1].best_epoch) > 0
    assert len({stats.epoch for stats in of_type(done.messages, FinalStats)}) == 1
    assert "Traceback" not in (done.run_dir / "train.rank1.log").read_text()


def test_one_process_speaks_for_all(done: Done) -> None:
    counts = Counter(type(message) for message in done.messages)
    steps = len(done.data.indices["train"]) // 48
    assert len(done.data.indices["train"]) == 399
    assert counts[TrainingStart] == 1
    assert of_type(done.messages, TrainingStart)[0].total_steps == EPOCHS * (steps + 1)
    assert counts[EpochEnd] == 2 * EPOCHS
    assert counts[BestValues] == EPOCHS
    assert [saved.epoch for saved in of_type(done.messages, CheckpointSaved)] == [0, EPOCHS - 1]
    assert counts[BatchMetrics] == counts[GradientStats] == EPOCHS * (steps + 1)
    for name in ("train.log", "train.rank1.log"):
        log = (done.run_dir / name).read_text()
        assert "attempt 1" in log
        assert "Traceback" not in log
        assert "sync_dist" not in log
    assert {path.name for path in done.run_dir.rglob("*.ckpt")} == {f"epoch{epoch:04d}.ckpt" for epoch in range(EPOCHS)}


PLAIN: dict[str, Any] = {
    "trainer": {"max_epochs": 2, "gradient_clip_val": 0.5},
    "model": {"dropout": 0.0},
    "optimizer": {"name": "sgd", "learning_rate": 0.1, "scheduler": "one_cycle"},
    "callbacks": {"gradient_stats_every": 1, "batch_metrics_every": 1, "progress_interval": 0.5},
}


def final_weights(job: Job) -> dict[str, torch.Tensor]:
    path = Path(job.run_dir) / "checkpoints" / "a1" / "epoch0001.ckpt"
    weights: dict[str, torch.Tensor] = torch.load(path, weights_only=True)["state_dict"]
    return weights


def test_two_devices_train_like_one_with_twice_the_batch(tmp_path: Path, warm: None) -> None:
    """398 training samples: three batches of 128 and one of 14, all of which halves."""
    one = job_on(tmp_path / "one" / "7", 1, data={"val_fraction": 0.3, "batch_size": 128}, **PLAIN)
    two = job_on(tmp_path / "two" / "7", 2, data={"val_fraction": 0.3, "batch_size": 64}, **PLAIN)
    alone, (together, _) = carry_out(one), in_processes(two)
    assert outcome(together).status == "completed", outcome(together).reason
    expected, weights = final_weights(one), final_weights(two)
    assert expected.keys() == weights.keys()
    assert all(torch.allclose(weights[name], expected[name], atol=1e-6) for name in expected)
    for phase in ("train", "val"):
        for epoch, numbers in metrics_by_epoch(alone, phase).items():
            assert metrics_by_epoch(together, phase)[epoch] == pytest.approx(numbers, rel=1e-5)
    norms = [[known(stats.total_norm) for stats in of_type(messages, GradientStats)] for messages in (alone, together)]
    assert norms[1] == pytest.approx(norms[0], rel=1e-4)
    assert [rate.learning_rate for rate in of_type(together, LrUpdate)] == [
        r.learning_rate for r in of_type(alone, LrUpdate)
    ]


def test_a_layer_that_begins_to_learn_later_does_so_in_step(tmp_path: Path, warm: None) -> None:
    config = PLAIN | {"trainer": {"max_epochs": 2}}
    one = job_on(tmp_path / "one" / "7", 1, data={"val_fraction": 0.3, "batch_size": 128}, **config)
    two = job_on(tmp_path / "two" / "7", 2, data={"val_fraction": 0.3, "batch_size": 64}, **config)
    alone, (together, _) = carry_out(one, model=Thawing()), in_processes(two, recipe="tests.experiments.recipes.thaws")
    assert outcome(together).status == "completed", outcome(together).reason
    layers = [sorted(stats.layer_norms) for stats in of_type(together, GradientStats)]
    assert layers == [["second"]] * 4 + [["first", "second"]] * 4
    expected, weights = final_weights(one), final_weights(two)
    assert all(torch.allclose(weights[name], expected[name], atol=1e-6) for name in expected)
    assert metrics_by_epoch(together, "val")[1] == pytest.approx(metrics_by_epoch(alone, "val")[1], rel=1e-5)


RANDOM: dict[str, Any] = {
    "trainer": {"max_epochs": 4, "accumulate_grad_batches": 2, "ema_decay": 0.8},
    "data": {"test_fraction": 0.2, "batch_size": 16},
    "model": {"dropout": 0.3, "width": 4},
    "augmentation": {"mixup_alpha": 0.4},
    "optimizer": {"scheduler": "plateau", "plateau_patience": 0, "learning_rate": 0.01},
    "callbacks": {"save_top_k": 2, "monitor": "val_loss", "batch_metrics_every": 1},
}


def numbers(messages: list[Message]) -> dict[Any, Any]:
    epochs = {(event.epoch, event.phase): event.metrics for event in of_type(messages, EpochEnd)}
    complete = {epoch for epoch, _ in epochs}
    batches = {(m.epoch, m.batch_idx): m for m in of_type(messages, BatchMetrics) if m.epoch in complete}
    return epochs | batches


def test_a_stop_in_mid_epoch_stops_both_and_a_resume_repeats_an_uninterrupted_run(tmp_path: Path, warm: None) -> None:
    whole, _ = in_processes(job_on(tmp_path / "whole" / "7", 2, **RANDOM))
    assert outcome(whole).status == "completed", outcome(whole).reason
    run_dir = tmp_path / "7"

    def stop(process: Any, message: Message) -> None:
        if isinstance(message, BatchMetrics) and message.epoch == 2:
            process.request_stop()

    first, code = in_processes(job_on(run_dir, 2, **RANDOM), observe=stop)
    assert (outcome(first).status, code) == ("interrupted", 0)
    assert {event.epoch for event in of_type(first, EpochEnd)} == {0, 1}
    saved = of_type(first, CheckpointSaved)[-1]
    again = job_on(run_dir, 2, attempt=2, resume=(run_dir / saved.last, saved.epoch), **RANDOM)
    second, _ = in_processes(again)
    assert outcome(second).status == "completed", outcome(second).reason
    assert of_type(second, TrainingStart)[0].resumed_from_epoch == 1
    assert numbers(first) | numbers(second) == numbers(whole)
    assert of_type(second, FinalStats) == of_type(whole, FinalStats)


def test_each_rank_draws_other_numbers_and_the_first_those_of_a_single_process(monkeypatch: pytest.MonkeyPatch) -> None:
    alone = seed_of(42, 1, 0)
    assert alone == int(np.random.SeedSequence([42, 1, 0]).generate_state(1)[0])
    drawn = []
    for rank in range(3):
        monkeypatch.setattr("experiments.training.ranks.place", lambda rank=rank: Place(rank, 3))
        drawn.append(seed_of(42, 1, 0))
    assert drawn[0] == alone
    assert len(set(drawn)) == 3
