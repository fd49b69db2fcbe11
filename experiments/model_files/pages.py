"""The page of a run's model files: what they hold, how to get one and how to use it."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from access.decisions import access_of
from experiments.model_files.file_contents import contents
from experiments.model_files.views import LONGEST_LICENCE
from runs.queries import visible_runs


@never_cache
@login_required
@require_safe
def model_page(request: HttpRequest, run_id: int) -> HttpResponse:
    """Render the page, whose script lists the files and asks for others."""
    run = get_object_or_404(visible_runs(request.user), pk=run_id)
    context = {
        "run": run,
        "contents": contents(run),
        "ended": run.status in run.ENDED,
        "may_ask": access_of(request.user).may_train(run.project_id),
        "longest_licence": LONGEST_LICENCE,
    }
    return render(request, "experiments/model_file.html", context)
