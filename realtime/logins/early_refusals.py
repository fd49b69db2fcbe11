"""What answers a login for which there is no room, without a thread, a session or the database: strangers send many."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import ResolverMatch
from django.views.decorators.csrf import csrf_exempt

from realtime.logins import throttled_backend
from realtime.logins.client_address import address_of_scope
from realtime.logins.refusals import busy
from realtime.logins.refused_logins import refused_with

LOGINS = ("login", "admin:login")


def in_its_place(view: ResolverMatch | None, scope: Mapping[str, Any]) -> ResolverMatch | None:
    """Return the view that answers a request: that of its address, unless that is a login and nobody can look at it."""
    if view is None or scope["method"] != "POST" or view.view_name not in LOGINS:
        return view
    has_room = throttled_backend.turns.has_room(address_of_scope(scope))
    return view if has_room else ResolverMatch(too_many_logins, (), {}, view.url_name)


@csrf_exempt
def too_many_logins(_request: HttpRequest) -> HttpResponse:
    """Answer that too many log in at the moment."""
    return refused_with(_page(), busy())


too_many_logins.answered_at_once = True  # type: ignore[attr-defined]  # as project.http_application marks views


@cache
def _page() -> str:
    return render_to_string("realtime/login_refused.html", {"refusal": busy()})
