"""What every answer says to browsers and proxies: who may keep it, embed it, and what its page may use."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from csp.constants import HEADER
from csp.middleware import CheckableLazyObject, CSPMiddleware
from csp.utils import build_policy
from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.utils.decorators import sync_and_async_middleware

UNUSED = (
    "accelerometer", "autoplay", "camera", "display-capture", "encrypted-media", "geolocation", "gyroscope",
    "magnetometer", "microphone", "midi", "payment", "publickey-credentials-get", "usb", "xr-spatial-tracking",
)  # fmt: skip
"""What no page here has a use for, so that a foreign script in one would have none either.

Browsers complain in their console of a name that they do not know, so newer ones are left out.
"""
PERMISSIONS = ", ".join(f"{name}=()" for name in UNUSED)
KEPT_BY_NOBODY = "private, no-store"
ASKED_AGAIN = "private, no-cache"
"""For what has a version (`ETag`, `Last-Modified`): kept by the browser alone, which asks each time for a newer one."""


@sync_and_async_middleware
def answer_headers(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    """Add what an answer does not say itself: numbers, logs and patients' ids must not stay in a disk cache."""
    if not inspect.iscoroutinefunction(get_response):
        return lambda request: _with_headers(get_response(request))

    async def answered(request: HttpRequest) -> HttpResponseBase:
        return _with_headers(await get_response(request))

    return answered


def _with_headers(response: HttpResponseBase) -> HttpResponseBase:
    has_version = "ETag" in response or "Last-Modified" in response
    response.headers.setdefault("Cache-Control", ASKED_AGAIN if has_version else KEPT_BY_NOBODY)
    response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
    response.headers.setdefault("Permissions-Policy", PERMISSIONS)
    return response


class UsualPolicy(CSPMiddleware):
    """The library's Content-Security-Policy, built once for nearly all answers; it builds it twice for each.

    An answer with a policy of its own, or whose page has asked for a nonce, has what the library makes for it. The
    settings know neither a policy that is only reported nor addresses without one.
    """

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        super().__init__(get_response)
        self._usual = build_policy()

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Add the header to an answer that has none."""
        special = any(name.startswith("_csp_") for name in (*vars(response), *vars(request)))
        if special or settings.DEBUG:
            return super().process_response(request, response)
        response.headers.setdefault(HEADER, self._usual)
        request.csp_nonce = CheckableLazyObject(self._csp_nonce_post_response)  # type: ignore[attr-defined]
        return response
