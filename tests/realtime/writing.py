"""A training's writes, without a training: the real lifecycle and recorder, from threads that leave nothing open."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from typing import ParamSpec, TypeVar

from django.contrib.auth.models import User
from django.db import connections, transaction

from realtime.hubs import broadcast
from runs import lifecycle, recorder
from runs.events import BatchMetrics, EpochEnd, Event, utc_now
from runs.models import Run
from tests.tokens import new_token

P = ParamSpec("P")
T = TypeVar("T")
CONFIG = {
    "experiment_name": "digits",
    "source_path": "builtin:digits-is-8",
    "trainer": {"max_epochs": 10},
    "callbacks": {"monitor": "val_auroc", "mode": "max"},
    "seed": 42,
}


async def in_thread(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run synchronous database work off the event loop."""

    def run() -> T:
        try:
            return work(*args, **kwargs)
        finally:
            connections.close_all()

    return await asyncio.to_thread(run)


def new_user(name: str = "ada") -> tuple[User, str]:
    """Make a user, and a token of theirs."""
    user, _ = User.objects.get_or_create(username=name)
    return user, new_token(user)


def queued_run(owner: User) -> Run:
    return lifecycle.create(owner, CONFIG)


def running_run(owner: User) -> Run:
    """Make a running run; its journal holds two events: queued, in progress."""
    run = lifecycle.claim(queued_run(owner).pk, "tester")
    assert run is not None
    return run


def come_back(run: Run) -> None:
    """Resume an ended run."""
    with transaction.atomic():
        Run.objects.filter(pk=run.pk).update(status="queued")
        assert lifecycle.claim(run.pk, "tester") is not None


def batch_event(step: int, **fields: float | None) -> BatchMetrics:
    values: dict[str, float | None] = {"loss": 1 / (step + 1), "accuracy": 0.5, "recall": None, "f1": None} | fields
    return BatchMetrics(step=step, batch_idx=step % 100, epoch=step // 100, **values)


def epoch_event(epoch: int) -> EpochEnd:
    return EpochEnd(epoch=epoch, phase="val", metrics={"val_loss": 0.5}, timestamp=utc_now())


def training_events(count: int) -> list[Event]:
    """Make so many events: an epoch's end after each 99 batches."""
    return [epoch_event(step // 100) if step % 100 == 99 else batch_event(step) for step in range(count)]


def store(run: Run, events: Sequence[Event]) -> None:
    """Store one batch in one transaction, as the supervisor does."""
    recorder.record(run.pk, run.attempt, [recorder.stamp(event) for event in events])


def store_at_rate(run: Run, events: Sequence[Event], *, per_second: float, batch: int = 10) -> None:
    """Store batch after batch, no faster than that, each announced as the supervisor does."""
    start = time.monotonic()
    for first, part in _batches(events, batch):
        time.sleep(max(0.0, start + first / per_second - time.monotonic()))
        store(run, part)
        broadcast.hint(run.pk)


def store_at_once(run: Run, events: Sequence[Event], batch: int = 1_000) -> None:
    """Store everything as fast as the database takes it."""
    for _, part in _batches(events, batch):
        store(run, part)


def _batches(events: Sequence[Event], size: int) -> Iterator[tuple[int, Sequence[Event]]]:
    for first in range(0, len(events), size):
        yield first, events[first : first + size]
