"""The account page's form of a new password: guesses at the old one are limited per user, wherever they come from.

Who finds a browser that is logged in, or has its session, must not be able to try passwords until one fits.
"""

from __future__ import annotations

import logging

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from accounts.pages import ChangePassword
from audit.recording import record
from realtime.logins import failed_tries, refusals, throttled_backend
from realtime.logins.client_address import address_of
from realtime.logins.refusals import Refusal
from realtime.logins.refused_logins import refused
from runs.pauses import held_turns

logger = logging.getLogger(__name__)


class ThrottledChangePassword(ChangePassword):
    """Looks at one form of a user at a time, and at none for a while after some whose old password was wrong."""

    def post(self, request: HttpRequest) -> HttpResponse:
        """Answer as the form does, or say why it is not looked at."""
        refusal = _refusal(request)
        return super().post(request) if refusal is None else refused(request, refusal)

    def note_wrong(self, request: HttpRequest) -> None:
        """Count and record a wrong old password."""
        record("password.refused", target=request.user.get_username())
        failed_tries.count(failed_tries.ANYWHERE, _of(request))
        logger.warning("wrong old password of user %s from %s", request.user.pk, address_of(request))


def to_account_page(_request: HttpRequest) -> HttpResponse:
    """Go to the account page: the admin does, as a form of its own would bound no guesses."""
    return redirect("account-page")


def _refusal(request: HttpRequest) -> Refusal | None:
    if failed_tries.is_locked(failed_tries.ANYWHERE, _of(request)):
        return refusals.wrong_old_passwords()
    turn = throttled_backend.turns.take(_of(request), throttled_backend.WAIT_SECONDS)
    if turn is None:
        return refusals.busy()
    held_turns.hold(request, turn)
    locked = failed_tries.is_locked(failed_tries.ANYWHERE, _of(request))  # others may have failed meanwhile
    return refusals.wrong_old_passwords() if locked else None


def _of(request: HttpRequest) -> str:
    return failed_tries.of_old_password(request.user.pk)
