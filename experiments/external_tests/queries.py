"""Read external tests, for the API, pages and reports."""

from __future__ import annotations

from collections.abc import Collection

from django.contrib.auth.models import AnonymousUser, User
from django.db.models import QuerySet

from experiments.models import ExternalTest
from runs.models import Run
from runs.queries import visible_runs


def of_run(run: Run) -> list[ExternalTest]:
    """Return the external tests of the present model of a run with all their numbers, the oldest first.

    Those of a former attempt are of another model. `kept` of each has `statistics`, `confusion_matrix`, `reliability`,
    `by_patient`, `patients` and `threshold` as a `FinalResult` has them, and `details` the same in `rechosen` and
    `internal`, which may be None.
    """
    return list(_with_what_is_shown(_of_model(run)))


def numbers_of_run(run: Run) -> list[int]:
    """Return the numbers by which the same tests are called, in the same order."""
    return list(_of_model(run).order_by("number").values_list("number", flat=True))


def listed(user: User | AnonymousUser, run_ids: Collection[int]) -> list[ExternalTest]:
    """Return the tests of those of the runs that the user sees, as lists show them, the oldest of each run first."""
    found = ExternalTest.objects.filter(run__in=visible_runs(user).filter(pk__in=run_ids))
    return list(_with_what_is_shown(found).defer("kept", "details"))


def seen(user: User | AnonymousUser, run_id: int, number: int) -> ExternalTest | None:
    """Return one test, with its job; None where the user sees none of that number."""
    found = ExternalTest.objects.filter(run__in=visible_runs(user), run_id=run_id, number=number)
    return _with_what_is_shown(found).select_related("job__run").first()


def _of_model(run: Run) -> QuerySet[ExternalTest]:
    return ExternalTest.objects.filter(run=run, attempt=run.attempt)


def _with_what_is_shown(tests: QuerySet[ExternalTest]) -> QuerySet[ExternalTest]:
    return tests.select_related("run", "owner").order_by("run_id", "number")
