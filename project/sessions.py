"""Sessions in Django's table; the engine of `SESSION_ENGINE`. Reading one costs less than with Django's own.

The signed text of a session is checked once; the same text is the same session. Whether it still exists and has not
expired is asked of the database each time.

A session ends when it was not used for `SESSION_IDLE_SECONDS`, and `SESSION_COOKIE_AGE` seconds after the login, much
as it may be used. Requests move its idle end on. An open WebSocket does not: nobody may be looking at its page. One in
which nobody is logged in holds no more than a login that was begun at the identity provider; strangers can make many.
"""

from __future__ import annotations

import copy
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, cast

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.db import DatabaseError
from django.utils import timezone

from runs.statements.prepared_query import PreparedQuery

REMEMBERED = 512
STARTED = "_started"
"""In a session: when its login was, in seconds since 1970."""
NOBODYS_SECONDS = 660.0
"""A session of nobody: a minute longer than a login at the provider may take."""
PRECISION = 0.01
"""Share of the idle time by which a session may end early, so that not every request writes."""
_STORED = PreparedQuery(
    lambda key: Session.objects.filter(session_key=key).order_by().values_list("session_data", "expire_date")
)


class SessionStore(db.SessionStore):
    """A session in the database."""

    _stored_end: datetime | None = None

    @classmethod
    def get_model_class(cls) -> type[Session]:
        """Return Django's model."""
        return Session

    def load(self) -> dict[str, Any]:
        """Read the session; an empty one, without a key, if there is none or it has expired."""
        key = self.session_key
        found = _STORED.first(key) if key and key.isprintable() else None  # PostgreSQL fails on a zero byte
        if found is None or found[1] <= timezone.now():
            return self._none()
        data = copy.deepcopy(_decoded(found[0], settings.SECRET_KEY))
        if data and STARTED not in data:  # of an earlier version
            data[STARTED], self.modified = time.time(), True
        if _last_end(data) <= timezone.now():
            return self._none()
        self._stored_end = found[1]
        return data

    def save(self, must_create: bool = False) -> None:
        """Store the session, with the time of its beginning; a new one removes those that have expired."""
        data: dict[str, Any] = self._get_session(no_load=must_create)  # type: ignore[attr-defined]  # as Django's does
        data.setdefault(STARTED, time.time())
        super().save(must_create)
        if must_create:
            self.clear_expired()

    def cycle_key(self) -> None:
        """Give the session a new key, as a login does: it begins again."""
        super().cycle_key()
        self[STARTED] = time.time()

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        """Make the row, which ends when nobody uses it."""
        row = cast("Session", super().create_model_instance(data))
        row.expire_date = _idle_end(data)
        return row

    def get_session_cookie_age(self) -> int:
        """Return how many seconds the session has left at most, in which the browser keeps its cookie."""
        return max(0, int((_last_end(self._data) - timezone.now()).total_seconds()))

    def prolong(self) -> None:
        """Note that the session is used. A database that takes no writes does not end it, nor the request."""
        end = _idle_end(self._data)
        least = timedelta(seconds=PRECISION * settings.SESSION_IDLE_SECONDS)
        if self._stored_end is None or abs(end - self._stored_end) < least:
            return
        with suppress(DatabaseError):
            Session.objects.filter(session_key=self.session_key, expire_date=self._stored_end).update(expire_date=end)
            self._stored_end = end

    @property
    def _data(self) -> dict[str, Any]:
        return self._session  # type: ignore[attr-defined, no-any-return]  # read from the database when first asked for

    def _none(self) -> dict[str, Any]:
        self._session_key = None
        return {}


def _last_end(data: dict[str, Any]) -> datetime:
    """Return when a session ends in any case."""
    return datetime.fromtimestamp(data.get(STARTED, time.time()) + settings.SESSION_COOKIE_AGE, UTC)


def _idle_end(data: dict[str, Any]) -> datetime:
    """Return when a session that is used now ends if it is not used again."""
    seconds: float = settings.SESSION_IDLE_SECONDS
    if SESSION_KEY not in data:
        seconds = min(seconds, NOBODYS_SECONDS)
    return min(timezone.now() + timedelta(seconds=seconds), _last_end(data))


@lru_cache(REMEMBERED)
def _decoded(text: str, _secret_key: str) -> dict[str, Any]:
    """Check and decode the text; what is not signed with the key is an empty session."""
    return SessionStore().decode(text)
