"""The pages that a share link leads to: a run, or a comparison of runs and each of these."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from access.decisions import Visitor
from accounts.share_links.links import Opened
from realtime.first_facts import verdict
from realtime.shared.cleaning import shared_detail
from runs.models import Run
from runs.queries import visible_runs
from runs.statistics.metric_names import EPOCH_METRICS, FINAL_STATISTICS, WITHOUT_BEST, lower_is_better


def shared_page(request: HttpRequest) -> HttpResponse:
    """Show the run of a link, or the comparison of its runs."""
    runs = _runs(request)
    if len(runs) == 1:
        return _run_page(request, runs[0], alone=True)
    labels = {name: label for name, label in FINAL_STATISTICS.items() if name not in WITHOUT_BEST}
    names = (*EPOCH_METRICS, *FINAL_STATISTICS)
    context = {
        "runs": runs,
        "ids": [run.pk for run in runs],
        "statistics": labels,
        "lower_is_better": [name for name in names if lower_is_better(name)],
    }
    return render(request, "realtime/shared/comparison.html", _with_link(request) | context)


def shared_run_page(request: HttpRequest, run_id: int) -> HttpResponse:
    """Show one of the runs of a link."""
    runs = _runs(request)
    found = next((run for run in runs if run.pk == run_id), None)
    if found is None:
        raise Http404("This link does not show that run.")
    return _run_page(request, found, alone=len(runs) == 1)


def _run_page(request: HttpRequest, run: Run, *, alone: bool) -> HttpResponse:
    detail = shared_detail(run)
    run.notes = []  # their texts may name files
    context = {
        "run": run,
        "detail": detail,
        "alone": alone,
        "verdict": verdict(run, detail["operating_point"]),
        "options": [(name, list(map(_written, group.items()))) for name, group in detail["config"].items()],
        "statistics": FINAL_STATISTICS,
    }
    return render(request, "realtime/shared/run.html", _with_link(request) | context)


def _written(option: tuple[str, Any]) -> tuple[str, Any]:
    name, value = option
    return name, {True: "on", False: "off"}[value] if isinstance(value, bool) else value


def _runs(request: HttpRequest) -> list[Run]:
    """Read the runs that the link shows, as the visitor sees them."""
    visitor: Visitor = request.visitor  # type: ignore[attr-defined]
    return list(visible_runs(visitor).select_related("owner", "project", "revised_by").order_by("pk"))


def _with_link(request: HttpRequest) -> dict[str, Any]:
    """Say what the pages need of the link: how long it holds, and where its parts are."""
    opened: Opened = request.opened  # type: ignore[attr-defined]
    home = reverse("shared", args=[request.share_token])  # type: ignore[attr-defined]
    return {"link": opened.link, "home": home, "api": f"{home}api/runs/"}
