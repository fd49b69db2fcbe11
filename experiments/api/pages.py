"""The pages of a new run's form and of pre-flight reports. Scripts fill them from the API."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from access.decisions import access_of
from access.roles import Role
from experiments.datasets import inspections
from experiments.preflights import requests
from runs.queries import visible_runs
from runs.stored_config import StoredConfig

FILE = "preflight.json"
TEMPLATE = "experiments/preflight.html"


@never_cache
@login_required
@require_safe
def new_run_page(request: HttpRequest) -> HttpResponse:
    """Render the form of a new run; its script requests options, networks, data sets and the run to copy.

    Who fills it in will have data looked at, so what does that starts now.
    """
    inspections.warm_up()
    context = {
        "origin": request.build_absolute_uri("/").rstrip("/"),
        "roots": settings.LIVETRAIN_DATA_ROOTS,
        "models_root": settings.MODELS_ROOT,
        "may_train": access_of(request.user).with_role(Role.TRAINER) != [],
    }
    return render(request, "experiments/new_run.html", context)


@never_cache
@login_required
@require_safe
def preflight_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Render the page of a dry run's report, whose script waits for it."""
    found = get_object_or_404(requests.visible(request.user), pk=pk)
    context = {
        "number": found.pk,
        "name": StoredConfig(found.config).experiment_name,
        "api": reverse("preflight", args=[found.pk]),
    }
    return render(request, TEMPLATE, context)


@never_cache
@login_required
@require_safe
def run_preflight_page(request: HttpRequest, run_id: int) -> HttpResponse:
    """Render the report that a run made before it trained."""
    run = get_object_or_404(visible_runs(request.user), pk=run_id)
    context = {"run": run, "name": run.experiment_name, "api": reverse("run-file", args=[run.pk, FILE])}
    return render(request, TEMPLATE, context)
