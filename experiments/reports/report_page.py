"""The page of a run's reports: what a new one would have, the texts that people write, and the versions.

Plain forms, so that it works without scripts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.generic import View
from rest_framework.exceptions import APIException

from access.decisions import access_of
from experiments.reports import report_texts, report_versions
from experiments.reports.checklists.lists import checklists_of
from experiments.reports.document import Section, Written
from experiments.reports.outline import sections_of
from experiments.reports.rendering import shown_checklists
from experiments.reports.report_fields import FIELDS
from experiments.reports.source import NoReport, Source, source_of
from runs import queries
from runs.api.heavy_requests import STATISTICS
from runs.files.store import StoreError
from runs.models import Run

TEMPLATE = "experiments/report/page.html"
MADE = "Report {} is there. It does not change any more."
STORED = "The texts are stored. Reports that are there already keep the old ones."
SAME = "No text was changed."
NOT_YOURS = "Only the owner of run {} and admins of its project change its texts."


def _run(request: HttpRequest, run_id: int) -> Run:
    runs = report_versions.with_what_is_named(queries.visible_runs(request.user))
    return get_object_or_404(runs, pk=run_id)


@method_decorator([never_cache, login_required], name="dispatch")
class ReportPage(View):
    """The page; its button makes a version."""

    def get(self, request: HttpRequest, run_id: int) -> HttpResponse:
        """Show the page."""
        return _page(request, _run(request, run_id))

    def post(self, request: HttpRequest, run_id: int) -> HttpResponse:
        """Make a version, and go back to the page; or show what is in the way."""
        run = _run(request, run_id)
        if not access_of(request.user).may_train(run.project_id):
            raise PermissionDenied(report_versions.NO_TRAINER.format(run.pk))
        try:
            STATISTICS.wait_for_turn(request, request.user.pk)
            version = report_versions.make(run, request.user.get_username())
        except (APIException, StoreError) as error:
            return _page(request, run, refusal=str(error), status=getattr(error, "status_code", 503))
        messages.success(request, MADE.format(version.number))
        return redirect(f"{request.path}#versions")


@method_decorator([never_cache, login_required], name="dispatch")
class ReportTextsForm(View):
    """The form of the texts."""

    def get(self, request: HttpRequest, run_id: int) -> HttpResponse:
        """Go to the page: a login that had to come before the form leads to the form's address."""
        return redirect("run-report-page", _run(request, run_id).pk)

    def post(self, request: HttpRequest, run_id: int) -> HttpResponse:
        """Store the texts, and go back to the page; or show what is wrong, with what was written."""
        run = _run(request, run_id)
        if not queries.may_change(request.user, run):
            raise PermissionDenied(NOT_YOURS.format(run.pk))
        sent = {name: request.POST[name] for name in FIELDS if name in request.POST}
        texts, wrong = _checked(sent)
        if wrong:
            return _page(request, run, sent=sent, wrong=wrong, status=400)
        revision = request.POST.get("revision", "")
        try:
            changed = report_texts.change(
                run, request.user.get_username(), texts, int(revision) if revision.isdecimal() else None
            )
        except APIException as error:
            return _page(request, run, sent=sent, refusal=str(error), status=error.status_code)
        messages.success(request, STORED if changed else SAME)
        return redirect("run-report-page", run_id)


def _checked(sent: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Return the texts as they are kept, and what is wrong by field."""
    texts: dict[str, str] = {}
    wrong: dict[str, str] = {}
    for name, text in sent.items():
        try:
            texts[name] = report_texts.normalised(text)
        except ValueError as error:
            wrong[name] = str(error)
    return texts, wrong


def _page(
    request: HttpRequest,
    run: Run,
    *,
    sent: Mapping[str, str] | None = None,
    wrong: Mapping[str, str] | None = None,
    refusal: str = "",
    status: int = 200,
) -> HttpResponse:
    source, obstacle = _source(run)
    sections = [] if source is None else sections_of(source, None, {})
    told = report_texts.described(run)
    context = {
        "run": run,
        "obstacle": obstacle,
        "refusal": refusal,
        "parts": [_part(section) for section in sections],
        "checklists": shown_checklists(checklists_of(source) if source else [], sections),
        "revision": told["revision"],
        "fields": [_field(field, sent or {}, wrong or {}) for field in told["fields"]],
        "missing": sum(not field["text"] for field in told["fields"]),
        "versions": [_shown(one) for one in report_versions.described(run, report_versions.of_run(run))],
        "may_make": access_of(request.user).may_train(run.project_id),
        "may_write": queries.may_change(request.user, run),
    }
    return render(request, TEMPLATE, context, status=status)


def _source(run: Run) -> tuple[Source | None, str]:
    """Read what a report would be made from; without it the sentence says why there is none."""
    try:
        return source_of(run), ""
    except (NoReport, StoreError) as error:
        return None, str(error)


def _part(section: Section) -> dict[str, Any]:
    written = [block for block in section.blocks if isinstance(block, Written)]
    return {
        "title": section.title,
        "items": section.items,
        "stored": len(section.blocks) - len(written),
        "missing": [block.title for block in written if not block.text],
        "texts": [block.title for block in written if block.text],
    }


def _field(field: Mapping[str, Any], sent: Mapping[str, str], wrong: Mapping[str, str]) -> dict[str, Any]:
    history: Sequence[Mapping[str, Any]] = field["history"]
    text = sent.get(field["name"], field["text"])
    return {
        **field,
        "text": text,
        "last": history[0] if history else None,
        "earlier": history[1:],
        "problem": wrong.get(field["name"], ""),
        "rows": min(12, max(2, 1 + text.count("\n") + len(text) // 90)),
    }


def _shown(version: dict[str, Any]) -> dict[str, Any]:
    """Add the figures of a version, each with its files."""
    names = sorted({one["name"].rpartition(".")[0] for one in version["files"] if one["name"].startswith("figures/")})
    sizes = {one["name"]: one["size"] for one in version["files"]}
    figures = [{"title": name.partition("/")[2], "address": f"{version['links']['self']}{name}"} for name in names]
    return version | {"figures": figures, "short": version["sha256"][:12], "size": sizes.get(report_versions.HTML)}
