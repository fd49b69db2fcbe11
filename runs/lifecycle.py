"""The only writer of a run's status. Each change is one conditional UPDATE that says whether it happened,

and is journalled as a `run_status` event in the same transaction. The table of changes is in `models.Run`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from runs.events import Ending, RunStatus, Status, TrainingEnd
from runs.models import Run
from runs.queries import place_in_queue
from runs.recorder import Fenced, append, lease_end, stamp

UNEXPLAINED_LOSS = "The worker that ran it was lost (its lease expired)."


def create(owner: User, config: Mapping[str, Any], *, idempotency_key: str | None = None, **columns: Any) -> Run:
    """A new queued run; `config` is a dumped TrainingConfig. IntegrityError when the owner used that key before."""
    data = config.get("data", {})
    with transaction.atomic():
        run = Run.objects.create(
            owner=owner,
            experiment_name=config["experiment_name"],
            source_path=config["source_path"],
            config=dict(config),
            seed=config["seed"],
            max_epochs=config["trainer"]["max_epochs"],
            monitor=config["callbacks"]["monitor"],
            fold=data.get("fold"),
            folds=data.get("folds"),
            idempotency_key=idempotency_key,
            **columns,
        )
        _journal(run.pk, 0, "queued", previous=None, queue_position=place_in_queue(run.pk))
    return run


def claim(run_id: int, worker: str) -> Run | None:
    """Take a queued run for `worker`: its attempt is raised and becomes the fencing token. None: not to be had."""
    with transaction.atomic():
        now = timezone.now()
        taken = Run.objects.filter(pk=run_id, status="queued").update(
            status="in_progress",
            attempt=F("attempt") + 1,
            worker=worker,
            lease_until=lease_end(),
            reason=None,
        )
        if not taken:
            return None
        Run.objects.filter(pk=run_id, start_time=None).update(start_time=now)
        run = Run.objects.get(pk=run_id)
        _journal(run_id, run.attempt, "in_progress", previous="queued")
        return run


def renew(run_id: int, attempt: int) -> str:
    """Keep the lease; returns the status, so that the holder learns of a cancel request. Raises `Fenced`."""
    held = Run.objects.filter(pk=run_id, attempt=attempt, status__in=Run.RUNNING)
    if not held.update(lease_until=lease_end()):
        raise Fenced(f"run {run_id}: attempt {attempt} no longer holds it")
    return Run.objects.values_list("status", flat=True).get(pk=run_id)


def finish(run_id: int, attempt: int, status: Ending, reason: str | None) -> None:
    """End a running attempt: `completed`, `failed` or `cancelled`, then `training_end`. Raises `Fenced`."""
    with transaction.atomic():
        _end(run_id, attempt, status, reason, expected=Run.RUNNING)


def release(run_id: int, attempt: int, reason: str) -> None:
    """Give a running attempt back to the queue; it goes on from its checkpoint. Raises `Fenced`.

    A run that was being cancelled ends instead.
    """
    with transaction.atomic():
        released = Run.objects.filter(pk=run_id, attempt=attempt, status="in_progress")
        if released.update(status="queued", reason=reason, worker="", lease_until=None, eta_seconds=None):
            _journal(
                run_id,
                attempt,
                "queued",
                previous="in_progress",
                reason=reason,
                queue_position=place_in_queue(run_id),
            )
        else:
            _end(run_id, attempt, "cancelled", "Cancelled.", expected=("cancelling",))


def cancel(run_id: int, reason: str) -> bool:
    """Ask for an end: a queued run is cancelled at once, a running one when its supervisor has stopped it."""
    with transaction.atomic():
        running = Run.objects.filter(pk=run_id, status="in_progress")
        if running.update(status="cancelling", reason=reason):
            attempt = Run.objects.values_list("attempt", flat=True).get(pk=run_id)
            _journal(run_id, attempt, "cancelling", previous="in_progress", reason=reason)
            return True
        run = Run.objects.filter(pk=run_id, status="queued").first()
        if run is None:
            return False
        _end(run_id, run.attempt, "cancelled", reason, expected=("queued",))
        return True


def lost_runs(now: datetime | None = None) -> list[int]:
    """Runs whose holder let the lease expire."""
    expired = Run.objects.filter(status__in=Run.RUNNING, lease_until__lt=now or timezone.now())
    return list(expired.order_by("id").values_list("pk", flat=True))


def recover(run_id: int) -> bool:
    """Give a lost run back to the queue, or end it when it was lost too often. False: somebody else did."""
    with transaction.atomic():
        # The lease is part of the condition, so a holder that renews it in this very moment keeps the run.
        lost = Run.objects.filter(pk=run_id, status__in=Run.RUNNING, lease_until__lt=timezone.now())
        if not lost.update(losses=F("losses") + 1, lease_until=lease_end()):
            return False
        run = Run.objects.get(pk=run_id)
        if run.status == "in_progress" and run.losses < settings.ATTEMPT_LIMIT:
            release(run_id, run.attempt, UNEXPLAINED_LOSS)
        elif run.status == "cancelling":
            _end(run_id, run.attempt, "cancelled", "Cancelled; its worker was lost.", expected=Run.RUNNING)
        else:
            reason = f"{UNEXPLAINED_LOSS} That happened {run.losses} times, so it is not started again."
            _end(run_id, run.attempt, "failed", reason, expected=Run.RUNNING)
        return True


def _end(run_id: int, attempt: int, status: Ending, reason: str | None, *, expected: tuple[str, ...]) -> None:
    run = Run.objects.select_for_update().filter(pk=run_id, attempt=attempt, status__in=expected).first()
    if run is None:
        raise Fenced(f"run {run_id}: attempt {attempt} no longer holds it")
    now = timezone.now()
    duration = (now - run.start_time).total_seconds() if run.start_time else 0.0
    columns: dict[str, Any] = {"progress": 1.0} if status == "completed" else {}
    Run.objects.filter(pk=run_id).update(
        status=status,
        reason=reason,
        end_time=now,
        duration_seconds=duration,
        worker="",
        lease_until=None,
        eta_seconds=None,
        **columns,
    )
    _journal(run_id, attempt, status, previous=run.status, reason=reason)
    end = TrainingEnd(
        run_id=run_id,
        status=status,
        best_epoch=run.best_epoch,
        best_val_recall=run.best_val_recall,
        best_val_loss=run.best_val_loss,
        total_epochs=run.total_epochs or 0,
        duration_seconds=duration,
        reason=reason,
    )
    append(run_id, attempt, [stamp(end)])


def _journal(run_id: int, attempt: int, status: Status, *, previous: Any, **fields: Any) -> None:
    event = RunStatus(status=status, previous=previous, **fields)
    append(run_id, attempt, [stamp(event)])
