"""Read external tests, for the API, pages and reports."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.contrib.auth.models import AnonymousUser, User
from django.db.models import QuerySet

from experiments.models import ExternalTest
from runs.events import format_time
from runs.models import Run
from runs.queries import visible_runs


def of_run(run: Run) -> list[dict[str, Any]]:
    """Return the external tests of a run as plain values, the newest first, for reports.

    Each has `statistics`, `confusion_matrix`, `class_names`, `reliability`, `by_patient`, `patients` and `threshold` as
    the final result of a split has them, at the point that was kept; `rechosen` and `internal` have the same, or are
    None. `warnings` and `texts` are sentences: what makes the numbers doubtful, and what differs from the run's test.
    """
    return [_plain(test) for test in _with_what_is_shown(ExternalTest.objects.filter(run=run)).reverse()]


def _plain(test: ExternalTest) -> dict[str, Any]:
    found, shift = test.details, test.details["shift"] or {}
    told = [one["text"] for one in shift.get("differences", []) if one["text"]]
    kept: dict[str, Any] = test.kept
    return kept | {
        "number": test.number,
        "name": test.name,
        "note": test.note,
        "source_path": test.source_path,
        "dataset_hash": test.content_hash or None,
        "by": test.owner.get_username(),
        "at": format_time(test.created_at),
        "attempt": test.attempt,
        "rechosen": found["rechosen"],
        "internal": found["internal"],
        "shift": found["shift"],
        "groups": found["groups"],
        "overlap": found["overlap"],
        "warnings": [*found["overlap"]["texts"], *found["warnings"], *found["notes"]],
        "texts": [*told, *shift.get("prevalence_texts", []), *shift.get("score_texts", []), *found["calibration"]],
    }


def listed(user: User | AnonymousUser, run_ids: Collection[int]) -> list[ExternalTest]:
    """Return the tests of those of the runs that the user sees, as lists show them, the oldest of each run first."""
    found = ExternalTest.objects.filter(run__in=visible_runs(user).filter(pk__in=run_ids))
    return list(_with_what_is_shown(found).defer("kept", "details"))


def seen(user: User | AnonymousUser, run_id: int, number: int) -> ExternalTest | None:
    """Return one test, with its job; None where the user sees none of that number."""
    found = ExternalTest.objects.filter(run__in=visible_runs(user), run_id=run_id, number=number)
    return _with_what_is_shown(found).select_related("job__run").first()


def _with_what_is_shown(tests: QuerySet[ExternalTest]) -> QuerySet[ExternalTest]:
    return tests.select_related("run", "owner").order_by("run_id", "number")
