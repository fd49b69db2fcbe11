"""The pages of external tests: the form with the list, and one test, seen like the result of a run."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from access.decisions import access_of
from experiments.datasets.queries import ready_names
from experiments.external_tests import page_words, queries
from experiments.external_tests.descriptions import detail, summary
from experiments.training.data.files.catalogue import BUILTINS
from runs.queries import final_results, visible_runs
from runs.saved_points import point_history
from runs.statistics.metric_names import FINAL_STATISTICS

MOST_LEFT_OUT = 20


@never_cache
@login_required
@require_safe
def external_tests_page(request: HttpRequest, run_id: int) -> HttpResponse:
    """Show the run's external tests, and a form for another."""
    run = get_object_or_404(visible_runs(request.user).select_related("project"), pk=run_id)
    named = [f"dataset:{name}" for name in ready_names(request.user, run.project)]
    classes = (run.dataset or {}).get("classes", [])
    saved = point_history.current(run)
    tests = [summary(test) for test in queries.listed(request.user, [run.pk])]
    context = {
        "run": run,
        "own": page_words.own_row(final_results(run.pk), saved.splits if saved else None),
        "tests": [(test, page_words.listed_numbers(test["statistics"])) for test in reversed(tests)],
        "sources": [*named, *(f"builtin:{name}" for name in BUILTINS)],
        "roots": settings.LIVETRAIN_DATA_ROOTS,
        "classes": classes,
        "two": len(classes) == 2,
        "may_ask": access_of(request.user).may_train(run.project_id),
    }
    return render(request, "experiments/external_tests.html", context)


@never_cache
@login_required
@require_safe
def external_test_page(request: HttpRequest, run_id: int, number: int) -> HttpResponse:
    """Show one external test."""
    test = queries.seen(request.user, run_id, number)
    if test is None:
        raise Http404
    found = detail(test, request.user)
    context = {
        "run": test.run,
        "external": found,
        "many": len(test.class_names) > 2,
        "rows": page_words.compared_rows(found),
        "histograms": page_words.histograms(found["shift"]),
        "prevalence": _prevalence(found),
        "left_out": found["left_out"]["first"][:MOST_LEFT_OUT],
        "grouped": bool(found["groups"]),
        "statistics": FINAL_STATISTICS,
        "said": [one["text"] for one in (found["shift"] or {}).get("differences", []) if one["text"]],
    }
    return render(request, "experiments/external_test.html", context)


def _prevalence(found: dict[str, Any]) -> list[tuple[str, int, float]]:
    """List the classes with their samples and share."""
    counts = found["classes"]
    whole = sum(counts) or 1
    return [(name, count, count / whole) for name, count in zip(found["class_names"], counts, strict=True)]
