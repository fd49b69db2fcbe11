"""The page on which files are dropped that a run's model is to predict."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from rest_framework.exceptions import APIException

from access.decisions import access_of
from experiments.datasets.queries import ready_names
from experiments.predictions import pool
from experiments.predictions.usable_models import usable_model
from experiments.predictions.views import described_inputs
from runs.queries import visible_runs


@never_cache
@login_required
@require_safe
def predict_page(request: HttpRequest, run_id: int) -> HttpResponse:
    """Render the page with what the model expects, or with what is in its way.

    Who opens it will predict, so the process for that starts now.
    """
    run = get_object_or_404(visible_runs(request.user).select_related("project"), pk=run_id)
    context: dict[str, Any] = {"run": run, "may_train": access_of(request.user).may_train(run.project_id)}
    try:
        context["described"] = described_inputs(run, usable_model(run))
    except APIException as obstacle:
        context["obstacle"] = str(obstacle.detail)
    else:
        pool.warm_up(run.pk, int(request.user.pk or 0))
        context["datasets"] = ready_names(request.user, run.project)
    return render(request, "experiments/predict.html", context)
