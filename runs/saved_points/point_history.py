"""Keep the operating points that users saved with a run: the only writer of `SavedPoint`, and its reader.

Rows are added and never changed: the history says who decided what, when and why.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.utils import timezone

from audit.recording import record
from runs.derived_models import SavedPoint
from runs.models import Run


@dataclass(frozen=True, slots=True)
class Decision:
    """A point as it is to be saved, by the columns of `SavedPoint`."""

    rule: str
    number: float | None
    threshold: float
    log_odds: float | None
    test_known: bool
    splits: dict[str, Mapping[str, float | None]] = field(default_factory=dict)


class Changed(Exception):
    """The run was resumed meanwhile: the point is of an evaluation that no longer holds."""


class NothingSaved(Exception):
    """There is no point to take back."""


def save(run: Run, by: str, reason: str, decision: Decision) -> SavedPoint:
    """Add a point, which holds from now on. Raises Changed."""
    columns = {name: getattr(decision, name) for name in Decision.__dataclass_fields__}
    told: dict[str, Any] = {
        "rule": decision.rule,
        "number": decision.number,
        "threshold": decision.threshold,
        "reason": reason,
    }
    with transaction.atomic():
        point = _added(run, by=by, reason=reason, **columns)
        record("operating_point.saved", target=run, **told)
    return point


def withdraw(run: Run, by: str, reason: str) -> SavedPoint:
    """Take the point back that holds. Raises NothingSaved, Changed."""
    with transaction.atomic():
        _locked(run)
        if current(run) is None:
            raise NothingSaved
        record("operating_point.withdrawn", target=run, reason=reason)
        return _added(run, by=by, reason=reason)


def current(run: Run) -> SavedPoint | None:
    """Return the point that holds; None where the run's own threshold does."""
    newest = SavedPoint.objects.filter(run_id=run.pk, attempt=run.attempt).last()
    return newest if newest is not None and newest.rule else None


def newest(run: Run) -> int | None:
    """Return the key of the last decision on the run; None where there was none."""
    return SavedPoint.objects.filter(run_id=run.pk).order_by("-pk").values_list("pk", flat=True).first()


def history(run: Run) -> list[SavedPoint]:
    """Return all that was decided, the newest first, that of former attempts too."""
    return list(SavedPoint.objects.filter(run_id=run.pk).order_by("-pk"))


def _added(run: Run, **columns: Any) -> SavedPoint:
    with transaction.atomic():
        _locked(run)
        now = timezone.now()
        Run.objects.filter(pk=run.pk).update(touched_at=now)
        return SavedPoint.objects.create(run=run, attempt=run.attempt, at=now, **columns)


def _locked(run: Run) -> None:
    """Lock the run's row, which must have ended in the attempt that is known."""
    same = Run.objects.select_for_update().filter(pk=run.pk, attempt=run.attempt, status__in=Run.ENDED)
    if not same.exists():
        raise Changed
