"""The only writer of a run's status.

Each change is one conditional UPDATE that says whether it happened, and in the same transaction is journalled as a
`run_status` event and stored in `status_changes` for those who follow it up. The table of changes is in `models.Run`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F

from runs import clock
from runs.changes import status_changes
from runs.events import Ending, Event, RunStatus, Stamped, Status, TrainingEnd
from runs.leases import FREE, last_renewal, times
from runs.models import Run
from runs.queue import joining_moment, lock_queue, place_in_queue, startable
from runs.recorder import LEASES, append, stamp, write_reserved
from runs.statements import row_change
from runs.statements.whole_row import WholeRows
from runs.stored_config import StoredConfig
from runs.summaries import option_values
from runs.tagging.tags import tag_new

StopRequest = Run.StopRequest
_ROWS = WholeRows(Run)
_STRENGTH: list[str] = list(StopRequest)
_NO_HOLDER: dict[str, Any] = {**FREE, "attempt_start": None, "eta_seconds": None}
_READ_AT_END = (
    "attempt", "status", "last_seq", "queued_at", "start_time", "attempt_start", "spent_seconds", "total_epochs",
    "best_epoch", "best_val_recall", "best_val_loss",
)  # fmt: skip
"""What the end of an attempt depends on: a seventh of the row."""
REASON_CHARACTERS = 4_000
DRIFT = timedelta(seconds=1)
"""How far the start of an attempt may differ from that by its own clock before it is corrected."""
UNEXPLAINED_LOSS = "The worker that ran it was lost (its lease expired)."


def create(
    owner: User,
    config: Mapping[str, Any],
    *,
    idempotency_key: str | None = None,
    tags: Iterable[str] = (),
    **columns: Any,
) -> Run:
    """Create a queued run; `config` is a dumped TrainingConfig.

    Raises IntegrityError when the owner has used that idempotency key before.
    """
    stored = StoredConfig(config)
    with transaction.atomic():
        moment = joining_moment(clock.now())
        run = Run(
            owner=owner,
            experiment_name=config["experiment_name"],
            source_path=config["source_path"],
            config=dict(config),
            seed=config["seed"],
            max_epochs=config["trainer"]["max_epochs"],
            monitor=config["callbacks"]["monitor"],
            model_name=stored.model_name,
            fold=stored.fold,
            folds=stored.folds,
            idempotency_key=idempotency_key,
            queued_at=moment,
            turn=moment,
            last_seq=1,
            **columns,
        )
        _ROWS.insert(run)
        tag_new(run, tags)
        option_values.add(run.pk, config)
        queued = _status("queued", moment, previous=None, queue_position=place_in_queue(run.pk))
        _write(run.pk, 0, run.last_seq, [queued])
    return run


def claim(run_id: int, worker: str) -> Run | None:
    """Take a queued run for `worker`; its raised attempt is the fencing token. None: another worker was faster."""
    with transaction.atomic():
        now = clock.now()
        run = LEASES.claim(run_id, worker, {"last_seq": 1}, status="in_progress", attempt_start=now, reason=None)
        if run is None:
            return None
        moment = clock.not_before(now, run.queued_at)
        if run.start_time is None:
            run.start_time = moment
            row_change.change(Run, run_id, {"start_time": moment})
        _write(run_id, run.attempt, run.last_seq, [_status("in_progress", moment, previous="queued")])
        return run


def claim_next(worker: str, suits: Callable[[Run], str | None] = lambda _run: "") -> Run | None:
    """Claim the run whose turn it is. None: no queued run may be started.

    `suits` returns what the worker allots to the run, which is kept beside its name, or None if the run must wait.
    """
    with transaction.atomic():
        lock_queue()
        run = startable().first()
        has = None if run is None else suits(run)
        return None if run is None or has is None else claim(run.pk, worker + has)


def prioritize(run_id: int, priority: int) -> bool:
    """Set a queued run's priority: the highest is started first. False: it is not queued."""
    with transaction.atomic():
        run = Run.objects.select_for_update().filter(pk=run_id, status="queued").first()
        if run is None:
            return False
        Run.objects.filter(pk=run_id).update(priority=priority)
        place = place_in_queue(run_id)
        _journal(run_id, run.attempt, "queued", previous="queued", reason=run.reason, queue_position=place)
        return True


def renew(run_id: int, attempt: int, *, seconds: float | None = None) -> str:
    """Renew the lease; return the stop request made of the run (a `Run.StopRequest`). Raises `Fenced`.

    `seconds`: how long the attempt has worked, by a clock that cannot be set. Its start is moved along with a wall
    clock that was set, or ran on while the machine slept, so that durations measured from it stay right.
    """
    LEASES.renew(run_id, attempt)
    asked, start = Run.objects.values_list("stop_request", "attempt_start").get(pk=run_id)
    if seconds is not None and start is not None:
        true_start = clock.now() - timedelta(seconds=seconds)
        if abs(true_start - start) > DRIFT:
            LEASES.renew(run_id, attempt, attempt_start=true_start)
    return str(asked)


def end(run_id: int, attempt: int, status: Ending, reason: str | None, *, seconds: float | None = None) -> None:
    """End a running attempt: `completed`, `failed` or `cancelled`, then `training_end`. Raises `Fenced`.

    `seconds`: how long the attempt has worked; if missing, it is measured by the wall clock.
    """
    with transaction.atomic():
        run = LEASES.locked(run_id, attempt, *_READ_AT_END)
        _end(run, status, reason, spent=_spent(run, clock.now(), seconds))


def release(run_id: int, attempt: int, reason: str, *, seconds: float | None = None) -> None:
    """Give a running attempt back to the queue; it goes on from its checkpoint. Raises `Fenced`.

    A run that was being cancelled ends instead. `seconds` as in `end`.
    """
    with transaction.atomic():
        run = LEASES.locked(run_id, attempt, *_READ_AT_END)
        _give_back(run, reason, spent=_spent(run, clock.now(), seconds))


def release_crashed(run_id: int, attempt: int, reason: str, *, seconds: float | None = None) -> None:
    """Give a crashed attempt back to the queue as `release` does, and count the crash. Raises `Fenced`."""
    with transaction.atomic():
        run = LEASES.locked(run_id, attempt, *_READ_AT_END)
        Run.objects.filter(pk=run_id).update(crashes=F("crashes") + 1)
        _give_back(run, reason, spent=_spent(run, clock.now(), seconds))


def cancel(run_id: int, reason: str, how: str = StopRequest.CANCEL) -> bool:
    """Ask for an end as `cancelled`: at once of a queued run, by its supervisor of a running one.

    `how` is CANCEL, EVALUATE or KILL; a request weaker than an earlier one changes nothing. False: it has ended.
    """
    with transaction.atomic():
        run = Run.objects.select_for_update().filter(pk=run_id, status__in=Run.UNFINISHED).first()
        if run is None:
            return False
        if run.status == "queued":
            _end(run, "cancelled", reason, spent=run.spent_seconds)
        elif _STRENGTH.index(how) > _STRENGTH.index(run.stop_request):
            Run.objects.filter(pk=run_id).update(status="cancelling", stop_request=how, reason=reason)
            _journal(run_id, run.attempt, "cancelling", previous=run.status, reason=reason)
        return True


def request_finish(run_id: int, reason: str) -> bool:
    """Ask a running training to stop, evaluate its best checkpoint and end as `completed`.

    The status stays; the request is journalled all the same, because people who watch the run want to know. False: it
    is not running.
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

    False: it has no such epoch, has not ended so, is deleted, or a retry has taken its place among the folds.
    """
    with transaction.atomic():
        ended = Run.objects.select_for_update().filter(
            pk=run_id, status__in=Run.RESUMABLE, deleted_at=None, replaced=False
        )
        run = ended.exclude(last_checkpoint="").first()
        if run is None:
            return False
        moment = clock.not_before(joining_moment(clock.now()), run.end_time)
        Run.objects.filter(pk=run_id).update(
            status="queued",
            reason=reason,
            queued_at=moment,
            end_time=None,
            duration_seconds=None,
            losses=0,
            crashes=0,
        )
        place = place_in_queue(run_id)
        _journal(run_id, run.attempt, "queued", moment, previous=run.status, reason=reason, queue_position=place)
        return True


def replace(run_id: int) -> bool:
    """Free a failed or cancelled fold's place in its group for its retry. False: it has no place to free."""
    folds = Run.objects.filter(pk=run_id, group__isnull=False, replaced=False, status__in=Run.RESUMABLE)
    return bool(folds.update(replaced=True))


def lost_runs(now: datetime | None = None) -> list[int]:
    """List the runs whose holder let the lease expire, as of now or that moment."""
    return LEASES.expired(now)


def recover(run_id: int, now: datetime | None = None) -> bool:
    """Give a lost run back to the queue, or end it when it was lost too often.

    As of now or that moment. False: its holder has renewed the lease, or another process was faster.
    """
    with transaction.atomic():
        run = LEASES.expire(run_id, now)
        if run is None:
            return False
        spent = _spent(run, last_renewal(run))
        if run.status == "cancelling":
            _end(run, "cancelled", "Cancelled; its worker was lost.", spent=spent)
        elif run.lost_too_often:
            reason = f"{UNEXPLAINED_LOSS} That happened {times(run.losses)}, so it is not started again."
            _end(run, "failed", reason, spent=spent)
        else:
            _give_back(run, UNEXPLAINED_LOSS, spent=spent)
        return True


def _give_back(run: Run, reason: str, *, spent: float) -> None:
    if run.status == "cancelling":
        _end(run, "cancelled", "Cancelled.", spent=spent)
        return
    moment = clock.not_before(joining_moment(clock.now()), run.start_time)
    Run.objects.filter(pk=run.pk).update(
        status="queued", reason=reason, queued_at=moment, spent_seconds=spent, **_NO_HOLDER
    )
    place = place_in_queue(run.pk)
    _journal(run.pk, run.attempt, "queued", moment, previous=run.status, reason=reason, queue_position=place)


def _end(run: Run, status: Ending, reason: str | None, *, spent: float) -> None:
    """End the run, whose row was read locked in this transaction; `spent` is the time in all its attempts."""
    moment, reason = clock.not_before(clock.now(), run.queued_at, run.start_time), _shortened(reason)
    columns: dict[str, Any] = {"progress": 1.0} if status == "completed" else {}
    columns |= {
        "status": status,
        "reason": reason,
        "end_time": moment,
        "spent_seconds": spent,
        "duration_seconds": spent,
        "stop_request": StopRequest.NONE,
        **_NO_HOLDER,
    }
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
    events: list[Stamped[Event]] = [
        _status(status, moment, previous=run.status, reason=reason),
        stamp(end, moment),
    ]
    row_change.change(Run, run.pk, columns, added={"last_seq": len(events)})
    _write(run.pk, run.attempt, run.last_seq + len(events), events)


def _shortened(reason: str | None) -> str | None:
    """Limit an exception's message: every page of the list gets it, and messages have a limit."""
    if reason is None or len(reason) <= REASON_CHARACTERS:
        return reason
    return f"{reason[:REASON_CHARACTERS]}… (cut; the whole message is in train.log)"


def _spent(run: Run, until: datetime | None, seconds: float | None = None) -> float:
    """Add up all attempts, the current one with its own seconds or, by the wall clock, up to `until`."""
    if seconds is None and until is not None and run.attempt_start is not None:
        seconds = max(0.0, (until - run.attempt_start).total_seconds())
    return run.spent_seconds + (seconds or 0.0)


def _journal(
    run_id: int, attempt: int, status: Status, at: datetime | None = None, *, previous: Any, **fields: Any
) -> None:
    """Append a `run_status` event; `at` is the moment in the run's row, so that both agree."""
    event = _status(status, at, previous=previous, **fields)
    status_changes.add(run_id, attempt, append(run_id, attempt, [event]), [event])


def _write(run_id: int, attempt: int, last: int, events: Sequence[Stamped[Event]]) -> None:
    """Write events under the numbers up to `last`, and store the change of status among them to be followed up."""
    write_reserved(run_id, attempt, last, events)
    status_changes.add(run_id, attempt, last, events)


def _status(status: Status, at: datetime | None = None, *, previous: Any, **fields: Any) -> Stamped[Event]:
    return stamp(RunStatus(status=status, previous=previous, **fields), at)
