"""Lets those who have a share link see what it shows, without an account: each request looks at the link again.

The link's secret stands in the address of the page and of all that its scripts ask for, so a login of the same browser
has no part in it, neither in what is seen nor in whose name. No cookie is read or set, and no header with a token.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any, TypeAlias

from django.contrib.auth.models import AnonymousUser
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import render
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from access.decisions import Visitor
from accounts.share_links import links
from accounts.share_links.links import EndedLink, Opened, UnknownLink
from audit.actor import Actor, acting
from audit.recording import record
from audit.via import Via
from realtime.logins import failed_tries, refusals
from realtime.logins.client_address import address_of
from request_ids.current import current

View: TypeAlias = Callable[..., HttpResponseBase]
UNKNOWN = "There is no such link. It may have been cut off when it was copied: ask who sent it to you for it."
NOT_PART = "This link does not show that."
ASK = "Ask who sent it to you for a new one."
READING = ("GET", "HEAD")


class ByLink(BaseAuthentication):
    """The authentication of the views that a link leads to: the visitor is known already, and nobody else counts."""

    def authenticate(self, request: Request) -> tuple[Visitor, None]:
        """Return the visitor."""
        visitor: Visitor = request._request.visitor  # type: ignore[attr-defined]
        return visitor, None


def through_link(view: View, *, with_samples: bool = False) -> View:
    """Return the view of an address below a link's; `with_samples`: only where the link shows samples."""

    @wraps(view, updated=())
    def answered(request: HttpRequest, token: str, **given: Any) -> HttpResponseBase:
        if request.method not in READING:
            answer = _said(request, HTTPStatus.METHOD_NOT_ALLOWED, "A share link is for reading alone.")
            answer["Allow"] = ", ".join(READING)
            return _private(answer)
        try:
            opened = links.open_link(token)
        except UnknownLink:
            return _private(_unknown(request))
        except EndedLink as ended:
            record("share.refused", target=ended.link, reason=str(ended))
            return _private(_said(request, HTTPStatus.GONE, f"{ended} {ASK}"))
        if with_samples and not opened.link.with_samples:
            return _private(_said(request, HTTPStatus.NOT_FOUND, NOT_PART))
        try:
            return _private(_seen(view, request, opened, token, given))
        except Http404:
            return _private(_said(request, HTTPStatus.NOT_FOUND, NOT_PART))

    return answered


def _seen(view: View, request: HttpRequest, opened: Opened, token: str, given: dict[str, Any]) -> HttpResponseBase:
    """Answer as the view does to a visitor, in whose name alone it acts."""
    link = opened.link
    request.user = AnonymousUser()  # pages show nothing of a login, also where the visitor has one
    request.visitor = Visitor(link.pk, opened.run_ids)  # type: ignore[attr-defined]
    request.opened = opened  # type: ignore[attr-defined]
    request.share_token = token  # type: ignore[attr-defined]
    actor = Actor(Via.SHARE, credential=str(link), address=address_of(request), request_id=current())
    with acting(lambda: actor) as source:
        is_first = links.note_use(link)
        if is_first or not _is_of_script(request):  # a page asks for much more, of which one a minute is enough
            record("share.opened", target=link, project_id=opened.project_id, runs=list(opened.run_ids))
        try:
            return view(request, **given)
        finally:
            source.write_postponed()


def _unknown(request: HttpRequest) -> HttpResponse:
    """Answer that there is no such link; beyond some, that too many were tried."""
    record("share.refused", target="share link", reason="There is no such link.")
    if failed_tries.too_many(address_of(request), failed_tries.SHARE_LINKS):
        sentence = f"Too many share links that do not exist came from this address. Wait {refusals.minutes()}."
        answer = _said(request, HTTPStatus.TOO_MANY_REQUESTS, sentence)
        answer["Retry-After"] = str(failed_tries.lock_seconds())
        return answer
    return _said(request, HTTPStatus.NOT_FOUND, UNKNOWN)


def _said(request: HttpRequest, status: int, sentence: str) -> HttpResponse:
    """Say why nothing is shown: to a script in JSON, to a person on a page."""
    if _is_of_script(request):
        return JsonResponse({"detail": sentence}, status=status)
    request.user = AnonymousUser()
    return render(request, "realtime/shared/refused.html", {"sentence": sentence}, status=status)


def _is_of_script(request: HttpRequest) -> bool:
    """Tell whether an address answers in JSON."""
    return "/api/" in request.path


def _private(response: HttpResponseBase) -> HttpResponseBase:
    """Keep the link out of the `Referer` of what the page loads, out of caches and out of search engines."""
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    response.headers["Cache-Control"] = "private, no-store"
    return response
