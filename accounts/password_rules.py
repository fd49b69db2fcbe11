"""Whom a password lets in: everybody, superusers alone, or nobody, as `LIVETRAIN_PASSWORD_LOGIN` says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.contrib.auth.models import User

ALL, NOBODY, SUPERUSERS = "yes", "no", "superusers"


def may_log_in_by_password(user: User) -> bool:
    """Tell whether a right password lets this user in."""
    allowed = settings.PASSWORD_LOGIN
    return allowed == ALL or (allowed == SUPERUSERS and user.is_superuser)


def has_password_here(user: User) -> bool:
    """Tell whether the user may set a password of this server.

    Who only logs in at the identity provider may not: what they set would outlive their account there.
    """
    if not may_log_in_by_password(user):
        return False
    return user.has_usable_password() or not user.external_identities.exists()


if TYPE_CHECKING:
    from django.contrib.auth.forms import AuthenticationForm as _Form
else:
    _Form = forms.Form


class OnlyWithPassword(_Form):
    """For forms of Django's that log in by name and password: refuses those who are to log in at the provider."""

    def clean(self) -> dict[str, Any]:
        """Check name and password, unless nobody logs in so; that costs nothing then."""
        if settings.PASSWORD_LOGIN == NOBODY:
            raise forms.ValidationError(_words("Passwords are not accepted here"), code="no_passwords")
        return super().clean()

    def confirm_login_allowed(self, user: User) -> None:
        """Refuse a user whose password is right and lets nobody in."""
        super().confirm_login_allowed(user)
        if not may_log_in_by_password(user):
            raise forms.ValidationError(_words("Your account has no password here"), code="no_passwords")


def _words(why: str) -> str:
    return f"{why}: log in with {settings.SIGN_ON.name if settings.SIGN_ON else 'a link'}."
