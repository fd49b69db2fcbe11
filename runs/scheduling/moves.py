"""Move a queued run past others; its owner may let others go first, and overtake own runs only."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import timedelta
from itertools import dropwhile
from typing import Literal, get_args

from django.db import transaction

from runs import clock
from runs.events import RunStatus
from runs.models import Run
from runs.queue import lock_queue, place_in_queue, waiting
from runs.recorder import append, stamp

Destination = Literal["front", "up", "down", "end"]
DESTINATIONS: tuple[Destination, ...] = get_args(Destination)
TICK = timedelta(microseconds=1)


class NotAllowed(Exception):
    """The reason why the run may not be moved there, a sentence about the run before it, which is of `project_id`."""

    def __init__(self, message: str, project_id: int | None) -> None:
        super().__init__(message)
        self.project_id = project_id


def move(run_id: int, to: Destination, *, may_overtake: bool) -> bool:
    """Put a queued run at that place; it takes the priority of the run it passes. False: it is not queued.

    Without `may_overtake`, `front` is as far as own runs are in front of it. Raises NotAllowed if it may not move
    forward at all. A run that is there already stays.
    """
    with transaction.atomic():
        lock_queue()  # other moves and claims wait
        runs = list(waiting().only("pk", "owner_id", "project_id", "priority", "turn", "attempt", "reason"))
        at = next((index for index, run in enumerate(runs) if run.pk == run_id), None)
        if at is None:
            return False
        run = runs.pop(at)
        goal = {"front": 0, "up": max(0, at - 1), "down": min(len(runs), at + 1), "end": len(runs)}[to]
        if goal < at and not may_overtake:
            goal = _as_far_as_own(run, runs, at, goal)
        if goal != at:
            _put(run, runs, goal, forward=goal < at)
            event = RunStatus(
                status="queued", previous="queued", reason=run.reason, queue_position=place_in_queue(run_id)
            )
            append(run_id, run.attempt, [stamp(event)])
        return True


def one_by_one(run_ids: Collection[int], to: Destination) -> list[int]:
    """Order the queued ones of these runs for moving one by one, so that they keep their own order.

    Runs that are there already, with no other before or behind them, are left out.
    """
    queue = list(waiting().values_list("pk", flat=True))
    if to in ("front", "down"):
        queue.reverse()
    if to in ("up", "down"):
        queue = list(dropwhile(lambda pk: pk in run_ids, queue))
    return [pk for pk in queue if pk in run_ids]


def _as_far_as_own(run: Run, others: Sequence[Run], at: int, goal: int) -> int:
    """Return the nearest place to `goal` that overtakes no other owner's run and no higher priority."""
    place = at
    while place > goal and others[place - 1].owner_id == run.owner_id and others[place - 1].priority <= run.priority:
        place -= 1
    if place == at:
        before = others[at - 1]
        why = f"has priority {before.priority}" if before.owner_id == run.owner_id else f"belongs to {before.owner}"
        raise NotAllowed(
            f"Run {before.pk}, the one before it, {why}; only staff may move run {run.pk} past it.", before.project_id
        )
    return place


def _put(run: Run, others: Sequence[Run], goal: int, *, forward: bool) -> None:
    """Take the turn just before the next or just after the last run; neighbours without a gap are shifted."""
    if forward:
        mark, behind = others[goal], reversed(others[:goal])
        run.priority, run.turn = mark.priority, mark.turn - TICK
    else:
        mark, behind = others[goal - 1], iter(others[goal:])
        run.priority, run.turn = mark.priority, mark.turn + TICK
        if goal == len(others):
            run.turn = clock.not_before(clock.now(), run.turn)
    _write(run)
    edge = run
    for other in behind:
        crowded = other.turn >= edge.turn if forward else other.turn <= edge.turn
        if other.priority != edge.priority or not crowded:
            return
        other.turn = edge.turn - TICK if forward else edge.turn + TICK
        _write(other)
        edge = other


def _write(run: Run) -> None:
    Run.objects.filter(pk=run.pk).update(priority=run.priority, turn=run.turn)
