"""Makes messages of the changes of runs' statuses, as `status_changes` hands them out: each once, and none is lost."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from notifications import conditions, outbox
from notifications.contents import content_of, loaded
from notifications.matching import Subscriptions
from notifications.models import Message
from notifications.occasions import ENDS, Occasion, of_change
from runs.changes import status_changes
from runs.derived_models import StatusChange
from runs.models import Run


def follow() -> int:
    """Make messages of all changes that wait; return how many changes there were."""
    total = 0
    while status_changes.is_anything_waiting():
        done = status_changes.follow_up(make_messages)
        total += done
        if done < status_changes.TOGETHER:
            break
    return total


def make_messages(changes: Sequence[StatusChange]) -> None:
    """Store the messages that some changes call for, in the transaction that removes the changes."""
    told = [(change, occasion) for change in changes if (occasion := _occasion(change)) is not None]
    runs = load_runs({change.run_id for change, _ in told})
    subscriptions = Subscriptions(runs.values(), {occasion for _, occasion in told})
    if subscriptions:
        outbox.store(
            message
            for change, occasion in told
            if change.run_id in runs
            for message in _messages(runs[change.run_id], change, occasion, subscriptions)
        )
    conditions.look_at_metrics([runs[change.run_id] for change, _ in told if change.status in ENDS])


def load_runs(numbers: Iterable[int]) -> dict[int, Run]:
    """Load what messages say of runs, by their numbers; none that is deleted."""
    return {run.pk: run for run in loaded(Run.objects.filter(pk__in=set(numbers)))}


def _occasion(change: StatusChange) -> Occasion | None:
    return of_change(change.status, change.previous, change.attempt)


def _messages(run: Run, change: StatusChange, occasion: Occasion, subscriptions: Subscriptions) -> Iterable[Message]:
    content = content_of(run, status=change.status, reason=change.reason, attempt=change.attempt)
    for subscription in subscriptions.of(run, occasion):
        yield outbox.new(subscription, run.pk, occasion, change.seq, content)
