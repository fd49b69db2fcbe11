"""Where django-axes counts failed tries: in the database, or in Redis, without which it is the database again."""

from __future__ import annotations

import logging
from typing import Any

from axes.handlers.cache import AxesCacheHandler
from axes.handlers.database import AxesDatabaseHandler
from django.http import HttpRequest
from redis.exceptions import RedisError

from realtime.hubs.log_once import LogOnce
from realtime.logins import failed_tries
from realtime.logins.client_address import address_of
from realtime.logins.failed_tries import ANY_NAME, CALLBACKS, LINKS, SHARE_LINKS, SIGN_ONS, TOKENS

logger = logging.getLogger(__name__)
_outage = LogOnce(logger, "Counting failed logins in Redis")
_WRONG = {
    TOKENS: "wrong API token",
    LINKS: "dead login link",
    SHARE_LINKS: "wrong share link",
    ANY_NAME: "many wrong passwords",
    SIGN_ONS: "failed single sign-on",
    CALLBACKS: "callback of no login",
}
Credentials = dict[str, Any]


class _Counting:
    """What both have in common: a locked try changes nothing, and a name's failure is one of its address too."""

    def user_login_failed(
        self, sender: Any, credentials: Credentials, request: HttpRequest | None = None, **kwargs: Any
    ) -> None:
        """Count a failed try; one without a request comes from no client."""
        if request is None or getattr(request, "axes_locked_out", False):
            return
        super().user_login_failed(sender, credentials, request, **kwargs)  # type: ignore[misc]
        address, name = address_of(request), failed_tries.name_of(request, credentials)
        if address == failed_tries.ANYWHERE:  # who counts it logs it, and it is no address of a client
            return
        locked = "; more of the same are refused for a while" if request.axes_locked_out else ""  # type: ignore[attr-defined]
        if name != ANY_NAME or locked:
            logger.warning("%s from %s%s", _WRONG.get(name, "wrong password"), address, locked)
        if name not in _WRONG:
            failed_tries.count(address, ANY_NAME)


class DatabaseAttempts(_Counting, AxesDatabaseHandler):  # type: ignore[misc]  # axes has no types
    """Counts in the database, which all web processes share."""


class _InRedis(AxesCacheHandler):  # type: ignore[misc]
    """Counts in Redis; while that fails, in the database, as a login needs no Redis."""

    def __init__(self) -> None:
        super().__init__()
        self._otherwise = AxesDatabaseHandler()

    def get_failures(self, request: HttpRequest, credentials: Credentials | None = None) -> int:
        """Return how many tries have failed."""
        return int(self._tried("get_failures", request, credentials))

    def user_login_failed(
        self, sender: Any, credentials: Credentials, request: HttpRequest | None = None, **kwargs: Any
    ) -> None:
        """Count a failed try."""
        self._tried("user_login_failed", sender, credentials, request, **kwargs)

    def user_logged_in(self, sender: Any, request: HttpRequest, user: Any, **kwargs: Any) -> None:
        """Forget the failed tries of that name from that address."""
        self._tried("user_logged_in", sender, request, user, **kwargs)

    def post_save_access_attempt(self, instance: Any, **kwargs: Any) -> None:
        """Do nothing more for a row; the signals of axes ask for this method, which its own handler of caches lacks."""

    def post_delete_access_attempt(self, instance: Any, **kwargs: Any) -> None:
        """Do nothing more, as above."""

    def _tried(self, method: str, *args: Any, **kwargs: Any) -> Any:
        try:
            found = getattr(super(), method)(*args, **kwargs)
        except (RedisError, OSError) as error:
            _outage.failed(error)
            return getattr(self._otherwise, method)(*args, **kwargs)
        _outage.recovered()
        return found


class RedisAttempts(_Counting, _InRedis):
    """Counts in Redis, which the web processes of all machines share."""
