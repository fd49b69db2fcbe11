"""The queue as JSON: whether it is paused, who trains, and the place of each run that waits."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.conf import settings

from runs.events import time_or_null
from runs.scheduling import workers
from runs.scheduling.forecast import Forecast, Place, forecast

SHOWN_RUNS = 500


def described(found: Forecast | None = None, *, visible: Collection[int] | None = None) -> dict[str, Any]:
    """Describe the queue; `by` and `since` are null until it was paused once.

    `runs_per_user` is null without such a limit. `runs` are the first that wait, in their order; `queued` counts all.
    Of the runs, those not in `visible` (None: all are) are counted in all numbers and places, and not named.
    `absent_workers` train, but are not registered: `manage.py train`, or workers that are stopping or were lost.
    """
    found = found or forecast()
    queue, places = found.queue, found.places.items()
    shown = [(run_id, place) for run_id, place in places if visible is None or run_id in visible][:SHOWN_RUNS]
    return {
        "paused": queue.paused,
        "reason": queue.reason or None,
        "by": queue.by.username if queue.by else None,
        "since": time_or_null(queue.since),
        "queued": len(found.places),
        "running": found.running,
        "runs_per_user": settings.RUNS_PER_USER,
        "slots": sum(one.slots for one in found.workers),
        "workers": workers.described(found.workers, found.held, visible),
        "absent_workers": workers.described_absent(found.workers, found.held, visible),
        "runs": [{"run_id": run_id, **place_fields(place)} for run_id, place in shown],
    }


def place_fields(place: Place | None) -> dict[str, Any]:
    """Describe one run's place in the queue; all null unless it is queued."""
    if place is None:
        return {"queue_position": None, "estimated_start": None, "waits_for": None}
    return {
        "queue_position": place.position,
        "estimated_start": time_or_null(place.estimated_start),
        "waits_for": place.waits_for,
    }
