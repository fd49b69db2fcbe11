"""Why a login is refused, in words, and when it would not be."""

from __future__ import annotations

from typing import NamedTuple

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from realtime.logins import failed_tries
from runs.pauses.rate_limits import Limit

RETRY_SECONDS = 5
AT_ONCE = Limit("logins-at-once", 1)


class Refusal(NamedTuple):
    """Why a password or a link is not looked at, in how many seconds it would be, and which limit has been reached."""

    title: str
    sentence: str
    seconds: int
    limit: Limit
    is_of_login: bool = True


def wrong_passwords() -> Refusal:
    """Say that too many passwords were wrong."""
    sentence = (
        f"Wrong passwords came too often from this address: {settings.LOGIN_TRIES} for this name, or many for several. "
        f"Wait {minutes()} and try again; until then even the right one is refused. Those who are logged in stay so."
    )
    return Refusal("Too many wrong passwords", sentence, failed_tries.lock_seconds(), _of_names())


def wrong_old_passwords() -> Refusal:
    """Say that the old password was wrong too often."""
    sentence = (
        f"The old password was wrong {settings.LOGIN_TRIES} times. Wait {minutes()} and try again; until then even the "
        "right one is refused. You stay logged in."
    )
    return Refusal("Too many wrong passwords", sentence, failed_tries.lock_seconds(), _of_names(), is_of_login=False)


def dead_links() -> Refusal:
    """Say that too many links were dead."""
    sentence = (
        "Links that have been used, have expired or never were came too often from this address. "
        "A link that was not used yet still works."
    )
    limit = failed_tries.limit_of(failed_tries.LINKS)
    return Refusal("This link no longer works", sentence, failed_tries.lock_seconds(), limit)


def failed_sign_ons() -> Refusal:
    """Say that too many logins at the identity provider failed."""
    sentence = (
        "Logins at the identity provider that could not be verified came too often from this address. "
        f"Wait {minutes()} and try again. Those who are logged in stay so."
    )
    limit = failed_tries.limit_of(failed_tries.SIGN_ONS)
    return Refusal("Too many failed logins", sentence, failed_tries.lock_seconds(), limit)


def busy() -> Refusal:
    """Say that too many log in at the moment."""
    sentence = f"Too many log in at this moment. Nothing is wrong with yours: try again in {RETRY_SECONDS} seconds."
    return Refusal("Try again in a moment", sentence, RETRY_SECONDS, AT_ONCE)


def _of_names() -> Limit:
    """Return the limit of one name: that of all names together tells how many others an address has."""
    return failed_tries.limit_of("")


def minutes() -> str:
    """Write how long one is locked."""
    count = -(-failed_tries.lock_seconds() // 60)
    return "a minute" if count == 1 else f"{count} minutes"


def refuse(request: HttpRequest, refusal: Refusal) -> PermissionDenied:
    """Mark the request, so that it is answered by the refusal and not counted as a failed try."""
    request.__dict__["axes_locked_out"] = True
    request.__dict__["login_refusal"] = refusal
    return PermissionDenied(refusal.title)


def refusal_of(request: HttpRequest) -> Refusal | None:
    """Return why the request's login was refused, or is from now on; None: it was not."""
    if not getattr(request, "axes_locked_out", False):
        return None
    found: Refusal = request.__dict__.get("login_refusal") or wrong_passwords()
    return found
