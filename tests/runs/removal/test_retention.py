"""`manage.py prune`: what it removes, what stays, and that it removes nothing without being asked."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from runs.events import BatchMetrics, EpochEnd, Event, GradientStats, LrUpdate, Progress, utc_now
from runs.models import Run, RunEvent, RunMetric
from runs.removal import retention
from tests.runs.conftest import MakeRun, add_epoch, add_events

EVENTS: list[Event] = [
    LrUpdate(epoch=0, step=0, learning_rate=0.1),
    BatchMetrics(step=0, batch_idx=0, epoch=0, loss=1.0, accuracy=0.5, recall=None, f1=None),
    GradientStats(step=0, epoch=0, total_norm=1.0, layer_norms={}, max_norm=1.0, min_norm=0.1, nonfinite=False),
    Progress(epoch=0, batch_idx=0, batches=1, step=1, total_steps=9, samples_per_second=None, eta_seconds=None),
    EpochEnd(epoch=0, phase="val", metrics={"val_loss": 0.5}, timestamp=utc_now()),
]


def prune(*arguments: str) -> str:
    out = io.StringIO()
    call_command("prune", *arguments, stdout=out)
    return out.getvalue()


def kinds(run: Run) -> list[str]:
    return list(RunEvent.objects.filter(run=run).order_by("seq").values_list("type", flat=True))


@pytest.fixture
def old(make_run: MakeRun) -> Run:
    """Make a run that ended 31 days ago."""
    run = make_run(status="completed", end_time=timezone.now() - timedelta(days=31))
    add_events(run, EVENTS)
    add_epoch(run, 0, {"val_loss": 0.5, "train_loss": 0.7})
    return run


def add_checkpoint(run: Run, name: str, size: int = 10) -> None:
    path = run.folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x" * size)


def test_without_yes_it_only_says_what_would_go(old: Run) -> None:
    data = RunEvent.objects.filter(run=old, seq__in=(2, 3, 4)).values_list("data", flat=True)
    printed = prune()
    assert f"Would remove 3 events with {sum(map(len, data))} bytes of data." in printed
    assert "--yes" in printed
    assert len(kinds(old)) == 5
    assert prune("--dry-run") == printed


def test_ephemeral_events_of_old_runs_go_and_numbers_stay(old: Run, make_run: MakeRun) -> None:
    recent = make_run(status="failed", end_time=timezone.now() - timedelta(days=29))
    running = make_run(status="in_progress")
    add_events(recent, EVENTS)
    add_events(running, EVENTS)
    assert "Removed 3 events" in prune("--yes")
    assert kinds(old) == ["lr_update", "epoch_end"]
    assert RunMetric.objects.filter(run=old).count() == 2
    assert len(kinds(recent)) == len(kinds(running)) == 5
    assert "Removed 3 events" in prune("--yes", "--days", "28")
    assert len(kinds(running)) == 5
    assert "Removed 0 events" in prune("--yes", "--days", "28")


def test_an_interrupted_removal_keeps_what_it_did_and_can_go_on(old: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH_NUMBERS", 2)

    def interrupt(_seconds: float) -> None:
        raise KeyboardInterrupt

    removal = retention.remove_events(old, interrupt)
    assert next(removal) == 1
    with pytest.raises(KeyboardInterrupt):
        next(removal)
    assert kinds(old) == ["lr_update", "gradient_stats", "progress", "epoch_end"]
    assert list(retention.remove_events(old, lambda _seconds: None)) == [2]
    assert kinds(old) == ["lr_update", "epoch_end"]


def test_a_run_that_is_taken_up_again_is_left_alone(old: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH_NUMBERS", 2)
    add_checkpoint(old, "checkpoints/a1/epoch0001.ckpt")
    removal = retention.remove_events(old, lambda _seconds: None)
    next(removal)
    Run.objects.filter(pk=old.pk).update(status="queued", end_time=None)
    assert list(removal) == []
    assert retention.remove_checkpoints(old) == (0, 0)
    assert len(kinds(old)) == 4
    assert (old.folder / "checkpoints/a1/epoch0001.ckpt").is_file()


def test_only_the_best_and_the_last_checkpoint_stay(old: Run) -> None:
    names = [f"checkpoints/a{attempt}/epoch000{epoch}.ckpt" for attempt, epoch in ((1, 1), (1, 2), (2, 3), (2, 4))]
    for name in names:
        add_checkpoint(old, name)
    add_checkpoint(old, "metrics.csv")
    outside = old.folder.parent / "outside.ckpt"
    outside.write_bytes(b"not ours")
    (old.folder / "checkpoints/link.ckpt").symlink_to(outside)
    Run.objects.filter(pk=old.pk).update(best_checkpoint=names[1], last_checkpoint=names[3])
    assert "Would remove 2 checkpoints of 20 bytes." in prune("--checkpoints")
    prune("--yes")
    assert all((old.folder / name).is_file() for name in names)
    assert "Removed 2 checkpoints of 20 bytes." in prune("--yes", "--checkpoints")
    assert [(old.folder / name).is_file() for name in names] == [False, True, False, True]
    assert (old.folder / "metrics.csv").is_file()
    assert outside.read_bytes() == b"not ours"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [(["--days", "-1"], "0 to 36500"), (["--days", "x"], "number of days"), (["--yes", "--dry-run"], "choose one")],
)
def test_wrong_arguments_are_named(arguments: list[str], complaint: str) -> None:
    with pytest.raises(CommandError, match=complaint):
        prune(*arguments)
