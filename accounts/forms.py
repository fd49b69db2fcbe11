"""The forms of the account page."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.forms import PasswordChangeForm, SetPasswordForm
from django.contrib.auth.models import User

from accounts.issuing import LONGEST_NAME, NEVER, days_to_choose, projects_of
from accounts.scopes import Scope


class PlainForm(forms.Form):
    """A form whose labels end without a colon."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""


class TokenForm(PlainForm):
    """A token to be made."""

    name = forms.CharField(max_length=LONGEST_NAME, label="What it is for")
    scope = forms.ChoiceField(choices=Scope.choices, initial=Scope.TRAIN.value, label="What it may do")
    project = forms.TypedChoiceField(coerce=int, empty_value=None, required=False, label="In which project")
    days = forms.TypedChoiceField(coerce=float, label="Ends")

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        projects = [(project.pk, project.name) for project in projects_of(user)]
        self.fields["project"].choices = [("", "All of yours"), *projects]  # type: ignore[attr-defined]
        self.fields["days"].choices = [(f"{days:g}", _ending(days)) for days in days_to_choose()]  # type: ignore[attr-defined]
        self.fields["days"].initial = f"{settings.TOKEN_DAYS:g}"


def password_form(user: User, data: Any = None) -> SetPasswordForm[User]:
    """Make the form of a new password; a user who has one is asked for it."""
    if not user.has_usable_password():
        return SetPasswordForm(user, data, label_suffix="")
    form = PasswordChangeForm(user, data, label_suffix="")
    form.fields["old_password"].widget.attrs.pop("autofocus", None)  # the page begins with its tokens
    return form


def _ending(days: float) -> str:
    return "never" if days == NEVER else f"after {days:g} day{'s' * (days != 1)}"
