"""The calls of reports: see `calls`. Nothing is drawn, which takes a process of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from experiments.reports import report_versions
from experiments.reports.drawing import requests
from runs.models import Run
from tests.audit.calls import World
from tests.runs.conftest import add_final, completed_columns

TEXTS = {"ethics": "Approved."}


def _run(world: World) -> Run:
    world.patched.setattr(requests, "drawn", lambda _plots: [])
    run = world.make_run(**completed_columns())
    add_final(run, "test", {"final_auroc_cm": 0.8})
    return run


def _make(world: World) -> Callable[[], Any]:
    run = _run(world)
    return lambda: world.send(f"/api/runs/{run.pk}/reports/", status=201)


def _make_on_page(world: World) -> Callable[[], Any]:
    run = _run(world)
    return lambda: world.browser.post(f"/runs/{run.pk}/report/")


def _write(method: str) -> Callable[[World], Callable[[], Any]]:
    def prepared(world: World) -> Callable[[], Any]:
        run = _run(world)
        return lambda: world.send(f"/api/runs/{run.pk}/report-texts/", TEXTS, 200, method)

    return prepared


def _write_on_page(world: World) -> Callable[[], Any]:
    run = _run(world)
    return lambda: world.browser.post(f"/runs/{run.pk}/report/texts/", TEXTS)


def _read(name: str) -> Callable[[World], Callable[[], Any]]:
    def prepared(world: World) -> Callable[[], Any]:
        version = report_versions.make(_run(world), "ada")
        return lambda: world.get(f"/api/runs/{version.run_id}/reports/{version.number}/{name}")

    return prepared


def _card(world: World) -> Callable[[], Any]:
    run = _run(world)
    return lambda: world.get(f"/api/runs/{run.pk}/model-card/", file="md")


CALLS: dict[str, Callable[[World], Callable[[], Any]]] = {
    "POST /api/runs/<run_id>/reports": _make,
    "GET /api/runs/<run_id>/reports/<number>": _read(""),
    "GET /api/runs/<run_id>/reports/<number>/<name>": _read("report.html"),
    "GET /api/runs/<run_id>/reports/<number>/figures/<name>": _read("figures/confusion-matrix.csv"),
    "PATCH /api/runs/<run_id>/report-texts": _write("patch"),
    "PUT /api/runs/<run_id>/report-texts": _write("put"),
    "GET /api/runs/<run_id>/model-card": _card,
    "POST /runs/<run_id>/report": _make_on_page,
    "POST /runs/<run_id>/report/texts": _write_on_page,
}
