"""The pages: a run, a group of runs, the list of runs, runs compared, and the queue, live.

They hold what is known when they are requested; their scripts follow what comes.
"""

from __future__ import annotations

from http import HTTPStatus

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from access.decisions import access_of
from realtime.first_facts import WARNINGS, verdict
from runs.groups import statistics
from runs.groups.serializers import group_detail
from runs.models import Run
from runs.queries import deleted_runs, may_change, newest_run_id, visible_groups, visible_runs
from runs.queue import read_queue
from runs.removal.deletion import restorable_until
from runs.scheduling import gpu_report, queue_report, queue_rows
from runs.serializers import run_detail
from runs.statistics.metric_names import EPOCH_METRICS, FINAL_STATISTICS, WITHOUT_BEST, lower_is_better
from runs.stored_config import StoredConfig
from runs.summaries import known_columns


@never_cache
@login_required
@require_safe
def run_list_page(request: HttpRequest) -> HttpResponse:
    """Show all runs; only the page's script reads the query string, that of `GET /api/runs/` or of its groups."""
    context = {
        "newest": newest_run_id(request.user),
        "in_no_project": access_of(request.user).project_ids == frozenset(),
        "queue": read_queue(),
        "origin": request.build_absolute_uri("/").rstrip("/"),
    }
    return render(request, "realtime/run_list.html", context)


@never_cache
@login_required
@require_safe
def run_page(request: HttpRequest, run_id: int) -> HttpResponse:
    """Show one run, from its submission to long after its end."""
    run = visible_runs(request.user).select_related("owner", "project", "group", "revised_by").filter(pk=run_id).first()
    if run is None:
        return _deleted_run_page(request, run_id)
    detail = run_detail(run)
    context = {
        "run": run,
        "detail": detail,
        "verdict": verdict(run, detail["operating_point"]),
        "warnings": " ".join(WARNINGS),
        "grouped": _has_subgroups(run),
        "statistics": FINAL_STATISTICS,
        "may_act": may_change(request.user, run),
        "queue": read_queue(),
    }
    return render(request, "realtime/run.html", context)


def _has_subgroups(run: Run) -> bool:
    """Tell whether the run was asked to keep what parts samples into groups."""
    data = StoredConfig(run.config).section("data")
    return bool(data.get("subgroup_columns") or data.get("subgroup_folder"))


def _deleted_run_page(request: HttpRequest, run_id: int) -> HttpResponse:
    """Offer to restore a deleted run to those who may; for everybody else there is no such run."""
    run = get_object_or_404(deleted_runs(request.user).select_related("deleted_by"), pk=run_id)
    context = {"run": run, "until": run.deleted_at and restorable_until(run.deleted_at)}
    return render(request, "realtime/deleted_run.html", context, status=HTTPStatus.GONE)


@never_cache
@login_required
@require_safe
def group_page(request: HttpRequest, group_id: int) -> HttpResponse:
    """Show the folds of a cross-validation side by side, with mean and spread."""
    group = get_object_or_404(visible_groups(request.user).select_related("owner", "project"), pk=group_id)
    context = {"group": group, "detail": group_detail(statistics.report(group)), "statistics": FINAL_STATISTICS}
    return render(request, "realtime/group.html", context)


@never_cache
@login_required
@require_safe
def compare_page(request: HttpRequest) -> HttpResponse:
    """Show runs side by side; the query string says which and how, and the page's script alone reads it."""
    names = dict.fromkeys((*EPOCH_METRICS, *FINAL_STATISTICS, *known_columns.known()["metric"]))
    labels = {name: label for name, label in FINAL_STATISTICS.items() if name not in WITHOUT_BEST}
    context = {"statistics": labels, "lower_is_better": [name for name in names if lower_is_better(name)]}
    return render(request, "realtime/compare.html", context)


@never_cache
@login_required
@require_safe
def queue_page(request: HttpRequest) -> HttpResponse:
    """Show who waits and why, who trains, the workers and their GPUs."""
    seen = queue_rows.seen_by(request.user)
    context = {
        "queue": read_queue(),
        "report": queue_report.described(visible=seen),
        "rows": queue_rows.unfinished(request.user),
        "gpus": gpu_report.described(visible=seen),
    }
    return render(request, "realtime/queue_page.html", context)


@never_cache
@login_required
@require_safe
def label_errors_page(request: HttpRequest) -> HttpResponse:
    """Show suspected label errors; only the page's script reads the query string, that of the API's list."""
    return render(request, "realtime/label_errors.html")
