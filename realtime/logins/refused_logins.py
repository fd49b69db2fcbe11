"""Middleware that answers a refused login by 429 with the reason and the cure: pages for people, JSON for programs."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.template.loader import render_to_string
from django.utils.decorators import sync_and_async_middleware

from realtime.logins.refusals import Refusal, refusal_of
from runs.problems import problem_types
from runs.problems.problem_details import problem_answer

TOO_MANY = 429


@sync_and_async_middleware
def answers_refused(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    """Replace the answer to a login that was refused; no asynchronous view takes a password."""
    if inspect.iscoroutinefunction(get_response):
        return get_response

    def answered(request: HttpRequest) -> HttpResponseBase:
        response: HttpResponseBase = get_response(request)
        refusal = refusal_of(request)
        if refusal is None or response.status_code == TOO_MANY:
            return response
        return refused(request, refusal)

    return answered


def refused(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    """Answer with the reason."""
    headers = _headers(refusal)
    if request.path.startswith("/api/"):
        return problem_answer(problem_types.TOO_MANY_LOGINS, f"{refusal.title}. {refusal.sentence}", headers)
    return refused_with(render_to_string("realtime/login_refused.html", {"refusal": refusal}, request), refusal)


def refused_with(page: str, refusal: Refusal) -> HttpResponse:
    """Answer with this page."""
    response = HttpResponse(page, status=TOO_MANY, headers=_headers(refusal))
    response._has_been_logged = True  # type: ignore[attr-defined]  # not by Django, at the pace of a stranger
    return response


def _headers(refusal: Refusal) -> dict[str, str]:
    left = refusal.limit.left(0, refusal.seconds)
    return {"Retry-After": str(refusal.seconds), "Cache-Control": "no-store", **left}
