"""The admin's login: its own form for passwords, and with single sign-on the login page, which offers both."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.admin import AdminSite
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.cache import never_cache

from accounts.password_rules import OnlyWithPassword


class AdminLoginForm(OnlyWithPassword, AdminAuthenticationForm):
    """The admin's form, for those whom a password lets in."""


OF_THE_LIBRARY = ("account", "socialaccount")
"""Labels of apps of single sign-on whose tables stay empty: their pages would lead nowhere."""


def install(site: AdminSite) -> None:
    """Let the admin of this site log in so."""
    site.unregister([model for model in site._registry if model._meta.app_label in OF_THE_LIBRARY])
    original = site.login

    @never_cache
    def login(request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        # Who is logged in and may not see the admin is told so there, instead of being sent round in a circle.
        if settings.SIGN_ON is None or request.method != "GET" or request.user.is_authenticated:
            return original(request, extra_context)
        return redirect_to_login(request.GET.get(REDIRECT_FIELD_NAME) or reverse("admin:index"))

    site.login_form = AdminLoginForm
    site.login = login  # type: ignore[method-assign]
