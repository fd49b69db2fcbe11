"""The question that stands between an action of the admin's list and what it does to many runs."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from django.contrib.admin import ModelAdmin, helpers
from django.http import HttpRequest
from django.template.response import TemplateResponse

from runs.models import Run

CONFIRMED = "confirmed"
"""The field with the numbers of the runs that were shown: only they are acted on, whatever has come since."""
SHOWN = 20


def confirmed(request: HttpRequest, runs: Iterable[Run]) -> list[Run] | None:
    """Return those of `runs` about which the reader was asked and said yes; None if the question is still to come."""
    answer = request.POST.get(CONFIRMED)
    if answer is None:
        return None
    shown = set(answer.split(","))
    return [run for run in runs if str(run.pk) in shown]


def confirmation_page(
    model_admin: ModelAdmin[Any],
    request: HttpRequest,
    runs: Collection[Run],
    *,
    action: str,
    label: str,
    question: str,
) -> TemplateResponse:
    """Render the question with the first of the runs and their states, and how many more there are."""
    context = {
        **model_admin.admin_site.each_context(request),
        "title": f"{label}: {len(runs)} {'run' if len(runs) == 1 else 'runs'}?",
        "subtitle": None,
        "question": question,
        "action": action,
        "label": label,
        "runs": list(runs)[:SHOWN],
        "more": max(0, len(runs) - SHOWN),
        "confirmed": ",".join(str(run.pk) for run in runs),
        "across": request.POST.get("select_across", "0"),
        "selected": request.POST.getlist(helpers.ACTION_CHECKBOX_NAME),
        "opts": model_admin.opts,
        "media": model_admin.media,
    }
    request.current_app = model_admin.admin_site.name  # as Django's own action does
    return TemplateResponse(request, "runs/admin/confirmation.html", context)
