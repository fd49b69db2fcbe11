"""Hints on runs made unhealthy on purpose, by hand; real ones are tested beside the trainings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from statsmodels.stats.proportion import proportion_confint

from runs.events import GpuUsage, GradientStats, ResourceUsage
from runs.hints import curves, gradients, machine, predictions
from runs.hints.all import RULES, hints
from runs.hints.evidence import Epoch, Evidence, known, newest_known
from runs.hints.gradient_health import health
from runs.hints.hint import Hint
from runs.statistics.score_statistics import epoch_metrics

GIB = 1024**3


def run_of(*columns: dict[str, Any], **known: Any) -> Evidence:
    """Make evidence of epochs from 0 on; each dict is one epoch's metrics."""
    values: dict[str, Any] = {"status": "in_progress", "max_epochs": 50, "classes": ["sick", "well"], "sizes": {}}
    return Evidence(history=list(enumerate(columns)), **values | known)


def losses(train: Sequence[float | None], val: Sequence[float | None], **known: Any) -> Evidence:
    pairs = zip(train, val, strict=True)
    return run_of(*({"train_loss": t, "val_loss": v} for t, v in pairs), **known)


def counts(tp: int, tn: int, fp: int, fn: int, auroc: float = 0.6) -> dict[str, float | None]:
    return {"val_cm_tp": tp, "val_cm_tn": tn, "val_cm_fp": fp, "val_cm_fn": fn, "val_auroc": auroc, "val_loss": 0.6}


def sample(**changed: Any) -> ResourceUsage:
    values: dict[str, Any] = {
        "cpu_cores": 1.0, "machine_cpu_cores": 1.0, "machine_cores": 2, "processes": 1, "memory_rss": 2 * GIB,
        "memory_pss": GIB, "machine_memory_used": 4 * GIB, "machine_memory_total": 8 * GIB, "disk_free": 100 * GIB,
        "disk_total": 200 * GIB, "gpus": [],
    }  # fmt: skip
    return ResourceUsage(**values | changed)


def gpu(utilisation: float | None, used: int = 10) -> GpuUsage:
    return GpuUsage(id="GPU-1", name="a", utilisation=utilisation, memory_used=used, memory_total=100, temperature=None)


def norms(**layers: float | None) -> GradientStats:
    return GradientStats(step=1, epoch=2, total_norm=1.0, layer_norms=layers, max_norm=1.0, min_norm=1.0)


def found(hint: Hint | None) -> Hint:
    assert hint is not None
    return hint


def test_overfitting_is_told_with_the_epoch_and_the_numbers() -> None:
    hint = found(curves.overfitting(losses([0.7, 0.5, 0.3, 0.2, 0.1], [0.7, 0.4, 0.55, 0.6, 0.7])))
    assert (hint["since"], hint["epoch"], hint["severity"]) == (1, 4, "warning")
    assert (
        "since epoch 2: val_loss rose from 0.4000 to 0.7000, while train_loss fell from 0.5000 to 0.1000"
        in hint["text"]
    )


@pytest.mark.parametrize(
    ("train", "val"),
    [
        pytest.param([0.7, 0.5, 0.3, 0.2, 0.1], [0.7, 0.4, 0.55, 0.42, 0.7], id="noise"),
        pytest.param([0.7, 0.5, 0.3, 0.2], [0.7, 0.4, 0.6, 0.7], id="two epochs only"),
        pytest.param([0.7, 0.5, 0.5, 0.5, 0.5], [0.7, 0.4, 0.6, 0.6, 0.6], id="nothing more is learnt"),
        pytest.param([0.7, 0.1, 0.05, 0.01, 0.01], [0.7, 0.02, 0.03, 0.035, 0.04], id="small beside what was gained"),
        pytest.param([], [], id="nothing yet"),
    ],
)
def test_no_overfitting(train: list[float | None], val: list[float | None]) -> None:
    assert curves.overfitting(losses(train, val)) is None


def test_overfitting_is_mild_while_the_monitored_value_is_as_good_as_ever() -> None:
    pairs = zip([0.7, 0.5, 0.3, 0.2, 0.1], [0.7, 0.4, 0.55, 0.6, 0.7], [0.8, 0.9, 0.9, 0.91, 0.905], strict=True)
    run = run_of(*({"train_loss": t, "val_loss": v, "val_auroc": a} for t, v, a in pairs))
    assert found(curves.overfitting(run))["severity"] == "info"


@pytest.mark.parametrize(("last", "severity"), [(0.1, "info"), (0.3, "warning")])
def test_overfitting_is_judged_by_an_added_error_too(last: float, severity: str) -> None:
    """The monitored number of which less is better."""
    distances = [0.3, 0.1, last, last, last]
    pairs = zip([0.7, 0.5, 0.3, 0.2, 0.1], [0.7, 0.4, 0.55, 0.6, 0.7], distances, strict=True)
    config = {"callbacks": {"monitor": "val_hamming_distance", "mode": "min"}}
    rows = ({"train_loss": t, "val_loss": v, "val_hamming_distance": d} for t, v, d in pairs)
    assert found(curves.overfitting(run_of(*rows, config=config)))["severity"] == severity


def test_a_loss_that_is_no_number_is_an_error_since_its_first_epoch() -> None:
    hint = found(curves.diverged(losses([0.7, 0.6, None, None], [0.7, 0.6, 0.8, None])))
    assert (hint["severity"], hint["since"], hint["epoch"]) == ("error", 2, 3)
    assert curves.diverged(losses([0.7, None, 0.6], [0.7, None, 0.6])) is None


def test_a_loss_that_stands_still() -> None:
    still = losses([0.7, 0.701, 0.699, 0.7, 0.702], [0.7] * 5, config={"optimizer": {"learning_rate": 1e-6}})
    assert "try 1e-05" in found(curves.not_learning(still))["cure"]
    assert curves.not_learning(losses([0.7, 0.69, 0.68, 0.67, 0.66], [0.7] * 5)) is None
    warming_up = losses([0.7] * 5, [0.7] * 5, config={"optimizer": {"warmup_epochs": 3}})
    assert curves.not_learning(warming_up) is None


def test_a_loss_that_rises_again() -> None:
    hint = found(curves.loss_rising(losses([0.7, 0.3, 0.6, 0.7, 0.8], [0.7] * 5)))
    assert (hint["since"], hint["code"]) == (1, "loss_rising")
    assert curves.loss_rising(losses([0.7, 0.01, 0.02, 0.02, 0.02], [0.7] * 5)) is None  # nothing to what was gained
    restarts = {"optimizer": {"scheduler": "cosine_restarts"}}
    assert curves.loss_rising(losses([0.7, 0.3, 0.6, 0.7, 0.8], [0.7] * 5, config=restarts)) is None


@pytest.mark.parametrize(("val_acc", "told"), [(0.90, False), (0.80, True)])
def test_a_gap_is_one_beyond_the_interval(val_acc: float, told: bool) -> None:
    """Of 100 samples, 90 % right may be up to 94 %, 80 % up to 87 % (Wilson)."""
    run = run_of(*[{"train_acc": 0.98, "val_acc": val_acc}] * 3, sizes={"val": 100})
    hint = curves.gap(run)
    assert (hint is not None) == told
    if hint:
        assert "95 % interval 71.1 to 86.7 %, 100 samples" in hint["text"]


def test_more_epochs_are_advised_to_a_run_that_was_still_improving() -> None:
    columns = [0.7, 0.6, 0.5, 0.4, 0.3]
    done = losses(columns, columns, status="completed", max_epochs=5, best_epoch=4)
    assert found(curves.still_improving(done))["since"] == 1
    assert curves.still_improving(losses(columns, columns, status="in_progress", max_epochs=5, best_epoch=4)) is None
    assert curves.still_improving(losses(columns, columns, status="completed", max_epochs=5, best_epoch=2)) is None


def test_a_run_whose_recall_swings_is_told_to_monitor_something_steady() -> None:
    def cure(recalls: list[float], monitor: str) -> str:
        falling = zip([0.7, 0.6, 0.5, 0.4, 0.3], recalls, strict=True)
        epochs = [{"train_loss": loss, "val_loss": loss, monitor: recall} for loss, recall in falling]
        known = {"status": "completed", "max_epochs": 5, "best_epoch": 4}
        done = run_of(*epochs, config={"callbacks": {"monitor": monitor}}, **known)
        return str(found(curves.still_improving(done))["cure"])

    swinging = cure([0.0, 1.0, 0.0, 1.0, 1.0], "val_recall")
    assert swinging == (
        "Raise trainer.max_epochs (try 10). val_recall swings between 0.0 % and 100.0 %, so that the best epoch is "
        "partly chance: set callbacks.monitor to val_auroc."
    )
    assert cure([0.0, 1.0, 0.0, 1.0, 1.0], "val_auroc").endswith("set callbacks.monitor to val_loss.")
    for steady in ([0.1, 0.3, 0.6, 0.9, 1.0], [0.8, 0.7, 0.8, 0.7, 0.9]):
        assert cure(steady, "val_recall") == "Raise trainer.max_epochs (try 10)."


def test_a_best_epoch_long_ago_matters_without_early_stopping() -> None:
    off = losses([0.5] * 12, [0.5] * 12, best_epoch=1, config={"callbacks": {"early_stopping": False}})
    assert "epoch is 2, 10 epochs ago" in found(curves.best_long_ago(off))["text"]
    assert "Finish the run now" in found(curves.best_long_ago(off))["cure"]
    over = found(curves.best_long_ago(replace(off, status="completed")))
    assert "10 epochs before the last one" in over["text"]
    assert "Finish" not in over["cure"]
    assert curves.best_long_ago(losses([0.5] * 12, [0.5] * 12, best_epoch=1)) is None


@pytest.mark.parametrize(
    ("columns", "name"),
    [
        ([counts(0, 90, 0, 10)] * 3, "“sick”"),
        ([counts(5, 80, 10, 5), *[counts(10, 0, 90, 0)] * 3], "“well”"),
        ([counts(0, 90, 0, 10)] * 2, None),
        ([*[counts(0, 90, 0, 10)] * 3, counts(1, 90, 0, 9)], None),
        ([counts(0, 100, 0, 0)] * 3, None),  # there is no other class
    ],
)
def test_one_class_for_everything(columns: list[dict[str, float | None]], name: str | None) -> None:
    hint = predictions.one_class(run_of(*columns))
    assert name is None if hint is None else name is not None and name in hint["text"]
    if hint:
        assert hint["since"] == len(columns) - 3


def test_scores_that_rank_well_need_another_threshold() -> None:
    hint = found(predictions.one_class(run_of(*[counts(0, 90, 0, 10, auroc=0.93)] * 3)))
    assert "0.93" in hint["text"]
    assert "model.threshold" in hint["cure"]


@pytest.mark.parametrize("sizes", [[20, 30, 50], [0, 30, 50]])
def test_one_of_several_classes_is_seen_in_the_averages(sizes: list[int]) -> None:
    """All are predicted to be the last of three classes, of which one may have no samples."""
    targets = np.repeat([0, 1, 2], sizes)
    scores = np.tile([0.1, 0.2, 0.7], (len(targets), 1))
    epoch = epoch_metrics("val", loss=1.0, scores=scores, targets=targets)
    assert predictions.one_class(run_of(*[epoch] * 3, classes=["a", "b", "c"])) is not None
    scores[targets == 1] = [0.1, 0.7, 0.2]
    better = epoch_metrics("val", loss=1.0, scores=scores, targets=targets)
    assert predictions.one_class(run_of(*[better] * 3, classes=["a", "b", "c"])) is None
    chance = {"val_acc": 1 / 3, "val_precision": 1 / 3, "val_recall": 1 / 3}
    assert predictions.one_class(run_of(*[chance] * 3, classes=["a", "b", "c"])) is None


def test_the_best_checkpoint_predicts_one_class() -> None:
    hint = predictions.one_class(run_of(status="completed", matrix=[[0, 20], [0, 30]], best_epoch=1))
    assert "In the best epoch, all" in found(hint)["text"]


def test_few_samples_are_told_with_their_interval() -> None:
    """8 of 10: Wilson's 95 % interval is 0.490 to 0.943."""
    hint = found(predictions.few_samples(run_of(counts(8, 80, 10, 2))))
    assert "10 samples of “well”: val_recall 80.0 % may be anything from 49.0 to 94.3 %" in hint["text"]
    assert predictions.few_samples(run_of(counts(28, 80, 10, 2))) is None


def test_repeated_patients_widen_the_intervals() -> None:
    """100 samples that are worth 20, and 10 that are worth 5: Wilson's intervals by statsmodels."""
    epochs = [{"train_acc": 0.95, "val_acc": 0.80}] * 3
    assert curves.gap(run_of(*epochs, sizes={"val": 100})) is not None
    low, high = proportion_confint(16, 20, method="wilson")
    assert high > 0.91
    assert curves.gap(run_of(*epochs, sizes={"val": 100}, independent={"accuracy": 20.0})) is None
    wider = run_of(*[{"train_acc": 1.0, "val_acc": 0.80}] * 3, sizes={"val": 100}, independent={"accuracy": 20.0})
    assert f"95 % interval {100 * low:.1f} to {100 * high:.1f} %, 100 samples" in found(curves.gap(wider))["text"]
    low, high = proportion_confint(4, 5, method="wilson")
    few = found(predictions.few_samples(run_of(counts(8, 80, 10, 2), independent={"recall": 5.0})))
    assert f"may be anything from {100 * low:.1f} to {100 * high:.1f} %" in few["text"]


def test_gradients_are_judged_by_the_median_of_five() -> None:
    healthy, spike = {"stem": 0.5, "head": 2.0}, {"stem": 0.5, "head": 5e5}
    assert health([healthy] * 5, [healthy] * 4) == {}
    assert health([healthy] * 5, [healthy] * 3 + [spike] * 2) == {"stem": "ok", "head": "ok"}
    assert health([healthy] * 5, [healthy] * 2 + [spike] * 3) == {"stem": "vanishing", "head": "exploding"}


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        ({"a": 1.0, "b": 1.0}, {"a": 1.0, "b": 0.9e-4}, "vanishing"),
        ({"a": 1.0, "b": 1.0}, {"a": 1.0, "b": 2e-4}, "ok"),
        ({"a": 1.0, "b": 1.0}, {"a": 1e-9, "b": 1e-10}, "ok"),  # a network that fits
        ({"a": 1.0, "b": 1.0}, {"a": 1.0, "b": 0.0}, "vanishing"),
        ({"a": 1.0, "b": 1.0}, {"a": 200.0, "b": 99.0}, "ok"),
        ({"a": 1.0, "b": 1.0}, {"a": 200.0, "b": 101.0}, "exploding"),
        ({"a": 1.0, "b": 0.01}, {"a": 1.0, "b": 9.0}, "ok"),
        ({"a": 1.0}, {"a": 1.0, "b": 2e4}, "exploding"),
        ({"a": 1.0, "b": 1.0}, {"a": 1.0, "b": None}, "exploding"),
    ],
)
def test_the_bounds_of_healthy_gradients(
    first: dict[str, float | None], last: dict[str, float | None], expected: str
) -> None:
    assert health([first] * 5, [last] * 5)["b"] == expected


def test_gradients_become_hints() -> None:
    run = run_of({"train_acc": 0.7}, last_gradients=[norms(stem=1e-6, head=1.0)] * 5)
    assert gradients.by_group(run) == {"stem": "vanishing", "head": "ok"}
    assert "vanish in stem" in found(gradients.vanishing(run))["text"]
    lost = run_of(last_gradients=[norms(stem=None, head=1.0)] * 5)
    assert found(gradients.exploding(lost))["severity"] == "error"
    perfect = run_of({"train_acc": 1.0}, last_gradients=[norms(stem=0.0, head=0.0)] * 5)
    assert gradients.vanishing(perfect) is None


@pytest.mark.parametrize(("share", "severity"), [(0.6, "warning"), (0.35, "info"), (0.2, None)])
def test_waiting_for_data(share: float, severity: str | None) -> None:
    """100,000 samples, 50 epochs, 1,000 a second: 5,000 seconds."""
    known: dict[str, Any] = {"sizes": {"train": 100_000}, "samples_per_second": 1_000.0}
    hint = machine.data_wait(run_of(waits=[share] * 5, **known))
    assert (hint and hint["severity"]) == severity
    known["samples_per_second"] = 1e6
    assert machine.data_wait(run_of(waits=[share] * 5, **known)) is None  # over in 5 seconds


def test_an_idle_gpu() -> None:
    known: dict[str, Any] = {"sizes": {"train": 100_000}, "samples_per_second": 1_000.0}
    assert "10 %" in found(machine.gpu_idle(run_of(usage=[sample(gpus=[gpu(0.1)])] * 5, **known)))["text"]
    for usage in (sample(gpus=[gpu(0.1), gpu(0.9)]), sample(gpus=[gpu(None)]), sample()):
        assert machine.gpu_idle(run_of(usage=[usage] * 5, **known)) is None


@pytest.mark.parametrize(("used", "severity"), [(7.9, "error"), (7.5, "warning"), (7.0, None)])
def test_memory_that_runs_out(used: float, severity: str | None) -> None:
    hint = machine.memory(run_of(usage=[sample(machine_memory_used=int(used * GIB))] * 5))
    assert (hint and hint["severity"]) == severity
    assert hint is None or "1.0 GiB of it" in hint["text"]


def test_room_on_disk_and_gpu() -> None:
    assert machine.disk(run_of(usage=[sample(disk_free=GIB)])) is not None
    assert machine.disk(run_of(usage=[sample(disk_free=None)])) is None
    assert machine.gpu_memory(run_of(usage=[sample(gpus=[gpu(1.0, used=98)])])) is not None
    assert machine.gpu_memory(run_of(usage=[sample(gpus=[gpu(1.0, used=90)])])) is None


@pytest.mark.parametrize("rule", RULES)
def test_nothing_is_said_of_a_run_of_which_nothing_is_known(rule: Callable[[Evidence], Hint | None]) -> None:
    assert rule(run_of()) is None


def test_the_gravest_comes_first_and_what_another_one_says_is_left_out() -> None:
    run = losses([0.7, 0.3, 0.6, 0.7, None], [0.7] * 5, usage=[sample(disk_free=GIB)])
    assert [hint["code"] for hint in hints(run)] == ["diverged", "disk"]


@pytest.mark.parametrize("most", [1, 2, 3, 9])
def test_the_newest_epochs_are_the_last_of_all_known_ones(most: int) -> None:
    some: list[Epoch] = [{"a": 1, "b": 2}, {"a": 3}, {"a": 4, "b": None}, {"a": 5, "b": 6}, {"b": 7}]
    history = [*enumerate(some)]
    for names in (["a"], ["b"], ["a", "b"], ["c"]):
        assert newest_known(history, most, *names) == known(history, *names)[-most:]
