"""The only writer of a run's status. Each change is one conditional UPDATE that says whether it happened,

and is journalled as a `run_status` event in the same transaction. The table of changes is in `models.Run`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from runs import known_columns
from runs.derived_models import KnownColumn
from runs.events import Ending, RunStatus, Status, TrainingEnd
from runs.models import Run
from runs.queue import hold, place_in_queue, startable
from runs.recorder import Fenced, append, lease_end, stamp
from runs.tags import tag_new

StopRequest = Run.StopRequest
_STRENGTH: list[str] = list(StopRequest)
_NOBODY_HOLDS_IT: dict[str, Any] = {"worker": "", "lease_until": None, "eta_seconds": None}
REASON_CHARACTERS = 4_000
UNEXPLAINED_LOSS = "The worker that ran it was lost (its lease expired)."


def create(
    owner: User,
    config: Mapping[str, Any],
    *,
    idempotency_key: str | None = None,
    tags: Iterable[str] = (),
    **columns: Any,
) -> Run:
    """A new queued run; `config` is a dumped TrainingConfig. IntegrityError when the owner used that key before."""
    data = config.get("data", {})
    with transaction.atomic():
        now = timezone.now()
        run = Run.objects.create(
            owner=owner,
            experiment_name=config["experiment_name"],
            source_path=config["source_path"],
            config=dict(config),
            seed=config["seed"],
            max_epochs=config["trainer"]["max_epochs"],
            monitor=config["callbacks"]["monitor"],
            model_name=config.get("model", {}).get("name", ""),
            fold=data.get("fold"),
            folds=data.get("folds"),
            idempotency_key=idempotency_key,
            queued_at=now,
            **columns,
        )
        tag_new(run, tags)
        known_columns.learn(KnownColumn.Kind.CONFIG, known_columns.config_paths(config))
        _journal(run.pk, 0, "queued", now, previous=None, queue_position=place_in_queue(run.pk))
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
            attempt_start=now,
            reason=None,
        )
        if not taken:
            return None
        Run.objects.filter(pk=run_id, start_time=None).update(start_time=now)
        run = Run.objects.get(pk=run_id)
        _journal(run_id, run.attempt, "in_progress", now, previous="queued")
        return run


def claim_next(worker: str, suits: Callable[[Run], str | None] = lambda _run: "") -> Run | None:
    """As `claim`, of the run whose turn it is. None: nothing waits that may be started.

    `suits` says what the worker has for that run, which is kept beside its name, or None if the run must wait.
    """
    with transaction.atomic():
        hold()
        run = startable().first()
        has = None if run is None else suits(run)
        return None if run is None or has is None else claim(run.pk, worker + has)


def prioritize(run_id: int, priority: int) -> bool:
    """Move a queued run: the highest priority is started first. False: it is not queued."""
    with transaction.atomic():
        run = Run.objects.select_for_update().filter(pk=run_id, status="queued").first()
        if run is None:
            return False
        Run.objects.filter(pk=run_id).update(priority=priority)
        place = place_in_queue(run_id)
        _journal(run_id, run.attempt, "queued", previous="queued", reason=run.reason, queue_position=place)
        return True


def renew(run_id: int, attempt: int) -> str:
    """Keep the lease; returns what was asked of the run meanwhile (a `Run.StopRequest`). Raises `Fenced`."""
    held = Run.objects.filter(pk=run_id, attempt=attempt, status__in=Run.RUNNING)
    if not held.update(lease_until=lease_end()):
        raise Fenced(f"run {run_id}: attempt {attempt} no longer holds it")
    return Run.objects.values_list("stop_request", flat=True).get(pk=run_id)


def finish(run_id: int, attempt: int, status: Ending, reason: str | None) -> None:
    """End a running attempt: `completed`, `failed` or `cancelled`, then `training_end`. Raises `Fenced`."""
    with transaction.atomic():
        _end(_held(run_id, attempt, Run.RUNNING), status, reason, until=timezone.now())


def release(run_id: int, attempt: int, reason: str) -> None:
    """Give a running attempt back to the queue; it goes on from its checkpoint. Raises `Fenced`.

    A run that was being cancelled ends instead.
    """
    with transaction.atomic():
        _give_back(_held(run_id, attempt, Run.RUNNING), reason, until=timezone.now())


def cancel(run_id: int, reason: str, how: str = StopRequest.CANCEL) -> bool:
    """Ask for an end as `cancelled`: at once of a queued run, by its supervisor of a running one.

    `how` is CANCEL, EVALUATE or KILL; a weaker request than one made before changes nothing. False: it has ended.
    """
    with transaction.atomic():
        run = Run.objects.select_for_update().filter(pk=run_id, status__in=Run.UNFINISHED).first()
        if run is None:
            return False
        if run.status == "queued":
            _end(run, "cancelled", reason, until=timezone.now())
        elif _STRENGTH.index(how) > _STRENGTH.index(run.stop_request):
            Run.objects.filter(pk=run_id).update(status="cancelling", stop_request=how, reason=reason)
            _journal(run_id, run.attempt, "cancelling", previous=run.status, reason=reason)
        return True


def finish_early(run_id: int, reason: str) -> bool:
    """Ask a running training to stop, evaluate its best checkpoint and end as `completed`. False: it is not running.

    The status stays; the journal says so all the same, because whoever watches wants to know.
    """
    with transaction.atomic():
        run = Run.objects.select_for_update().filter(pk=run_id, status="in_progress").first()
        if run is None:
            return False
        if run.stop_request == StopRequest.NONE:
            Run.objects.filter(pk=run_id).update(stop_request=StopRequest.FINISH, reason=reason)
            _journal(run_id, run.attempt, "in_progress", previous="in_progress", reason=reason)
        return True


def resume(run_id: int, reason: str) -> bool:
    """Queue a failed or cancelled run again, to go on from its last complete epoch.

    False: there is no such epoch, no such end, or a retry has taken its place among the folds.
    """
    with transaction.atomic():
        ended = Run.objects.select_for_update().filter(
            pk=run_id, status__in=Run.RESUMABLE, deleted_at=None, replaced=False
        )
        run = ended.exclude(last_checkpoint="").first()
        if run is None:
            return False
        now = timezone.now()
        Run.objects.filter(pk=run_id).update(
            status="queued",
            reason=reason,
            queued_at=now,
            end_time=None,
            duration_seconds=None,
            losses=0,
        )
        place = place_in_queue(run_id)
        _journal(run_id, run.attempt, "queued", now, previous=run.status, reason=reason, queue_position=place)
        return True


def replace(run_id: int) -> bool:
    """Give up a failed or cancelled fold's place in its group, for its retry. False: it has none to give."""
    folds = Run.objects.filter(pk=run_id, group__isnull=False, replaced=False, status__in=Run.RESUMABLE)
    return bool(folds.update(replaced=True))


def lost_runs(now: datetime | None = None) -> list[int]:
    """Runs whose holder let the lease expire."""
    expired = Run.objects.filter(status__in=Run.RUNNING, lease_until__lt=now or timezone.now())
    return list(expired.order_by("id").values_list("pk", flat=True))


def recover(run_id: int) -> bool:
    """Give a lost run back to the queue, or end it when it was lost too often. False: somebody else did."""
    with transaction.atomic():
        # The lease is part of the condition, so a holder that renews it in this very moment keeps the run.
        lost = Run.objects.select_for_update().filter(pk=run_id, status__in=Run.RUNNING, lease_until__lt=timezone.now())
        run = lost.first()
        if run is None or run.lease_until is None:
            return False
        losses, last_sign = run.losses + 1, run.lease_until - timedelta(seconds=settings.LEASE_SECONDS)
        Run.objects.filter(pk=run_id).update(losses=losses)
        if run.status == "cancelling":
            _end(run, "cancelled", "Cancelled; its worker was lost.", until=last_sign)
        elif losses < settings.ATTEMPT_LIMIT:
            _give_back(run, UNEXPLAINED_LOSS, until=last_sign)
        else:
            reason = f"{UNEXPLAINED_LOSS} That happened {losses} times, so it is not started again."
            _end(run, "failed", reason, until=last_sign)
        return True


def _held(run_id: int, attempt: int, statuses: tuple[str, ...]) -> Run:
    run = Run.objects.select_for_update().filter(pk=run_id, attempt=attempt, status__in=statuses).first()
    if run is None:
        raise Fenced(f"run {run_id}: attempt {attempt} no longer holds it")
    return run


def _give_back(run: Run, reason: str, *, until: datetime) -> None:
    if run.status == "cancelling":
        _end(run, "cancelled", "Cancelled.", until=until)
        return
    now = timezone.now()
    Run.objects.filter(pk=run.pk).update(
        status="queued",
        reason=reason,
        queued_at=now,
        spent_seconds=_spent(run, until),
        attempt_start=None,
        **_NOBODY_HOLDS_IT,
    )
    place = place_in_queue(run.pk)
    _journal(run.pk, run.attempt, "queued", now, previous=run.status, reason=reason, queue_position=place)


def _end(run: Run, status: Ending, reason: str | None, *, until: datetime) -> None:
    """`until` is the last moment that the attempt is known to have worked."""
    now, spent, reason = timezone.now(), _spent(run, until), _shortened(reason)
    columns: dict[str, Any] = {"progress": 1.0} if status == "completed" else {}
    Run.objects.filter(pk=run.pk).update(
        status=status,
        reason=reason,
        end_time=now,
        spent_seconds=spent,
        duration_seconds=spent,
        attempt_start=None,
        stop_request=StopRequest.NONE,
        **_NOBODY_HOLDS_IT,
        **columns,
    )
    _journal(run.pk, run.attempt, status, now, previous=run.status, reason=reason)
    end = TrainingEnd(
        run_id=run.pk,
        status=status,
        best_epoch=run.best_epoch,
        best_val_recall=run.best_val_recall,
        best_val_loss=run.best_val_loss,
        total_epochs=run.total_epochs or 0,
        duration_seconds=spent,
        reason=reason,
    )
    append(run.pk, run.attempt, [stamp(end, now)])


def _shortened(reason: str | None) -> str | None:
    """Bound what an exception may say: every page of the list gets it, and messages have a limit."""
    if reason is None or len(reason) <= REASON_CHARACTERS:
        return reason
    return f"{reason[:REASON_CHARACTERS]}… (cut; the whole message is in train.log)"


def _spent(run: Run, until: datetime) -> float:
    """Seconds in all attempts, the one under way included."""
    if run.attempt_start is None:
        return run.spent_seconds
    return run.spent_seconds + max(0.0, (until - run.attempt_start).total_seconds())


def _journal(
    run_id: int, attempt: int, status: Status, at: datetime | None = None, *, previous: Any, **fields: Any
) -> None:
    """`at` is the moment that the run's row has for it, so that both say the same."""
    event = RunStatus(status=status, previous=previous, **fields)
    append(run_id, attempt, [stamp(event, at)])
