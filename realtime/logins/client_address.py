"""Whom failed tries are counted for: the address of a client, as the web server tells it.

Behind a proxy that is the first of `X-Forwarded-For`, which Daphne reads where `LIVETRAIN_PUBLIC_URL` is set, else the
other end of the connection: who sends the header without a proxy changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

from django.http import HttpRequest

UNKNOWN = "0.0.0.0"  # noqa: S104  (nothing listens here)
_NETWORK = 64
"""Bits of an IPv6 address that name a customer; the others are theirs to choose."""


def address_of(request: HttpRequest) -> str:
    """Return the client's address, or the network of an IPv6 client."""
    return address_named(request.META.get("REMOTE_ADDR"))


def address_of_scope(scope: Mapping[str, Any]) -> str:
    """Return the same of an ASGI connection."""
    return address_named((scope.get("client") or ("",))[0])


def address_named(text: str | None) -> str:
    """Return the address that the text names; what names none is one address, so that no text makes a new client."""
    try:
        found = ip_address(text or "")
    except ValueError:
        return UNKNOWN
    if isinstance(found, IPv4Address):
        return str(found)
    return str(found.ipv4_mapped or IPv6Address(int(found) >> _NETWORK << _NETWORK))


def is_this_machine(address: str) -> bool:
    """Tell whether that is this machine: a proxy on it that names no clients, or a user of it."""
    return ip_address(address).is_loopback or address == str(IPv6Address("::"))
