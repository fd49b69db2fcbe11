"""The login page's view."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView
from django.http import HttpResponse

from realtime.logins.refusals import refusal_of
from realtime.logins.refused_logins import refused


class ThrottledLoginView(LoginView):
    """Answers a refused login at once: a page that nobody would see is not made first."""

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        """Say whom the page lets in by which way."""
        ways = {"sign_on": settings.SIGN_ON, "passwords": settings.PASSWORD_LOGIN}
        return super().get_context_data(**context) | ways

    def form_invalid(self, form: AuthenticationForm) -> HttpResponse:
        """Show the form again, or why the login was refused."""
        refusal = refusal_of(self.request)
        return super().form_invalid(form) if refusal is None else refused(self.request, refusal)
