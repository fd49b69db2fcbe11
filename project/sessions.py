"""Sessions in Django's table; the engine of `SESSION_ENGINE`. Reading one costs less than with Django's own.

The signed text of a session is checked once; the same text is the same session. Whether it still exists and has not
expired is asked of the database each time.
"""

from __future__ import annotations

import copy
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.utils import timezone

from runs.statements.prepared_query import PreparedQuery

REMEMBERED = 512
_STORED = PreparedQuery(
    lambda key: Session.objects.filter(session_key=key).order_by().values_list("session_data", "expire_date")
)


class SessionStore(db.SessionStore):
    """A session in the database."""

    @classmethod
    def get_model_class(cls) -> type[Session]:
        """Return Django's model."""
        return Session

    def load(self) -> dict[str, Any]:
        """Read the session; an empty one, without a key, if there is none or it has expired."""
        key = self.session_key
        found = _STORED.first(key) if key and key.isprintable() else None  # PostgreSQL fails on a zero byte
        if found is None or found[1] <= timezone.now():
            self._session_key = None
            return {}
        return copy.deepcopy(_decoded(found[0], settings.SECRET_KEY))


@lru_cache(REMEMBERED)
def _decoded(text: str, _secret_key: str) -> dict[str, Any]:
    """Check and decode the text; what is not signed with the key is an empty session."""
    return SessionStore().decode(text)
