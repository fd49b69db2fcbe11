"""The page behind the link that ends e-mails: works without a login, and does nothing until its button is pressed.

Mail programs send the same POST by themselves when somebody presses their own button (RFC 8058); they know no CSRF
token, and need none: the link is signed, and pauses the subscriptions that it names, no more.
"""

from __future__ import annotations

from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.generic import View

from audit.recording import record
from notifications.unsubscribing import subscriptions_of, unsubscribe


@method_decorator([never_cache, csrf_exempt], name="dispatch")
class UnsubscribePage(View):
    """The page."""

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        """Ask whether to end the e-mails; a link that was opened by a scanner has ended nothing."""
        try:
            found = subscriptions_of(token)
        except signing.BadSignature:
            return _page(request, status=404)
        return _page(request, names=[one.name for one in found if one.paused_at is None], is_known=True)

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        """End them."""
        try:
            found = unsubscribe(token)
        except signing.BadSignature:
            return _page(request, status=404)
        for one in found:
            record("subscription.changed", target=one, user=one.user, by="the link in an e-mail", paused=True)
        return _page(request, is_known=True, is_done=True)


def _page(request: HttpRequest, *, status: int = 200, **facts: object) -> HttpResponse:
    return render(request, "notifications/unsubscribe.html", facts, status=status)
