"""The account page: a user's API tokens and password. Its forms have addresses of their own."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.generic import View

from accounts.forms import TokenForm, password_form
from accounts.issuing import Refused, issue, revoke, tokens_of
from accounts.password_rules import has_password_here
from accounts.request_user import stored_user


@method_decorator([never_cache, login_required], name="dispatch")
class AccountPage(View):
    """The page."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Show the tokens, without what is secret, and the forms."""
        return _page(request)


class Form(View):
    """One of the page's forms."""

    def get(self, _: HttpRequest, **__: int) -> HttpResponse:
        """Go to the page: a login that had to come before the form leads to the form's address."""
        return redirect("account-page")


@method_decorator([never_cache, login_required], name="dispatch")
class MakeToken(Form):
    """The form that makes a token."""

    def post(self, request: HttpRequest) -> HttpResponse:
        """Make a token and show it, this once; or the page with what is wrong."""
        form = TokenForm(stored_user(request), request.POST)
        if form.is_valid():
            try:
                token, text = issue(stored_user(request), **form.cleaned_data)
            except Refused as refused:
                form.add_error(refused.field or None, str(refused))
            else:
                return _page(request, made=token, text=text)
        return _page(request, token_form=form)


@method_decorator([never_cache, login_required], name="dispatch")
class RevokeToken(Form):
    """The button that revokes a token."""

    def post(self, request: HttpRequest, token_id: int) -> HttpResponse:
        """Revoke one of the user's tokens and go back to the page; 404 for another user's."""
        if not revoke(stored_user(request), token_id):
            raise Http404(f"You have no token {token_id}.")
        messages.success(request, "The token is revoked: programs that send it are refused from now on.")
        return redirect("account-page")


@method_decorator([sensitive_post_parameters(), never_cache, login_required], name="dispatch")
class ChangePassword(Form):
    """The form of a new password."""

    def post(self, request: HttpRequest) -> HttpResponse:
        """Store the password, which ends all tokens and the other sessions; or show what is wrong."""
        if not has_password_here(stored_user(request)):
            return _page(request)
        form = password_form(stored_user(request), request.POST)
        if not form.is_valid():
            if form.has_error("old_password", "password_incorrect"):
                self.note_wrong(request)
            return _page(request, password_form=form)
        with transaction.atomic():  # a password whose tokens cannot be ended does not hold
            user = form.save()
        update_session_auth_hash(request, user)
        messages.success(request, "The new password holds. All tokens and all other sessions have ended.")
        return redirect("account-page")

    def note_wrong(self, request: HttpRequest) -> None:
        """Hear of a wrong old password."""


def _page(request: HttpRequest, **parts: Any) -> HttpResponse:
    """Render the page, with what a form has to say."""
    user = stored_user(request)
    tokens = list(tokens_of(user))
    migrated = [token for token in tokens if token.is_migrated]
    context = {"tokens": tokens, "migrated": migrated, "token_form": TokenForm(user), "sign_on": settings.SIGN_ON}
    if has_password_here(user):
        context["password_form"] = password_form(user)
    return render(request, "accounts/account.html", context | parts)
