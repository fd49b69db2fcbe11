"""The pages of all data sets, with uploading and registering, and of one. Scripts fill them from the API."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from experiments.datasets import uploads
from experiments.datasets.queries import visible_datasets
from experiments.datasets.serializers import builtin_detail, builtin_summary, dataset_detail
from experiments.training.contract import source_forms
from experiments.training.data.files.catalogue import BUILTINS
from runs.projects import project_choice


@never_cache
@login_required
@require_safe
def dataset_list_page(request: HttpRequest) -> HttpResponse:
    """Render the list of data sets, with the forms that upload and register."""
    context = {
        "suffixes": ",".join(source_forms.SUFFIXES),
        "limit_gib": f"{settings.UPLOAD_LIMIT_BYTES / 2**30:g}",
        "roots": settings.LIVETRAIN_DATA_ROOTS,
        "idle_days": uploads.IDLE.days,
        "builtins": [builtin_summary(builtin) for builtin in BUILTINS.values()],
        "projects": project_choice.names_to_train_in(request.user),
        "default_project": project_choice.name_of_default(),
    }
    return render(request, "experiments/dataset_list.html", context)


@never_cache
@login_required
@require_safe
def dataset_page(request: HttpRequest, name: str) -> HttpResponse:
    """Render the page of one data set: its version, its classes, who trains on it, how to."""
    dataset = get_object_or_404(visible_datasets(request.user), name=name)
    return _page(request, dataset_detail(dataset, request.user))


@never_cache
@login_required
@require_safe
def builtin_page(request: HttpRequest, name: str) -> HttpResponse:
    """Render the page of one of the data sets that come with the server."""
    if name not in BUILTINS:
        raise Http404(f"There is no built-in data set {name!r}.")
    return _page(request, builtin_detail(BUILTINS[name], request.user))


def _page(request: HttpRequest, detail: dict[str, Any]) -> HttpResponse:
    origin = request.build_absolute_uri("/").rstrip("/")
    return render(request, "experiments/dataset.html", {"detail": detail, "origin": origin})
