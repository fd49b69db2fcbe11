"""The only writer of what people call a run after its submission, and of what they note about it.

A change marks the run as touched, so that open lists are updated. The configuration keeps the name that was asked for.
"""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from audit.recording import record
from runs.models import Run


class ChangedMeanwhile(Exception):
    """Somebody else has changed the run since the revision that the change was made to."""


def change(
    run_id: int, by: User, *, name: str | None = None, description: str | None = None, revision: int | None = None
) -> None:
    """Set name and description, both normalised; what is None stays.

    With `revision`, only if that is still the run's: raises ChangedMeanwhile otherwise. What changes nothing is no
    revision.
    """
    with transaction.atomic():
        run = Run.objects.select_for_update().get(pk=run_id)
        if revision is not None and revision != run.revision:
            raise ChangedMeanwhile(_what_happened(run))
        wanted = {"experiment_name": name, "description": description}
        changes = {key: text for key, text in wanted.items() if text is not None and text != getattr(run, key)}
        if changes:
            moment = timezone.now()
            Run.objects.filter(pk=run_id).update(
                **changes, revision=run.revision + 1, revised_by=by, revised_at=moment, touched_at=moment
            )
            record("run.described", target=run, revision=run.revision + 1, changes=changes)


def _what_happened(run: Run) -> str:
    who = run.revised_by.username if run.revised_by else "somebody else"
    return (
        f"Run {run.pk} was changed by {who} meanwhile: read it again, and send its revision, which is {run.revision}."
    )
