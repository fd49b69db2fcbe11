"""What ends with a new password: Django ends the other sessions, and this the API tokens."""

from __future__ import annotations

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import User
from django.db import transaction

from accounts.issuing import revoke_all
from audit.recording import record


class EndsTokens:
    """A password validator that refuses none, as Django tells validators of each password that was changed.

    So it hears of the account page, the admin, commands and code alike, and not of the same password hashed again.
    """

    def validate(self, password: str, user: AbstractBaseUser | None = None) -> None:
        """Accept any password."""

    def get_help_text(self) -> str:
        """Return what a form of a new password says."""
        return "A new password ends all API tokens and all other sessions of the account."

    def password_changed(self, _password: str, user: AbstractBaseUser | None = None) -> None:
        """Revoke the user's tokens, once the new password is stored."""
        if isinstance(user, User):
            with transaction.atomic():
                record("password.changed", target=user)
                revoke_all(user, because="a new password")
