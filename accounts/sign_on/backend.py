"""Of sessions that began at the identity provider: without single sign-on there is no such backend, and they end."""

from __future__ import annotations

from django.contrib.auth.backends import BaseBackend
from django.contrib.auth.models import User

BACKEND = f"{__name__}.SignOnBackend"


class SignOnBackend(BaseBackend):
    """Knows the users of such sessions. It checks no password and gives no rights: other backends do."""

    def get_user(self, user_id: int) -> User | None:
        """Return the user, if active."""
        return User.objects.filter(pk=user_id, is_active=True).first()
