"""The pages of external tests: the form with the list, and one test, seen like the result of a run."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from access.decisions import access_of
from experiments.external_tests import queries
from experiments.external_tests.descriptions import detail, summary
from experiments.models import Dataset
from runs.models import Run
from runs.queries import visible_runs
from runs.statistics.metric_names import FINAL_STATISTICS

MOST_NAMED = 500


@never_cache
@login_required
@require_safe
def external_tests_page(request: HttpRequest, run_id: int) -> HttpResponse:
    """Show the run's external tests, and a form for another."""
    run = get_object_or_404(visible_runs(request.user).select_related("project"), pk=run_id)
    datasets = Dataset.objects.filter(project=run.project, state=Dataset.State.READY).order_by("name")
    classes = (run.dataset or {}).get("classes", [])
    context = {
        "run": run,
        "tests": [summary(test) for test in queries.listed(request.user, [run.pk])],
        "datasets": list(datasets.values_list("name", flat=True)[:MOST_NAMED]),
        "roots": settings.LIVETRAIN_DATA_ROOTS,
        "classes": classes,
        "two": len(classes) == 2,
        "has_ended": run.status in Run.ENDED,
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
    context = {
        "run": test.run,
        "test": detail(test, request.user),
        "number": number,
        "many": len(test.class_names) > 2,
        "statistics": FINAL_STATISTICS,
    }
    return render(request, "experiments/external_test.html", context)
