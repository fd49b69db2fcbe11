"""The addresses of single sign-on: to the provider, back from it, and the page after a logout."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, login
from django.contrib.auth.models import User
from django.contrib.auth.views import LogoutView
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from accounts.sign_on.backend import BACKEND
from accounts.sign_on.claims import Person, person_of
from accounts.sign_on.configuration import SignOn
from accounts.sign_on.identities import user_for
from accounts.sign_on.refused import Refused
from audit.recording import record
from realtime.login import safe_page
from realtime.logins import failed_tries
from realtime.logins.client_address import address_of, is_this_machine
from realtime.logins.refusals import failed_sign_ons
from realtime.logins.refused_logins import refused
from realtime.sign_on.login_failures import LoginFailure, NotBegunHere

logger = logging.getLogger(__name__)

_TITLE_DOWN = "{name} does not answer"
_DOWN = "Nothing is wrong with your account: log in again in a moment."


@never_cache
@require_GET
def begin(request: HttpRequest) -> HttpResponse:
    """Send the browser to the provider, and from there on to the page that was asked for."""
    sign_on = _sign_on()
    if _is_locked(request):
        return refused(request, failed_sign_ons())
    from realtime.sign_on import metadata, provider  # noqa: PLC0415

    try:
        return provider.begin(request, safe_page(request, request.GET.get("next", "")))
    except metadata.Unreachable as error:
        return _unreachable(request, sign_on, error)


@never_cache
@require_GET
def callback(request: HttpRequest) -> HttpResponse:
    """Log in who comes back from the provider, or say why not."""
    sign_on = _sign_on()
    if _is_locked(request):
        return refused(request, failed_sign_ons())
    from realtime.sign_on import metadata, provider  # noqa: PLC0415

    try:
        claims, next_page = provider.complete(request)
    except LoginFailure as failure:
        return _failed(request, sign_on, failure)
    except metadata.RequestException as error:
        return _unreachable(request, sign_on, error)
    try:
        person = person_of(claims, sign_on)
        user = user_for(person, sign_on)
    except Refused as reason:
        record("sso.refused", target=str(claims.get("sub", "")), reason=reason.title)
        return _page(request, reason.title, reason.sentence, HTTPStatus.FORBIDDEN, command=reason.command)
    return _logged_in(request, user, person, next_page)


@never_cache
@require_GET
def logged_out(request: HttpRequest) -> HttpResponse:
    """Say that the login at the provider goes on, and where it can be ended."""
    sign_on = _sign_on()
    if request.user.is_authenticated:
        return redirect(settings.LOGIN_REDIRECT_URL)
    return render(request, "realtime/logged_out.html", {"sign_on": sign_on, "end": _end_of_session(request, sign_on)})


class SignOnLogout(LogoutView):
    """Logs out here; a session that began at the provider is followed by a page about the login there."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """End the session."""
        by_sign_on = settings.SIGN_ON is not None and request.session.get(BACKEND_SESSION_KEY) == BACKEND
        answer = super().post(request, *args, **kwargs)
        return redirect("logged-out") if by_sign_on else answer


def _logged_in(request: HttpRequest, user: User, person: Person, next_page: str) -> HttpResponse:
    request.session.flush()  # a login begins a session
    login(request, user, backend=BACKEND)
    logger.info("user %s logged in by single sign-on as %r", user.get_username(), person.subject)
    return redirect(safe_page(request, next_page))


def _failed(request: HttpRequest, sign_on: SignOn, failure: LoginFailure) -> HttpResponse:
    """Count what proves nothing, as strangers may try.

    What was not begun here locks no login: any page of the web can let its readers' browsers send that.
    """
    record("sso.refused", reason=str(failure))
    of = failed_tries.CALLBACKS if isinstance(failure, NotBegunHere) else failed_tries.SIGN_ONS
    if failed_tries.too_many(address_of(request), of) and not is_this_machine(address_of(request)):
        return refused(request, failed_sign_ons())
    logger.warning("single sign-on from %s failed: %s", address_of(request), failure)
    return _page(request, failure.title, failure.sentence.format(name=sign_on.name), HTTPStatus.BAD_REQUEST)


def _unreachable(request: HttpRequest, sign_on: SignOn, error: Exception) -> HttpResponse:
    logger.error("the identity provider %s cannot be used: %s", sign_on.issuer, error or type(error).__name__)
    return _page(request, _TITLE_DOWN.format(name=sign_on.name), _DOWN, HTTPStatus.SERVICE_UNAVAILABLE, is_down=True)


def _page(
    request: HttpRequest, title: str, sentence: str, status: HTTPStatus, *, command: str = "", is_down: bool = False
) -> HttpResponse:
    context = {
        "title": title,
        "sentence": sentence,
        "command": command,
        "is_down": is_down,
        "sign_on": settings.SIGN_ON,
        "passwords": settings.PASSWORD_LOGIN,
    }
    answer = render(request, "realtime/sign_on_refused.html", context, status=status)
    answer._has_been_logged = True  # type: ignore[attr-defined]  # not by Django, at the pace of a stranger
    return answer


def _end_of_session(request: HttpRequest, sign_on: SignOn) -> str:
    """Return where the provider ends its own session; blank if it cannot be asked, or has no such address."""
    from realtime.sign_on import metadata, provider  # noqa: PLC0415

    try:
        address = metadata.provider_at(sign_on.issuer).metadata().end_session_endpoint
    except metadata.Unreachable:
        return ""
    back = provider.absolute(request, resolve_url("login"))
    query = urlencode({"client_id": sign_on.client_id, "post_logout_redirect_uri": back})
    return f"{address}{'&' if '?' in address else '?'}{query}" if address else ""


def _is_locked(request: HttpRequest) -> bool:
    """Tell whether too many logins from that address failed; this machine may be a proxy that names no clients."""
    address = address_of(request)
    return not is_this_machine(address) and failed_tries.is_locked(address, failed_tries.SIGN_ONS)


def _sign_on() -> SignOn:
    """Return how single sign-on is configured; raises Http404 where it is not."""
    if settings.SIGN_ON is None:
        raise Http404("There is no single sign-on here: LIVETRAIN_OIDC_ISSUER is not set.")
    return settings.SIGN_ON
