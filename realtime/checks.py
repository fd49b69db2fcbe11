"""System check of the public address: one that this server would refuse itself is named before it starts."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error
from django.http.request import validate_host


def check_public_address(**_options: Any) -> list[CheckMessage]:
    """Check that the public address is an origin, and its host an allowed one."""
    address = urlsplit(settings.PUBLIC_URL)
    if not settings.PUBLIC_URL:
        return []
    if address.path.strip("/") or address.query or address.fragment or not address.hostname:
        text = f"The public address {settings.PUBLIC_URL} is more than scheme, host and port: logins would be refused."
        return [Error(text, hint="Set it to the like of https://trainings.example.org.", id="realtime.E001")]
    if not validate_host(address.hostname, settings.ALLOWED_HOSTS):
        text = f"The host of the public address, {address.hostname}, is not among the allowed hosts."
        return [Error(text, hint="Add it to LIVETRAIN_ALLOWED_HOSTS, or unset that.", id="realtime.E002")]
    return []
